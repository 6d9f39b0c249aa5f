"""Time that passes at once: an event loop that skips ahead whenever nothing else is left to do.

`run(main)` runs a test whose two minutes take milliseconds. Every asyncio timer counts in skipped time, so the
code under test, the fake and their timeouts agree. Only sockets within the process may be waited on.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any

GRACE, PATIENT_GRACE = 0.002, 0.03
"""Real seconds in which something may still arrive over loopback before time is skipped: for pauses, for deadlines."""
DEADLINE = 4.0


class _Skipping(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self.skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        grace = min(timeout, PATIENT_GRACE if timeout > DEADLINE else GRACE)
        ready = super().select(grace)
        if not ready:
            self.skipped += timeout - grace
        return ready


class SkippingLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock includes the time it skipped."""

    def __init__(self) -> None:
        self._skipping = _Skipping()
        super().__init__(self._skipping)

    def time(self) -> float:
        return super().time() + self._skipping.skipped


def run(main: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        runner.run(main)


def now() -> float:
    """The clock of the running loop."""
    return asyncio.get_running_loop().time()


class LoopClock:
    """A `bot.delivery.pacing.Clock` in the running loop's time."""

    def now(self) -> float:
        return now()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
