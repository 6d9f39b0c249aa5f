"""The seam of the scoreboard: where observations are kept. They are written with the turn that they are about."""

from collections.abc import Sequence
from typing import Protocol

from bot.domain.observations import Observation


class ScoreStore(Protocol):
    """Implemented by bot.storage.observations on Redis. `workspace` is "platform:id". All raise StorageUnavailable."""

    async def observations(self, workspace: str) -> Sequence[Observation]:
        """The newest, oldest first, as many as are kept; nothing of any other workspace."""

    async def leave(self, workspace: str, person: str) -> int:
        """From now on nothing of this person is kept. Returns how many were erased. May be repeated."""

    async def join(self, workspace: str, person: str) -> bool:
        """The opposite. Returns whether they had left."""

    async def erase(self, workspace: str, person: str) -> int:
        """Erases what is kept of a person; whoever has left stays so."""
