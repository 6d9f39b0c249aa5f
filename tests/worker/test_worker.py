"""Workers on a real server: every event is handled, by one worker at a time, whatever happens to the others."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.domain.claims import Claim, Outcome, Receipt
from bot.domain.errors import PlatformBusy, PlatformGone, StorageUnavailable
from bot.domain.events import MessageReceived, ThreadKey
from bot.interceptor import Interceptor, Interceptors
from bot.ports import TurnHandle
from bot.storage.embedded import embedded_server
from bot.storage.open import Storage, StorageOptions, open_storage
from bot.worker import Worker, WorkerLimits
from tests.contracts.leases import claim_next, nothing_waits
from tests.events import message, stop, thread, turn

LEASE = 0.6
PATIENCE = 20.0

Part = Callable[[Claim, TurnHandle], Awaitable[Outcome]]


def text_of(claim: Claim) -> str:
    assert isinstance(claim.event, MessageReceived)
    return claim.event.text


@dataclass
class Script:
    """A handler that plays a part per text, and remembers what was handled."""

    parts: dict[str, Part] = field(default_factory=dict)
    begun: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    apologies: list[tuple[str, str]] = field(default_factory=list)

    async def handle(self, claim: Claim, turn_handle: TurnHandle) -> Outcome:
        text = text_of(claim)
        self.begun.append(text)
        outcome = (
            await self.parts[text](claim, turn_handle)
            if text in self.parts
            else Outcome(append=(turn(text),))
        )
        self.done.append(text)
        return outcome

    async def apologise(self, claim: Claim, turn_handle: TurnHandle, why: str) -> None:
        self.apologies.append((text_of(claim), why))


@pytest.fixture
def terms(prefix: str) -> StorageOptions:
    return StorageOptions(prefix=prefix, lease=LEASE)


@pytest.fixture
def patient(prefix: str) -> StorageOptions:
    """For tests in which no lease runs out, however slow the machine."""
    return StorageOptions(prefix=prefix, lease=60.0)


@pytest.fixture
async def storage(redis_url: str, terms: StorageOptions) -> AsyncIterator[Storage]:
    async with open_storage(redis_url, terms) as opened:
        yield opened


@asynccontextmanager
async def working(
    url: str,
    terms: StorageOptions,
    script: Script,
    limits: WorkerLimits | None = None,
    *interceptors: Interceptor,
) -> AsyncIterator[Worker]:
    """A worker with a connection of its own; on leaving it is cut off as by a crash of its loop."""
    async with open_storage(url, terms) as own:
        worker = Worker(
            leases=own.leases,
            handle=script.handle,
            apologise=script.apologise,
            interceptors=Interceptors(*interceptors),
            limits=limits,
        )
        async with asyncio.TaskGroup() as group:
            running = group.create_task(worker.run())
            try:
                yield worker
            finally:
                running.cancel()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110 - conditions of any kind
            await asyncio.sleep(0.01)


async def until_quiet(storage: Storage) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await nothing_waits(storage):  # noqa: ASYNC110 - only the server knows
            await asyncio.sleep(0.01)


async def test_events_are_handled_and_remembered(
    redis_url: str, terms: StorageOptions, storage: Storage
) -> None:
    script = Script()
    async with working(redis_url, terms, script):
        for number in range(5):
            await storage.inbox.put(message(str(number)))
        await until_quiet(storage)

    assert script.done == ["0", "1", "2", "3", "4"]
    assert [said.asked.text for said in await storage.memory.recall(thread())] == script.done


async def test_several_workers_share_the_work_and_keep_every_conversation_in_order(
    redis_url: str, patient: StorageOptions, storage: Storage
) -> None:
    scripts = [Script() for _ in range(3)]
    speaking: Counter[str] = Counter()
    most: Counter[str] = Counter()

    async def alone(claim: Claim, turn_handle: TurnHandle) -> Outcome:
        conversation = claim.queue_entry.conversation
        speaking[conversation] += 1
        most[conversation] = max(most[conversation], speaking[conversation])
        await asyncio.sleep(0.002)
        speaking[conversation] -= 1
        return Outcome(append=(turn(text_of(claim)),))

    for script in scripts:
        script.parts = {str(number): alone for number in range(5)}
    async with AsyncExitStack() as stack:
        for script in scripts:
            await stack.enter_async_context(working(redis_url, patient, script, WorkerLimits(at_once=4)))
        for number in range(5):
            for name in range(20):
                await storage.inbox.put(message(str(number), where=thread(f"t{name}")))
        await until_quiet(storage)

    assert set(most.values()) == {1}
    assert sum(len(script.done) for script in scripts) == 100
    assert all(script.done for script in scripts)
    for name in range(20):
        said = [each.asked.text for each in await storage.memory.recall(thread(f"t{name}"))]
        assert said == ["0", "1", "2", "3", "4"]


async def test_no_more_than_the_limit_runs_at_once(
    redis_url: str, patient: StorageOptions, storage: Storage
) -> None:
    running = 0
    most = 0

    async def count(claim: Claim, turn_handle: TurnHandle) -> Outcome:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await until(lambda: most >= 3)  # as many as may run are there
        running -= 1
        return Outcome()

    for number in range(20):
        await storage.inbox.put(message("x", where=thread(str(number))))
    async with working(redis_url, patient, Script(parts={"x": count}), WorkerLimits(at_once=3)):
        await until_quiet(storage)

    assert most == 3


async def test_a_turn_longer_than_many_leases_stays_with_its_worker(
    redis_url: str, terms: StorageOptions, storage: Storage
) -> None:
    async def long(claim: Claim, turn_handle: TurnHandle) -> Outcome:
        await asyncio.sleep(LEASE * 3)
        return Outcome()

    scripts = [Script(parts={"x": long}), Script(parts={"x": long})]
    async with working(redis_url, terms, scripts[0]), working(redis_url, terms, scripts[1]):
        await storage.inbox.put(message("x"))
        await until_quiet(storage)

    assert sorted(len(script.begun) for script in scripts) == [0, 1]


async def test_a_stop_reaches_the_worker_wherever_it_was_pressed(
    redis_url: str, terms: StorageOptions, storage: Storage
) -> None:
    async def endless(claim: Claim, turn_handle: TurnHandle) -> Outcome:
        await until(lambda: turn_handle.stop.fired)
        return Outcome()

    script = Script(parts={"x": endless})
    async with working(redis_url, terms, script):
        await storage.inbox.put(message("x"))
        await until(lambda: script.begun == ["x"])
        assert await storage.inbox.put(stop()) is Receipt.STOPPING
        await until_quiet(storage)

    assert script.done == ["x"]


async def test_a_worker_that_cannot_reach_the_server_ends_its_turn_before_another_may_begin_it(
    terms: StorageOptions,
) -> None:
    ended: list[float] = []

    async def endless(claim: Claim, turn_handle: TurnHandle) -> Outcome:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append(asyncio.get_running_loop().time())
        return Outcome()

    script = Script(parts={"x": endless})
    with TemporaryDirectory(prefix="sb-") as directory:
        async with embedded_server(Path(directory)) as url, open_storage(url, terms) as storage:
            server = int((Path(directory) / "valkey.pid").read_text())
            async with working(url, terms, script):
                await storage.inbox.put(message("x"))
                await until(lambda: script.begun == ["x"])
                os.kill(server, signal.SIGSTOP)
                began = asyncio.get_running_loop().time()
                await until(lambda: bool(ended))
                os.kill(server, signal.SIGCONT)

    assert ended[0] - began <= LEASE


async def test_workers_outlive_the_server(terms: StorageOptions) -> None:
    script = Script()
    with TemporaryDirectory(prefix="sb-") as directory:
        async with embedded_server(Path(directory)) as url, open_storage(url, terms) as storage:
            async with working(url, terms, script):
                for number in range(3):
                    await storage.inbox.put(message(f"{number}"))
                    await until(lambda number=number: str(number) in script.done)  # type: ignore[misc]
                    os.kill(int((Path(directory) / "valkey.pid").read_text()), signal.SIGKILL)
                await storage.inbox.put(message("last"))
                await until(lambda: "last" in script.done)
                await until_quiet(storage)
            remembered = await storage.memory.recall(thread())

    assert [each.asked.text for each in remembered] == ["0", "1", "2", "last"]


async def test_a_busy_platform_is_tried_again_when_it_asked_to_be(
    redis_url: str, terms: StorageOptions, storage: Storage
) -> None:
    tries: list[int] = []

    async def busy(claim: Claim, turn_handle: TurnHandle) -> Outcome:
        tries.append(turn_handle.attempt)
        if len(tries) < 6:
            raise PlatformBusy("slow down", code="ratelimited", retry_after=0.01)
        return Outcome()

    script = Script(parts={"x": busy})
    async with working(redis_url, terms, script):
        await storage.inbox.put(message("x"))
        await until_quiet(storage)

    assert tries == [1, 2, 3, 4, 5, 6]
    assert script.apologies == []


@pytest.mark.parametrize("asked", [1e9, float("inf")])
async def test_no_platform_can_put_a_message_off_for_ever(
    redis_url: str, terms: StorageOptions, storage: Storage, asked: float
) -> None:
    async def busy(claim: Claim, turn_handle: TurnHandle) -> Outcome:
        raise PlatformBusy("come back some day", retry_after=asked)

    waiting: list[tuple[bytes, float]] = []

    async def put_off() -> bool:
        (found,) = await storage.database.ask(("ZRANGE", storage.keys.delay(0), 0, -1, "WITHSCORES"))
        waiting.extend(found)
        return bool(found)

    async with working(redis_url, terms, Script(parts={"x": busy})):
        await storage.inbox.put(message("x"))
        async with asyncio.timeout(PATIENCE):
            while not await put_off():  # noqa: ASYNC110 - only the server knows when
                await asyncio.sleep(0.02)

    assert float(waiting[0][1]) < time.time() + 600


async def test_an_event_that_always_fails_ends_with_an_apology_and_lets_the_next_pass(
    redis_url: str, terms: StorageOptions, storage: Storage
) -> None:
    async def broken(claim: Claim, turn_handle: TurnHandle) -> Outcome:
        raise ValueError("a bug")

    script = Script(parts={"poison": broken})
    async with working(redis_url, terms, script):
        await storage.inbox.put(message("poison"))
        await storage.inbox.put(message("fine"))
        await until_quiet(storage)

    assert script.begun == ["poison"] * 3 + ["fine"]
    assert script.apologies == [("poison", "failed")]
    assert script.done == ["fine"]


async def test_a_place_that_is_gone_is_not_tried_again(
    redis_url: str, terms: StorageOptions, storage: Storage
) -> None:
    async def gone(claim: Claim, turn_handle: TurnHandle) -> Outcome:
        raise ExceptionGroup("tasks", [PlatformGone("no channel", code="channel_not_found")])

    script = Script(parts={"x": gone})
    async with working(redis_url, terms, script):
        await storage.inbox.put(message("x"))
        await until_quiet(storage)

    assert (script.begun, script.apologies) == (["x"], [])


async def test_an_answer_for_a_place_that_is_gone_is_paid_for_all_the_same(
    redis_url: str, terms: StorageOptions, storage: Storage
) -> None:
    asked = message("x")

    async def gone(claim: Claim, turn_handle: TurnHandle) -> Outcome:
        await turn_handle.keep(replace(turn("x"), cost=0.5))
        raise PlatformGone("the conversation was deleted")

    async with working(redis_url, terms, Script(parts={"x": gone})):
        await storage.inbox.put(asked)
        await until_quiet(storage)

    workspace = f"{asked.thread.platform}:{asked.thread.workspace}"
    assert (await storage.ledger.spent(workspace, asked.author.id))[0].cost == 0.5
    assert await storage.memory.recall(asked.thread) == ()


async def test_what_a_crashed_attempt_saved_is_there_for_the_next(
    redis_url: str, terms: StorageOptions, storage: Storage
) -> None:
    final = turn("x", "the answer")
    seen: list[tuple[object, object]] = []

    async def crash(claim: Claim, turn_handle: TurnHandle) -> Outcome:
        seen.append((turn_handle.ref, claim.record.final))
        if turn_handle.attempt == 1:
            await turn_handle.save({"ts": "1"})
            await turn_handle.keep(final)
            raise ValueError("crash")
        return Outcome()

    async with working(redis_url, terms, Script(parts={"x": crash})):
        await storage.inbox.put(message("x"))
        await until_quiet(storage)

    assert seen == [(None, None), ({"ts": "1"}, final)]


async def test_draining_finishes_what_is_short_and_releases_what_is_long(
    redis_url: str, terms: StorageOptions, storage: Storage
) -> None:
    release = asyncio.Event()

    async def short(claim: Claim, turn_handle: TurnHandle) -> Outcome:
        await release.wait()
        return Outcome()

    async def long(claim: Claim, turn_handle: TurnHandle) -> Outcome:
        await asyncio.sleep(3600)
        return Outcome()

    script = Script(parts={"short": short, "long": long})
    async with working(redis_url, terms, script) as worker:
        await storage.inbox.put(message("short", where=thread("a")))
        await storage.inbox.put(message("long", where=thread("b")))
        await until(lambda: len(script.begun) == 2)
        async with asyncio.TaskGroup() as group:
            group.create_task(worker.drain(seconds=0.3))
            await storage.inbox.put(message("late", where=thread("c")))
            release.set()
    failures: dict[str, int] = {}

    async def go_on(claim: Claim, turn_handle: TurnHandle) -> Outcome:
        failures[text_of(claim)] = claim.record.failures + claim.record.crashes
        return Outcome()

    async with working(redis_url, terms, Script(parts={"long": go_on, "late": go_on})):
        await until_quiet(storage)

    assert script.done == ["short"]
    assert failures == {"long": 0, "late": 0}


async def test_a_drain_that_is_cut_short_releases_at_once(
    redis_url: str, terms: StorageOptions, storage: Storage
) -> None:
    async def long(claim: Claim, turn_handle: TurnHandle) -> Outcome:
        await asyncio.sleep(3600)
        return Outcome()

    script = Script(parts={"x": long})
    async with working(redis_url, terms, script) as worker:
        await storage.inbox.put(message("x"))
        await until(lambda: script.begun == ["x"])
        with suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                await worker.drain(seconds=60)
        claim = await claim_next(storage)

    assert (claim.record.attempt, claim.record.failures, claim.record.crashes) == (2, 0, 0)


CRASHER = """
import asyncio, json, sys
from bot.domain.claims import Outcome
from bot.storage.open import StorageOptions, open_storage
from bot.worker import Worker

