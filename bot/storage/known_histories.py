"""What a worker remembers of the conversations it had in hand last, so that their turns are not read again.

It is only ever used where the claim script says that it is still the end of what is stored: see claim.lua.
"""

import time
from collections import OrderedDict
from collections.abc import Callable

from bot.storage.stored_history import KnownHistory

MEGABYTE = 1024 * 1024
MOST = 64 * MEGABYTE  # of memory
EACH = 2_000  # bytes that a turn takes besides its text
IDLE = 900.0  # seconds; what was erased elsewhere does not stay for longer


class KnownHistories:
    """The latest ones, by conversation, within a bound of memory."""

    def __init__(self, *, most: int = MOST, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._known: OrderedDict[str, tuple[KnownHistory, int, float]] = OrderedDict()
        self.size = 0  # bytes, roughly

    def of(self, conversation: str) -> KnownHistory | None:
        known = self._known.get(conversation)
        return known[0] if known else None

    def keep(self, conversation: str, known: KnownHistory) -> None:
        self.drop(conversation)
        size = sum(2 * one.size + EACH for one in known.stored)
        if not known.stored or size > self._most:
            return
        self._known[conversation] = known, size, self._clock()
        self.size += size
        while self.size > self._most:
            self.drop(next(iter(self._known)))
        self.age()

    def age(self) -> None:
        """Drops what nobody came back to."""
        latest = self._clock() - IDLE
        while self._known and next(iter(self._known.values()))[2] < latest:
            self.drop(next(iter(self._known)))

    def drop(self, conversation: str) -> None:
        if known := self._known.pop(conversation, None):
            self.size -= known[1]
