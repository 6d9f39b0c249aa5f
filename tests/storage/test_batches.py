"""Who asks Redis at the same time asks together, and is answered, refused, cancelled and kept waiting alone."""

import asyncio
from collections.abc import Sequence

import pytest

from bot.domain.claims import Receipt
from bot.storage.batches import MOST, Batches
from bot.storage.connection import open_database
from bot.storage.open import StorageOptions, open_storage
from tests.events import message, thread
from tests.storage.wire import wired

CROWD = 64


class Echo:
    """A server that answers each question with itself, once it is let."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, ...]] = []
        self.open = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self, place: str, questions: Sequence[str]) -> Sequence[str]:
        self.sent.append(tuple(questions))
        await self.open.wait()
        if self.error:
            raise self.error
        return [f"{place} {question}" for question in questions]


@pytest.fixture
def server() -> Echo:
    return Echo()


@pytest.fixture
def batches(server: Echo) -> Batches[str, str]:
    return Batches(server)


async def turns(number: int = 3) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def test_a_crowd_of_messages_is_one_round_trip(redis_url: str, prefix: str) -> None:
    async with wired(redis_url) as wire, open_storage(wire.url, StorageOptions(prefix=prefix)) as storage:
        await storage.inbox.put(message())  # opens the connection and loads the script
        wire.trips.clear()
        async with asyncio.TaskGroup() as group:
            put = [
                group.create_task(storage.inbox.put(message(where=thread(f"T{number}"))))
                for number in range(CROWD)
            ]

    assert [task.result() for task in put] == [Receipt.ACCEPTED] * CROWD
    assert len(wire.trips) == 1


async def test_everybody_has_their_own_answers_in_order(server: Echo, batches: Batches[str, str]) -> None:
    server.open.set()
    async with asyncio.TaskGroup() as group:
        asked = [
            group.create_task(batches.answers("a", ["1", "2"])),
            group.create_task(batches.answers("b", ["3"])),
            group.create_task(batches.answers("a", ["4"])),
        ]

    assert [task.result() for task in asked] == [["a 1", "a 2"], ["b 3"], ["a 4"]]
    assert sorted(server.sent) == [("1", "2", "4"), ("3",)]


async def test_whoever_leaves_takes_nothing_from_the_others(server: Echo, batches: Batches[str, str]) -> None:
    first, leaves = (asyncio.create_task(batches.answers("a", [word])) for word in ("1", "2"))
    await turns()
    leaves.cancel()
    await turns()
    server.open.set()

    assert await first == ["a 1"]
    assert leaves.cancelled()


async def test_who_left_before_it_was_sent_is_not_sent(server: Echo, batches: Batches[str, str]) -> None:
    server.open.set()
    leaves = asyncio.create_task(batches.answers("a", ["1"]))
    await turns(1)
    leaves.cancel()
    await turns()

    assert server.sent == []
    assert await batches.answers("a", ["2"]) == ["a 2"]


async def test_what_fails_fails_for_all_and_the_next_go_on(server: Echo, batches: Batches[str, str]) -> None:
    server.error = ConnectionError("gone")
    server.open.set()
    asked = [asyncio.create_task(batches.answers("a", [word])) for word in ("1", "2")]
    await asyncio.wait(asked)
    server.error = None

    assert [str(task.exception()) for task in asked] == ["gone", "gone"]
    assert await batches.answers("a", ["3"]) == ["a 3"]


async def test_behind_a_slow_line_the_later_ones_go_together(
    server: Echo, batches: Batches[str, str]
) -> None:
    asked = []
    for number in range(MOST + 5):
        asked.append(asyncio.create_task(batches.answers("a", [str(number)])))
        await turns()
    assert len(server.sent) == MOST
    server.open.set()
    await asyncio.wait(asked)

    assert [task.result() for task in asked] == [[f"a {number}"] for number in range(MOST + 5)]
    assert [len(sent) for sent in server.sent] == [1] * MOST + [5]


async def test_closing_ends_whoever_waits(server: Echo, batches: Batches[str, str]) -> None:
    waits = asyncio.create_task(batches.answers("a", ["1"]))
    await turns()
    await batches.close()
    await asyncio.wait([waits])

    assert waits.cancelled()


async def test_half_a_character_fails_nobody_else(redis_url: str, prefix: str) -> None:
    async with open_database(redis_url) as database:
        good = asyncio.create_task(database.ask(("SET", f"{prefix}:a", "whole")))
        bad = asyncio.create_task(database.ask(("SET", f"{prefix}:b", "half \ud83d")))
        await asyncio.wait([good, bad])

    assert good.exception() is None
    assert isinstance(bad.exception(), ValueError)
