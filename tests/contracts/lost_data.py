"""What all Leases promise where Redis has lost data: "gone" is not "taken over". Whoever has a turn in hand still knows the
question and half of the answer, so it goes on.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from bot.domain.claims import Claim, Outcome
from bot.domain.errors import Fenced
from bot.domain.turns import TurnRecord
from bot.storage.open import Storage
from tests.contracts.leases import abandoned, claim_next, nothing_waits
from tests.events import message, thread, turn


def all_keys(storage: Storage) -> list[str]:
    """Every key that a conversation in `thread()` may have to do with, but for history's index and sums."""
    keys, conversation = storage.keys, thread().digest
    shard = keys.shard(conversation)
    own = (keys.state, keys.mail, keys.turn, keys.history)
    return [*keys.line(shard), keys.delay(shard), *(key(conversation) for key in own)]


async def snapshot(storage: Storage) -> list[tuple[str, Any]]:
    keys = all_keys(storage)
    found = await storage.database.ask(*(("DUMP", key) for key in keys))
    return list(zip(keys, found, strict=True))


async def go_back(storage: Storage, before: Sequence[tuple[str, Any]]) -> None:
    """As after a failover to a replica that had not got the latest writes."""
    for key, data in before:
        await storage.database.ask(("DEL", key))
        if data is not None:
            await storage.database.ask(("RESTORE", key, 0, data))


async def lose_everything(storage: Storage) -> None:
    for key in all_keys(storage):
        await storage.database.ask(("DEL", key))


async def in_hand(storage: Storage) -> Claim:
    """The second question of a conversation, claimed."""
    await storage.inbox.put(message("first"))
    first = await claim_next(storage)
    picked = Outcome(append=(turn("first"),), thread_model="grok", thread_effort="high")
    await storage.leases.commit(first, picked)
    await storage.inbox.put(message("second"))
    return await claim_next(storage)


async def remembered(storage: Storage) -> list[str]:
    return [each.asked.text for each in await storage.memory.recall(thread())]


