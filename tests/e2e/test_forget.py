"""A company says a word that must not stay: in Slack, in a message that nobody could answer, and on the page. After
/forget it is looked for in every key and every value of the running product's Redis.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from adapters.web.inbound.events import thread_key
from bot.domain.events import ThreadKey
from bot.storage.connection import Database
from bot.storage.embedded import embedded_server
from tests.e2e.company import Company, company
from tests.e2e.test_page import CHAT, Page
from tests.ops.product import command
from tests.ops.test_running import posts
from tests.slack.fake import reading
from tests.storage.residue import everything, looking_at, residue

KEY = "Zt3vQk8r0WmX5yLd7cHn2bFs9gJpA4eU"
WORD = "tangerine"
PATIENCE = 30.0  # seconds


@asynccontextmanager
async def living(folder: Path, key: str) -> AsyncGenerator[tuple[Company, Database], None]:
    sealed: dict[str, Any] = {"SWITCHBOARD_ENCRYPTION_KEY": key} if key else {}
    async with (
        company(folder, SWITCHBOARD_PAGE="on", **sealed) as co,
        embedded_server(folder / "data") as url,
        looking_at(url) as database,
    ):
        yield co, database


async def left(database: Database, *words: str, besides: Sequence[str] = ()) -> dict[str, list[str]]:
    """What is found once a turn has ended: its receipt is seen a moment before it is committed."""
    found: dict[str, list[str]] = {}
    try:
        async with asyncio.timeout(PATIENCE / 3):
            while True:
                found = await residue(database, *words)
                found = {key: words for key, words in found.items() if not any(one in key for one in besides)}
                if not found:
                    return {}
                await asyncio.sleep(0.05)
    except TimeoutError:
        return found


async def cannot_be_answered(co: Company, database: Database, text: str, thread: str) -> None:
    """Slack refuses whatever the bot says, until the message is given up."""
    methods = ("chat.postMessage", "chat.startStream", "chat.update", "chat.postEphemeral")
    co.at.fake.api.refuses = dict.fromkeys(methods, "invalid_arguments")
    await co.at.say(text, thread=thread)
    async with asyncio.timeout(PATIENCE):
        while not any(":dead" in key for key in await everything(database)):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)
    co.at.fake.api.refuses = {}


@pytest.mark.parametrize("key", ["", KEY], ids=["plain", "sealed"])
async def test_nothing_of_a_thread_stays_in_redis(tmp_path: Path, key: str) -> None:
    async with living(tmp_path, key) as (co, database):
        thread = (await co.ask(f"{co.bot} what is a {WORD}?")).thread_ts
        await co.ask("and its price?", thread=thread, user="U2")
        await co.at.told(f"{co.bot} model claude --thread", thread=thread)
        await cannot_be_answered(co, database, f"{co.bot} is {WORD} the merger's name?", thread)
        where = ThreadKey(platform="slack", workspace="T1", channel="C1", thread=thread)
        words = (WORD, thread, where.digest, "claude")
        before = await residue(database, *words)
        receipt = reading.text(await co.at.told(f"{co.bot} forget", thread=thread))

        assert any(":dead" in name for name in before)
        assert bool(key) is not any(WORD in found for found in before.values())
        # When it was erased, so that it is not read from Slack again; how models did everywhere, whoever asked.
        assert await left(database, *words, besides=[":e:", ":traffic"]) == {}
        assert await left(database, WORD, thread, "claude", besides=[":traffic"]) == {}
        for said in (
            "Erased 2 questions",
            "What was picked",
            "do not follow this thread",
            "delete them there",
        ):
            assert said in receipt
        co.vendors.asked.clear()
        await co.ask(f"{co.bot} who are you?", thread=thread)
        assert by_gpt(co)


def by_gpt(co: Company) -> bool:
    """Nobody picked another model any more, and nothing stored came along."""
    return [one.dialect for one in co.vendors.asked] == ["openai-chat"]


@pytest.mark.parametrize("key", ["", KEY], ids=["plain", "sealed"])
async def test_on_the_page_the_receipt_stays_and_nothing_else(tmp_path: Path, key: str) -> None:
    async with (
        living(tmp_path, key) as (co, database),
        co.product.visitor() as http,
    ):
        page = Page(http, co.vendors)
        await page.says(f"what is a {WORD}?")
        await page.says("/model claude")
        async with http.patch(f"/web/chats/{CHAT}", json={"title": f"The {WORD}"}) as renamed:
            assert renamed.status == 200
        receipt = await page.says("/forget")
        digest = thread_key(CHAT).digest

        assert await left(database, WORD, digest) == {}
        assert await left(database, CHAT, besides=[":w:"]) == {}
        said = [post.get("text") or post["reply"]["text"] for post in await posts(http, CHAT)]
        assert said == ["/forget", receipt["reply"]["text"]]
        assert "The messages above are erased." in said[1]
        async with http.get("/web/chats") as listed:
            assert [(chat["id"], chat.get("title", "")) for chat in await listed.json()] == [(CHAT, "")]
        await page.says("a new question")
        async with http.get("/web/chats") as listed:
            assert (await listed.json())[0]["title"] == "a new question"

        async with http.delete(f"/web/chats/{CHAT}") as deleted:
            assert deleted.status == 200
        assert await left(database, WORD, digest, "a new question") == {}
        assert await left(database, CHAT, besides=[f":w:{CHAT}:gone", ":w:log"]) == {}


async def test_a_conversation_deleted_while_it_is_answered_stays_deleted(tmp_path: Path) -> None:
    async with (
        living(tmp_path, "") as (co, database),
        co.product.visitor() as http,
    ):
        page = Page(http, co.vendors)
        await page.says("hello")
        await page.sends("messages", text=f"talk about the {WORD}")
        async with http.delete(f"/web/chats/{CHAT}") as deleted:
            assert deleted.status == 200

        assert await left(database, WORD, thread_key(CHAT).digest) == {}


async def test_in_the_terminal_too_the_receipt_is_read(tmp_path: Path) -> None:
    ended = await command(tmp_path, "chat", stdin="/forget\n")

    assert (ended.code, ended.err) == (0, "")
    assert "Nothing to erase" in ended.out
