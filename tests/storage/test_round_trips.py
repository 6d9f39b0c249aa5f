"""What one answered message costs in Redis round trips: six, and why each of them is needed.

    put           before the platform is answered, or the message could be lost
    next          hands the conversation to a worker, at once: the put has rung a bell that it hears (nobody polls)
    claim         the fencing token, the event, the turn, the history; the choices come along in the same go
    save          which message on the platform shows the answer: after a crash it goes on there
    save          the whole answer, before its last edit: after a crash the model is not asked again
    commit        history, usage, mailbox and acknowledgement

Heartbeats, and saves of a sink's progress, come on top of it with the time an answer takes.
"""

import asyncio

from bot.domain.claims import Claim, Outcome, Receipt
from bot.ports import TurnHandle
from bot.settings.money import BudgetEntry
from bot.storage.open import Storage, StorageOptions, open_storage
from bot.worker import Worker
from tests.events import message, turn
from tests.spending import Replica, Spending
from tests.storage.wire import Wire, wired

NEEDED = ["claim+HMGET", "commit", "next", "put", "save", "save"]


async def answer(claim: Claim, turn_handle: TurnHandle) -> Outcome:
    """As a conversation does: the sink posts and saves, the answer is kept, then shown whole."""
    await turn_handle.save({"ts": "1"})
    said = turn()
    await turn_handle.keep(said)
    return Outcome(append=(said,), join=True, counted=said)


async def apologise(claim: Claim, turn_handle: TurnHandle, why: str) -> None:
    raise AssertionError(why)


async def handled(storage: Storage, wire: Wire) -> list[str]:
    """Sends one message and returns the trips until it was answered and the worker waits again."""
    wire.trips.clear()
    assert await storage.inbox.put(message()) is Receipt.ACCEPTED
    async with asyncio.timeout(30):
        while "commit" not in wire.trips:  # noqa: ASYNC110 - what other tasks send
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)  # for trips that should not be there
    return sorted(wire.trips)


async def test_an_answered_message_costs_six_round_trips(redis_url: str, prefix: str) -> None:
    terms = StorageOptions(
        prefix=prefix, lease=120
    )  # no beat and no look for abandoned work comes in between
    async with (
        wired(redis_url) as wire,
        open_storage(wire.url, terms) as storage,
        asyncio.TaskGroup() as group,
    ):
        working = group.create_task(Worker(leases=storage.leases, handle=answer, apologise=apologise).run())
        await handled(storage, wire)  # connections are opened and scripts loaded once
        trips = await handled(storage, wire)
        working.cancel()

    assert trips == NEEDED


async def test_a_question_costs_no_trip_without_a_budget_and_two_with_one(
    redis_url: str, prefix: str
) -> None:
    """One reserves, one settles, and nobody waits for the second."""
    mine, others = (BudgetEntry(scope="person", usd=50, of=whose) for whose in ("*", "U2"))
    async with wired(redis_url) as wire, open_storage(wire.url, StorageOptions(prefix=prefix)) as storage:
        for number, budget in enumerate((mine, others)):  # connections are opened and scripts loaded once
            await Replica(storage, budget, Spending()).turn(number)
            await storage.budgets.write()
        wire.trips.clear()
        await Replica(storage, others, Spending()).turn(3)
        await storage.budgets.write()
        assert wire.trips == []
        await Replica(storage, mine, Spending()).turn(4)
        assert wire.trips == ["budget"]
        await storage.budgets.write()
        assert wire.trips == ["budget", "budget"]
