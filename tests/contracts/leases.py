"""What all Leases promise. `storage` is the implementation under test; `rival` is another worker's side of it."""

import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest

from bot.domain.auto_entry import AutoChoice
from bot.domain.claims import Claim, Outcome, QueueEntry, Receipt
from bot.domain.errors import Fenced
from bot.domain.preferences import EffortPreferences, ModelPreferences
from bot.domain.turns import Candidate, Progress, SavedColumn, TurnRecord
from bot.ports import Leases
from bot.storage.open import Storage
from tests.events import ANN, message, stop, thread, turn

PATIENCE = 10.0  # seconds until a test gives up on something that must happen


async def somebody_in_line(storage: Storage) -> bool:
    """Whether a conversation waits to be handed to a worker."""
    shards = range(storage.keys.shards)
    waiting = await storage.database.ask(*(("EXISTS", storage.keys.line(shard)[2]) for shard in shards))
    return any(waiting)


async def next_ticket(storage: Storage) -> QueueEntry:
    """The next conversation in line, whichever shard it waits in."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if found := await storage.leases.ready(1):
                return found[0]


async def claim_next(storage: Storage) -> Claim:
    claim = await storage.leases.claim(await next_ticket(storage))
    assert claim is not None
    return claim


async def nothing_waits(storage: Storage) -> bool:
    """Whether no conversation has work: neither in line, nor delayed, nor in anybody's hands."""
    keys, shards = storage.keys, range(storage.keys.shards)
    places = [(keys.line(shard)[2], keys.leases(shard), keys.delay(shard)) for shard in shards]
    # Twice, in one go: a conversation may pass from one place to another between two questions.
    return not any(await storage.database.ask(*(("EXISTS", *three) for three in (*places, *places))))