class LostDataContract:
    async def test_a_turn_in_hand_goes_on_and_is_remembered_with_what_came_before(
        self, storage: Storage
    ) -> None:
        claim = await in_hand(storage)
        await lose_everything(storage)
        await storage.leases.save(claim, TurnRecord(id=claim.record.id, ref={"ts": "1"}))

        assert await storage.leases.beat([claim], seconds=storage.leases.seconds) == {
            claim.queue_entry.conversation: "ok"
        }
        await storage.leases.commit(claim, Outcome(append=(turn("second"),)))
        assert await remembered(storage) == ["first", "second"]
        assert await nothing_waits(storage)
        await storage.inbox.put(message("third"))
        preferences = (await claim_next(storage)).preferences
        assert (preferences.thread, preferences.effort.thread) == ("grok", "high")

    async def test_what_is_lost_at_the_end_is_committed_all_the_same(self, storage: Storage) -> None:
        claim = await in_hand(storage)
        await lose_everything(storage)
        await storage.leases.commit(claim, Outcome(append=(turn("second"),)))
        await storage.leases.commit(claim, Outcome(append=(turn("second"),)))

        assert await remembered(storage) == ["first", "second"]
        assert await nothing_waits(storage)

    async def test_a_restored_claim_can_be_put_off_and_comes_again(self, storage: Storage) -> None:
        claim = await in_hand(storage)
        record = TurnRecord(id=claim.record.id, ref={"ts": "1"})
        await lose_everything(storage)
        assert await storage.leases.restore(claim, record) == "held"
        await storage.leases.release(claim)
        again = await claim_next(storage)

        assert (again.event, again.record.ref, again.record.id) == (claim.event, record.ref, record.id)
        assert again.history.turns == claim.history.turns

    async def test_what_was_asked_after_the_loss_comes_after_the_turn_in_hand(self, storage: Storage) -> None:
        claim = await in_hand(storage)
        await lose_everything(storage)
        await storage.inbox.put(message("third"))
        await storage.leases.save(claim, TurnRecord(id=claim.record.id))
        await storage.leases.commit(claim, Outcome(append=(turn("second"),)))
        following = await claim_next(storage)

        assert getattr(following.event, "text", "") == "third"
        assert [each.asked.text for each in following.history.turns] == ["first", "second"]

    async def test_two_at_work_in_one_conversation_after_the_loss_both_end(
        self, storage: Storage, rival: Storage
    ) -> None:
        claim = await in_hand(storage)
        await lose_everything(storage)
        await storage.inbox.put(message("third"))
        other = await claim_next(rival)
        await storage.leases.save(claim, TurnRecord(id=claim.record.id))  # goes on: nobody else could end it
        assert await storage.leases.restore(claim, claim.record) == "busy"
        async with asyncio.TaskGroup() as group:
            group.create_task(storage.leases.commit(claim, Outcome(append=(turn("second"),))))
            await rival.leases.commit(other, Outcome(append=(turn("third"),)))

        assert sorted(await remembered(storage)) == ["second", "third"]
        assert await nothing_waits(storage)

    async def test_what_was_restored_and_then_taken_over_is_not_taken_back(
        self, storage: Storage, rival: Storage
    ) -> None:
        claim = await in_hand(storage)
        await lose_everything(storage)
        assert await storage.leases.restore(claim, claim.record) == "held"
        await storage.leases.leave()  # as if its lease had run out
        other = await rival.leases.claim(await abandoned(rival.leases))
        assert other

        assert await storage.leases.restore(claim, claim.record) == "lost"
        await rival.leases.commit(other, Outcome(append=(turn("second"),)))
        assert await storage.leases.restore(claim, claim.record) == "lost"
        assert await remembered(storage) == ["first", "second"]
        assert await nothing_waits(storage)

    async def test_a_claim_that_no_replica_had_got_is_written_anew(self, storage: Storage) -> None:
        await storage.inbox.put(message("only"))
        before = await snapshot(storage)
        claim = await claim_next(storage)
        await go_back(storage, before)
        await storage.leases.save(claim, TurnRecord(id=claim.record.id, ref={"ts": "1"}))
        await storage.leases.commit(claim, Outcome(append=(turn("only"),)))

        assert await remembered(storage) == ["only"]
        assert await nothing_waits(storage)

    async def test_who_was_taken_over_restores_nothing(self, storage: Storage, rival: Storage) -> None:
        claim = await in_hand(storage)
        await storage.leases.release(claim)
        other = await claim_next(rival)

        assert await storage.leases.restore(claim, claim.record) == "done"
        with pytest.raises(Fenced):
            await rival.leases.save(claim, claim.record)
        await rival.leases.release(other)
        with pytest.raises(Fenced):
            await storage.leases.save(claim, claim.record)
        last = await claim_next(storage)
        await storage.leases.commit(last, Outcome(append=(turn("second"),)))
        assert await rival.leases.restore(other, other.record) == "lost"
        assert await remembered(storage) == ["first", "second"]

    async def test_a_forgotten_conversation_stays_forgotten(self, storage: Storage) -> None:
        claim = await in_hand(storage)
        await storage.memory.purge("test:T")

        with pytest.raises(Fenced):
            await storage.leases.commit(claim, Outcome(append=(turn("second"),)))
        assert await remembered(storage) == []

    async def test_no_claim_after_the_loss_passes_for_one_from_before(
        self, storage: Storage, rival: Storage
    ) -> None:
        await storage.inbox.put(message("first"))
        claim = await claim_next(storage)
        await lose_everything(storage)
        await storage.inbox.put(message("second"))
        other = await claim_next(rival)

        assert await storage.leases.beat([claim], seconds=storage.leases.seconds) == {
            claim.queue_entry.conversation: "lost"
        }
        await rival.leases.commit(other, Outcome(append=(turn("second"),)))
        assert await remembered(storage) == ["second"]

    async def test_no_claim_after_a_failover_passes_for_one_that_was_lost(
        self, storage: Storage, rival: Storage
    ) -> None:
        await storage.inbox.put(message("only"))
        before = await snapshot(storage)
        claim = await claim_next(storage)
        await go_back(storage, before)
        other = await claim_next(rival)

        assert other.epoch > claim.epoch
        assert await storage.leases.beat([claim], seconds=storage.leases.seconds) == {
            claim.queue_entry.conversation: "lost"
        }
        with pytest.raises(Fenced):
            await storage.leases.commit(claim, Outcome(append=(turn("only"),)))
        await rival.leases.commit(other, Outcome(append=(turn("only"),)))
        assert await remembered(storage) == ["only"]
