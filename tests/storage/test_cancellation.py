"""A task that is told to end ends, whatever it is asking Redis at that moment."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

import pytest

from bot.storage.open import Storage, StorageOptions, open_storage

STEPS = 80  # turns of the event loop; connecting and asking takes fewer


async def next_stop(storage: Storage) -> None:
    stops: AsyncGenerator[str, None] = storage.leases.stops()
    try:
        await anext(stops)
    finally:
        await stops.aclose()


async def until(asked: Awaitable[object]) -> None:
    await asked


@pytest.mark.parametrize(
    "ask",
    [lambda it: it.leases.abandoned(1), lambda it: it.leases.ready(1), next_stop],
    ids=["a command", "a waiting read", "a subscription"],
)
async def test_a_cancellation_is_heeded_at_every_step(
    redis_url: str, prefix: str, ask: Callable[[Storage], Awaitable[object]]
) -> None:
    ignored = []
    for steps in range(1, STEPS):
        async with open_storage(redis_url, StorageOptions(prefix=prefix)) as storage:
            task = asyncio.get_running_loop().create_task(until(ask(storage)))
            for _ in range(steps):
                await asyncio.sleep(0)
            if task.done():
                break
            task.cancel()
            await asyncio.wait([task], timeout=5)
            if not task.cancelled():
                ignored.append(steps)
                task.cancel()
                await asyncio.wait([task])

    assert ignored == []
