"""The claims a worker holds: heartbeats keep them, stops reach them, and what Redis has lost is written anew.

When no heartbeat succeeded for most of a lease, the turn is cancelled here before another worker can take it over, so
that two workers never write in one conversation.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any

from bot.domain.claims import Claim
from bot.domain.errors import Fenced, SwitchboardError
from bot.ports import Leases
from bot.turn_handle import ClaimedTurn

CROWD = 100  # claims, each so many of which make the leases longer by one
LONGEST = 5  # leases: who holds many is late more easily, and each that is lost is asked for and paid again
HELD = 0.8  # of a lease; then a turn without a beat ends, before another worker may claim it

log = logging.getLogger(__name__)


class HeldClaim:
    """A claim while this worker holds it. When `until` expires, it was fenced or is to be released."""

    def __init__(self, claim: Claim, turn_handle: ClaimedTurn, *, until: float) -> None:
        self.claim = claim
        self.turn_handle = turn_handle
        self.until = asyncio.timeout_at(until)
        self.putting_down = False
        self.lost = False  # another worker has it

    def extend(self, until: float) -> None:
        if not self.until.expired():
            self.until.reschedule(until)

    def end_by(self, until: float) -> None:
        """No later than that, whenever it was to end before."""
        if until < (self.until.when() or until):
            self.extend(until)

    def end(self) -> None:
        self.extend(asyncio.get_running_loop().time())

    def lose(self) -> None:
        self.lost = True
        self.end()


class PutDown(SwitchboardError):
    """The claim is to be released, as this process ends."""


class HeldClaims:
    """Every claim that this worker has in hand, one of a conversation at most."""

    def __init__(self, leases: Leases) -> None:
        self._leases = leases
        self._held: dict[str, HeldClaim] = {}
        self._unsure: dict[str, HeldClaim] = {}
        self._putting_down = False

    @asynccontextmanager
    async def holding(self, claim: Claim, *, asked: float) -> AsyncGenerator[ClaimedTurn, None]:
        """Holds a claim that was asked for at `asked`, in the loop's time. What is done meanwhile is cancelled when it
        is lost, which raises Fenced, and when it is put down, which raises PutDown.
        """
        conversation = claim.queue_entry.conversation
        if earlier := self._held.get(conversation):  # lost, as Redis has given its claim out again
            earlier.lose()
        turn_handle = ClaimedTurn(claim=claim, leases=self._leases)
        held = HeldClaim(claim, turn_handle, until=asked + self._leases.seconds * HELD)
        held.putting_down = self._putting_down
        try:
            async with held.until:
                self._held[conversation] = held
                if self._putting_down:
                    held.end()
                yield turn_handle
        except TimeoutError:
            if not held.until.expired():  # a timeout of the handler, not of the lease
                raise
            if held.putting_down:
                raise PutDown from None
            if not held.lost:
                self._unsure[conversation] = held
            raise Fenced("no beat got through in time") from None
        finally:
            if self._held.get(conversation) is held:
                del self._held[conversation]

    def put_down(self) -> None:
        """Ends every turn, and those that are claimed from now on."""
        self._putting_down = True
        for held in self._held.values():
            held.putting_down = True
            held.end()

    async def beat(self) -> None:
        """One heartbeat for all. What Redis has lost is written anew together: one after the other would take longer than
        a lease, and one that cannot be must not keep the others from it.
        """
        mine = dict(self._held)
        asked = asyncio.get_running_loop().time()  # before the call, as Redis renews during it
        lease = self._leases.seconds * min(LONGEST, 1 + len(mine) // CROWD)
        # Of a crowd that has gone: Redis may hear of the shorter lease, and we nothing back.
        for held in mine.values():
            held.end_by(asked + lease * HELD)
        standing = await self._leases.beat([held.claim for held in mine.values()], seconds=lease)
        until, until_restored = asked + lease * HELD, asked + self._leases.seconds * HELD
        steps = [self._settle(conversation, held) for conversation, held in self._unsure.items()]
        for conversation, held in mine.items():
            if self._held.get(conversation) is not held:
                continue  # the claim ended during the call
            if standing[conversation] == "lost":
                steps.append(self._ask_for(held, until=until_restored))
                continue
            held.extend(until)
            if standing[conversation] == "stop":
                held.turn_handle.stop.fire()
        await _all_of(steps)

    async def listen(self) -> None:
        """Passes stops on as they are heard."""
        async with aclosing(self._leases.stops()) as stops:
            async for turn in stops:
                for held in self._held.values():
                    if held.turn_handle.id == turn:
                        held.turn_handle.stop.fire()

    async def _ask_for(self, held: HeldClaim, *, until: float) -> None:
        """Another worker has the claim, or Redis has lost it: then the turn may go on."""
        how = await self._leases.restore(held.claim, held.turn_handle.record)
        if self._held.get(held.claim.queue_entry.conversation) is not held:
            return  # it ended during the call
        if how not in {"held", "busy"}:
            held.lose()
            return
        if how == "held":
            log.warning("a claim was lost with Redis' data and is written anew", extra=_about(held))
        held.extend(until)

    async def _settle(self, conversation: str, held: HeldClaim) -> None:
        """The worker gave this turn up as it did not hear from Redis. Usually another takes it over when the lease has
        run out; but where Redis has lost it, nobody else knows of it.
        """
        if conversation not in self._held:
            how = await self._leases.restore(held.claim, held.turn_handle.record)
            if how == "busy":
                return
            if how == "held":
                with suppress(Fenced):  # its lease ran out just now, and another has it
                    await self._leases.release(held.claim)
        self._unsure.pop(conversation, None)


async def _all_of(steps: Sequence[Coroutine[Any, Any, None]]) -> None:
    """All at once. Raises the first error when all have ended."""
    errors: list[Exception] = []

    async def caught(step: Coroutine[Any, Any, None]) -> None:
        try:
            await step
        except Exception as error:
            errors.append(error)

    async with asyncio.TaskGroup() as group:
        for step in steps:
            group.create_task(caught(step))
    if errors:
        raise errors[0]


def _about(held: HeldClaim) -> dict[str, str]:
    return {"conversation": held.claim.queue_entry.conversation, "turn": held.turn_handle.id}
