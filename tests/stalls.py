"""How long the event loop did nothing else: a task that sleeps ten milliseconds measures how late it wakes."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

TICK = 0.01
MOST = 0.25  # seconds: more is a stall that people in other conversations notice


@dataclass(slots=True)
class Stalls:
    """The worst delays so far, in seconds. `busy` counts only what this process itself computed meanwhile, so
    that a machine busy with other things is not taken for a stall.
    """

    worst: float = 0.0
    busy: float = 0.0
    _ready: asyncio.Event = field(default_factory=asyncio.Event)

    async def watch(self) -> None:
        while True:
            began, computed = time.perf_counter(), time.thread_time()
            self._ready.set()
            await asyncio.sleep(TICK)
            late = time.perf_counter() - began - TICK
            self.worst = max(self.worst, late)
            self.busy = max(self.busy, min(late, time.thread_time() - computed))

    async def watching(self) -> None:
        await self._ready.wait()


@asynccontextmanager
async def stalls() -> AsyncIterator[Stalls]:
    found = Stalls()
    task = asyncio.create_task(found.watch())
    await found.watching()
    gc.disable()  # what earlier tests left to be collected is no stall of the product, which looks for rubbish seldom
    try:
        yield found
        await asyncio.sleep(2 * TICK)  # the last one is measured, too
    finally:
        gc.enable()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
