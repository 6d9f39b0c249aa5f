"""The ports of a running turn: what a sink may know of it and save."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from bot.domain.auto_entry import AutoChoice
from bot.domain.columns import Column
from bot.domain.stop import StopSignal
from bot.domain.turns import Candidate, Progress, Turn


class TurnHandle(Protocol):
    """The handle on the running turn: what to know of it and where to save. Implemented by ClaimedTurn."""

    @property
    def id(self) -> str:
        """The same for every attempt at this turn: derive idempotency keys from it."""

    @property
    def attempt(self) -> int:
        """1 for the first. Greater, with no `ref`: an earlier attempt may have posted and not saved it."""

    @property
    def started(self) -> float:
        """Unix seconds when the first attempt began: reconciliation looks no further back."""

    @property
    def ref(self) -> Mapping[str, Any] | None:
        """What the sink saved last, in this or an earlier attempt. None: nothing was saved."""

    @property
    def stop(self) -> StopSignal:
        """Fires when the person presses Stop, on any replica. A sink fires it for the platform's own Stop."""

    @property
    def column(self) -> Column | None:
        """Its place, where it is one of several answers that are shown side by side and share a channel's rate limits."""

    async def save(self, ref: Mapping[str, Any]) -> None:
        """Stores the sink's state (JSON values). One Redis round trip. Raises Fenced, StorageUnavailable."""

    async def choose(self, choice: AutoChoice) -> None:
        """Stores whom auto chose before anybody is asked: every attempt asks the same model. As `save`."""

    async def advance(self, progress: Progress) -> None:
        """Stores how far it is, before and after tools run. As `save`."""

    async def keep(self, final: Turn) -> None:
        """Stores the finished turn before its last edit is sent, so that the model is not asked again. As `save`."""

    def columns(self, of: int, *, folded: bool = False) -> Sequence["ColumnHandle"]:
        """So many handles, each with an id and a `ref` of its own, for as many sinks."""


class ColumnHandle(TurnHandle, Protocol):
    """The handle on one of several answers of a turn. Implemented by ColumnTurn."""

    @property
    def candidate(self) -> Candidate | None:
        """What was kept of it, in this or an earlier attempt: its model is not asked again."""

    async def finish(self, candidate: Candidate) -> None:
        """Stores the finished answer before its last edit is sent. As `save`."""
