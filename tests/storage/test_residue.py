"""What /forget and a workspace that leaves leave behind: looked for in every key and every value."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.conversation.observing import with_observations
from bot.domain.budgets import Bill
from bot.domain.claims import Claim, Outcome
from bot.domain.events import Author, ThreadKey
from bot.domain.turns import TurnRecord
from bot.storage.open import Storage, StorageOptions, open_storage
from tests.contracts.budgets import expense
from tests.contracts.leases import claim_next, nothing_waits
from tests.events import message, turn
from tests.storage.residue import everything, residue

WHERE = ThreadKey(platform="test", workspace="Wcanary", channel="Ccanary", thread="4711.0815")
OTHER = replace(WHERE, channel="Cother", thread="1")
ADA, BOB = Author(id="UAda", name="Ada Canary"), Author(id="UBob", name="Bob Canary")
WORDS = ("tangerine", "Canary", "Ccanary", "4711.0815", WHERE.digest)
KEY = "Zt3vQk8r0WmX5yLd7cHn2bFs9gJpA4eU"


@pytest.fixture(params=["", KEY], ids=["plain", "sealed"])
async def storage(request: pytest.FixtureRequest, redis_url: str, prefix: str) -> AsyncIterator[Storage]:
    terms = StorageOptions(prefix=prefix, encryption_keys=request.param)
    async with open_storage(redis_url, terms) as opened:
        yield opened


async def asks(storage: Storage, author: Author, where: ThreadKey = WHERE) -> None:
    """A question that was answered in two attempts, in a thread that the bot follows with a model of its own."""
    await storage.inbox.put(message("tangerine?", where=where, author=author))
    await storage.leases.retry(await claim_next(storage), seconds=0)
    while not (found := await storage.leases.abandoned(0) or await storage.leases.ready(1)):
        pass
    claim = await storage.leases.claim(found[0])
    assert claim
    said = turn("tangerine?", "a tangerine", author=author)
    await storage.leases.save(claim, TurnRecord(id=claim.record.id, ref={"ts": "4711.0815"}, final=said))
    outcome = Outcome(append=(said,), join=True, thread_model="grok", counted=said)
    await storage.leases.commit(claim, with_observations(claim.event, (), outcome))


async def lived(storage: Storage, where: ThreadKey = WHERE) -> None:
    for author in (ADA, BOB):
        await asks(storage, author, where)
    await storage.inbox.put(message("tangerine poison", where=where, author=ADA))
    await storage.leases.bury(await claim_next(storage), why="failed", error="ValueError")


async def forgets(storage: Storage) -> Claim:
    await storage.inbox.put(message("/forget", where=WHERE, author=BOB))
    claim = await claim_next(storage)
    await storage.leases.save(claim, TurnRecord(id=claim.record.id, ref={"ts": "4711.0815"}))
    await storage.leases.commit(claim, Outcome(replace=(), thread_model="", forget=True))
    return claim


def kinds(keys: dict[str, str]) -> set[str]:
    return {key.partition("}:")[2].partition(":")[0] for key in keys}


async def test_of_a_conversation_that_was_forgotten_nothing_is_found(storage: Storage) -> None:
    await lived(storage)
    assert await residue(storage.database, *WORDS, prefix=storage.keys.prefix)
    await forgets(storage)
    left = await everything(storage.database, storage.keys.prefix)

    assert await residue(storage.database, *WORDS, str(WHERE), prefix=storage.keys.prefix) == {}
    # that ids were seen, for a day; sums of usage, and whose they are; numbers for the scoreboard; counters
    assert kinds(left) <= {"d", "u", "p", "n", "epoch", "desk", "v"}
    assert {value.split(" ")[0] for key, value in left.items() if ":d:" in key} == {"b'taken'"}


async def test_what_was_forgotten_takes_no_other_conversation_along(storage: Storage) -> None:
    await lived(storage)
    await lived(storage, OTHER)
    await forgets(storage)

    assert len(await storage.memory.recall(OTHER)) == 2
    assert [one.thread for one in await storage.ledger.recent("test:Wcanary", ADA.id)] == [OTHER]
    assert [one.thread for one in await storage.ledger.recent("test:Wcanary", BOB.id)] == [OTHER]
    assert len(await storage.dead_letters.letters()) == 1
    assert (await storage.ledger.spent("test:Wcanary", ADA.id))[0].turns == 2


async def test_of_a_conversation_erased_from_outside_nothing_is_found(storage: Storage) -> None:
    """As the page does it, with a message that waits."""
    await lived(storage)
    await storage.inbox.put(message("tangerine again", where=WHERE))
    await storage.memory.forget(WHERE)

    assert await residue(storage.database, *WORDS, prefix=storage.keys.prefix) == {}
    assert await nothing_waits(storage)


@pytest.mark.parametrize("dies", [False, True], ids=["ends", "dies"])
async def test_of_one_erased_during_a_turn_nothing_is_found_when_the_turn_is_over(
    redis_url: str, storage: Storage, dies: bool
) -> None:
    await lived(storage)
    await storage.inbox.put(message("tangerine now", where=WHERE))
    claim = await claim_next(storage)
    await storage.memory.forget(WHERE)
    said = turn("tangerine now")
    await storage.leases.save(claim, TurnRecord(id=claim.record.id, final=said))
    if dies:
        await storage.leases.leave()
        (found,) = await storage.leases.abandoned(5)
        assert await storage.leases.claim(found) is None
        state = storage.keys.state(WHERE.digest)
        assert set(await residue(storage.database, *WORDS, prefix=storage.keys.prefix)) <= {state}
        return
    await storage.leases.commit(claim, Outcome(append=(said,), counted=said))

    assert await residue(storage.database, *WORDS, prefix=storage.keys.prefix) == {}


async def test_of_a_workspace_that_left_nothing_is_found(storage: Storage) -> None:
    await lived(storage)
    await lived(storage, OTHER)
    for scope in ("default", "channel:Ccanary", "person:UAda"):
        await storage.preferences.choose("test:Wcanary", scope, "grok")
    await storage.inbox.put(message("tangerine again", where=OTHER))
    await storage.inbox.put(message("goodbye", where=WHERE))
    claims = [await claim_next(storage) for _ in range(2)]
    leaving = next(claim for claim in claims if claim.event.thread == WHERE)
    await storage.memory.purge("test:Wcanary")
    await storage.leases.commit(leaving, Outcome(forget=True))
    await storage.leases.leave()
    for queue_entry in await storage.leases.abandoned(5):  # of what was in hand elsewhere
        assert await storage.leases.claim(queue_entry) is None
    words = (*WORDS, OTHER.digest, "Wcanary", "UAda", "UBob", "grok")
    left = await everything(storage.database, storage.keys.prefix)

    assert await residue(storage.database, *words, prefix=storage.keys.prefix) == {}
    assert kinds(left) <= {"d", "epoch", "desk"}
    desk = storage.keys.line(storage.keys.shard(WHERE.digest))[4]
    assert await storage.database.ask(("HKEYS", desk)) == [[b"life"]]


async def test_what_budgets_keep_says_nothing_of_whose_answer_it_was(storage: Storage) -> None:
    wanted = expense("turn-of-the-tangerine one:m", 1.0)
    await storage.budgets.reserve([wanted])
    storage.budgets.settle(Bill(expense=wanted, mark="turn-of-the-tangerine 4711", cost=0.5))
    await storage.budgets.write()

    assert await residue(storage.database, "tangerine", "4711", prefix=storage.keys.prefix) == {}
