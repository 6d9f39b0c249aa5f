"""Both boards, the one on Redis and the tests' own in memory, keep the same promises."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace

import pytest

from bot.page_ports import Timeline
from bot.storage.connection import Database
from bot.storage.keys import Keys
from bot.storage.open import StorageOptions, open_storage
from tests.contracts.timeline import ASKED, CHAT, CLOSED, BoardContract, changes
from tests.web.memory import MemoryBoard

KEY = "Zt3vQk8r0WmX5yLd7cHn2bFs9gJpA4eU"


class TestMemoryBoard(BoardContract):
    @pytest.fixture
    def timeline(self) -> Timeline:
        return MemoryBoard(silence=0.05)


class TestRedisBoard(BoardContract):
    @pytest.fixture(params=["", KEY], ids=["plain", "sealed"])
    async def timeline(
        self, request: pytest.FixtureRequest, redis_url: str, prefix: str
    ) -> AsyncIterator[Timeline]:
        async with open_storage(
            redis_url, StorageOptions(prefix=prefix, encryption_keys=request.param)
        ) as storage:
            yield storage.timeline

    async def test_changes_too_long_ago_are_lost(self, redis_url: str, prefix: str) -> None:
        async with open_storage(redis_url, StorageOptions(prefix=prefix)) as storage:
            await storage.timeline.post(CHAT, *(replace(ASKED, id=f"asked-{n:05}") for n in range(5_000)))

            async with aclosing(storage.timeline.watch("1")) as watched:
                assert (await changes(watched, 1))[0].kind == "lost"

    async def test_nothing_of_a_deleted_conversation_stays_in_redis(
        self, redis_url: str, prefix: str
    ) -> None:
        async with open_storage(redis_url, StorageOptions(prefix=prefix)) as storage:
            await storage.timeline.post(CHAT, replace(ASKED, text="canary question"), CLOSED)
            await storage.timeline.delete(CHAT)

            assert "canary" not in str(await kept(storage.database, storage.keys))

    async def test_with_a_key_no_words_are_readable_in_redis(self, redis_url: str, prefix: str) -> None:
        terms = StorageOptions(prefix=prefix, encryption_keys=KEY)
        async with open_storage(redis_url, terms) as storage:
            await storage.timeline.post(CHAT, replace(ASKED, text="canary question"))
            await storage.timeline.rename(CHAT, "canary title")

            assert "canary" not in str(await kept(storage.database, storage.keys))


async def kept(database: Database, keys: Keys) -> list[object]:
    """Everything under the board's keys."""
    log, titles, posts = keys.timeline("log"), keys.timeline("titles"), keys.timeline("posts", CHAT)
    return await database.ask(("XRANGE", log, "-", "+"), ("HGETALL", titles), ("HGETALL", posts))