async def abandoned(leases: Leases) -> QueueEntry:
    """Waits until somebody's lease has run out, and takes over."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if found := await leases.abandoned(1):
                return found[0]
            await asyncio.sleep(0.02)


class LeasesContract:
    async def test_messages_of_a_conversation_are_handled_one_at_a_time_in_order(
        self, storage: Storage
    ) -> None:
        for text in ("one", "two", "three"):
            await storage.inbox.put(message(text))
        seen = []
        for waiting in (2, 1, 0):
            claim = await claim_next(storage)
            assert claim.waiting == waiting
            seen.append(getattr(claim.event, "text", ""))
            await storage.leases.commit(claim, Outcome())

        assert seen == ["one", "two", "three"]
        assert await nothing_waits(storage)

    async def test_conversations_do_not_wait_for_each_other(self, storage: Storage) -> None:
        await storage.inbox.put(message(where=thread("a")))
        await storage.inbox.put(message(where=thread("b")))
        one, two = await claim_next(storage), await claim_next(storage)

        assert {one.event.thread.thread, two.event.thread.thread} == {"a", "b"}

    async def test_a_claim_brings_history_and_choices_along(self, storage: Storage) -> None:
        remembered = (turn("one"), turn("two"))
        await storage.inbox.put(message())
        await storage.leases.commit(
            await claim_next(storage), Outcome(append=remembered, thread_model="grok", thread_effort="high")
        )
        await storage.preferences.choose("test:T", f"effort:person:{ANN.id}", "low")
        await storage.preferences.choose("test:T", "default", "gpt")
        await storage.preferences.choose("test:T", "channel:C", "claude")
        await storage.preferences.choose("test:T", f"person:{ANN.id}", "gemini")
        await storage.inbox.put(message())
        claim = await claim_next(storage)

        assert claim.history.turns == remembered
        preferences = claim.preferences
        assert (preferences.thread, preferences.person, preferences.channel, preferences.workspace) == (
            *("grok", "gemini", "claude", "gpt"),
        )
        assert preferences.effort == EffortPreferences(thread="high", person="low")

    async def test_what_an_event_picks_is_in_force_before_it_ends(self, storage: Storage) -> None:
        outcome = Outcome(thread_model="grok", thread_effort="high")
        await storage.inbox.put(message())
        claim = await claim_next(storage)
        await storage.preferences.pick(claim, outcome)
        told = await storage.preferences.in_force(thread(), ANN.id)
        await storage.leases.release(claim)
        again = await claim_next(storage)

        assert (told.thread, told.effort.thread) == ("grok", "high")
        assert (again.event, again.preferences.thread) == (claim.event, "grok")

    async def test_an_event_that_has_ended_picks_nothing_any_more(self, storage: Storage) -> None:
        await storage.inbox.put(message())
        claim = await claim_next(storage)
        await storage.leases.commit(claim, Outcome(thread_model="grok"))
        await storage.preferences.pick(claim, Outcome(thread_model="claude"))

        assert (await storage.preferences.in_force(thread(), ANN.id)).thread == "grok"

    async def test_a_commit_can_rewrite_the_history_and_clear_the_choice(self, storage: Storage) -> None:
        kept = turn("new")
        await storage.inbox.put(message())
        await storage.leases.commit(
            await claim_next(storage),
            Outcome(append=(turn("old"),), thread_model="grok", thread_effort="low"),
        )
        await storage.inbox.put(message())
        await storage.leases.commit(
            await claim_next(storage), Outcome(replace=(kept,), thread_model="", thread_effort="")
        )
        await storage.inbox.put(message())
        claim = await claim_next(storage)

        assert (claim.history.turns, claim.preferences) == ((kept,), ModelPreferences())

    async def test_a_lease_that_runs_out_is_taken_over_with_everything_saved(
        self, storage: Storage, rival: Storage
    ) -> None:
        await storage.inbox.put(message("question"))
        first = await claim_next(storage)
        saved = TurnRecord(
            id=first.record.id,
            ref={"ts": "1.2", "n": [1]},
            progress=Progress(text="so far"),
            auto=AutoChoice(model="grok", why="code"),
            columns=(
                SavedColumn(ref={"ts": "1.3"}, candidate=Candidate(model="grok", answer="Hi")),
                SavedColumn(),
            ),
            final=turn(),
        )
        await storage.leases.save(first, saved)
        second = await rival.leases.claim(await abandoned(rival.leases))

        assert second is not None
        assert second.event == first.event
        record = second.record
        assert (record.id, record.attempt) == (first.record.id, 2)
        assert (record.crashes, record.failures) == (1, 0)
        assert record == replace(saved, attempt=2, crashes=1, started=record.started)
        assert record.started == first.record.started

    async def test_who_lost_a_claim_can_do_nothing_with_it(self, storage: Storage, rival: Storage) -> None:
        await storage.inbox.put(message())
        lost = await claim_next(storage)
        held = await rival.leases.claim(await abandoned(rival.leases))
        assert held is not None
        leases = storage.leases

        assert await leases.beat([lost], seconds=storage.leases.seconds) == {
            lost.queue_entry.conversation: "lost"
        }
        for attempt in (
            leases.save(lost, TurnRecord(id=lost.record.id)),
            leases.commit(lost, Outcome(append=(turn(),))),
            leases.retry(lost, seconds=0),
            leases.bury(lost, why="x"),
            leases.release(lost),
        ):
            with pytest.raises(Fenced):
                await attempt
        assert await leases.claim(lost.queue_entry) is None
        await rival.leases.commit(held, Outcome())
        assert await storage.memory.recall(thread()) == ()

    async def test_beats_keep_a_claim(self, storage: Storage, rival: Storage) -> None:
        await storage.inbox.put(message())
        claim = await claim_next(storage)
        for _ in range(12):
            await asyncio.sleep(storage.leases.seconds / 6)
            assert await storage.leases.beat([claim], seconds=storage.leases.seconds) == {
                claim.queue_entry.conversation: "ok"
            }
            assert await rival.leases.abandoned(10) == []

    async def test_hundreds_of_claims_are_renewed_together(self, storage: Storage) -> None:
        """Each is told its own: held, to be stopped, or lost."""
        for number in range(120):
            person = replace(ANN, id=f"U{number}")  # one person has a few at once only
            await storage.inbox.put(message(where=thread(f"c{number}"), author=person))
        claims = [await claim_next(storage) for _ in range(120)]
        for claim in claims[::10]:
            await storage.leases.release(claim)
        stopped, told = claims[5], await storage.leases.beat(claims, seconds=storage.leases.seconds)
        await storage.inbox.put(
            stop(turn=stopped.record.id, where=stopped.event.thread, author=stopped.event.author)
        )
        told_then = await storage.leases.beat(claims, seconds=storage.leases.seconds)

        assert [told[one.queue_entry.conversation] for one in claims[::10]] == ["lost"] * 12
        assert sorted(told.values()) == ["lost"] * 12 + ["ok"] * 108
        assert [one for one, how in told_then.items() if how == "stop"] == [stopped.queue_entry.conversation]

    async def test_committing_again_changes_nothing(self, storage: Storage) -> None:
        await storage.inbox.put(message("one"))
        await storage.inbox.put(message("two"))
        claim = await claim_next(storage)
        said = turn("one")
        await storage.leases.commit(claim, Outcome(append=(said,), counted=said))
        await storage.leases.commit(claim, Outcome(append=(said,), counted=said))
        following = await claim_next(storage)

        assert following.history.turns == (said,)
        assert following.waiting == 0
        assert (await storage.ledger.spent("test:T", ANN.id))[0].turns == 1

    async def test_a_retry_waits_and_comes_before_what_was_said_later(self, storage: Storage) -> None:
        await storage.inbox.put(message("one"))
        first = await claim_next(storage)
        await storage.leases.retry(first, seconds=0.3)
        await storage.inbox.put(message("two"))
        assert await storage.leases.abandoned(10) == []
        again = await self._woken(storage)

        assert again.event == first.event
        assert (again.record.attempt, again.record.failures) == (2, 1)
        assert again.record.id == first.record.id

    async def test_a_busy_platform_is_not_counted_as_a_failure(self, storage: Storage) -> None:
        await storage.inbox.put(message())
        await storage.leases.retry(await claim_next(storage), seconds=0, failed=False)
        again = await self._woken(storage)

        assert (again.record.attempt, again.record.failures, again.record.crashes) == (2, 0, 0)

    async def test_a_stop_ends_the_pause_of_a_delayed_turn(self, storage: Storage) -> None:
        await storage.inbox.put(message())
        await storage.leases.retry(await claim_next(storage), seconds=3600)
        assert await storage.inbox.put(stop()) is Receipt.STOPPING
        again = await self._woken(storage)

        assert again.stopped

    async def test_what_is_released_can_be_claimed_at_once_and_is_no_failure(
        self, storage: Storage, rival: Storage
    ) -> None:
        await storage.inbox.put(message())
        await storage.leases.release(await claim_next(storage))
        again = await claim_next(rival)

        assert (again.record.attempt, again.record.failures, again.record.crashes) == (2, 0, 0)

    async def test_who_leaves_gives_back_what_was_never_claimed(
        self, storage: Storage, rival: Storage
    ) -> None:
        await storage.inbox.put(message())
        await next_ticket(storage)
        await storage.leases.leave()

        assert await rival.leases.claim(await abandoned(rival.leases))

    async def test_what_is_buried_does_not_hold_up_the_rest(self, storage: Storage) -> None:
        await storage.inbox.put(message("poison"))
        await storage.inbox.put(message("fine"))
        await storage.leases.bury(await claim_next(storage), why="failed")
        following = await claim_next(storage)

        assert getattr(following.event, "text", "") == "fine"
        assert following.record.attempt == 1

    async def test_every_turn_has_a_name_of_its_own(self, storage: Storage) -> None:
        names = set()
        for _ in range(3):
            await storage.inbox.put(message())
            claim = await claim_next(storage)
            names.add(claim.record.id)
            await storage.leases.commit(claim, Outcome())

        assert len(names) == 3

    async def test_stops_are_heard_by_every_worker(self, storage: Storage, rival: Storage) -> None:
        await storage.inbox.put(message())
        claim = await claim_next(storage)

        async def press() -> None:
            for _ in range(100):  # a call is heard by those who listen already
                await storage.inbox.put(stop(turn=claim.record.id))
                await asyncio.sleep(0.02)

        async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
            pressing = group.create_task(press())
            async with aclosing(rival.leases.stops()) as stops:
                heard = await anext(stops)
            pressing.cancel()

        assert heard == claim.record.id

    async def test_a_conversation_keeps_its_newest_200_turns_and_drops_50_at_once(
        self, storage: Storage
    ) -> None:
        many = tuple(turn(f"q{n}") for n in range(320))
        kept = []
        for start in range(0, 320, 20):
            await storage.inbox.put(message())
            await storage.leases.commit(await claim_next(storage), Outcome(append=many[start : start + 20]))
            kept.append(await storage.memory.recall(thread()))

        for end, turns in zip(range(20, 340, 20), kept, strict=True):
            assert turns == many[end - len(turns) : end]
        assert [len(turns) for turns in kept] == [*range(20, 250, 20), 200, 220, 240, 200]

    async def _woken(self, storage: Storage) -> Claim:
        async with asyncio.timeout(PATIENCE):
            while not await somebody_in_line(storage):
                assert await storage.leases.abandoned(10) == []
                await asyncio.sleep(0.02)
        return await claim_next(storage)

    async def test_nothing_is_left_of_a_turn_that_was_forgotten_and_then_given_back(
        self, storage: Storage
    ) -> None:
        keys, conversation = storage.keys, thread().digest
        for put_off in (False, True):
            await storage.inbox.put(message("secret"))
            claim = await claim_next(storage)
            await storage.memory.forget(thread())
            await storage.leases.save(claim, TurnRecord(id=claim.record.id, ref={"ts": "1"}))
            if put_off:
                await storage.leases.retry(claim, seconds=0)
                await storage.leases.abandoned(1)  # wakes it
            else:
                await storage.leases.release(claim)

            assert await nothing_waits(storage)
            assert await storage.database.ask(("EXISTS", keys.turn(conversation))) == [0]
            assert await storage.inbox.put(stop(turn=claim.record.id)) == Receipt.IDLE
