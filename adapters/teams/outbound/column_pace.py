"""The calls of messages that grow side by side in one conversation: one at a time, and so many in any two seconds.

Teams takes eight messages and edits in two seconds from a bot in a conversation; the rest is left to everything else that is
said there. It refuses what comes while another is under way (412), and counts it. Source: Microsoft Learn, Teams platform,
"Rate limiting for bots".
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.delivery.pacing import Allowance, Clock
from bot.delivery.slots import without_slot

CALLS, SECONDS = 4, 2.2
MOST = 1_000  # conversations that are remembered


@dataclass(slots=True)
class _Place:
    """One conversation."""

    calls: Allowance = field(default_factory=lambda: Allowance(calls=CALLS, seconds=SECONDS))
    at_work: asyncio.Lock = field(default_factory=asyncio.Lock)


class ColumnPace:
    """Shared by all answers of this process."""

    def __init__(self) -> None:
        self._places: dict[str, _Place] = {}

    @asynccontextmanager
    async def turn(self, name: str, clock: Clock) -> AsyncGenerator[None, None]:
        """Around one call there: waits until it may be made."""
        place = self._places.pop(name, None) or _Place()
        self._places[name] = place
        if len(self._places) > MOST:
            del self._places[next(iter(self._places))]
        async with place.at_work:
            if wait := place.calls.wait(clock.now()):
                with without_slot():
                    await clock.sleep(wait)
            yield
