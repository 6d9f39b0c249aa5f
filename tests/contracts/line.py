"""What the line of waiting conversations promises: workspaces and people are served in turn, nobody has too many in hand.

For one shard. On a cluster every shard has a line of its own.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence

from bot.domain.claims import Claim, Outcome, QueueEntry
from bot.domain.events import Author
from bot.storage.open import Storage
from tests.contracts.leases import PATIENCE
from tests.events import ANN, BOB, message, thread


async def ask(storage: Storage, author: Author, *conversations: str, workspace: str = "T") -> None:
    for name in conversations:
        await storage.inbox.put(message(where=thread(name, workspace=workspace), author=author))


async def handed(storage: Storage, limit: int) -> Sequence[QueueEntry]:
    return await storage.leases.ready(limit)


async def claimed(storage: Storage, limit: int) -> list[Claim]:
    claims = [await storage.leases.claim(entry) for entry in await handed(storage, limit)]
    return [claim for claim in claims if claim is not None]


def names(claims: Sequence[Claim]) -> list[str]:
    return [claim.event.thread.thread for claim in claims]


class LineContract:
    """`storage` lets a person have two conversations in hand; `rival` is another worker's side."""

    async def test_people_are_served_in_turn(self, storage: Storage) -> None:
        await ask(storage, ANN, "a1", "a2", "a3")
        await ask(storage, BOB, "b1", "b2")

        assert names(await claimed(storage, 4)) == ["a1", "b1", "a2", "b2"]

    async def test_workspaces_are_served_in_turn(self, storage: Storage) -> None:
        for number in range(6):
            await ask(storage, Author(id=f"P{number}", name=""), f"big{number}", workspace="BIG")
        await ask(storage, ANN, "small1", "small2", workspace="SMALL")

        assert names(await claimed(storage, 4)) == ["big0", "small1", "big1", "small2"]

    async def test_nobody_has_more_in_hand_than_one_may(self, storage: Storage, rival: Storage) -> None:
        await ask(storage, ANN, "a1", "a2", "a3", "a4")
        first = await claimed(storage, 10)
        await ask(storage, BOB, "b1")

        assert names(first) == ["a1", "a2"]
        assert names(await claimed(rival, 10)) == ["b1"]
        await storage.leases.commit(first[0], Outcome())
        assert names(await claimed(rival, 10)) == ["a3"]

    async def test_commands_do_not_wait_for_a_persons_own_questions(self, storage: Storage) -> None:
        await ask(storage, ANN, "a1", "a2", "a3")
        await claimed(storage, 10)
        for number, text in enumerate(("/model grok", "/help")):
            await storage.inbox.put(message(text, where=thread(f"c{number}")))
        await storage.inbox.put(message("/ask grok why", where=thread("q")))

        assert names(await claimed(storage, 10)) == ["c0", "c1"]

    async def test_a_person_whose_answers_are_put_off_may_ask_others(self, storage: Storage) -> None:
        await ask(storage, ANN, "a1", "a2", "a3")
        for claim in await claimed(storage, 10):
            await storage.leases.retry(claim, seconds=60)

        assert names(await claimed(storage, 10)) == ["a3"]

    async def test_two_people_of_one_name_in_two_workspaces_are_two(self, storage: Storage) -> None:
        await ask(storage, ANN, "a1", "a2", "a3", workspace="ONE")
        await ask(storage, ANN, "b1", "b2", "b3", workspace="TWO")

        counted = Counter(claim.event.thread.workspace for claim in await claimed(storage, 10))
        assert counted == {"ONE": 2, "TWO": 2}

    async def test_a_worker_that_waits_hears_of_work_at_once(self, storage: Storage, rival: Storage) -> None:
        async def listen() -> None:
            async for _ in rival.leases.stops():
                pass

        async with asyncio.TaskGroup() as group:
            listening = group.create_task(listen())
            while not await self._hears(storage, rival):
                pass
            listening.cancel()

    async def _hears(self, storage: Storage, rival: Storage) -> bool:
        """Whether the bell was heard in a second: its subscription may still be on its way."""
        waiting = asyncio.create_task(rival.leases.ready(1))
        await asyncio.sleep(0.05)
        await ask(storage, ANN, f"c{id(waiting)}")
        done, _ = await asyncio.wait([waiting], timeout=1)
        found = await waiting
        for entry in found:
            if claim := await rival.leases.claim(entry):
                await rival.leases.commit(claim, Outcome())
        return bool(done and found)

    async def test_what_was_served_leaves_nothing_behind(self, storage: Storage) -> None:
        for number in range(100):
            author = Author(id=f"P{number % 7}", name="")
            await ask(storage, author, f"c{number}", workspace=f"W{number % 3}")
        handled: list[str] = []
        async with asyncio.timeout(PATIENCE):
            while len(handled) < 100:
                for number, claim in enumerate(await claimed(storage, 8)):
                    if number % 3 == 1:
                        await storage.leases.release(claim)
                        continue
                    await storage.leases.commit(claim, Outcome())
                    handled += names([claim])
        desk = await storage.database.ask(
            *(("HKEYS", storage.keys.line(s)[4]) for s in range(storage.keys.shards))
        )

        assert len(set(handled)) == 100
        assert {field for fields in desk for field in fields} == {b"life"}
