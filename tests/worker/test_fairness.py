"""Nobody waits because somebody else asks a lot."""

import asyncio

from bot.delivery.slots import Slots, without_slot
from bot.domain.claims import Claim, Outcome
from bot.domain.events import Author
from bot.ports import TurnHandle
from bot.storage.open import Storage, StorageOptions
from bot.worker import WorkerLimits
from tests.events import ANN, BOB, message, thread
from tests.worker.test_worker import Script, until, until_quiet, working


async def test_a_second_person_is_answered_beside_somebody_who_asks_a_lot(
    redis_url: str, prefix: str, storage: Storage
) -> None:
    terms = StorageOptions(prefix=prefix, lease=60, per_person=3)
    answered: list[str] = []
    running = most = 0
    release = asyncio.Event()

    async def long(claim: Claim, turn_handle: TurnHandle) -> Outcome:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await release.wait()
        running -= 1
        return Outcome()

    async def short(claim: Claim, turn_handle: TurnHandle) -> Outcome:
        answered.append(claim.event.author.id)
        return Outcome()

    script = Script(parts={"long": long, "short": short})
    for number in range(40):
        await storage.inbox.put(message("long", where=thread(f"a{number}"), author=ANN))
    async with working(redis_url, terms, script, WorkerLimits(at_once=5, per_person=3)):
        await until(lambda: running == 3)
        await storage.inbox.put(message("short", where=thread("b"), author=BOB))
        await until(lambda: answered == [BOB.id])
        assert running == 3
        release.set()
        await until_quiet(storage)

    assert script.done.count("long") == 40
    assert most == 3


async def test_everybody_in_a_crowd_gets_a_turn_before_anybody_gets_two(
    redis_url: str, prefix: str, storage: Storage
) -> None:
    terms = StorageOptions(prefix=prefix, lease=60)
    order: list[str] = []

    async def note(claim: Claim, turn_handle: TurnHandle) -> Outcome:
        order.append(claim.event.author.id)
        return Outcome()

    people = [Author(id=f"P{number}", name="") for number in range(6)]
    for person in people:
        for number in range(4):
            await storage.inbox.put(message("x", where=thread(f"{person.id}{number}"), author=person))
    async with working(redis_url, terms, Script(parts={"x": note}), WorkerLimits(at_once=1)):
        await until_quiet(storage)

    rounds = [order[start : start + 6] for start in range(0, 24, 6)]
    assert all(sorted(each) == sorted(person.id for person in people) for each in rounds)


async def test_who_waits_for_a_platforms_rate_limit_holds_no_slot(
    redis_url: str, prefix: str, storage: Storage
) -> None:
    terms = StorageOptions(prefix=prefix, lease=60)
    limited = asyncio.Event()

    async def wait(claim: Claim, turn_handle: TurnHandle) -> Outcome:
        with without_slot():
            await limited.wait()
        return Outcome()

    script = Script(parts={"wait": wait})
    async with working(redis_url, terms, script, WorkerLimits(at_once=1)):
        for number in range(3):
            await storage.inbox.put(message("wait", where=thread(f"w{number}")))
        await until(lambda: script.begun == ["wait"] * 3)
        await storage.inbox.put(message("fine", where=thread("f"), author=BOB))
        await until(lambda: script.done == ["fine"])
        limited.set()
        await until_quiet(storage)

    assert script.done == ["fine", "wait", "wait", "wait"]


async def test_a_slot_is_given_away_once_however_many_of_a_turns_tasks_wait() -> None:
    slots = Slots(most=1, per_asker=1)
    slots.enter(("T", "U"))
    with slots.seated():
        assert slots.free == 0
        with without_slot(), without_slot():
            assert slots.free == 1
        assert slots.free == 0
    slots.leave(("T", "U"))

    assert slots.free == 1
    with without_slot():  # outside of a turn there is nothing to give away
        assert slots.free == 1
