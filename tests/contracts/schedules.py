"""What a ScheduleStore promises, and that what is due is asked once. `storage` is the implementation under test, `rival`
another process on the same data.
"""

import asyncio
from dataclasses import replace

from bot.conversation.schedule_sweep import ScheduleSweep
from bot.domain.claims import Outcome
from bot.domain.events import Author, MessageReceived, ThreadKey
from bot.domain.recurrence import Recurrence
from bot.domain.schedules import PER_PERSON, PER_PLACE, LastingPlace, Schedule
from bot.storage.open import Storage
from tests.contracts.leases import claim_next, nothing_waits
from tests.events import ANN, BOB, thread
from tests.storage.residue import residue

NOW = 1_772_625_600.0
HOUR = 3_600.0


def schedule(
    id: str = "0123456789ab", *, author: Author = ANN, where: ThreadKey | None = None, next: float = NOW
) -> Schedule:
    return Schedule(
        id=id,
        author=author,
        place=LastingPlace(thread=where or thread(), reply={"channel": "C"}, threaded=True),
        question="what is new?",
        recurrence=Recurrence(words="hour", minutes=60, since=NOW),
        zone="Europe/Berlin",
        next=next,
    )


def sweep(storage: Storage, now: float) -> ScheduleSweep:
    return ScheduleSweep(store=storage.schedules, inbox=storage.inbox, platforms={"test"}, clock=lambda: now)


async def asked(storage: Storage) -> list[MessageReceived]:
    """What waits in the inbox, answered."""
    found = []
    while not await nothing_waits(storage):
        claim = await claim_next(storage)
        assert isinstance(claim.event, MessageReceived)
        found.append(claim.event)
        await storage.leases.commit(claim, Outcome())
    return found


