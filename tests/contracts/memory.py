"""What Memory, Choices, Ledger, Vault and Budget promise. `storage` is the implementation under test."""

import asyncio

import pytest

from bot.domain.claims import Outcome, Receipt
from bot.domain.errors import Fenced
from bot.domain.events import Author, ThreadKey
from bot.domain.generated import kept_file, kept_files
from bot.domain.preferences import EffortPreferences, ModelPreferences
from bot.domain.turns import Turn, TurnRecord
from bot.storage.open import Storage
from tests.contracts.leases import claim_next, nothing_waits
from tests.events import ANN, BOB, message, thread, turn


async def remember(storage: Storage, where: ThreadKey, *turns: Turn, author: Author = ANN) -> None:
    """Lets a conversation take place."""
    await storage.inbox.put(message(where=where, author=author))
    outcome = Outcome(append=turns, join=True, thread_model="grok", counted=turns[-1])
    await storage.leases.commit(await claim_next(storage), outcome)


class MemoryContract:
    async def test_a_conversation_remembers_only_itself(self, storage: Storage) -> None:
        one, two = turn("one"), turn("two")
        await remember(storage, thread("a"), one)
        await remember(storage, thread("b"), two)

        assert await storage.memory.recall(thread("a")) == (one,)
        assert await storage.memory.recall(thread("b")) == (two,)
        assert await storage.memory.recall(thread("a", workspace="other")) == ()

    async def test_files_that_wait_go_with_their_conversation(self, storage: Storage) -> None:
        vault = storage.secrets
        for name in ("a", "b"):
            await vault.put(kept_files(thread(name).digest), f'{{"key-{name}": "turn"}}')
            await vault.put(kept_file(f"key-{name}"), "bytes")
        await storage.memory.forget(thread("a"))

        assert await vault.get(kept_file("key-a")) is None
        assert await vault.get(kept_files(thread("a").digest)) is None
        assert await vault.get(kept_file("key-b")) == "bytes"

    async def test_forgetting_says_how_much_went(self, storage: Storage) -> None:
        await remember(storage, thread(), turn(), turn())

        assert await storage.memory.forget(thread()) == 2
        assert await storage.memory.recall(thread()) == ()
        assert await storage.memory.forget(thread()) == 0
        assert (await storage.preferences.in_force(thread(), ANN.id)).thread == ""

    async def test_what_a_turn_adds_while_its_conversation_is_erased_is_not_kept(
        self, storage: Storage
    ) -> None:
        """And is paid for all the same."""
        await remember(storage, thread(), turn())
        await storage.inbox.put(message("running"))
        await storage.inbox.put(message("waiting"))
        claim = await claim_next(storage)
        await storage.memory.forget(thread())
        await storage.leases.save(claim, TurnRecord(id=claim.record.id, final=turn("running")))
        said = turn("running", cost=0.25)
        outcome = Outcome(append=(said,), join=True, thread_model="grok", thread_effort="low", counted=said)
        await storage.leases.commit(claim, outcome)

        assert await storage.memory.recall(thread()) == ()
        assert await storage.ledger.recent("test:T", ANN.id) == []
        assert await storage.preferences.in_force(thread(), ANN.id) == ModelPreferences()
        assert (await storage.ledger.spent("test:T", ANN.id))[0].cost == 0.25
        assert await nothing_waits(storage)
        assert await storage.inbox.put(message(addressed=False)) is Receipt.IGNORED

    async def test_what_waits_behind_a_forget_is_answered_as_a_new_conversation(
        self, storage: Storage
    ) -> None:
        await remember(storage, thread(), turn("old"))
        await storage.inbox.put(message("/forget"))
        forgetting = await claim_next(storage)
        await storage.inbox.put(message("new"))
        for _ in range(2):  # the second time, its answer was lost
            await storage.leases.commit(forgetting, Outcome(replace=(), thread_model="", forget=True))
        claim = await claim_next(storage)

        assert getattr(claim.event, "text", "") == "new"
        assert (claim.history.turns, claim.preferences.thread) == ((), "")
        said = turn("new")
        await storage.leases.commit(claim, Outcome(append=(said,), counted=said))
        assert await storage.memory.recall(thread()) == (said,)
        assert [one.title for one in await storage.ledger.recent("test:T", ANN.id)] == ["new"]
        assert await storage.memory.purge("test:T") == 1

    async def test_a_forget_can_be_committed_again_after_its_answer_was_lost(self, storage: Storage) -> None:
        await remember(storage, thread(), turn("old"))
        await storage.inbox.put(message("/forget"))
        claim = await claim_next(storage)
        for _ in range(2):
            await storage.leases.commit(claim, Outcome(replace=(), forget=True))

        assert await storage.memory.recall(thread()) == ()
        assert await nothing_waits(storage)

    async def test_a_forget_takes_the_dead_letters_of_its_conversation_and_no_other(
        self, storage: Storage
    ) -> None:
        for name in ("a", "b"):
            await storage.inbox.put(message(f"poison {name}", where=thread(name)))
            await storage.leases.bury(await claim_next(storage), why="failed")
        await storage.inbox.put(message("/forget", where=thread("a")))
        await storage.leases.commit(await claim_next(storage), Outcome(replace=(), forget=True))
        letters = await storage.dead_letters.letters()

        assert [getattr(letter.event, "text", "") for letter in letters] == ["poison b"]

    async def test_a_purge_leaves_nothing_of_that_workspace_and_all_of_the_others(
        self, storage: Storage
    ) -> None:
        kept = turn("kept")
        await remember(storage, thread("a", workspace="gone"), turn())
        await remember(storage, thread("b", workspace="gone"), turn(), author=BOB)
        await remember(storage, thread("a", workspace="here"), kept)
        await storage.preferences.choose("test:gone", "default", "gpt")
        await storage.inbox.put(message(where=thread("a", workspace="gone")))

        assert await storage.memory.purge("test:gone") == 2
        assert await storage.memory.recall(thread("a", workspace="gone")) == ()
        assert await storage.preferences.in_force(thread("a", workspace="gone"), ANN.id) == ModelPreferences()
        assert (await storage.ledger.spent("test:gone", ANN.id))[1].turns == 0
        assert await storage.ledger.recent("test:gone", BOB.id) == []
        assert await storage.memory.recall(thread("a", workspace="here")) == (kept,)
        assert (await storage.ledger.spent("test:here", ANN.id))[1].turns == 1

    async def test_a_purge_fences_the_turn_that_asked_for_it_and_leaves_no_work(
        self, storage: Storage
    ) -> None:
        await storage.inbox.put(message())
        claim = await claim_next(storage)
        await storage.memory.purge("test:T")
        with pytest.raises(Fenced):
            await storage.leases.commit(claim, Outcome(append=(turn(),)))

        assert await storage.memory.recall(thread()) == ()
        assert await storage.inbox.put(message(where=thread("new"))) is Receipt.ACCEPTED
        assert await storage.leases.claim(claim.queue_entry) is None
        await storage.leases.commit(await claim_next(storage), Outcome())
        assert await nothing_waits(storage)


