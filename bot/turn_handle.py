"""The handle on a running turn: what the conversation and its sink may know of it and save."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.domain.auto_entry import AutoChoice
from bot.domain.claims import Claim
from bot.domain.columns import Column
from bot.domain.stop import StopSignal
from bot.domain.turns import Candidate, Progress, SavedColumn, Turn, TurnRecord
from bot.ports import Leases


class ClaimedTurn:
    """The TurnHandle of one claim. Everything is saved at once, under the claim's fencing token."""

    column = None

    def __init__(self, *, claim: Claim, leases: Leases) -> None:
        self._claim = claim
        self._leases = leases
        self._record = claim.record
        self._saving = asyncio.Lock()
        self._saved = claim.record
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
        await self._store(replace(self._record, ref=dict(ref)))

    async def choose(self, choice: AutoChoice) -> None:
        await self._store(replace(self._record, auto=choice))

    async def advance(self, progress: Progress) -> None:
        await self._store(replace(self._record, progress=progress))

    async def keep(self, final: Turn) -> None:
        await self._store(replace(self._record, final=final))

    def columns(self, of: int, *, folded: bool = False) -> Sequence["ColumnTurn"]:
        places = [Column(number=number, of=of, turn=self.id, folded=folded) for number in range(1, of + 1)]
        return [ColumnTurn(self, place) for place in places]

    def saved(self, column: Column) -> SavedColumn:
        """What is saved of one column."""
        known = self._record.columns
        return known[column.number - 1] if column.number <= len(known) else SavedColumn()

    async def save_column(self, column: Column, saved: SavedColumn) -> None:
        known = list(self._record.columns)
        known += [SavedColumn()] * (column.of - len(known))
        known[column.number - 1] = saved
        await self._store(replace(self._record, columns=tuple(known)))

    async def _store(self, record: TurnRecord) -> None:
        """Columns save at the same time: one after the other, so that an older record never comes after a newer one."""
        self._record = record  # first: a concurrent call stores it too
        async with self._saving:
            if self._saved is self._record:
                return
            record = self._record
            await self._leases.save(self._claim, record)
            self._saved = record


class ColumnTurn:
    """The ColumnHandle of one column of a claimed turn: it has a place of its own in the turn's record."""

    def __init__(self, turn: ClaimedTurn, column: Column) -> None:
        self._turn = turn
        self.column = column
        self.stop = turn.stop

    @property
    def id(self) -> str:
        return f"{self._turn.id}-{self.column.number}"

    @property
    def attempt(self) -> int:
        return self._turn.attempt

    @property
    def started(self) -> float:
        return self._turn.started

    @property
    def ref(self) -> Mapping[str, Any] | None:
        return self._turn.saved(self.column).ref

    @property
    def candidate(self) -> Candidate | None:
        return self._turn.saved(self.column).candidate

    async def save(self, ref: Mapping[str, Any]) -> None:
        await self._turn.save_column(self.column, replace(self._turn.saved(self.column), ref=dict(ref)))

    async def finish(self, candidate: Candidate) -> None:
        saved = replace(self._turn.saved(self.column), candidate=candidate)
        await self._turn.save_column(self.column, saved)

    async def choose(self, choice: AutoChoice) -> None:
        await self._turn.choose(choice)

    async def advance(self, progress: Progress) -> None:
        await self._turn.advance(progress)

    async def keep(self, final: Turn) -> None:
        await self._turn.keep(final)

    def columns(self, of: int, *, folded: bool = False) -> Sequence["ColumnTurn"]:
        """A column has none."""
        return ()
