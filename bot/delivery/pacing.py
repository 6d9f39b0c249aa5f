"""When a growing message may be edited, and when a platform's rate limit allows a call. Pure but for the clock.

Platforms count calls in a sliding window and punish the one too many, so a call that may be left out (an edit
while the answer grows) asks first and is left out, and a call that must be made (the last edit) waits its turn.
"""

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Protocol


class Clock(Protocol):
    """Time, as far as somebody waits for it. Tests bring one that leaps."""

    def now(self) -> float:
        """Unix seconds."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class WallClock:
    """The real one."""

    def now(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds between two edits of one message: `least` at first, more as it grows long, never above `most`."""

    least: float = 1.2
    most: float = 4.0
    per_thousand: float = 0.2  # added for each thousand characters: a long message is dear to send again

    def pause(self, length: int) -> float:
        """How long to leave a message of so many characters alone after an edit."""
        return min(self.most, self.least + self.per_thousand * length / 1000)


@dataclass(slots=True, kw_only=True)
class Allowance:
    """So many calls in any span of so many seconds. `kept` of them are for calls that must be made.

    `even`: of calls that may be left out the first half goes at once, the rest evenly over the span, so that
    many growing messages all keep growing. `soft`: platforms grant more than they promise, so calls that must be
    made wait only when one was refused.
    """

    calls: int
    seconds: float = 60.0
    kept: int = 0
    even: bool = False
    soft: bool = False
    _made: deque[float] = field(default_factory=deque)
    _shut: float = 0.0

    def spares(self, now: float) -> bool:
        """Whether there is a call to spare for something that may be left out. Takes nothing."""
        self._forget(now)
        room = self.calls - self.kept
        if now < self._shut or len(self._made) >= room:
            return False
        crowded = self.even and len(self._made) > room // 2
        return not crowded or now - self._made[-1] >= self.seconds / room

    def spare(self, now: float) -> bool:
        """Takes a call that may be left out, if there is one to spare."""
        if not self.spares(now):
            return False
        self._made.append(now)
        return True

    def wait(self, now: float) -> float:
        """Takes a call that must be made; returns the seconds to wait before making it."""
        self._forget(now)
        full = not self.soft and len(self._made) >= self.calls
        free = self._made[-self.calls] + self.seconds if full else now
        at = max(now, free, self._shut)
        self._made.append(at)
        return at - now

    def shut(self, until: float) -> None:
        """The platform said so: nothing before that moment."""
        self._shut = max(self._shut, until)

    def _forget(self, now: float) -> None:
        while self._made and self._made[0] <= now - self.seconds:
            self._made.popleft()
