"""What of the scoreboard stands in Redis, and for how long."""

import json
from collections.abc import AsyncIterator

import pytest

from bot.storage.keys import Keys, Lifetimes
from bot.storage.open import Storage, StorageOptions, open_storage
from tests.contracts.scores import HERE, commits, seen
from tests.storage.residue import everything

LASTS = Lifetimes(observed=1_000, observations=3)


@pytest.fixture(params=["", "Zt3vQk8r0WmX5yLd7cHn2bFs9gJpA4eU"], ids=["plain", "sealed"])
async def storage(request: pytest.FixtureRequest, redis_url: str, prefix: str) -> AsyncIterator[Storage]:
    terms = StorageOptions(prefix=prefix, encryption_keys=request.param, lifetimes=LASTS)
    async with open_storage(redis_url, terms) as opened:
        yield opened


async def test_only_so_many_are_kept_and_the_oldest_go_first(storage: Storage) -> None:
    for number in range(5):
        await commits(storage, seen(f"t{number}"))
    records, times, _ = storage.keys.scores(0, HERE)

    assert [one.turn for one in await storage.scores.observations(HERE)] == ["t2", "t3", "t4"]
    assert await storage.database.ask(("HLEN", records), ("ZCARD", times)) == [3, 3]


def test_the_shards_of_a_cluster_share_the_room() -> None:
    alone, shared = Keys(prefix="x", shards=1), Keys(prefix="x", shards=64)

    assert alone.observations_kept(Lifetimes()) == 10_000
    assert shared.observations_kept(Lifetimes()) == 200


async def test_what_is_too_old_is_neither_shown_nor_kept(storage: Storage) -> None:
    await commits(storage, seen("old"), seen("new"))
    records, times, _ = storage.keys.scores(0, HERE)
    ((seconds, _),) = await storage.database.ask(("TIME",))
    await storage.database.ask(("ZADD", times, int(seconds) - LASTS.observed - 5, seen("old").id))

    assert [one.turn for one in await storage.scores.observations(HERE)] == ["new"]
    assert await storage.database.ask(("HEXISTS", records, seen("old").id)) == [0]


async def test_they_expire_with_the_last(storage: Storage) -> None:
    await commits(storage, seen())
    records, times, _ = storage.keys.scores(0, HERE)
    lasts = await storage.database.ask(("TTL", records), ("TTL", times))

    assert all(0 < one <= LASTS.observed for one in lasts)


async def test_whoever_has_left_stays_so(storage: Storage) -> None:
    await storage.scores.leave(HERE, "U1")

    assert await storage.database.ask(("TTL", storage.keys.scores(0, HERE)[2])) == [-1]


async def test_where_there_is_a_key_nothing_can_be_read_but_names(storage: Storage) -> None:
    await commits(storage, seen("t1", model="secret-model", over=("other-model",)))
    held = json.dumps(await everything(storage.database, storage.keys.prefix))

    assert ("secret-model" in held) is not storage.cipher.seals
    assert ("other-model" in held) is not storage.cipher.seals


async def test_a_record_that_stands_elsewhere_or_was_changed_is_left_out(storage: Storage) -> None:
    await commits(storage, seen("t1"), seen("t2"))
    records, _, _ = storage.keys.scores(0, HERE)
    (stored,) = await storage.database.ask(("HGET", records, seen("t1").id))
    put = stored if storage.cipher.seals else b"nonsense"
    await storage.database.ask(("HSET", records, seen("t2").id, put))

    assert list(await storage.scores.observations(HERE)) == [seen("t1")]
