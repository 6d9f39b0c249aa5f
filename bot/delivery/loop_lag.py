"""How late the event loop gets round to what is due, and waiting until it is on time again.

A process that takes up more than it can carry does all of it too late: acknowledgements, heartbeats, the answers
themselves. So the next questions wait in Redis, where another process may take them, until this one has breath.
"""

import asyncio
from collections.abc import Callable

MOST = 0.02  # seconds for one round of the loop, above which it takes up nothing
PATIENCE = 1.0  # seconds; then it takes up one all the same
TICK = 0.1  # seconds between two measurements


class LoopLag:
    """Of the running loop. `seen` gets each measurement, in seconds."""

    def __init__(self, seen: Callable[[float], None]) -> None:
        self._seen = seen

    async def calm(self) -> bool:
        """Whether a round of the loop is short; it is waited for, for a while."""
        loop = asyncio.get_running_loop()
        until = loop.time() + PATIENCE
        while True:
            began = loop.time()
            await asyncio.sleep(0)
            now = loop.time()
            if now - began < MOST:
                return True
            if now > until:
                return False

    async def measure(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + TICK
        await asyncio.sleep(TICK)
        self._seen(max(0.0, loop.time() - due))
