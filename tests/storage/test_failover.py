"""A master dies, a replica takes its place: what was acknowledged is answered, the rest is sent again."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import pytest

from bot.domain.claims import Claim, Outcome
from bot.domain.errors import StorageUnavailable
from bot.ports import TurnHandle
from bot.storage.open import Storage, StorageOptions, open_storage
from bot.worker import Worker
from tests.events import message, thread, turn
from tests.storage.cluster import cluster
from tests.storage.sentinel import watched

MESSAGES = 60
PATIENCE = 30.0


@pytest.fixture(params=["cluster", "sentinel"])
def replicated(request: pytest.FixtureRequest) -> Iterator[tuple[str, Callable[[], None]]]:
    """The URL of a replicated Redis, and how its master is killed."""
    with ExitStack() as stack:
        if request.param == "cluster":
            nodes = stack.enter_context(cluster())
            yield nodes.url, nodes.nodes[0].kill
        else:
            trio = stack.enter_context(watched())
            yield trio.url, trio.master.kill


async def until_taken(storage: Storage, number: int) -> None:
    """As a platform does: sends the same event again until it is acknowledged."""
    event = message(id=f"e{number}", where=thread(f"t{number % 20}"))
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(StorageUnavailable):
                await storage.inbox.put(event)
                return
            await asyncio.sleep(0.1)


async def test_nothing_acknowledged_is_lost_when_the_master_dies(
    replicated: tuple[str, Callable[[], None]], prefix: str
) -> None:
    url, kill = replicated
    terms = StorageOptions(prefix=prefix, lease=1)
    done: list[str] = []

    async def handle(claim: Claim, turn_handle: TurnHandle) -> Outcome:
        done.append(claim.event.id)
        return Outcome(append=(turn(claim.event.id),))

    async def apologise(claim: Claim, turn_handle: TurnHandle, why: str) -> None:
        raise AssertionError(why)

    async with (
        open_storage(url, terms) as storage,
        open_storage(url, terms) as own,
        asyncio.TaskGroup() as group,
    ):
        worker = Worker(leases=own.leases, handle=handle, apologise=apologise)
        working = group.create_task(worker.run())
        for number in range(MESSAGES):
            if number == MESSAGES // 3:
                kill()
            await until_taken(storage, number)
        async with asyncio.timeout(PATIENCE):
            while len(set(done)) < MESSAGES:  # noqa: ASYNC110 - whatever the worker comes to
                await asyncio.sleep(0.05)
        working.cancel()
