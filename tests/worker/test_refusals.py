"""What the operator learns of a refusal, and how long a turn waits for it to be mended."""

import logging

import pytest

from bot.answers.refusals import KEPT, PlatformRefusals
from bot.domain.claims import Claim, Outcome
from bot.domain.errors import PlatformBusy, PlatformRefused
from bot.domain.readiness import Trouble
from bot.interceptor import Ending, EndingKind
from bot.serving.metrics import Metrics
from bot.storage.open import Storage, StorageOptions
from bot.worker import WorkerLimits
from tests.contracts.leases import claim_next
from tests.events import message, thread
from tests.worker.test_endings import LEASE, Endings, failing
from tests.worker.test_worker import Script, until, until_quiet, working

REFUSED = PlatformRefused("chat.postMessage: invalid_auth", code="invalid_auth", remedy="copy the token")


class Clock:
    """Passes when a test says so."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


async def claims(storage: Storage, count: int) -> list[Claim]:
    """Real claims of as many conversations."""
    for number in range(count):
        await storage.inbox.put(message(where=thread(f"t{number}")))
    return [await claim_next(storage) for _ in range(count)]


def retried(error: Exception = REFUSED) -> Ending:
    return Ending(kind=EndingKind.RETRIED, error=error, seconds=1.0)


async def test_every_remedy_is_told_once_with_how_many_wait(storage: Storage) -> None:
    refusals = PlatformRefusals(meter=Metrics())
    one, two, three = await claims(storage, 3)
    other = PlatformRefused("no", code="missing_scope", remedy="add the scope")
    for claim, error in ((one, REFUSED), (two, REFUSED), (two, REFUSED), (three, other)):
        refusals.ended(claim, retried(error))
    platform = one.event.thread.platform

    assert refusals.troubles() == [
        Trouble(what=f"{platform}: waiting conversations: 1", remedy="add the scope", stops=False),
        Trouble(what=f"{platform}: waiting conversations: 2", remedy="copy the token", stops=False),
    ]
    refusals.ended(one, Ending(kind=EndingKind.DONE, outcome=Outcome()))
    refusals.ended(two, retried(PlatformBusy("429")))
    refusals.ended(three, Ending(kind=EndingKind.BURIED, error=other, why="busy"))
    assert refusals.troubles() == []


async def test_what_another_process_has_taken_over_is_not_told_for_ever(storage: Storage) -> None:
    clock, metrics = Clock(), Metrics()
    refusals = PlatformRefusals(meter=metrics, now=clock)
    (one,) = await claims(storage, 1)
    refusals.ended(one, retried())
    refusals.ended(one, Ending(kind=EndingKind.FENCED))
    clock.now += KEPT
    assert len(refusals.troubles()) == 1
    clock.now += 1

    assert refusals.troubles() == []
    assert f'platform_refused{{platform="{one.event.thread.platform}"}} 0' in metrics.text()


async def test_it_is_warned_of_once_a_minute(storage: Storage, caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    refusals = PlatformRefusals(meter=Metrics(), now=clock)
    (one,) = await claims(storage, 1)
    for _ in range(121):
        refusals.ended(one, retried())
        clock.now += 1.0

    assert [record.levelname for record in caplog.records if hasattr(record, "remedy")] == ["WARNING"] * 3


async def test_an_hour_of_refusals_ends_among_the_dead_letters(
    redis_url: str, prefix: str, storage: Storage
) -> None:
    endings = Endings()
    script = Script(parts={"x": failing(REFUSED, 99)})
    terms = StorageOptions(prefix=prefix, lease=LEASE)
    async with working(redis_url, terms, script, WorkerLimits(busy=1.0), endings):
        await storage.inbox.put(message("x"))
        await until_quiet(storage)

    kinds = [ending.kind for ending in endings.endings]
    assert kinds[-1] is EndingKind.BURIED
    assert kinds[:-1] == [EndingKind.RETRIED] * (len(kinds) - 1)
    assert len(kinds) >= 2
    pauses = [ending.seconds for ending in endings.endings[:-1]]
    assert pauses == sorted(pauses)
    assert pauses[-1] > pauses[0] or len(pauses) == 1


async def test_it_is_told_until_the_same_turn_is_done(
    redis_url: str, prefix: str, storage: Storage, caplog: pytest.LogCaptureFixture
) -> None:
    metrics = Metrics()
    refusals, endings = PlatformRefusals(meter=metrics), Endings()
    script = Script(parts={"x": failing(REFUSED, 2)})
    terms = StorageOptions(prefix=prefix, lease=LEASE)
    seen = set()

    class Watching(Endings):
        def ended(self, claim: object, ending: Ending) -> None:
            seen.add((ending.kind, tuple(refusals.troubles())))

    async with working(redis_url, terms, script, None, endings, Watching(), refusals):
        await storage.inbox.put(message("x"))
        await until(lambda: len(endings.endings) == 3)

    what = f"{message('x').thread.platform}: waiting conversations: 1"
    told = (Trouble(what=what, remedy="copy the token", stops=False),)
    assert seen == {(EndingKind.RETRIED, told), (EndingKind.DONE, ())}
    assert refusals.troubles() == []
    assert 'code="invalid_auth"} 2' in metrics.text()
    warned = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert [getattr(record, "remedy", "") for record in warned if hasattr(record, "remedy")] == [
        "copy the token"
    ]
