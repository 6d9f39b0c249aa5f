"""The handle on a running turn: what the conversation and its sink may know of it and save."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.domain.auto_entry import AutoChoice
from bot.domain.claims import Claim
from bot.domain.stop import StopSignal
from bot.domain.turns import Progress, Turn, TurnRecord
from bot.ports import Leases


class ClaimedTurn:
    """The TurnHandle of one claim. Everything is saved at once, under the claim's fencing token."""

    def __init__(self, *, claim: Claim, leases: Leases) -> None:
        self._claim = claim
        self._leases = leases
        self._record = claim.record
        self.stop = StopSignal()
        if claim.stopped:
            self.stop.fire()

    @property
    def record(self) -> TurnRecord:
        """What is saved of the turn."""
        return self._record

    @property
    def claim(self) -> Claim:
        """The claim with all that was saved since: what Redis has lost is written anew from it."""
        return replace(self._claim, record=self._record)

    @property
    def id(self) -> str:
        return self._record.id

    @property
    def attempt(self) -> int:
        return self._record.attempt

    @property
    def started(self) -> float:
        return self._record.started

    @property
    def ref(self) -> Mapping[str, Any] | None:
        return self._record.ref

    @property
    def final(self) -> Turn | None:
        """The finished turn, once it is kept."""
        return self._record.final

    async def save(self, ref: Mapping[str, Any]) -> None:
        self._record = replace(self._record, ref=dict(ref))  # first: a concurrent call stores it too
        await self._leases.save(self._claim, self._record)

    async def choose(self, choice: AutoChoice) -> None:
        self._record = replace(self._record, auto=choice)
        await self._leases.save(self._claim, self._record)

    async def advance(self, progress: Progress) -> None:
        self._record = replace(self._record, progress=progress)
        await self._leases.save(self._claim, self._record)

    async def keep(self, final: Turn) -> None:
        self._record = replace(self._record, final=final)
        await self._leases.save(self._claim, self._record)
