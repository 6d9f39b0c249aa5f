"""How a turn ends for whoever looks at every turn: once for each beginning, and what is counted and logged of it."""

import asyncio
import logging
from dataclasses import dataclass, field, replace
from typing import cast

import pytest

from bot.answers.measuring import Measuring
from bot.answers.turn_log import TurnLog
from bot.domain.claims import Claim, Outcome
from bot.domain.errors import Fenced, PlatformBusy, PlatformGone, PlatformRefused, StorageUnavailable
from bot.interceptor import Ending, EndingKind, Interceptor, Interceptors
from bot.ports import Leases, TurnHandle
from bot.serving.metrics import Metrics
from bot.storage.open import Storage, StorageOptions
from bot.worker import Worker, WorkerLimits
from tests.events import message, turn
from tests.worker.test_worker import Part, Script, until, until_quiet, working

LEASE = 0.6


@dataclass
class Endings(Interceptor):
    """Notes beginnings and endings."""

    began_with: list[int] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)

    def began(self, claim: Claim) -> None:
        self.began_with.append(claim.record.attempt)

    def ended(self, claim: Claim, ending: Ending) -> None:
        self.endings.append(ending)


def failing(error: Exception, times: int = 1) -> Part:
    """Raises it so often, then all is well."""
    left = [error] * times

    async def play(claim: Claim, turn_handle: TurnHandle) -> Outcome:
        if left:
            raise left.pop()
        return Outcome(counted=replace(turn("x"), cost=0.5))

    return play


@dataclass(frozen=True, kw_only=True)
class Way:
    """What happens to a turn, how each of its attempts ends, and what the log says of it."""

    name: str
    play: Part
    ends: tuple[EndingKind, ...]
    logged: tuple[str, ...] = ()


