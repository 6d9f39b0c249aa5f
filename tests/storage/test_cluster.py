"""On a Redis Cluster everything works as on one server: each script touches one slot, conversations spread out."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from bot.domain.claims import Claim, Outcome, QueueEntry, Receipt
from bot.domain.errors import SettingsError
from bot.ports import TurnHandle
from bot.storage.open import Storage, StorageOptions, open_storage
from bot.worker import Worker, WorkerLimits
from tests.contracts.agents import AgentsContract
from tests.contracts.budgets import BudgetsContract, Purse, purse_on
from tests.contracts.dead_letters import DeadLettersContract
from tests.contracts.histories import HistoriesContract
from tests.contracts.leases import LeasesContract, nothing_waits
from tests.contracts.lost_data import LostDataContract
from tests.contracts.memory import ChoicesContract, LedgerContract, MemoryContract
from tests.contracts.schedules import SchedulesContract
from tests.contracts.scores import ScoresContract
from tests.contracts.sign_ins import SignInsContract
from tests.events import ANN, BOB, message, thread, turn
from tests.storage.cluster import Cluster, cluster


@pytest.fixture(scope="module")
def formed() -> Iterator[Cluster]:
    with cluster() as nodes:
        yield nodes


@pytest.fixture
def terms(prefix: str) -> StorageOptions:
    return StorageOptions(prefix=prefix, lease=0.6)


@pytest.fixture
async def storage(formed: Cluster, terms: StorageOptions) -> AsyncIterator[Storage]:
    async with open_storage(formed.url, terms) as opened:
        yield opened


@pytest.fixture
async def rival(formed: Cluster, terms: StorageOptions) -> AsyncIterator[Storage]:
    async with open_storage(formed.url, terms) as opened:
        yield opened


class TestDeadLetters(DeadLettersContract):
    pass


class TestLeases(LeasesContract):
    pass


class TestHistories(HistoriesContract):
    pass


class TestScores(ScoresContract):
    pass


class TestLostData(LostDataContract):
    pass


class TestMemory(MemoryContract):
    pass


class TestSchedules(SchedulesContract):
    pass


class TestAgents(AgentsContract):
    pass


class TestSignIns(SignInsContract):
    pass


class TestChoices(ChoicesContract):
    pass


class TestLedger(LedgerContract):
    pass


class TestBudgets(BudgetsContract):
    @pytest.fixture
    def purse(self, storage: Storage, rival: Storage) -> Purse:
        return purse_on(storage, rival)


async def test_the_small_shelves_work_there_too(storage: Storage) -> None:
    await storage.secrets.put("state", "x")

    assert await storage.secrets.take("state") == "x"
    assert await storage.rate_limiter.take("ann", rate=1, burst=1) == 0


async def test_one_worker_serves_every_shard(storage: Storage, rival: Storage) -> None:
    async def handle(claim: Claim, turn_handle: TurnHandle) -> Outcome:
        return Outcome(append=(turn(claim.event.id),))

    async def apologise(claim: Claim, turn_handle: TurnHandle, why: str) -> None:
        raise AssertionError(why)

    names = [f"t{number}" for number in range(40)]
    async with asyncio.TaskGroup() as group:
        worker = Worker(leases=rival.leases, handle=handle, apologise=apologise)
        working = group.create_task(worker.run())
        for name in names * 2:
            assert await storage.inbox.put(message(where=thread(name))) is Receipt.ACCEPTED
        async with asyncio.timeout(20):
            while not await nothing_waits(storage):  # noqa: ASYNC110 - only the server knows
                await asyncio.sleep(0.05)
        working.cancel()
    shards = {storage.keys.shard(thread(name).digest) for name in names}

    assert len(shards) > 10
    for name in names:
        assert len(await storage.memory.recall(thread(name))) == 2


async def test_who_has_enough_in_hand_here_is_passed_over_and_not_forgotten(storage: Storage) -> None:
    await storage.inbox.put(message(where=thread("a1"), author=ANN))
    await storage.inbox.put(message(where=thread("b1"), author=BOB))
    shunned = {QueueEntry(shard=0, entry="", conversation="", asker=("test:T", "C", ANN.id)).waiter}
    async with asyncio.timeout(1):  # at once: no look at everything is waited for
        served = await storage.leases.ready(64, shunned)
        assert [entry.asker[2] for entry in served] == [BOB.id]
        storage.leases.look_again()
        assert [entry.asker[2] for entry in await storage.leases.ready(64)] == [ANN.id]


async def test_somebody_with_many_questions_does_not_wait_between_them(
    storage: Storage, rival: Storage
) -> None:
    async def handle(claim: Claim, turn_handle: TurnHandle) -> Outcome:
        return Outcome()

    async def apologise(claim: Claim, turn_handle: TurnHandle, why: str) -> None:
        raise AssertionError(why)

    for number in range(60):
        await storage.inbox.put(message(where=thread(f"m{number}")))
    limits = WorkerLimits(per_person=2)
    async with asyncio.TaskGroup() as group:
        worker = Worker(leases=rival.leases, handle=handle, apologise=apologise, limits=limits)
        working = group.create_task(worker.run())
        async with asyncio.timeout(10):  # a look at everything every two seconds would take a minute
            while not await nothing_waits(storage):  # noqa: ASYNC110 - only the server knows
                await asyncio.sleep(0.05)
        working.cancel()


async def test_an_idle_worker_holds_few_connections_to_each_node(
    formed: Cluster, storage: Storage, rival: Storage
) -> None:
    async def handle(claim: Claim, turn_handle: TurnHandle) -> Outcome:
        return Outcome()

    async def apologise(claim: Claim, turn_handle: TurnHandle, why: str) -> None:
        raise AssertionError(why)

    def clients() -> list[int]:
        return [node.ask("CLIENT", "LIST", "TYPE", "normal").count("id=") for node in formed.nodes]

    def hears() -> bool:
        return all(
            "cmd=ssubscribe" in node.ask("CLIENT", "LIST", "TYPE", "pubsub") for node in formed.nodes[:3]
        )

    before = clients()
    async with asyncio.TaskGroup() as group:
        worker = Worker(leases=rival.leases, handle=handle, apologise=apologise)
        working = group.create_task(worker.run())
        async with asyncio.timeout(20):
            while not hears():  # noqa: ASYNC110 - only the servers know
                await asyncio.sleep(0.05)
        await asyncio.sleep(rival.leases.seconds * 3)  # beats and looks for abandoned work come around
        mine = [after - there for there, after in zip(before, clients(), strict=True)]
        listening = [node.ask("CLIENT", "LIST", "TYPE", "pubsub").count("id=") for node in formed.nodes]
        working.cancel()

    assert all(count + heard <= 20 for count, heard in zip(mine, listening, strict=True))
    assert all(heard == 1 for heard in listening[:3])


@pytest.mark.parametrize(
    "url",
    [
        "redis://127.0.0.1:1/abc",
        "redis://127.0.0.1:1/0/1",
        "redis://:pa/ss@127.0.0.1:1/0",
        "rediss+cluster://127.0.0.1:1/3",
        "redis+sentinel://127.0.0.1:1/service/one",
    ],
)
async def test_what_is_no_database_number_does_not_count_as_database_0(url: str) -> None:
    with pytest.raises(SettingsError, match="REDIS_URL") as refused:
        async with open_storage(url):
            pass

    assert "ss@" not in str(refused.value)


@pytest.mark.parametrize("url", ["http://x", "redis+sentinel://127.0.0.1:1", "redis+other://x", "nonsense"])
async def test_an_address_that_cannot_be_one_is_refused_with_examples(url: str) -> None:
    with pytest.raises(SettingsError, match=r"redis\+cluster://"):
        async with open_storage(url):
            pass
