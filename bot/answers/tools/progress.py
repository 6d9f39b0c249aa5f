"""What a running call tells about itself, as few short lines."""

import time
from collections.abc import Callable

from bot.domain.formatting import clip, strip_controls, whole

EVERY = 1.0  # seconds
LINES = 100  # of one call


class ProgressLines:
    """Passes on one line a second at most, cleaned; what comes in between is left out."""

    def __init__(self, tell: Callable[[str], None], *, now: Callable[[], float] = time.monotonic) -> None:
        self._tell, self._now = tell, now
        self._next, self._told = 0.0, 0

    async def hear(self, progress: float, total: float | None, message: str | None) -> None:
        """In the shape of the SDK's callback."""
        now = self._now()
        if now < self._next or self._told >= LINES:
            return
        line = clip(whole(strip_controls((message or "")[:2_000])), 200) or _share(progress, total)
        if line:
            self._next, self._told = now + EVERY, self._told + 1
            self._tell(line)


def _share(done: float, total: float | None) -> str:
    return f"{100 * done / total:.0f} %" if total and 0 <= done <= total else ""
