"""What DeadLetters promise, and the office that an operator asks. `storage` is the implementation under test."""

import json
from dataclasses import replace

from bot.domain.claims import Outcome
from bot.domain.dead_letters import DeadLetter
from bot.domain.events import MessageReceived, ThreadKey
from bot.serving.dead_letters import NONE, DeadLetterOffice
from bot.storage.open import Storage
from tests.contracts.leases import claim_next, nothing_waits
from tests.events import message, thread

WEEKS = 60 * 86_400  # seconds: older than anything is kept


async def buried(
    storage: Storage, event: MessageReceived | None = None, *, error: str = "ValueError"
) -> DeadLetter:
    """One more letter; returns it."""
    await storage.inbox.put(event or message())
    claim = await claim_next(storage)
    await storage.leases.bury(claim, why="failed", error=error)
    return next(one for one in await storage.dead_letters.letters() if one.id == claim.record.id[-12:])


def office(storage: Storage) -> DeadLetterOffice:
    return DeadLetterOffice(letters=storage.dead_letters, inbox=storage.inbox)


async def older(storage: Storage, letter: DeadLetter, where: ThreadKey) -> None:
    times = storage.keys.dead_times(storage.keys.shard(where.digest))
    await storage.database.ask(("ZINCRBY", times, -WEEKS, letter.id))


class DeadLettersContract:
    async def test_a_letter_says_what_was_given_up_and_why(self, storage: Storage) -> None:
        event = message("poison")
        letter = await buried(storage, event)

        assert letter.event == event
        assert (letter.workspace, letter.why, letter.error) == ("test:T", "failed", "ValueError")
        assert await storage.dead_letters.letters() == [letter]

    async def test_the_newest_comes_first(self, storage: Storage) -> None:
        letters = [await buried(storage, message(where=thread(name))) for name in ("a", "b", "c")]

        assert await storage.dead_letters.letters() == letters[::-1]

    async def test_what_is_dropped_is_gone_and_the_others_stay(self, storage: Storage) -> None:
        one, two = await buried(storage), await buried(storage)

        assert await storage.dead_letters.drop(one.id, "unknown") == 1
        assert await storage.dead_letters.letters() == [two]
        assert await storage.dead_letters.drop(one.id) == 0

    async def test_letters_age_where_no_new_one_comes(self, storage: Storage) -> None:
        where = thread("old")
        old, young = await buried(storage, message(where=where)), await buried(storage)
        await older(storage, old, where)

        assert await storage.dead_letters.tidy() == 1
        assert await storage.dead_letters.letters() == [young]

    async def test_the_list_shows_ids_places_and_reasons_and_no_words(self, storage: Storage) -> None:
        letter = await buried(storage, message("the merger closes on Friday"))
        code, text = await office(storage).do("list", ())

        assert code == 0
        assert letter.id in text
        assert "test T C  message  failed (ValueError)" in " ".join(text.split("\n")[1].split(" " * 3))
        assert "merger" not in text

    async def test_a_letter_that_is_put_again_is_answered_and_goes(self, storage: Storage) -> None:
        event = message("poison")
        letter = await buried(storage, event)
        code, text = await office(storage).do("retry", (letter.id,))
        claim = await claim_next(storage)
        await storage.leases.commit(claim, Outcome())

        assert (code, text) == (0, f"{letter.id}: put again. A running Switchboard answers it.")
        assert claim.event == replace(event, id=f"{event.id}|retry-1")
        assert await storage.dead_letters.letters() == []

    async def test_every_retry_has_a_number_of_its_own(self, storage: Storage) -> None:
        event = message("poison")
        await buried(storage, event)
        for number in (1, 2, 3):
            await office(storage).do("retry", ("all",))
            claim = await claim_next(storage)
            assert claim.event.id == f"{event.id}|retry-{number}"
            await storage.leases.bury(claim, why="failed")

        assert len(await storage.dead_letters.letters()) == 1

    async def test_a_retry_that_was_cut_off_puts_nothing_twice(self, storage: Storage) -> None:
        event = message("poison")
        letter = await buried(storage, event)
        await storage.inbox.put(replace(event, id=f"{event.id}|retry-1"))
        assert (await office(storage).do("retry", (letter.id,)))[0] == 0
        await storage.leases.commit(await claim_next(storage), Outcome())

        assert await nothing_waits(storage)
        assert await storage.dead_letters.letters() == []

    async def test_a_letter_stays_where_it_cannot_be_put(self, storage: Storage) -> None:
        overheard = await buried_overheard(storage)
        crowded = await buried(storage)
        for _ in range(100):
            await storage.inbox.put(message())
        code, text = await office(storage).do("retry", ("all",))

        assert code == 1
        assert f"{overheard.id}: stays, because the bot takes no part in that conversation any more." in text
        assert f"{crowded.id}: stays, because too many messages wait in its conversation." in text
        assert len(await storage.dead_letters.letters()) == 2

    async def test_an_unknown_id_is_told_and_the_known_ones_are_done(self, storage: Storage) -> None:
        letter = await buried(storage)
        for action, done in (("retry", "put again. A running Switchboard answers it."), ("drop", "dropped.")):
            code, text = await office(storage).do(action, ("abc", letter.id, letter.id, "abc"))
            unknown = "abc: there is no such dead letter. `switchboard dead list` shows them."
            assert (code, text) == (1, f"{letter.id}: {done}\n{unknown}")
            letter = await buried(storage, message(where=thread("next")))

    async def test_where_there_are_none_it_says_so(self, storage: Storage) -> None:
        for action, wanted in (("list", ()), ("retry", ("all",)), ("drop", ("all",))):
            assert await office(storage).do(action, wanted) == (0, NONE)

    async def test_a_letter_that_cannot_be_read_can_still_be_dropped(self, storage: Storage) -> None:
        letter = await buried(storage)
        dead = storage.keys.dead(storage.keys.shard(thread().digest))
        await storage.database.ask(("HSET", dead, f"{letter.id}:e", "x", letter.id, json.dumps([1])))
        listed = await office(storage).do("list", ())
        kept = await office(storage).do("retry", (letter.id,))
        gone = await office(storage).do("drop", ("all",))

        assert (listed[0], "unreadable" in listed[1]) == (0, True)
        assert kept[0] == 1
        assert "stays, because it cannot be read" in kept[1]
        assert gone == (0, f"{letter.id}: dropped.")
        assert await storage.dead_letters.letters() == []


async def buried_overheard(storage: Storage) -> DeadLetter:
    """Somebody said it in a thread that the bot has left since."""
    where = thread("left")
    await storage.inbox.put(message(where=where))
    await storage.leases.commit(await claim_next(storage), Outcome(join=True))
    letter = await buried(storage, message("by the way", where=where, addressed=False))
    await storage.database.ask(("HDEL", storage.keys.state(where.digest), "joined"))
    return letter
