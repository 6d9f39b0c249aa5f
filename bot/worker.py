"""Claims conversations that have work, several at once. Each claim ends in one of four ways: committed, to be
retried, given up with an apology, or left to another worker.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from bot.delivery.loop_lag import LoopLag
from bot.delivery.slots import Slots
from bot.domain.claims import Claim, Outcome, QueueEntry
from bot.domain.errors import Fenced, PlatformBusy, PlatformGone, StorageUnavailable, root_cause
from bot.held_claims import HeldClaims, PutDown
from bot.interceptor import Ending, EndingKind, Interceptors
from bot.ports import Leases, TurnHandle
from bot.turn_handle import ClaimedTurn

LONGEST_PAUSE = 60.0  # seconds between two attempts
AT_A_TIME = 8  # claims, so that a crowd's beginnings do not hold up everything else
SHORTEST_ASKED, LONGEST_ASKED = 0.25, 300.0  # ... of a platform's retry_after; it may ask for any number
RELEASING = 3.0  # seconds to give everything back at shutdown

log = logging.getLogger(__name__)

Handle = Callable[[Claim, TurnHandle], Awaitable[Outcome]]
Apologise = Callable[[Claim, TurnHandle, str], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLimits:
    """How many turns at once, and how long an event is tried."""

    at_once: int = 256
    per_person: int = 5  # ... of one person
    failures: int = 3  # unexpected errors over one event
    crashes: int = 10  # workers that died during it; many, as a restart is not its fault
    busy: float = 3_600.0  # seconds of a platform's or Redis' outage that an event survives


class Worker:
    """Shares the work with other workers on the same Redis, and survives outages of it."""

    def __init__(
        self,
        *,
        leases: Leases,
        handle: Handle,
        apologise: Apologise,
        interceptors: Interceptors | None = None,
        limits: WorkerLimits | None = None,
        late: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        """`late` is told again and again by how many seconds the event loop is, while turns run."""
        self._leases = leases
        self._interceptors = interceptors or Interceptors()
        self._handle = handle
        self._apologise = apologise
        self._limits = limits or WorkerLimits()
        self._held = HeldClaims(leases)
        self._slots = Slots(most=self._limits.at_once, per_asker=self._limits.per_person)
        self._lag = LoopLag(late)
        self._draining = asyncio.Event()

    async def run(self) -> None:
        """Works until cancelled or drained."""
        async with asyncio.TaskGroup() as group:
            taking = [
                group.create_task(self._steadily(step, group)) for step in (self._take, self._take_over)
            ]
            keeping = [
                group.create_task(self._steadily(step))
                for step in (self._beat, self._held.listen, self._measure)
            ]
            await self._draining.wait()
            # Beats and stops go on until the last turn has ended, or its lease would run out.
            for task in taking:
                task.cancel()
            await asyncio.wait(taking)
            await self._slots.idle()
            for task in keeping:
                task.cancel()

    async def drain(self, *, seconds: float) -> None:
        """Claims nothing more, waits `seconds` for running turns, releases the rest. Cancelled: at once."""
        self._draining.set()
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._slots.idle()
        finally:
            await self._put_down()

    async def _put_down(self) -> None:
        self._held.put_down()
        with suppress(TimeoutError, StorageUnavailable):
            async with asyncio.timeout(RELEASING):
                await self._slots.idle()
                await self._leases.leave()

    async def _steadily(self, step: Callable[..., Awaitable[None]], *arguments: object) -> None:
        """Repeats a step for ever. Errors are logged and the step is tried again: the loop never ends."""
        pause = 0.1
        while True:
            try:
                await step(*arguments)
                pause = 0.1
            except Exception as error:
                if isinstance(error, StorageUnavailable):
                    log.warning("storage unavailable", extra={"step": step.__name__, "why": str(error)})
                else:
                    log.exception("a step of the worker failed", extra={"step": step.__name__})
                await asyncio.sleep(pause)
                pause = min(pause * 2, 1.0)

    async def _take(self, group: asyncio.TaskGroup) -> None:
        await self._slots.room()
        most = min(self._slots.free, AT_A_TIME if await self._lag.calm() else 1)
        for queue_entry in await self._leases.ready(most, self._slots.crowded):
            self._take_up(group, queue_entry)

    async def _measure(self) -> None:
        await self._slots.busy()
        await self._lag.measure()

    async def _take_over(self, group: asyncio.TaskGroup) -> None:
        for queue_entry in await self._leases.abandoned(self._slots.free):
            self._take_up(group, queue_entry)
        await asyncio.sleep(self._leases.seconds / 3)

    async def _beat(self) -> None:
        # From start to start: on a slow line the call itself takes a good part of a lease.
        loop = asyncio.get_running_loop()
        due = loop.time() + self._leases.seconds / 4
        await self._held.beat()
        await asyncio.sleep(due - loop.time())

    def _take_up(self, group: asyncio.TaskGroup, queue_entry: QueueEntry) -> None:
        self._slots.enter(queue_entry.waiter)
        task = group.create_task(self._attend(queue_entry))
        task.add_done_callback(lambda _: self._leave(queue_entry.waiter))

    def _leave(self, asker: tuple[str, str]) -> None:
        if asker in self._slots.crowded:
            self._leases.look_again()
        self._slots.leave(asker)

    async def _attend(self, queue_entry: QueueEntry) -> None:
        """One claim from start to end."""
        about = {"conversation": queue_entry.conversation}
        try:
            asked = asyncio.get_running_loop().time()
            if claim := await self._leases.claim(queue_entry):
                with self._slots.seated():
                    await self._turn(claim, asked=asked)
        except StorageUnavailable as error:
            log.warning("not claimed", extra={**about, "why": str(error)})
        except Exception:
            log.exception("not claimed", extra=about)

    async def _turn(self, claim: Claim, *, asked: float) -> None:
        ending = Ending(kind=EndingKind.LEFT)  # unless it comes to more, as in a worker that is cancelled
        self._interceptors.began(claim)
        try:
            ending = await self._hold(claim, asked=asked)
        except Fenced as error:
            ending = Ending(kind=EndingKind.FENCED, error=error)
        except Exception as error:
            ending = Ending(kind=EndingKind.LEFT, error=error)
        finally:
            self._interceptors.ended(claim, ending)

    async def _hold(self, claim: Claim, *, asked: float) -> Ending:
        try:
            async with self._held.holding(claim, asked=asked) as turn_handle:
                return await self._work(claim, turn_handle)
        except PutDown:
            await self._leases.release(turn_handle.claim)
            return Ending(kind=EndingKind.RELEASED)

    async def _work(self, claim: Claim, turn_handle: ClaimedTurn) -> Ending:
        if claim.record.failures >= self._limits.failures or claim.record.crashes >= self._limits.crashes:
            return await self._give_up(claim, turn_handle, "failed")
        outcome = Outcome()
        nowhere: PlatformGone | None = None
        try:
            outcome = await self._handle(claim, turn_handle)
        except Exception as error:
            match root_cause(error):
                case PlatformGone() as gone:
                    nowhere = gone
                    outcome = Outcome(counted=turn_handle.final)  # the model was asked, so it counts
                case PlatformBusy() | StorageUnavailable() as passing:
                    return await self._later(claim, turn_handle, passing)
                case Fenced() as fenced:
                    raise fenced from None
                case _:
                    return await self._failed(claim, turn_handle, error)
        await self._leases.commit(claim, outcome)
        return Ending(kind=EndingKind.DONE, outcome=outcome, error=nowhere)

    async def _failed(self, claim: Claim, turn_handle: ClaimedTurn, error: Exception) -> Ending:
        if claim.record.failures + 1 >= self._limits.failures:
            return await self._give_up(claim, turn_handle, "failed", error)
        return await self._retry(turn_handle.claim, error, failed=True)

    async def _later(
        self, claim: Claim, turn_handle: ClaimedTurn, passing: PlatformBusy | StorageUnavailable
    ) -> Ending:
        if time.time() - turn_handle.started > self._limits.busy:
            return await self._give_up(claim, turn_handle, "busy", passing)
        return await self._retry(turn_handle.claim, passing, failed=False)

    async def _retry(self, claim: Claim, error: Exception, *, failed: bool) -> Ending:
        seconds = _pause(claim, error)
        await self._leases.retry(claim, seconds=seconds, failed=failed)
        return Ending(kind=EndingKind.RETRIED, error=error, seconds=seconds)

    async def _give_up(
        self, claim: Claim, turn_handle: ClaimedTurn, why: str, reason: Exception | None = None
    ) -> Ending:
        """Every event gets an answer: the apology is retried for as long as an outage may last."""
        try:
            await self._apologise(claim, turn_handle, why)
        except Exception as error:
            match root_cause(error):
                case Fenced() as fenced:
                    raise fenced from None
                case PlatformBusy() | StorageUnavailable() as passing if (
                    time.time() - turn_handle.started <= self._limits.busy
                ):
                    return await self._retry(turn_handle.claim, passing, failed=False)
                case _:
                    log.exception("apology failed", extra={"turn": turn_handle.id, "event": claim.event.id})
        await self._leases.bury(claim, why=why, error=type(root_cause(reason)).__name__ if reason else "")
        return Ending(kind=EndingKind.BURIED, error=reason, why=why)


def _pause(claim: Claim, error: Exception | None = None) -> float:
    """Seconds until the next attempt: the platform's retry_after, else half a second, doubled each time."""
    asked = error.retry_after if isinstance(error, PlatformBusy) else None
    if asked is not None:
        return max(SHORTEST_ASKED, min(asked, LONGEST_ASKED))
    return min(LONGEST_PAUSE, 0.25 * 2.0 ** min(claim.record.attempt, 10))
