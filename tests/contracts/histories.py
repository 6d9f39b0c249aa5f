"""What claims promise of a conversation's history: they bring what is needed, and never what is not so any more.
`storage` is the implementation under test; `rival` is another worker's side of it.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import pytest

from bot.domain.claims import Claim, Outcome
from bot.domain.events import ButtonPressed, Event, MessageDeleted, MessageEdited
from bot.domain.replies import Action
from bot.domain.turns import BRANCHED, ROOT, Turn
from bot.storage.history import end_of, seal_turns
from bot.storage.open import Storage
from tests.contracts.leases import claim_next
from tests.contracts.lost_data import go_back, snapshot
from tests.events import ANN, message, numbers, thread, turn


def pressed(action: Action) -> ButtonPressed:
    return ButtonPressed(id=f"e{next(numbers)}", thread=thread(), author=ANN, at=1.0, action=action)


QUICK: dict[str, Callable[[], Event]] = {
    "vote": lambda: pressed(Action.UP),
    "pick": lambda: pressed(Action.PICK),
    "command": lambda: message("/model grok"),
    "for others": lambda: replace(message("Bob, look", addressed=False), others=True),
    "edit": lambda: MessageEdited(
        id=f"e{next(numbers)}", thread=thread(), author=ANN, at=1.0, message="q1", text="x"
    ),
    "deletion": lambda: MessageDeleted(
        id=f"e{next(numbers)}", thread=thread(), author=ANN, at=1.0, message="q1"
    ),
}


async def put(storage: Storage, event: Event) -> Claim:
    await storage.inbox.put(event)
    return await claim_next(storage)


async def says(storage: Storage, *texts: str) -> Claim:
    """A message and what is remembered of it; returns the claim as it was."""
    claim = await put(storage, message())
    await storage.leases.commit(claim, Outcome(append=tuple(map(turn, texts)), join=True))
    return claim


async def changes(storage: Storage, change: Callable[[Sequence[Turn]], tuple[Turn, ...]]) -> None:
    claim = await put(storage, pressed(Action.UP))
    await storage.leases.commit(claim, Outcome(replace=change(await claim.history.whole())))


async def asks(storage: Storage) -> list[str]:
    """What a worker knows when it has the next question in hand."""
    claim = await put(storage, message())
    known = [each.asked.text for each in claim.history.turns]
    await storage.leases.commit(claim, Outcome())
    return known


async def stored(storage: Storage) -> list[bytes]:
    (found,) = await storage.database.ask(("LRANGE", storage.keys.history(thread().digest), 0, -1))
    return list(found)


async def edited_by_another_version(rival: Storage) -> None:
    """What a replica writes that knows nothing of lineages, while a deployment is under way."""
    keys, conversation = rival.keys, thread().digest
    claim = await put(rival, message())
    one, two = await claim.history.whole()
    new = (replace(one, asked=turn("uno").asked), two)
    sealed = seal_turns(new, rival.cipher, conversation, after="")
    key = keys.history(conversation)
    await rival.database.ask(("DEL", key), ("RPUSH", key, *sealed))
    await rival.leases.bury(claim, why="test")  # ends it without a word about the history


async def added_by_another_version(rival: Storage) -> None:
    keys, conversation = rival.keys, thread().digest
    sealed = seal_turns([turn("three")], rival.cipher, conversation, after=end_of(await stored(rival)))
    claim = await put(rival, message())
    await rival.database.ask(("RPUSH", keys.history(conversation), *sealed))
    await rival.leases.release(claim)
    await rival.leases.commit(await claim_next(rival), Outcome(append=(turn("four"),)))


async def forgets(rival: Storage) -> None:
    claim = await put(rival, message("/forget"))
    await rival.leases.commit(claim, Outcome(replace=(), forget=True))
    await says(rival, "new")


async def erases(rival: Storage) -> None:
    await rival.memory.forget(thread())
    await says(rival, "new", "newer")


async def purges(rival: Storage) -> None:
    await rival.memory.purge("test:T")
    await says(rival, "new", "newer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """What another worker does to a conversation of two turns, and what is to be known after it."""

    name: str
    by: Callable[[Storage], Awaitable[object]]
    after: tuple[str, ...]


WRITES = (
    Write(name="adds", by=lambda rival: says(rival, "three"), after=("one", "two", "three")),
    Write(
        name="edits",
        by=lambda rival: changes(
            rival, lambda turns: (replace(turns[0], asked=turn("uno").asked), *turns[1:])
        ),
        after=("uno", "two"),
    ),
    Write(
        name="deletes the first", by=lambda rival: changes(rival, lambda turns: (turns[1],)), after=("two",)
    ),
    Write(
        name="deletes the last", by=lambda rival: changes(rival, lambda turns: (turns[0],)), after=("one",)
    ),
    Write(
        name="exchanges the last",
        by=lambda rival: changes(rival, lambda turns: (turns[0], turn("due"))),
        after=("one", "due"),
    ),
    Write(name="another version adds", by=added_by_another_version, after=("one", "two", "three", "four")),
    Write(name="another version edits", by=edited_by_another_version, after=("uno", "two")),
    Write(name="forgets", by=forgets, after=("new",)),
    Write(name="erases from outside", by=erases, after=("new", "newer")),
    Write(name="purges", by=purges, after=("new", "newer")),
    Write(name="votes nothing", by=lambda rival: changes(rival, tuple), after=("one", "two")),
)


class HistoriesContract:
    async def test_a_question_finds_the_newest_turns_read_and_gets_the_others_when_it_needs_them(
        self, storage: Storage, rival: Storage
    ) -> None:
        everything = [f"q{number}" for number in range(180)]
        await says(storage, *everything)
        history = (await put(rival, message())).history
        first = len(history.turns)

        assert 20 < first < 100
        assert [each.asked.text for each in history.turns] == everything[-first:]
        assert not history.complete
        assert [each.asked.text for each in await history.whole()] == everything
        assert history.complete

    async def test_what_is_erased_while_it_is_read_ends_the_reading(
        self, storage: Storage, rival: Storage
    ) -> None:
        await says(storage, *(f"q{number}" for number in range(180)))
        key = storage.keys.history(thread().digest)
        for left in (1, 0):  # of those that were not read
            claim = await put(rival, message())
            read = claim.history.turns
            await rival.database.ask(("LTRIM", key, -len(read) - left, -1))
            assert await claim.history.whole() == read
            await rival.leases.commit(claim, Outcome(append=tuple(turn() for _ in range(180))))

    async def test_of_huge_turns_a_claim_brings_few_but_one_at_least(
        self, storage: Storage, rival: Storage
    ) -> None:
        claim = await put(storage, message())
        huge = [turn(f"q{number}", "x" * size) for number, size in enumerate([30_000] * 9 + [700_000])]
        await storage.leases.commit(claim, Outcome(append=tuple(huge[:9])))
        few = await put(rival, message())
        await rival.leases.commit(few, Outcome(append=(huge[9],)))
        one = await put(storage, message())
        await storage.leases.release(one)
        again = await claim_next(rival)

        assert 1 <= len(few.history.turns) <= 3
        assert again.history.turns[-1] == huge[9]
        assert list(await again.history.whole()) == huge

    @pytest.mark.parametrize("kind", QUICK)
    async def test_what_asks_no_model_finds_nothing_read(
        self, storage: Storage, rival: Storage, kind: str
    ) -> None:
        await says(storage, "one", "two")
        history = (await put(rival, QUICK[kind]())).history

        assert (history.turns, history.exists, history.complete) == ((), True, False)
        assert [each.asked.text for each in await history.whole()] == ["one", "two"]

    async def test_where_nothing_is_stored_nothing_exists(self, storage: Storage) -> None:
        history = (await put(storage, message("/model"))).history

        assert (history.exists, history.complete, await history.whole()) == (False, True, ())

    async def test_what_is_added_without_reading_comes_after_what_is_stored(
        self, storage: Storage, rival: Storage
    ) -> None:
        await says(storage, "one", "two")
        claim = await put(rival, message("/mute"))
        await rival.leases.commit(claim, Outcome(append=(turn("mark"),)))

        assert [each.asked.text for each in await storage.memory.recall(thread())] == ["one", "two", "mark"]
        assert await asks(rival) == ["one", "two", "mark"]

    async def test_who_had_a_conversation_last_reads_none_of_it_again(self, storage: Storage) -> None:
        await says(storage, "one")
        second = await says(storage, "two")
        third = await put(storage, message())

        assert [each.asked.text for each in third.history.turns] == ["one", "two"]
        assert third.history.turns[0] is second.history.turns[0]  # the same object: nothing was decrypted

    async def test_of_what_others_added_only_that_is_read(self, storage: Storage, rival: Storage) -> None:
        await says(storage, "one")
        mine = (await says(storage, "two")).history.turns
        for worker, text in ((rival, "three"), (storage, "four"), (rival, "five")):
            await says(worker, text)
        turns = (await put(storage, message())).history.turns

        assert [each.asked.text for each in turns] == ["one", "two", "three", "four", "five"]
        assert turns[0] is mine[0]

    @pytest.mark.parametrize("write", WRITES, ids=lambda write: write.name.replace(" ", "-"))
    async def test_what_another_worker_writes_is_known_with_the_next_claim(
        self, storage: Storage, rival: Storage, write: Write
    ) -> None:
        await says(storage, "one", "two")
        assert await asks(storage) == ["one", "two"]
        await write.by(rival)

        assert await asks(storage) == list(write.after)
        assert await asks(rival) == list(write.after)
        assert [each.asked.text for each in await storage.memory.recall(thread())] == list(write.after)

    async def test_what_a_failover_undid_is_not_remembered(self, storage: Storage, rival: Storage) -> None:
        await says(storage, "one")
        before = await snapshot(storage)
        await says(storage, "lost")
        await go_back(storage, before)
        await says(rival, "two")

        assert await asks(storage) == ["one", "two"]

    async def test_a_change_writes_the_changed_turn_and_those_after_it(
        self, storage: Storage, rival: Storage
    ) -> None:
        await says(storage, *(f"q{number}" for number in range(100)))
        before = await stored(storage)
        claim = await put(rival, message())
        turns = claim.history.turns
        voted = replace(turns[-2], vote="up")
        await rival.leases.commit(
            claim, Outcome(replace=(*turns[:-2], voted, turns[-1]), append=(turn("more"),))
        )
        after, recalled = await stored(storage), await storage.memory.recall(thread())

        assert after[:98] == before[:98]
        assert len(after) == 101
        assert [each.asked.text for each in recalled] == [*(f"q{number}" for number in range(100)), "more"]
        assert [number for number, each in enumerate(recalled) if each.vote] == [98]

    async def test_a_branch_is_read_as_the_way_to_its_end(self, storage: Storage, rival: Storage) -> None:
        one, two, three = turn("one"), turn("two"), turn("three")
        other = replace(turn("other"), parent=one.id)
        back = replace(turn("back"), parent=three.id, reason=BRANCHED)
        for worker, turns in (
            (storage, (one, two, three)),
            (rival, (other, back)),
            (storage, (turn("four"),)),
        ):
            await worker.leases.commit(await put(worker, message()), Outcome(append=turns))
        for worker in (storage, rival):
            claim = await put(worker, message())
            history = claim.history
            await worker.leases.commit(claim, Outcome())
            assert [each.asked.text for each in history.turns] == ["one", "two", "three", "four"]
            assert len(history.record) == 6
            assert [each.asked.text for each in history.tree.path_to(other.id)] == ["one", "other"]

    async def test_of_a_long_record_no_more_is_read_than_the_way_needs(
        self, storage: Storage, rival: Storage
    ) -> None:
        first = turn("first")
        await storage.leases.commit(await put(storage, message()), Outcome(append=(first,)))
        await says(storage, *(f"q{number}" for number in range(150)))
        new = (replace(turn("new"), parent=ROOT), turn("next"))
        await storage.leases.commit(await put(storage, message()), Outcome(append=new))
        claim = await put(rival, message())
        assert [each.asked.text for each in await claim.history.whole()] == ["new", "next"]
        assert not claim.history.complete
        mark = replace(turn("mark"), parent=first.id, reason=BRANCHED)
        await rival.leases.commit(claim, Outcome(append=(mark,)))
        history = (await put(storage, message())).history
        assert [each.asked.text for each in await history.whole()] == ["first"]

    async def test_a_way_whose_beginning_is_too_old_begins_later(
        self, storage: Storage, rival: Storage
    ) -> None:
        old = turn("old")
        await storage.leases.commit(await put(storage, message()), Outcome(append=(old,)))
        for start in range(0, 260, 20):
            await says(storage, *(f"q{number}" for number in range(start, start + 20)))
        late = (replace(turn("late"), parent=old.id), turn("later"))
        await storage.leases.commit(await put(storage, message()), Outcome(append=late))
        history = (await put(rival, message())).history

        assert [each.asked.text for each in await history.whole()] == ["late", "later"]

    async def test_the_oldest_turns_leave_what_is_known_too(self, storage: Storage) -> None:
        for start in range(0, 260, 20):
            await says(storage, *(f"q{number}" for number in range(start, start + 20)))
        mine = await (await put(storage, message())).history.whole()

        assert len(mine) <= 201
        assert [each.asked.text for each in mine[-200:]] == [f"q{number}" for number in range(60, 260)]
