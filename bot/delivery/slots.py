"""How many turns a process works on at once. A turn that only waits for a platform's rate limit holds no slot, so that
one crowded channel does not keep all others waiting.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Slots:
    """The slots of one process, and who has how many of them. Asker: workspace and person."""

    def __init__(self, *, most: int, per_asker: int) -> None:
        self._most = most
        self._per_asker = per_asker
        self._taken = 0
        self._turns = 0
        self._askers: Counter[tuple[str, str]] = Counter()
        self._room = asyncio.Event()
        self._room.set()
        self._idle, self._busy = asyncio.Event(), asyncio.Event()
        self._idle.set()

    @property
    def free(self) -> int:
        return max(0, self._most - self._taken)

    @property
    def crowded(self) -> Collection[tuple[str, str]]:
        """Who has as many turns running here as one may have."""
        return {asker for asker, turns in self._askers.items() if turns >= self._per_asker}

    async def room(self) -> None:
        """Waits until a slot is free."""
        await self._room.wait()

    async def idle(self) -> None:
        """Waits until no turn runs."""
        await self._idle.wait()

    async def busy(self) -> None:
        """Waits until a turn runs."""
        await self._busy.wait()

    def enter(self, asker: tuple[str, str]) -> None:
        """Takes a slot, also when none is free: what was handed out must be worked on."""
        self._turns += 1
        self._askers[asker] += 1
        self._idle.clear()
        self._busy.set()
        self._take(1)

    def leave(self, asker: tuple[str, str]) -> None:
        self._turns -= 1
        self._askers[asker] -= 1
        if self._askers[asker] <= 0:
            del self._askers[asker]
        if not self._turns:
            self._idle.set()
            self._busy.clear()
        self._take(-1)

    @contextmanager
    def seated(self) -> Iterator[None]:
        """Around a turn's work, in its own task: lets `without_slot` find the slot."""
        token = _seat.set(_Seat(self))
        try:
            yield
        finally:
            _seat.reset(token)

    def _take(self, count: int) -> None:
        self._taken += count
        if self._taken >= self._most:
            self._room.clear()
        else:
            self._room.set()


class _Seat:
    """One turn's slot. Several of its tasks may wait at once; it is given away once."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._waiting = 0

    def wait(self, count: int) -> None:
        before = self._waiting
        self._waiting += count
        self._slots._take((before > 0) - (self._waiting > 0))


_seat: ContextVar[_Seat | None] = ContextVar("seat", default=None)


@contextmanager
def without_slot() -> Iterator[None]:
    """While the turn of this task waits for a platform's rate limit, another may have its slot."""
    seat = _seat.get()
    if seat is None:
        yield
        return
    seat.wait(1)
    try:
        yield
    finally:
        seat.wait(-1)