class ChoicesContract:
    async def test_every_scope_is_chosen_on_its_own(self, storage: Storage) -> None:
        choices = storage.preferences
        await remember(storage, thread(), turn())
        await choices.choose("test:T", "default", "gpt")
        await choices.choose("test:T", "channel:C", "claude")
        await choices.choose("test:T", f"person:{ANN.id}", "gemini")
        for scope, level in (("default", "low"), ("channel:C", "medium"), (f"person:{ANN.id}", "high")):
            await choices.choose("test:T", f"effort:{scope}", level)

        assert await choices.in_force(thread(), ANN.id) == ModelPreferences(
            thread="grok",
            person="gemini",
            channel="claude",
            workspace="gpt",
            effort=EffortPreferences(person="high", channel="medium", workspace="low"),
        )
        assert await choices.in_force(thread("x", channel="D"), BOB.id) == ModelPreferences(
            workspace="gpt", effort=EffortPreferences(workspace="low")
        )
        assert await choices.in_force(thread("x", workspace="other"), ANN.id) == ModelPreferences()

    async def test_an_empty_choice_clears(self, storage: Storage) -> None:
        await storage.preferences.choose("test:T", "default", "gpt")
        await storage.preferences.choose("test:T", "default", "")

        assert await storage.preferences.in_force(thread(), ANN.id) == ModelPreferences()


