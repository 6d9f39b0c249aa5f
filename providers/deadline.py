"""The deadline for the next bytes of an answer."""

import asyncio

from bot.domain.catalog import Deadlines


class Deadline:
    """Tells when the next bytes must have come.

    Before the first part only its own limit counts: models think and requests wait in queues without a byte.
    After it, silence is limited too; comments and pings count as bytes. The total limit always counts.
    """

    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines = deadlines
        self._loop = asyncio.get_running_loop()
        started = self._loop.time()
        self._first = started + deadlines.first
        self._total = started + deadlines.total
        self.begun = False

    @property
    def until(self) -> float:
        """In the event loop's time."""
        return min(self._loop.time() + self._deadlines.idle if self.begun else self._first, self._total)

    @property
    def missed(self) -> str:
        """The limit that was exceeded, for the log."""
        if self._loop.time() >= self._total:
            return f"not finished within {self._deadlines.total:g} s"
        if self.begun:
            return f"silent for {self._deadlines.idle:g} s"
        return f"no first piece within {self._deadlines.first:g} s"

    def end_in(self, seconds: float) -> None:
        self._total = min(self._total, self._loop.time() + seconds)
