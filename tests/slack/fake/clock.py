"""Time in the fake workspace, shared with the bot under test."""

import asyncio
import time


class Leap:
    """Waiting is over at once; only the time has passed."""

    def __init__(self, start: float = 1_790_000_000.0) -> None:
        self.time = start

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += max(0.0, seconds)
        await asyncio.sleep(0)

    def advance(self, seconds: float) -> None:
        self.time += seconds


class Fast:
    """Real time, so many times as fast: many things can wait side by side and limits mean what they say."""

    def __init__(self, speed: float, start: float = 1_790_000_000.0) -> None:
        self.speed = speed
        self.start = start
        self.began = time.monotonic()

    def now(self) -> float:
        return self.start + (time.monotonic() - self.began) * self.speed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.speed)