class SchedulesContract:
    async def test_what_is_stored_is_found_by_its_maker_and_in_its_channel(self, storage: Storage) -> None:
        mine, here = schedule(), schedule("0123456789ac", author=BOB, where=thread("2"), next=NOW + 1)
        elsewhere = schedule("0123456789ad", author=BOB, where=thread(channel="other"))
        for one in (mine, here, elsewhere):
            assert await storage.schedules.add(one) == ""

        assert await storage.schedules.find("test:T", mine.id) == mine
        assert await storage.schedules.find("test:other", mine.id) is None
        assert await storage.schedules.listed(thread("3"), ANN.id) == [mine, here]
        assert await storage.schedules.listed(thread(channel="third"), ANN.id) == [mine]

    async def test_storing_it_again_changes_nothing(self, storage: Storage) -> None:
        await storage.schedules.add(schedule())

        assert await storage.schedules.add(replace(schedule(), question="another")) == ""
        assert await storage.schedules.listed(thread(), ANN.id) == [schedule()]

    async def test_there_may_be_so_many_of_a_person_and_in_a_channel(self, storage: Storage) -> None:
        store = storage.schedules
        told = [
            await store.add(schedule(f"{number:012x}", where=thread(channel=str(number))))
            for number in range(PER_PERSON + 1)
        ]
        people = [Author(id=f"P{number}") for number in range(PER_PLACE + 1)]
        here = [
            await store.add(schedule(f"{number:012x}", author=one)) for number, one in enumerate(people, 256)
        ]

        assert told == [*[""] * PER_PERSON, "person"]
        assert here == [*[""] * PER_PLACE, "place"]

    async def test_only_what_is_due_comes_and_moves_on_once(self, storage: Storage, rival: Storage) -> None:
        one = schedule()
        await storage.schedules.add(one)

        assert await storage.schedules.due(NOW + one.wait - 1, 10) == []
        assert await storage.schedules.due(NOW + one.wait, 10) == [one]
        moved = replace(one, next=NOW + HOUR)
        done = [await each.schedules.keep(moved, expected=NOW) for each in (storage, rival)]
        assert done == [True, False]
        assert await storage.schedules.due(NOW + one.wait, 10) == []

    async def test_what_is_gone_is_not_brought_back(self, storage: Storage) -> None:
        await storage.schedules.add(schedule())
        assert await storage.schedules.drop("test:T", schedule().id) == 1

        assert not await storage.schedules.keep(schedule())
        assert not await storage.schedules.pause(schedule(), "why", now=NOW)
        assert await storage.schedules.due(NOW + HOUR, 10) == []

    async def test_many_replicas_ask_it_once(self, storage: Storage, rival: Storage) -> None:
        one = schedule()
        await storage.schedules.add(one)
        looks = [sweep(each, NOW + one.wait).look() for each in (storage, rival) * 5]
        await asyncio.gather(*looks)
        (event,) = await asked(storage)

        assert (event.text, event.thread, event.author, event.reply) == (
            "what is new?",
            thread(),
            ANN,
            {"channel": "C"},
        )
        assert event.id == f"schedule-{one.id}-{NOW:.0f}"

    async def test_however_often_they_race_it_is_asked_once(self, storage: Storage, rival: Storage) -> None:
        one = schedule()
        await storage.schedules.add(one)
        for hour in range(10):
            now = NOW + hour * HOUR + one.wait
            await asyncio.gather(*(sweep(each, now).look() for each in (storage, rival) * 4))

        assert [event.due.at for event in await asked(storage) if event.due] == [
            NOW + hour * HOUR for hour in range(10)
        ]

    async def test_one_that_dies_before_it_moves_on_is_made_good_by_another(
        self, storage: Storage, rival: Storage
    ) -> None:
        """The event is stored, and nothing else of it was written."""
        one = schedule()
        await storage.schedules.add(one)
        await storage.inbox.put(one.event(NOW + one.wait))
        first = await asked(storage)
        await sweep(rival, NOW + one.wait + 5).look()

        assert len(first) == 1
        assert await asked(storage) == []
        assert (await storage.schedules.listed(thread(), ANN.id))[0].next == NOW + HOUR

    async def test_what_is_due_is_for_one_turn_however_often_it_is_put(
        self, storage: Storage, rival: Storage
    ) -> None:
        one = schedule()
        await storage.schedules.add(one)

        async def take(store: Storage, turn: str, due: float = NOW) -> bool:
            return await store.schedules.take("test:T", one.id, due=due, turn=turn)

        assert await take(storage, "first")
        assert await take(rival, "first")
        assert not await take(rival, "second")
        await storage.schedules.keep(replace(one, next=NOW + HOUR), expected=NOW)
        assert not await take(rival, "second")
        assert await take(rival, "third", NOW + HOUR)
        assert not await take(storage, "first")
        await storage.schedules.drop("test:T", one.id)
        assert not await take(storage, "fourth", NOW + 2 * HOUR)

    async def test_after_an_outage_it_is_asked_once(self, storage: Storage, rival: Storage) -> None:
        one = schedule()
        await storage.schedules.add(one)
        later = NOW + 10.5 * HOUR
        await sweep(storage, later).look()
        await sweep(rival, later).look()
        (event,) = await asked(storage)

        assert event.due
        assert event.due.words.endswith("was due at Wed 4 Mar 2026, 13:00 Europe/Berlin")
        assert (await storage.schedules.listed(thread(), ANN.id))[0].next == NOW + 11 * HOUR

    async def test_a_platform_that_is_not_served_here_waits_for_one_that_serves_it(
        self, storage: Storage
    ) -> None:
        one = schedule(where=replace(thread(), platform="elsewhere"))
        await storage.schedules.add(one)

        assert await sweep(storage, NOW + HOUR).look() == 0
        assert len(await storage.schedules.due(NOW + HOUR, 10)) == 1

    async def test_a_paused_one_is_quiet_and_forgotten_in_the_end(self, storage: Storage) -> None:
        one = schedule()
        await storage.schedules.add(one)
        await storage.schedules.pause(one, "by Ann", now=NOW)
        await sweep(storage, NOW + HOUR).look()
        quiet = await asked(storage)
        await sweep(storage, NOW + 31 * 86_400).look()

        assert quiet == []
        assert await asked(storage) == []
        assert await storage.schedules.listed(thread(), ANN.id) == []

    async def test_erasing_a_conversation_takes_its_schedules(self, storage: Storage) -> None:
        other = schedule("0123456789ac", where=thread("2"))
        for one in (schedule(), other):
            await storage.schedules.add(one)
        await storage.memory.forget(thread())

        assert await storage.schedules.listed(thread(), ANN.id) == [other]
        assert await storage.schedules.due(NOW + HOUR, 10) == [other]

    async def test_a_person_s_go_and_others_stay(self, storage: Storage) -> None:
        other = schedule("0123456789ac", author=BOB)
        for one in (schedule(), other):
            await storage.schedules.add(one)

        assert await storage.schedules.drop_of_person("test:T", ANN.id) == 1
        assert await storage.schedules.listed(thread(), ANN.id) == [other]

    async def test_a_workspace_takes_all_of_its_own(self, storage: Storage) -> None:
        other = schedule(where=thread(workspace="other"))
        for one in (schedule(), schedule("0123456789ac", author=BOB), other):
            await storage.schedules.add(one)
        await storage.memory.purge("test:T")

        assert await storage.schedules.due(NOW + HOUR, 10) == [other]


class ScheduleTracesContract:
    """Where one look sees everything that is stored."""

    async def test_with_a_key_nobody_reads_what_is_asked(self, storage: Storage) -> None:
        await storage.schedules.add(schedule())
        found = await residue(storage.database, "what is new?", prefix=storage.keys.prefix)

        assert bool(found) is not storage.cipher.seals

    async def test_of_what_was_erased_nothing_is_left(self, storage: Storage) -> None:
        await storage.schedules.add(schedule())
        before = await residue(storage.database, schedule().id, prefix=storage.keys.prefix)
        await storage.schedules.drop_of_conversation(thread())

        assert before
        assert await residue(storage.database, schedule().id, prefix=storage.keys.prefix) == {}
