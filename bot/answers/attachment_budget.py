"""The bytes of files that this process holds at once: what is more waits its turn.

A turn takes its whole need in one step and gives it back at its end, so that no two can wait for each other. Turns
are served in the order they came; those without files never wait here.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

MEGABYTE = 1 << 20
DEFAULT = 256 * MEGABYTE


@dataclass(slots=True)
class Share:
    """What one turn has taken."""

    budget: "AttachmentBudget"
    bytes: int

    def shrink(self, needed: int) -> None:
        """Gives back what turned out not to be needed."""
        spare = max(0, self.bytes - needed)
        self.bytes -= spare
        self.budget.give_back(spare)


class AttachmentBudget:
    """`evict` frees bytes that are only kept for later, such as a cache's; it says whether there were any."""

    def __init__(self, limit: int = DEFAULT) -> None:
        self.limit = limit
        self.taken = 0
        self.kept = 0  # for later: the first to go
        self.evict: Callable[[], bool] = lambda: False
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    def has_room(self, size: int) -> bool:
        """Whether `take` would not wait."""
        return not self._waiting and self.taken + size <= self.limit

    @asynccontextmanager
    async def take(self, size: int) -> AsyncGenerator[Share, None]:
        """Waits until so many bytes are free. Raises ValueError for more than there will ever be."""
        if size > self.limit:
            raise ValueError(f"{size} bytes of files at once, of {self.limit}")
        await self._turn(size)
        share = Share(budget=self, bytes=size)
        try:
            yield share
        finally:
            self.give_back(share.bytes)

    def keep(self, size: int) -> bool:
        """Counts bytes that are kept for later. False when there is no room for them."""
        if self.taken + self.kept + size > self.limit:
            return False
        self.kept += size
        return True

    def give_back(self, size: int) -> None:
        self.taken -= size
        self._serve()

    async def _turn(self, size: int) -> None:
        if self.has_room(size):
            self._grant(size)
            return
        served = asyncio.get_running_loop().create_future()
        entry = (size, served)
        self._waiting.append(entry)
        try:
            await served
        except asyncio.CancelledError:
            if served.done() and not served.cancelled():
                self.give_back(size)  # served at the moment it was cancelled
            else:
                self._waiting = deque(other for other in self._waiting if other is not entry)
                self._serve()  # those behind may be small enough
            raise

    def _serve(self) -> None:
        while self._waiting and self.taken + self._waiting[0][0] <= self.limit:
            size, served = self._waiting.popleft()
            if not served.done():
                self._grant(size)
                served.set_result(None)

    def _grant(self, size: int) -> None:
        self.taken += size
        while self.taken + self.kept > self.limit and self.evict():
            pass
