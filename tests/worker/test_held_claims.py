"""The claims in a worker's hands, between one beat and the next."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from bot.domain.claims import Claim
from bot.domain.errors import Fenced, StorageUnavailable
from bot.domain.turns import TurnRecord
from bot.held_claims import CROWD, LONGEST, HeldClaims
from bot.storage.leases import RedisLeases
from bot.storage.open import Storage
from tests.contracts.leases import abandoned, claim_next
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


class Unheard(RedisLeases):
    """Its beats reach Redis, and from some moment on no answer comes back."""

    silent = False

    async def beat(self, claims: Sequence[Claim], *, seconds: float) -> Mapping[str, str]:
        standing = await super().beat(claims, seconds=seconds)
        if self.silent:
            raise StorageUnavailable("no answer")
        return standing


@pytest.fixture
def unheard(storage: Storage) -> Unheard:
    found = Unheard.__new__(Unheard)
    found.__dict__.update(vars(storage.leases))
    return found


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


async def test_what_is_left_of_a_crowd_ends_before_another_may_have_it(
    storage: Storage, unheard: Unheard
) -> None:
    """Its lease is short again from the moment that Redis hears so, also where the worker is not told."""
    for number in range(CROWD):
        person = replace(ANN, id=f"U{number}")
        await storage.inbox.put(message(where=thread(f"c{number}"), author=person))
    held, loop, started = HeldClaims(unheard), asyncio.get_running_loop(), asyncio.Event()
    first = await claim_next(storage)

    async def work() -> None:
        async with held.holding(first, asked=loop.time()):
            started.set()
            await asyncio.sleep(60)

    working = asyncio.create_task(work())
    await started.wait()
    async with AsyncExitStack() as crowd:
        for number in range(1, CROWD):
            claim = await claim_next(storage)
            await crowd.enter_async_context(held.holding(claim, asked=loop.time()))
            if number % 20 == 0:
                await held.beat()
        await held.beat()
    unheard.silent = True
    with pytest.raises(StorageUnavailable):
        await held.beat()

    async with asyncio.timeout(storage.leases.seconds * LONGEST):
        while await abandoned(storage.leases) != first.queue_entry:
            pass
    assert working.done()
    with pytest.raises(Fenced):
        await working