async def handle(claim, turn_handle):
    await turn_handle.save({"by": "the one that dies"})
    print(json.dumps(claim.event.text), flush=True)
    await asyncio.sleep(3600)

async def apologise(claim, turn_handle, why): ...

async def main():
    url, prefix, lease = sys.argv[1:]
    async with open_storage(url, StorageOptions(prefix=prefix, lease=float(lease))) as storage:
        await Worker(leases=storage.leases, handle=handle, apologise=apologise).run()

asyncio.run(main())
"""


async def test_the_turn_of_a_killed_process_goes_on_in_another(
    redis_url: str, terms: StorageOptions, storage: Storage
) -> None:
    command = [sys.executable, "-c", CRASHER, redis_url, terms.prefix, str(terms.lease)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as victim:
        assert victim.stdout is not None
        await storage.inbox.put(message("x"))
        assert json.loads(await asyncio.to_thread(victim.stdout.readline)) == "x"
        victim.kill()
    seen: list[tuple[int, object]] = []

    async def go_on(claim: Claim, turn_handle: TurnHandle) -> Outcome:
        seen.append((turn_handle.attempt, turn_handle.ref))
        return Outcome(append=(turn("x"),))

    async with working(redis_url, terms, Script(parts={"x": go_on})):
        await until_quiet(storage)

    assert seen == [(2, {"by": "the one that dies"})]


async def test_an_event_that_kills_its_process_every_time_is_given_up_with_an_apology(
    redis_url: str, terms: StorageOptions, storage: Storage
) -> None:
    await storage.inbox.put(message("poison"))
    for _ in range(3):
        command = [sys.executable, "-c", CRASHER, redis_url, terms.prefix, str(terms.lease)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as victim:
            assert victim.stdout is not None
            await asyncio.to_thread(victim.stdout.readline)
            victim.kill()
    script = Script()
    async with working(redis_url, terms, script, WorkerLimits(crashes=3)):
        await until_quiet(storage)

    assert (script.begun, script.apologies) == ([], [("poison", "failed")])


async def test_no_server_at_all_means_the_platform_is_told_to_come_back(terms: StorageOptions) -> None:
    async with open_storage("unix:///nowhere/at/all.sock", terms) as storage:
        with pytest.raises(StorageUnavailable):
            await storage.inbox.put(message(where=ThreadKey(platform="p", workspace="w", channel="c")))
