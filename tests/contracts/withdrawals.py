"""What storage promises of messages that are deleted or come again, and of threads that were erased."""

import pytest

from bot.domain.claims import Outcome, Receipt
from bot.domain.events import MessageDeleted, MessageReceived
from bot.storage.open import Storage
from tests.contracts.leases import claim_next, nothing_waits
from tests.events import ANN, BOB, message, thread, turn


def deletion(of: MessageReceived) -> MessageDeleted:
    return MessageDeleted(
        id=f"{of.id}:delete", thread=of.thread, author=of.author, at=2.0, message=of.message
    )


class WithdrawalContract:
    async def test_a_message_that_is_deleted_while_it_is_answered_stops_the_answer(
        self, storage: Storage
    ) -> None:
        asked = message()
        await storage.inbox.put(asked)
        claim = await claim_next(storage)
        assert await storage.inbox.put(deletion(asked)) is Receipt.ACCEPTED

        assert await storage.leases.beat([claim], seconds=storage.leases.seconds) == {
            claim.queue_entry.conversation: "stop"
        }
        await storage.leases.release(claim)
        again = await claim_next(storage)
        assert (again.event, again.withdrawn, again.stopped) == (asked, True, True)

    async def test_a_message_that_is_deleted_while_it_waits_is_known_to_be(self, storage: Storage) -> None:
        first, second, third = message("one"), message("two"), message("three")
        for event in (first, second, third):
            await storage.inbox.put(event)
        running = await claim_next(storage)
        await storage.inbox.put(deletion(second))
        assert await storage.leases.beat([running], seconds=storage.leases.seconds) == {
            running.queue_entry.conversation: "ok"
        }

        claims = [running]
        for _ in range(3):
            await storage.leases.commit(claims[-1], Outcome(join=True))
            claims.append(await claim_next(storage))
        await storage.leases.commit(claims[-1], Outcome())

        assert [(one.event.kind, one.withdrawn) for one in claims] == [
            ("message", False),
            ("message", True),
            ("message", False),
            ("delete", False),
        ]
        assert await nothing_waits(storage)

    async def test_what_was_only_overheard_is_taken_in_again_as_a_mention_and_once(
        self, storage: Storage
    ) -> None:
        await storage.inbox.put(message())
        await storage.leases.commit(await claim_next(storage), Outcome(join=True))
        receipts = [
            await storage.inbox.put(message(id="same", addressed=addressed))
            for addressed in (False, False, True, True, False)
        ]

        assert receipts == [
            Receipt.ACCEPTED,
            Receipt.DUPLICATE,
            Receipt.ACCEPTED,
            Receipt.DUPLICATE,
            Receipt.DUPLICATE,
        ]

    @pytest.mark.parametrize("unread", [True, False], ids=["its platform shows it", "not"])
    async def test_a_mark_outlives_what_was_erased(self, storage: Storage, unread: bool) -> None:
        await storage.inbox.put(message())
        first = await claim_next(storage)
        await storage.leases.commit(first, Outcome(append=(turn(),), join=True))
        await storage.inbox.put(message())
        forgetting = await claim_next(storage)
        await storage.leases.commit(forgetting, Outcome(replace=(), forget=True, unread=unread))
        await storage.inbox.put(message())
        later = await claim_next(storage)
        await storage.inbox.put(message(where=thread("other")))
        other = await claim_next(storage)

        assert first.erased == forgetting.erased == other.erased == 0.0
        assert (later.erased > 1_700_000_000.0) is unread
        assert later.history.turns == ()

    async def test_the_mark_goes_with_the_workspace(self, storage: Storage) -> None:
        await storage.inbox.put(message())
        await storage.leases.commit(await claim_next(storage), Outcome(replace=(), forget=True, unread=True))
        await storage.memory.purge("test:T")
        await storage.inbox.put(message())

        assert (await claim_next(storage)).erased == 0.0

    async def test_what_is_kept_of_a_person_can_be_listed_and_erased(self, storage: Storage) -> None:
        for where, who in ((thread("a"), ANN), (thread("b"), ANN), (thread("b"), BOB)):
            await storage.inbox.put(message(where=where, author=who))
            said = turn(author=who, cost=0.5)
            await storage.leases.commit(
                await claim_next(storage), Outcome(append=(said,), join=True, counted=said)
            )
        before = await storage.ledger.conversations("test:T", ANN.id)
        await storage.ledger.erase("test:T", ANN.id)

        assert set(before) == {thread("a"), thread("b")}
        assert await storage.ledger.conversations("test:T", ANN.id) == []
        assert [spend.turns for spend in await storage.ledger.spent("test:T", ANN.id)] == [0, 0]
        assert await storage.ledger.conversations("test:T", BOB.id) == [thread("b")]
        assert [spend.turns for spend in await storage.ledger.spent("test:T", BOB.id)] == [1, 1]
