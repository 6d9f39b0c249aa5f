"""The seams of schedules: where they are kept, and where an adapter can say something much later."""

from collections.abc import Sequence
from typing import Protocol

from bot.domain.events import Event, ThreadKey
from bot.domain.schedules import LastingPlace, Schedule


class LastingPlaces(Protocol):
    """A part of every bot.ports.Adapter."""

    def lasting(self, event: Event) -> LastingPlace:
        """Where something can be said long after this event, without what expires. Asks nobody."""


class ScheduleStore(Protocol):
    """Implemented by bot.storage.schedules on Redis. All raise StorageUnavailable."""

    async def add(self, schedule: Schedule) -> str:
        """Stores a new one. "" when it is stored, now or before; else what has too many: person, place, workspace."""

    async def find(self, workspace: str, id: str) -> Schedule | None: ...

    async def listed(self, thread: ThreadKey, person: str) -> Sequence[Schedule]:
        """The person's in the workspace, and everybody's in the channel of `thread`; soonest first."""

    async def keep(self, schedule: Schedule, *, expected: float | None = None) -> bool:
        """Stores the changed schedule. False where there is none any more, or it is not due at `expected` any more."""

    async def pause(self, schedule: Schedule, why: str, *, now: float) -> bool:
        """It asks no more, and is erased when nobody lets it go on for as long as conversations are kept."""

    async def take(self, workspace: str, id: str, *, due: float, turn: str) -> bool:
        """Whether this turn is the one that asks what was due then; its later attempts are told the same. What was put into
        the inbox twice, with more than a day between, is asked once so.
        """

    async def drop(self, workspace: str, id: str) -> int: ...

    async def drop_of_person(self, workspace: str, person: str) -> int: ...

    async def drop_of_conversation(self, thread: ThreadKey) -> int: ...

    async def due(self, now: float, limit: int) -> Sequence[Schedule]:
        """Those whose time has come, `limit` of each shard at most. One round trip when there are none."""
