"""The stored turns of a conversation, read as far as somebody needs them."""

from collections.abc import Callable, Sequence

from bot.domain.turns import Turn

Enough = Callable[[Sequence[Turn]], bool]
"""Whether the newest turns, oldest first, are all that is needed."""


class History:
    """The newest turns, as far as they were read, and all of it when somebody needs more. This one has all of it; the
    storage's reads on.
    """

    def __init__(self, turns: Sequence[Turn] = ()) -> None:
        self.turns = tuple(turns)

    @property
    def exists(self) -> bool:
        """Whether anything is stored, read or not."""
        return bool(self.turns)

    @property
    def complete(self) -> bool:
        """Whether all that is stored was read."""
        return True

    async def reach(self, enough: Enough) -> tuple[Turn, ...]:
        """Reads until it is enough, or all there is. A trip to Redis for each chunk. Raises StorageUnavailable."""
        while not self.complete and not enough(self.turns):
            await self._read_on()
        return self.turns

    async def whole(self) -> tuple[Turn, ...]:
        """All of it, for what has to be complete: edits, what somebody wants erased, sums."""
        return await self.reach(lambda _: False)

    async def _read_on(self) -> None:
        """Reads the chunk before the turns that are known."""
