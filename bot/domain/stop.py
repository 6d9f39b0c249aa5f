"""How a running answer is stopped: at once, wherever it waits, without a task of its own."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, TypeVar

T = TypeVar("T")


class StopSignal:
    """Fires once, and ends every stream that passes through `cut`."""

    def __init__(self) -> None:
        self.fired = False
        self._waiting: set[asyncio.Task[Any]] = set()
        self._cancelled: set[asyncio.Task[Any]] = set()

    def fire(self) -> None:
        self.fired = True
        for task in self._waiting - self._cancelled:
            self._cancelled.add(task)
            task.cancel()

    async def cut(self, parts: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
        """The same stream, ended early when the stop fires; the source is closed either way.

        The task that waits for the next part is cancelled, and the cancellation is taken back here, as
        asyncio.timeout does it. A timeout around every part would cost time for each one.
        """
        async with aclosing(parts):
            while not self.fired:
                try:
                    part = await self._next(parts)
                except StopAsyncIteration:
                    return
                yield part

    async def _next(self, parts: AsyncGenerator[T, None]) -> T:
        """Raises StopAsyncIteration at the end, and when the stop fires."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - nothing is awaited outside of a task
        others = task.cancelling()
        self._waiting.add(task)
        try:
            return await anext(parts)
        except asyncio.CancelledError:
            if task in self._cancelled and task.cancelling() == others + 1:
                raise StopAsyncIteration from None
            raise
        finally:
            self._waiting.discard(task)
            if task in self._cancelled:
                self._cancelled.discard(task)
                task.uncancel()
