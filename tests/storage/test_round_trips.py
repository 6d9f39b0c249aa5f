"""What one answered message costs in Redis round trips: six, and why each of them is needed.

    put           before the platform is answered, or the message could be lost
    next          hands the conversation to a worker, at once: the put has rung a bell that it hears (nobody polls)
    claim         the fencing token, the event, the turn, the newest of the history; the choices come in the same go
    save          which message on the platform shows the answer: after a crash it goes on there
    save          the whole answer, before its last edit: after a crash the model is not asked again
    commit        history, usage, what the scoreboard counts, mailbox and acknowledgement

Where auto chooses who answers, one more save keeps the choice: after a crash the same model is asked.
Heartbeats, and saves of a sink's progress, come on top of it with the time an answer takes.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.conversation.observing import with_observations
from bot.domain.agents import Agent, AgentVersion
from bot.domain.auto_entry import AutoChoice
from bot.domain.claims import Claim, Outcome, Receipt
from bot.ports import TurnHandle
from bot.settings.money import BudgetEntry
from bot.storage.open import Storage, StorageOptions, open_storage
from bot.worker import Worker
from tests.contracts.leases import claim_next
from tests.events import message, thread, turn
from tests.spending import Replica, Spending
from tests.storage.wire import Wire, wired

NEEDED = ["claim+HMGET", "commit", "next", "put", "save", "save"]


async def answer(claim: Claim, turn_handle: TurnHandle) -> Outcome:
    """As a conversation does: the sink posts and saves, the answer is kept, then shown whole."""
    await turn_handle.save({"ts": "1"})
    said = turn()
    await turn_handle.keep(said)
    outcome = Outcome(append=(said,), join=True, counted=said)
    return with_observations(claim.event, claim.history.turns, outcome)


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

        seen = await storage.scores.observations("test:T")

    assert trips == NEEDED
    assert len(seen) == 2


async def test_a_choice_by_auto_costs_one_more(redis_url: str, prefix: str) -> None:
    async def chosen(claim: Claim, turn_handle: TurnHandle) -> Outcome:
        await turn_handle.choose(AutoChoice(model="grok"))
        return await answer(claim, turn_handle)

    terms = StorageOptions(prefix=prefix, lease=120)
    async with (
        wired(redis_url) as wire,
        open_storage(wire.url, terms) as storage,
        asyncio.TaskGroup() as group,
    ):
        working = group.create_task(Worker(leases=storage.leases, handle=chosen, apologise=apologise).run())
        await handled(storage, wire)
        trips = await handled(storage, wire)
        working.cancel()

    assert trips == sorted([*NEEDED, "save"])


async def working(storage: Storage, wire: Wire) -> tuple[list[str], int]:
    """The trips and the bytes received for one message, handled by a worker on this storage."""
    async with asyncio.TaskGroup() as group:
        worker = group.create_task(Worker(leases=storage.leases, handle=answer, apologise=apologise).run())
        await asyncio.sleep(0.1)  # it listens
        before = wire.received
        trips = await handled(storage, wire)
        received = wire.received - before
        worker.cancel()
    return trips, received


@pytest.mark.parametrize("turns", [50, 10_000])
@pytest.mark.parametrize("key", ["", "Zt3vQk8r0WmX5yLd7cHn2bFs9gJpA4eU"], ids=["plain", "sealed"])
async def test_a_question_in_a_long_thread_costs_the_same_trips_and_no_turns_where_it_was_answered_last(
    redis_url: str, prefix: str, turns: int, key: str
) -> None:
    terms = StorageOptions(prefix=prefix, lease=120, encryption_keys=key)
    async with (
        wired(redis_url) as wire,
        open_storage(wire.url, terms) as storage,
        open_storage(wire.url, terms) as rival,
    ):
        for start in range(0, turns, 250):
            await storage.inbox.put(message())
            said = tuple(turn(f"q{number}") for number in range(start, min(start + 250, turns)))
            await storage.leases.commit(await claim_next(storage), Outcome(append=said))
        for each in (storage, rival):
            await working(each, wire)  # connections are opened and scripts loaded once
        (trips, bytes_), (there, others) = await working(storage, wire), await working(rival, wire)

    assert trips == there == NEEDED
    assert bytes_ < 3_000  # of which one turn is what the other worker added
    assert others < 3_000


async def test_who_has_never_had_a_thread_in_hand_reads_a_bounded_part_of_it_in_the_same_trips(
    redis_url: str, prefix: str
) -> None:
    terms = StorageOptions(prefix=prefix, lease=120)
    async with (
        wired(redis_url) as wire,
        open_storage(redis_url, terms) as storage,
        open_storage(wire.url, terms) as rival,
    ):
        await storage.inbox.put(message())
        said = tuple(turn(f"q{number}", "x" * 20_000) for number in range(200))
        await storage.leases.commit(await claim_next(storage), Outcome(append=said))
        await rival.inbox.put(message(where=thread("warm")))
        await rival.leases.commit(await claim_next(rival), Outcome())
        trips, received = await working(rival, wire)

    assert trips == NEEDED
    assert 20_000 < received < 110_000


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


async def test_agents_made_in_chat_cost_one_trip_after_a_change_and_none_after_that(
    redis_url: str, prefix: str
) -> None:
    """On a replica that did not make them: the claim says by itself that they have changed."""
    terms = StorageOptions(prefix=prefix, lease=120)
    agent = Agent(
        id="0" * 12, workspace="test:T", owner="U1", now=AgentVersion(name="a", model="m", turn="t")
    )
    async with (
        wired(redis_url) as wire,
        open_storage(redis_url, terms) as storage,
        open_storage(wire.url, terms) as rival,
        asyncio.TaskGroup() as group,
    ):
        seen: list[Sequence[Agent]] = []

        async def looks(claim: Claim, turn_handle: TurnHandle) -> Outcome:
            seen.append(await rival.agents.agents("test:T", claim.preferences.agents))
            return await answer(claim, turn_handle)

        running = group.create_task(Worker(leases=rival.leases, handle=looks, apologise=apologise).run())
        await handled(rival, wire)  # connections are opened and scripts loaded once
        none = await handled(rival, wire)
        await storage.agents.put(replace(agent, revision=1), ())
        first, second = await handled(rival, wire), await handled(rival, wire)
        running.cancel()

    assert none == second == NEEDED
    assert [one for one in first if one] == NEEDED
    assert len(first) == len(NEEDED) + 1
    assert [len(each) for each in seen] == [0, 0, 1, 1]
