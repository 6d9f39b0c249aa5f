"""How dead letters are kept: no more than so many, and nothing of them once they are gone."""

from bot.storage.keys import Lifetimes
from bot.storage.open import StorageOptions, open_storage
from tests.contracts.dead_letters import buried
from tests.events import message


async def test_no_more_than_so_many_are_kept_exactly(redis_url: str, prefix: str) -> None:
    terms = StorageOptions(prefix=prefix, lifetimes=Lifetimes(dead=3))
    async with open_storage(redis_url, terms) as storage:
        ids = [(await buried(storage)).id for _ in range(5)]

        assert [letter.id for letter in await storage.dead_letters.letters()] == ids[:1:-1]


async def test_of_a_letter_that_was_dropped_no_byte_stays(redis_url: str, prefix: str) -> None:
    async with open_storage(redis_url, StorageOptions(prefix=prefix)) as storage:
        letter = await buried(storage, message("canary-4711"))
        await buried(storage, message("another"))
        keys = storage.keys.dead(0), storage.keys.dead_times(0)
        before = await storage.database.ask(*(("DUMP", key) for key in keys))
        await storage.dead_letters.drop(letter.id)
        after = await storage.database.ask(*(("DUMP", key) for key in keys))

    assert b"canary" in b"".join(before)
    assert b"canary" not in b"".join(after)
    assert letter.id.encode() not in b"".join(after)
