"""When a growing message may be edited, and when a platform's rate limit allows a call. Pure but for the
clock.

Platforms count calls in a sliding window and refuse those beyond it for a while. So an optional call (an edit
while the answer grows) is left out when the limit is near, and a required call (the last edit) waits.
"""

import asyncio
import time
from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Protocol
from weakref import WeakSet


class Clock(Protocol):
    """The time and waiting. Tests use a clock that waits for nothing."""

    def now(self) -> float:
        """Unix seconds."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class WallClock:
    """The real clock."""

    def now(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds between two edits of one message: `least` at first, more as it grows, never above `most`."""

    least: float = 1.2
    most: float = 4.0
    per_thousand: float = 0.2  # added per thousand characters, because every edit sends the whole message

    def pause(self, length: int) -> float:
        """Seconds between an edit of a message with so many characters and the next."""
        return min(self.most, self.least + self.per_thousand * length / 1000)


@dataclass(slots=True, kw_only=True)
class Allowance:
    """A number of calls in any span of so many seconds. `kept` of them are reserved for required calls.

    `even`: the first half of the optional calls may go at once, the rest evenly over the span, so that many
    growing messages all keep growing. First words come before growth: they need not wait for their turn, as many calls as
    messages are `owed` some are left to them (half of all, so that what grows never stands still for those who think
    long), and a third of what is reserved is theirs in need. `soft`: platforms allow more than they promise, so required calls
    wait only after a refusal.
    """

    calls: int
    seconds: float = 60.0
    kept: int = 0
    even: bool = False
    soft: bool = False
    owed: WeakSet[Hashable] = field(
        default_factory=WeakSet
    )  # messages without words; those given up fall out
    _made: deque[float] = field(default_factory=deque)
    _shut: float = 0.0

    def spares(self, now: float, *, first: bool = False) -> bool:
        """Whether an optional call would be allowed now. Takes nothing. `first`: it shows a message's first words."""
        self._forget(now)
        room = self.calls - self.kept
        if first or not self.even:
            return now >= self._shut and len(self._made) < room + first * self.kept // 3
        if now < self._shut or len(self._made) + min(len(self.owed), room // 2) >= room:
            return False
        return len(self._made) <= room // 2 or now - self._made[-1] >= self.seconds / room

    def promises(self, now: float) -> bool:
        """Whether a message that is begun without words can count on a call for the first of them."""
        self._forget(now)
        return now >= self._shut and len(self._made) + len(self.owed) < self.calls - self.kept

    def spare(self, now: float, *, first: bool = False) -> bool:
        """Takes an optional call, if it is allowed now."""
        if not self.spares(now, first=first):
            return False
        self._made.append(now)
        return True

    def wait(self, now: float) -> float:
        """Takes a required call; returns the seconds to wait before making it."""
        self._forget(now)
        full = not self.soft and len(self._made) >= self.calls
        free = self._made[-self.calls] + self.seconds if full else now
        at = max(now, free, self._shut)
        self._made.append(at)
        return at - now

    def shut(self, until: float) -> None:
        """Allows no call before that moment, as the platform asked."""
        self._shut = max(self._shut, until)

    def _forget(self, now: float) -> None:
        while self._made and self._made[0] <= now - self.seconds:
            self._made.popleft()
