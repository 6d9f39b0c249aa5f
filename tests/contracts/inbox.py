"""What every Inbox promises. `storage` is the implementation under test."""

import asyncio
from typing import Any

import pytest

from bot.domain.claims import Outcome, Receipt
from bot.domain.errors import StorageUnavailable
from bot.domain.events import Author, MessageDeleted, MessageEdited, MessageReceived
from bot.storage.open import Storage
from tests.contracts.leases import claim_next, nothing_waits
from tests.events import ANN, BOB, message, stop, thread


class InboxContract:
    async def test_the_same_event_is_taken_in_once(self, storage: Storage) -> None:
        event = message()
        receipts = [await storage.inbox.put(event) for _ in range(3)]

        assert receipts == [Receipt.ACCEPTED, Receipt.DUPLICATE, Receipt.DUPLICATE]

    async def test_an_event_sent_again_after_it_was_handled_is_not_handled_again(
        self, storage: Storage
    ) -> None:
        event = message()
        await storage.inbox.put(event)
        await storage.leases.commit(await claim_next(storage), Outcome())

        assert await storage.inbox.put(event) is Receipt.DUPLICATE
        assert await nothing_waits(storage)

    async def test_many_deliveries_at_the_same_moment_are_one_event(self, storage: Storage) -> None:
        event = message()
        async with asyncio.TaskGroup() as group:
            puts = [group.create_task(storage.inbox.put(event)) for _ in range(30)]

        assert sorted(put.result() for put in puts) == [Receipt.ACCEPTED] + [Receipt.DUPLICATE] * 29

    async def test_the_same_id_in_another_workspace_is_another_event(self, storage: Storage) -> None:
        one = message(id="same", where=thread(workspace="A"))
        two = message(id="same", where=thread(workspace="B"))

        assert await storage.inbox.put(one) is Receipt.ACCEPTED
        assert await storage.inbox.put(two) is Receipt.ACCEPTED

    async def test_what_is_not_for_the_bot_is_ignored_until_it_takes_part(self, storage: Storage) -> None:
        assert await storage.inbox.put(message(addressed=False)) is Receipt.IGNORED
        await storage.inbox.put(message())
        await storage.leases.commit(await claim_next(storage), Outcome(join=True))

        assert await storage.inbox.put(message(addressed=False)) is Receipt.ACCEPTED
        assert await storage.inbox.put(message(addressed=False, where=thread("other"))) is Receipt.IGNORED

    async def test_what_is_added_while_the_first_answer_grows_is_taken_in(self, storage: Storage) -> None:
        await storage.inbox.put(message())

        assert await storage.inbox.put(message(addressed=False)) is Receipt.ACCEPTED

    async def test_the_addressed_twin_of_an_ignored_message_is_taken_in(self, storage: Storage) -> None:
        assert await storage.inbox.put(message(id="twin", addressed=False)) is Receipt.IGNORED
        assert await storage.inbox.put(message(id="twin")) is Receipt.ACCEPTED
        assert await storage.inbox.put(message(id="twin", addressed=False)) is Receipt.DUPLICATE

    async def test_edits_count_where_the_bot_takes_part_or_has_work(self, storage: Storage) -> None:
        def edit(id: str) -> MessageEdited:
            return MessageEdited(id=id, thread=thread(), author=ANN, at=1.0, message="m", text="new")

        deletion = MessageDeleted(id="d", thread=thread(), author=ANN, at=1.0, message="m")
        assert await storage.inbox.put(edit("1")) is Receipt.IGNORED
        assert await storage.inbox.put(deletion) is Receipt.IGNORED
        await storage.inbox.put(message())

        assert await storage.inbox.put(edit("2")) is Receipt.ACCEPTED

    async def test_a_full_mailbox_refuses_and_says_so_once(self, storage: Storage) -> None:
        first = [await storage.inbox.put(message()) for _ in range(100)]
        beyond = [await storage.inbox.put(message()) for _ in range(3)]

        assert set(first) == {Receipt.ACCEPTED}
        assert beyond == [Receipt.FULL, Receipt.FULL_QUIET, Receipt.FULL_QUIET]
        assert await storage.inbox.put(message(where=thread("other"))) is Receipt.ACCEPTED

    async def test_a_refused_message_can_be_sent_again_when_there_is_room(self, storage: Storage) -> None:
        for _ in range(100):
            await storage.inbox.put(message())
        late = message("late")
        assert await storage.inbox.put(late) is Receipt.FULL
        await storage.leases.commit(await claim_next(storage), Outcome())

        assert await storage.inbox.put(late) is Receipt.ACCEPTED

    async def test_a_stop_finds_nothing_where_nothing_runs(self, storage: Storage) -> None:
        assert await storage.inbox.put(stop()) is Receipt.IDLE
        await storage.inbox.put(message())
        assert await storage.inbox.put(stop()) is Receipt.IDLE
        claim = await claim_next(storage)
        assert await storage.inbox.put(stop(turn="an earlier one")) is Receipt.IDLE
        await storage.leases.commit(claim, Outcome())

        assert await storage.inbox.put(stop(turn=claim.record.id)) is Receipt.IDLE
        assert await nothing_waits(storage)

    async def test_a_stop_reaches_the_running_turn(self, storage: Storage) -> None:
        await storage.inbox.put(message())
        claim = await claim_next(storage)
        conversation = claim.queue_entry.conversation
        assert await storage.leases.beat([claim], seconds=storage.leases.seconds) == {conversation: "ok"}

        assert await storage.inbox.put(stop(turn=claim.record.id)) is Receipt.STOPPING
        assert await storage.leases.beat([claim], seconds=storage.leases.seconds) == {conversation: "stop"}

    async def test_only_the_asker_may_stop(self, storage: Storage) -> None:
        await storage.inbox.put(message(author=ANN))
        claim = await claim_next(storage)

        assert await storage.inbox.put(stop(author=BOB)) is Receipt.REFUSED
        assert await storage.leases.beat([claim], seconds=storage.leases.seconds) == {
            claim.queue_entry.conversation: "ok"
        }
        assert await storage.inbox.put(stop(author=ANN)) is Receipt.STOPPING

    @pytest.mark.parametrize("word", ["stop", "Stop!", "/stop", "STOP.", " stop "])
    async def test_the_word_stop_stops_while_a_turn_runs(self, storage: Storage, word: str) -> None:
        await storage.inbox.put(message())
        claim = await claim_next(storage)
        said = message(word)

        assert await storage.inbox.put(said) is Receipt.STOPPING
        assert await storage.inbox.put(said) is Receipt.DUPLICATE
        await storage.leases.commit(claim, Outcome())
        assert await nothing_waits(storage)

    @pytest.mark.parametrize("text", ["stop", "stop it please"])
    async def test_otherwise_it_is_a_message(self, storage: Storage, text: str) -> None:
        if text != "stop":
            await storage.inbox.put(message())
            await claim_next(storage)

        assert await storage.inbox.put(message(text)) is Receipt.ACCEPTED

    async def test_somebody_elses_stop_in_passing_is_a_message_like_any_other(self, storage: Storage) -> None:
        await storage.inbox.put(message(author=ANN))
        await storage.leases.commit(await claim_next(storage), Outcome(join=True))
        await storage.inbox.put(message(author=ANN))
        claim = await claim_next(storage)

        assert await storage.inbox.put(message("stop", author=BOB, addressed=False)) is Receipt.ACCEPTED
        assert await storage.leases.beat([claim], seconds=storage.leases.seconds) == {
            claim.queue_entry.conversation: "ok"
        }

    async def test_what_could_not_be_read_again_is_not_stored(self, storage: Storage) -> None:
        odd: Any = {"id": "not a text"}
        with pytest.raises(ValueError, match="str"):
            await storage.inbox.put(message(author=Author(id=odd)))

        assert await nothing_waits(storage)

    async def test_an_event_comes_out_as_it_went_in(self, storage: Storage) -> None:
        event = MessageReceived(
            id="€:1",
            thread=thread("a:b;c@thread.tacv2", workspace="T:1", channel="C%2F1"),
            author=BOB,
            at=12.5,
            reply={"url": "https://example.test/x", "ü": "ö"},
            text="line one\nline two \u2028 \x00 😀",
            late=True,
        )
        await storage.inbox.put(event)

        assert (await claim_next(storage)).event == event

    async def test_a_message_behind_one_of_a_replica_whose_clock_is_ahead_is_taken_in(
        self, storage: Storage
    ) -> None:
        await storage.inbox.put(message("one"))
        mail = storage.keys.mail(thread().digest)
        for ahead in ("9999999999999-5", "9999999999999-6"):  # an entry that is gone counts too
            await storage.database.ask(("XADD", mail, ahead, "e", ""), ("XDEL", mail, ahead))
        assert await storage.inbox.put(message("two")) is Receipt.ACCEPTED
        heard = []
        for _ in range(2):
            claim = await claim_next(storage)
            heard.append(getattr(claim.event, "text", ""))
            await storage.leases.commit(claim, Outcome())

        assert heard == ["one", "two"]

    async def test_a_mailbox_that_takes_nothing_more_is_an_outage_and_no_endless_try(
        self, storage: Storage
    ) -> None:
        last = f"{2**64 - 1}-{2**64 - 1}"
        await storage.database.ask(("XADD", storage.keys.mail(thread().digest), last, "e", ""))

        with pytest.raises(StorageUnavailable):
            await storage.inbox.put(message())

    async def test_a_crowd_that_writes_in_one_conversation_at_once_is_heard(
        self, storage: Storage, rival: Storage
    ) -> None:
        """Whichever replica each of them reaches, and whoever comes first."""
        async with asyncio.TaskGroup() as group:
            puts = [
                group.create_task((storage, rival)[number % 2].inbox.put(message())) for number in range(100)
            ]

        assert {put.result() for put in puts} == {Receipt.ACCEPTED}