WAYS = (
    Way(name="well", play=failing(ValueError(), 0), ends=(EndingKind.DONE,)),
    Way(
        name="busy",
        play=failing(PlatformBusy("busy", code="429", retry_after=0.0)),
        ends=(EndingKind.RETRIED, EndingKind.DONE),
        logged=("turn put off",),
    ),
    Way(
        name="refused",
        play=failing(PlatformRefused("no", code="invalid_auth", remedy="copy it"), 2),
        ends=(EndingKind.RETRIED, EndingKind.RETRIED, EndingKind.DONE),
        logged=("turn put off", "turn put off"),
    ),
    Way(
        name="bug",
        play=failing(ValueError("a bug"), 9),
        ends=(EndingKind.RETRIED, EndingKind.BURIED),
        logged=("turn failed", "turn failed", "event given up"),
    ),
    Way(
        name="gone",
        play=failing(PlatformGone("no channel", code="gone")),
        ends=(EndingKind.DONE,),
        logged=("nowhere to answer",),
    ),
    Way(
        name="fenced",
        play=failing(Fenced("somebody else")),
        ends=(EndingKind.FENCED, EndingKind.DONE),
        logged=("turn went on elsewhere",),
    ),
)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
async def test_every_turn_that_began_ends_once_and_is_counted_and_logged(
    way: Way, redis_url: str, prefix: str, storage: Storage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    endings, metrics = Endings(), Metrics()
    terms = StorageOptions(prefix=prefix, lease=LEASE)
    limits = WorkerLimits(failures=2)
    script = Script(parts={"x": way.play})
    async with working(redis_url, terms, script, limits, TurnLog(), Measuring(meter=metrics), endings):
        await storage.inbox.put(message("x"))
        await until(lambda: len(endings.endings) == len(way.ends))

    assert tuple(ending.kind for ending in endings.endings) == way.ends
    assert len(endings.began_with) == len(endings.endings)
    lines = [line for line in caplog.records if line.name == "bot.answers.turn_log"]
    assert tuple(line.message for line in lines) == way.logged
    nowhere = [line for line in lines if line.message == "nowhere to answer"]
    assert all((line.levelno, line.__dict__["code"]) == (logging.WARNING, "gone") for line in nowhere)
    for kind in set(way.ends) - {EndingKind.DONE}:
        assert f'turn_seconds_count{{outcome="{kind.value}"}} {way.ends.count(kind)}' in metrics.text()


async def test_a_turn_that_was_paid_for_is_counted_when_it_is_committed(
    redis_url: str, prefix: str, storage: Storage
) -> None:
    endings, metrics = Endings(), Metrics()
    script = Script(parts={"x": failing(ValueError(), 0)})
    terms = StorageOptions(prefix=prefix, lease=LEASE)
    async with working(redis_url, terms, script, None, Measuring(meter=metrics), endings):
        await storage.inbox.put(message("x"))
        await until(lambda: bool(endings.endings))

    assert 'turn_seconds_count{outcome="stop"} 1' in metrics.text()
    assert 'cost_usd_total{model="demo"} 0.5' in metrics.text()
    assert 'tokens_total{model="demo",direction="output"} 5' in metrics.text()
    assert 'cached_tokens_total{model="demo",direction="read"} 6' in metrics.text()
    assert 'cached_tokens_total{model="demo",direction="write"} 3' in metrics.text()


async def test_a_turn_that_is_put_down_for_the_way_out_ends_as_released(
    redis_url: str, prefix: str, storage: Storage
) -> None:
    endings, begun = Endings(), asyncio.Event()

    async def long(claim: Claim, turn_handle: TurnHandle) -> Outcome:
        begun.set()
        await asyncio.sleep(60)
        return Outcome()

    terms = StorageOptions(prefix=prefix, lease=LEASE)
    async with working(redis_url, terms, Script(parts={"x": long}), None, endings) as worker:
        await storage.inbox.put(message("x"))
        await begun.wait()
        await worker.drain(seconds=0)

    assert [ending.kind for ending in endings.endings] == [EndingKind.RELEASED]


class CommitsNothing:
    """Leases on a Redis that goes away just before a turn is put down."""

    def __init__(self, inner: Leases) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    async def commit(self, claim: Claim, outcome: Outcome) -> None:
        raise StorageUnavailable("away")


async def test_a_turn_whose_end_cannot_be_stored_is_left_to_others(
    storage: Storage, caplog: pytest.LogCaptureFixture
) -> None:
    endings, script = Endings(), Script()
    worker = Worker(
        leases=cast(Leases, CommitsNothing(storage.leases)),
        handle=script.handle,
        apologise=script.apologise,
        interceptors=Interceptors(TurnLog(), endings),
    )
    async with asyncio.TaskGroup() as group:
        running = group.create_task(worker.run())
        await storage.inbox.put(message("x"))
        await until(lambda: bool(endings.endings))
        running.cancel()

    assert [ending.kind for ending in endings.endings] == [EndingKind.LEFT]
    assert [r.message for r in caplog.records if r.name == "bot.answers.turn_log"] == [
        "turn left to be taken over"
    ]


class Clumsy(Interceptor):
    """Fails whenever it is only told something."""

    def began(self, claim: Claim) -> None:
        raise ValueError("a bug of an interceptor")

    def ended(self, claim: Claim, ending: Ending) -> None:
        raise ValueError("a bug of an interceptor")


async def test_an_interceptor_that_fails_when_it_is_told_harms_neither_the_turn_nor_the_others(
    redis_url: str, prefix: str, storage: Storage
) -> None:
    first, last, script = Endings(), Endings(), Script()
    terms = StorageOptions(prefix=prefix, lease=60)
    async with working(redis_url, terms, script, None, first, Clumsy(), last):
        await storage.inbox.put(message("x"))
        await until_quiet(storage)
        await until(lambda: bool(first.endings))

    assert script.done == ["x"]
    for endings in (first, last):
        assert (endings.began_with, [ending.kind for ending in endings.endings]) == ([1], [EndingKind.DONE])


async def test_a_turn_of_a_worker_that_is_cancelled_ends_too(
    redis_url: str, prefix: str, storage: Storage
) -> None:
    endings, begun = Endings(), asyncio.Event()

    async def endless(claim: Claim, turn_handle: TurnHandle) -> Outcome:
        begun.set()
        await asyncio.sleep(3600)
        return Outcome()

    terms = StorageOptions(prefix=prefix, lease=60)
    async with working(redis_url, terms, Script(parts={"x": endless}), None, endings):
        await storage.inbox.put(message("x"))
        await begun.wait()

    assert [ending.kind for ending in endings.endings] == [EndingKind.LEFT]
