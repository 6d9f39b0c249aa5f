"""The stored turns of a conversation, read as far as somebody needs them.

They are a record to which every answer is added, whatever it answers, and in it a tree: the newest turn is its head, and
what a conversation is for those who go on with it is the path to there.
"""

from collections.abc import Callable, Sequence

from bot.domain.branches import Tree
from bot.domain.turns import Turn

Enough = Callable[[Sequence[Turn]], bool]
"""Whether the newest turns, oldest first, are all that is needed."""


class History:
    """The newest turns, as far as they were read, and all of it when somebody needs more. This one has all of it; the
    storage's reads on.
    """

    def __init__(self, record: Sequence[Turn] = ()) -> None:
        self.record = tuple(record)

    @property
    def record(self) -> tuple[Turn, ...]:
        """What was read, in the order in which it was stored, whatever it follows."""
        return self.tree.record

    @record.setter
    def record(self, record: tuple[Turn, ...]) -> None:
        self.tree = Tree(record)

    @property
    def turns(self) -> tuple[Turn, ...]:
        """What was read of the path to the head, oldest first: what the next question follows."""
        return self.tree.path

    @property
    def exists(self) -> bool:
        """Whether anything is stored, read or not."""
        return bool(self.record)

    @property
    def complete(self) -> bool:
        """Whether all that is stored was read."""
        return True

    async def reach(self, enough: Enough, *, to: str = "") -> tuple[Turn, ...]:
        """Reads until this much of the path to a turn is enough ("": to the head), or there is no more of it. A trip to Redis for
        each chunk. Raises StorageUnavailable.
        """
        while not (self.complete or self.tree.rooted(to) or enough(self.tree.path_to(to))):
            await self._read_on()
        return self.tree.path_to(to)

    async def search(self, enough: Enough) -> tuple[Turn, ...]:
        """The same of the record: for what has to be found on whatever branch it is."""
        while not (self.complete or enough(self.record)):
            await self._read_on()
        return self.record

    async def whole(self) -> tuple[Turn, ...]:
        """All of the path to the head."""
        return await self.reach(lambda _: False)

    async def everything(self) -> tuple[Turn, ...]:
        """All of the record, for what has to be complete: edits, what somebody wants erased."""
        return await self.search(lambda _: False)

    async def place(self, name: str) -> bool:
        """Reads until it is known what a turn follows, and what stands beside it. Whether there is such a turn."""
        await self.search(lambda _: self.tree.placed(name))
        return self.tree.find(name) is not None

    async def _read_on(self) -> None:
        """Reads the chunk before the turns that are known."""
