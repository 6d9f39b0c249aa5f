"""How a running answer is stopped: at once, wherever it waits, without a task of its own."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import TypeVar

from bot.errors import SwitchboardError

T = TypeVar("T")


class Stopped(SwitchboardError):
    """What was awaited under a guard ended because the stop fired."""


class Stop:
    """Fires once. What is awaited inside `guard` when it fires, or later, ends with Stopped."""

    def __init__(self) -> None:
        self.fired = False
        self._waiting: set[asyncio.Timeout] = set()

    def fire(self) -> None:
        self.fired = True
        now = asyncio.get_running_loop().time()
        for timeout in self._waiting:
            timeout.reschedule(now)

    @asynccontextmanager
    async def guard(self) -> AsyncIterator[None]:
        timeout = asyncio.timeout(0 if self.fired else None)
        try:
            async with timeout:
                self._waiting.add(timeout)
                yield
        except TimeoutError:
            if timeout.expired():
                raise Stopped from None
            raise
        finally:
            self._waiting.discard(timeout)

    async def cut(self, pieces: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
        """The same stream, ended early when the stop fires; the source is closed either way."""
        async with aclosing(pieces):
            while not self.fired:
                try:
                    async with self.guard():
                        piece = await anext(pieces)
                except (StopAsyncIteration, Stopped):
                    return
                yield piece
