"""The deadline for the next bytes of an answer."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from typing import Any, TypeVar

from bot.domain.catalog import Deadlines

Awaited = TypeVar("Awaited")
BREATH = 16 * 1024  # bytes after which others have their turn, however fast more of them come


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
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._waiting: asyncio.Task[Any] | None = None
        self._missed = False

    async def within(self, bytes_to_come: Awaitable[Awaited]) -> Awaited:
        """Raises TimeoutError. One timer serves the whole answer: a timeout around every piece costs more than the piece."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - nothing is awaited outside of a task
        others = task.cancelling()
        self._due = self.until
        if self._timer is None or self._timer.when() > self._due:
            self._set_timer()
        self._waiting, self._missed = task, False
        try:
            return await bytes_to_come
        except asyncio.CancelledError:
            if self._missed and task.uncancel() <= others:
                raise TimeoutError from None
            raise
        finally:
            self._waiting = None

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = None

    def _set_timer(self) -> None:
        self.close()
        self._timer = self._loop.call_at(self._due, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._waiting is None:
            return
        if self._loop.time() < self._due:
            self._set_timer()
            return
        self._missed = True
        self._waiting.cancel()

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


async def in_time(body: AsyncIterator[bytes], clock: Deadline) -> AsyncGenerator[bytes, None]:
    """A body's bytes, each within the deadline. Raises TimeoutError."""
    while True:
        try:
            chunk = await clock.within(anext(body))
        except StopAsyncIteration:
            return
        for at in range(0, len(chunk), BREATH):
            if at:
                await asyncio.sleep(0)
            yield chunk[at : at + BREATH]
