"""Stop ends what is running, wherever it waits."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from bot.domain.stop import StopSignal


async def test_a_stop_ends_a_stream_that_waits_and_closes_its_source() -> None:
    stop = StopSignal()
    closed = asyncio.Event()

    async def endless() -> AsyncGenerator[int, None]:
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            closed.set()

    seen = []
    async with aclosing(stop.cut(endless())) as parts:
        async for part in parts:
            seen.append(part)
            asyncio.get_running_loop().call_soon(stop.fire)

    assert seen == [1]
    assert closed.is_set()


async def test_a_stop_that_came_first_lets_nothing_through() -> None:
    stop = StopSignal()
    stop.fire()

    async def one() -> AsyncGenerator[int, None]:
        yield 1

    assert [part async for part in stop.cut(one())] == []


async def test_the_task_goes_on_uncancelled_after_a_stop() -> None:
    stop = StopSignal()

    async def waits() -> AsyncGenerator[int, None]:
        asyncio.get_running_loop().call_soon(stop.fire)
        await asyncio.Event().wait()
        yield 1

    assert [part async for part in stop.cut(waits())] == []
    task = asyncio.current_task()
    assert task
    assert task.cancelling() == 0


async def test_a_cancellation_from_elsewhere_is_not_taken_for_a_stop() -> None:
    stop, waiting = StopSignal(), asyncio.Event()

    async def waits() -> AsyncGenerator[int, None]:
        waiting.set()
        await asyncio.Event().wait()
        yield 1

    async def reads() -> None:
        async for _ in stop.cut(waits()):
            pass

    async with asyncio.TaskGroup() as group:
        task = group.create_task(reads())
        await waiting.wait()
        task.cancel()

    assert task.cancelled()


async def test_without_a_stop_the_stream_is_unchanged() -> None:
    async def three() -> AsyncGenerator[int, None]:
        for number in range(3):
            yield number

    assert [part async for part in StopSignal().cut(three())] == [0, 1, 2]