class LedgerContract:
    async def test_what_was_used_adds_up_per_person(self, storage: Storage) -> None:
        for name in ("a", "b", "c"):
            await remember(storage, thread(name), turn(cost=0.25))
        await remember(storage, thread("a"), turn(cost=None), author=BOB)
        today, month = await storage.ledger.spent("test:T", ANN.id)

        assert (today.turns, today.input, today.output, today.cost) == (3, 30, 15, 0.75)
        assert month == today
        assert (await storage.ledger.spent("test:T", BOB.id))[0].cost == 0
        assert (await storage.ledger.spent("test:T", ""))[0].turns == 4

    async def test_recent_conversations_come_newest_first_with_their_latest_question(
        self, storage: Storage
    ) -> None:
        await remember(storage, thread("a"), turn("first\nquestion"))
        await remember(storage, thread("b"), turn("q" * 200))
        await remember(storage, thread("a"), turn("latest"))
        recent = await storage.ledger.recent("test:T", ANN.id)

        assert [(each.thread, each.title) for each in recent] == [
            (thread("a"), "latest"),
            (thread("b"), "q" * 79 + "…"),
        ]
        assert len(await storage.ledger.recent("test:T", ANN.id, limit=1)) == 1
        assert await storage.ledger.recent("test:T", BOB.id) == []

    async def test_what_others_asked_since_is_no_title_of_ones_own(self, storage: Storage) -> None:
        await remember(storage, thread("a"), turn("mine"))
        await remember(storage, thread("a"), turn("theirs", author=BOB), author=BOB)
        await remember(storage, thread("b"), turn("only theirs", author=BOB))
        recent = await storage.ledger.recent("test:T", ANN.id)

        assert [each.title for each in recent] == ["mine"]

    async def test_a_forgotten_conversation_is_not_listed(self, storage: Storage) -> None:
        await remember(storage, thread("a"), turn())
        await storage.memory.forget(thread("a"))

        assert await storage.ledger.recent("test:T", ANN.id) == []


class VaultContract:
    async def test_a_record_is_kept_until_it_is_deleted(self, storage: Storage) -> None:
        await storage.secrets.put("slack:T1", "token ü")
        await storage.secrets.put("slack:T1", "newer")

        assert await storage.secrets.get("slack:T1") == "newer"
        await storage.secrets.delete("slack:T1")
        assert await storage.secrets.get("slack:T1") is None

    async def test_taking_gives_it_to_one(self, storage: Storage) -> None:
        await storage.secrets.put("state", "x", seconds=600)
        async with asyncio.TaskGroup() as group:
            takes = [group.create_task(storage.secrets.take("state")) for _ in range(10)]

        assert sorted(take.result() or "" for take in takes) == [""] * 9 + ["x"]

    async def test_a_record_with_a_time_goes_by_itself(self, storage: Storage) -> None:
        await storage.secrets.put("state", "x", seconds=1)
        async with asyncio.timeout(10):
            while await storage.secrets.get("state"):  # noqa: ASYNC110 - only the server knows when
                await asyncio.sleep(0.05)


class BudgetContract:
    async def test_a_bucket_gives_its_burst_and_then_says_how_long_to_wait(self, storage: Storage) -> None:
        waits = [await storage.rate_limiter.take("ann", rate=0.1, burst=3) for _ in range(4)]

        assert waits[:3] == [0, 0, 0]
        assert 9 < waits[3] <= 10
        assert await storage.rate_limiter.take("bob", rate=0.1, burst=3) == 0

    async def test_several_tokens_are_taken_together_or_not_at_all(self, storage: Storage) -> None:
        assert await storage.rate_limiter.take("ann", rate=0.1, burst=4, tokens=3) == 0
        assert 9 < await storage.rate_limiter.take("ann", rate=0.1, burst=4, tokens=2) <= 10
        assert await storage.rate_limiter.take("ann", rate=0.1, burst=4) == 0

    async def test_a_bucket_fills_again(self, storage: Storage) -> None:
        assert await storage.rate_limiter.take("ann", rate=5, burst=1) == 0
        async with asyncio.timeout(10):
            while wait := await storage.rate_limiter.take("ann", rate=5, burst=1):  # noqa: ASYNC110 - as a caller does
                await asyncio.sleep(wait)
