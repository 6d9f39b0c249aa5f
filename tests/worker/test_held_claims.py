"""The claims in a worker's hands, between one beat and the next."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from bot.domain.claims import Claim
from bot.domain.errors import Fenced
from bot.domain.turns import TurnRecord
from bot.held_claims import CROWD, HeldClaims
from bot.storage.leases import RedisLeases
from bot.storage.open import Storage
from tests.contracts.leases import claim_next
from tests.events import ANN, message, thread


class Losing(RedisLeases):
    """Says of every claim that another worker has it, and takes its time to be sure."""

    asked: asyncio.Event
    sure: asyncio.Event

    async def beat(self, claims: Sequence[Claim], *, seconds: float) -> Mapping[str, str]:
        return {claim.queue_entry.conversation: "lost" for claim in claims}

    async def restore(self, claim: Claim, record: TurnRecord) -> str:
        self.asked.set()
        await self.sure.wait()
        return "lost"


@pytest.fixture
def losing(storage: Storage) -> Losing:
    found = Losing.__new__(Losing)
    found.__dict__.update(vars(storage.leases))
    found.asked, found.sure = asyncio.Event(), asyncio.Event()
    return found


async def test_a_claim_that_ends_while_it_is_asked_about_harms_no_other(
    storage: Storage, losing: Losing
) -> None:
    await storage.inbox.put(message())
    claim = await claim_next(storage)
    held = HeldClaims(losing)
    async with asyncio.TaskGroup() as group:
        async with held.holding(claim, asked=asyncio.get_running_loop().time()):
            beating = group.create_task(held.beat())
            await losing.asked.wait()
        losing.sure.set()
        await beating


async def test_a_claim_that_another_worker_has_is_given_up(storage: Storage, losing: Losing) -> None:
    await storage.inbox.put(message())
    claim = await claim_next(storage)
    held = HeldClaims(losing)
    losing.sure.set()

    async def work() -> None:
        async with held.holding(claim, asked=asyncio.get_running_loop().time()):
            await held.beat()
            await asyncio.sleep(30)

    with pytest.raises(Fenced):
        await work()


async def test_who_holds_many_keeps_them_through_a_longer_silence(storage: Storage) -> None:
    """One claim is lost in it; of a crowd, all would be asked for and paid again."""
    for number in range(2 * CROWD + 1):
        person = replace(ANN, id=f"U{number}")  # one person has a few at once only
        await storage.inbox.put(message(where=thread(f"c{number}"), author=person))
    held, loop = HeldClaims(storage.leases), asyncio.get_running_loop()
    async with AsyncExitStack() as crowd:
        for number in range(2 * CROWD):
            claim = await claim_next(storage)
            await crowd.enter_async_context(held.holding(claim, asked=loop.time()))
            if number % 20 == 0:  # as a worker does all the time
                await held.beat()
        await held.beat()
        await asyncio.sleep(storage.leases.seconds * 1.5)

        assert await storage.leases.abandoned(10) == []
