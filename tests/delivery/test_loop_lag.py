"""A busy loop takes up little, one that is on time as much as it likes."""

import asyncio
import time

from bot.delivery.loop_lag import MOST, LoopLag


def hold(seconds: float) -> None:
    """Computes for so long, as nothing else can meanwhile."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass


async def test_a_loop_with_nothing_to_do_is_calm() -> None:
    assert await LoopLag(lambda seconds: None).calm()


async def test_it_is_waited_for_until_the_loop_is_calm_again() -> None:
    left = [2 * MOST] * 3

    def busy() -> None:
        hold(left.pop())
        if left:
            asyncio.get_running_loop().call_soon(busy)

    asyncio.get_running_loop().call_soon(busy)

    assert await LoopLag(lambda seconds: None).calm()
    assert not left


async def test_a_loop_that_stays_busy_is_not_waited_for_for_ever() -> None:
    async def busy() -> None:
        while True:
            hold(1.5 * MOST)
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(busy())
        assert not await LoopLag(lambda seconds: None).calm()
        task.cancel()


async def test_how_late_it_is_is_measured() -> None:
    seen: list[float] = []
    async with asyncio.TaskGroup() as group:
        group.create_task(LoopLag(seen.append).measure())
        await asyncio.sleep(0)
        hold(0.3)

    (late,) = seen
    assert late > 0.15
