"""The same words on the page, over its HTTP, against the product as it is run."""

import asyncio
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.e2e.company import Vendors, addresses, write_models
from tests.ops.product import PATIENCE, running
from tests.ops.test_running import growing, posts, send
from tests.providers.fake import HELLO, Babble, fake_vendor

CHAT = "chat-0000000001"
Post = dict[str, Any]

DECISIONS = frozenset({"approve", "decline", "always"})


@dataclass
class Page:
    """One conversation on the page."""

    http: aiohttp.ClientSession
    vendors: Vendors

    async def says(self, text: str) -> Post:
        """What stands below everything else when it is answered."""
        await send(self.http, CHAT, text)
        return await self.ends([])

    async def presses(self, control: Post, post: Post) -> Post:
        before = await posts(self.http, CHAT)
        await self.sends("buttons", action=control["action"], value=control["value"], message=post["id"])
        return await self.ends(before, below=post["id"] if control["action"] in DECISIONS else "")

    async def ends(self, before: list[Post], *, below: str = "") -> Post:
        """The last post, once something has changed and nothing grows any more."""
        async with asyncio.timeout(PATIENCE):
            while True:
                found = await posts(self.http, CHAT)
                if (
                    found != before
                    and all(map(done, found))
                    and not found[-1].get("person")
                    and found[-1]["id"] != below
                ):
                    return found[-1]
                await asyncio.sleep(0.02)

    async def sends(self, what: str, **body: str) -> None:
        url = f"/web/chats/{CHAT}/{what}"
        async with self.http.post(url, json={"id": uuid.uuid4().hex, **body}) as taken:
            assert taken.status == 200


@asynccontextmanager
async def page(folder: Path) -> AsyncGenerator[Page, None]:
    vendors = Vendors()
    write_models(folder)
    async with (
        fake_vendor(vendors),
        running(folder, **addresses(vendors)) as product,
        product.visitor() as client,
    ):
        yield Page(client, vendors)


def done(post: Post) -> bool:
    buttons = post.get("reply", {}).get("buttons", ())
    return bool(post.get("person")) or (
        ("closing" in post or "reply" in post) and not any(one["action"] == "stop" for one in buttons)
    )


def by(answer: Post) -> str:
    return str(answer["closing"]["footer"]).partition(" ")[0]


async def test_everything_that_can_be_typed_on_the_page(tmp_path: Path) -> None:
    async with page(tmp_path) as at:
        first = await at.says("my name is Ada")
        assert (first["text"].strip(), by(first)) == (HELLO, "gpt")
        picker = await at.says("/model")
        (choice,) = picker["reply"]["choices"]
        claude = next(one for one in choice["options"] if one["label"] == "claude")
        await at.presses({"action": choice["action"], "value": claude["value"]}, picker)
        assert by(await at.says("who am I?")) == "claude"
        assert "my name is Ada" in at.vendors.saw()
        assert by(await at.says("grok: and you?")) == "grok"
        assert by(await at.says("/ask gemini and you?")) == "gemini"
        assert "“gork” is not a model" in (await at.says("model gork"))["reply"]["text"]

        compared = await at.says("/compare gpt gemini: what is ink?")
        (board,) = [one for one in await posts(at.http, CHAT) if one["id"] == f"turn-{compared['turn']}"]
        keep = next(one for one in board["reply"]["buttons"] if one["label"] == "Keep gemini")
        await at.presses(keep, compared)
        assert by(await at.says("go on")) == "gemini"
        told = {word: (await at.says(word))["reply"] for word in ("memory", "usage", "help", "reset")}
        assert "6 questions" in told["memory"]["text"]
        assert told["usage"]["table"]["rows"][0][:2] == ["today", "6"]
        assert "`/compare NAME NAME: question`" in told["help"]["text"]
        await at.says("who am I?")
        assert "Ada" not in at.vendors.saw()
        assert "Erased 7 questions" in (await at.says("/forget"))["reply"]["text"]


async def test_stop_and_the_buttons_under_an_answer_on_the_page(tmp_path: Path) -> None:
    async with page(tmp_path) as at:
        at.vendors.plays["talk"] = (Babble(),)
        await send(at.http, CHAT, "talk")
        answer = await growing(at.http, CHAT)
        await at.sends("stop", turn=answer["turn"])
        stopped = await at.ends([])
        assert stopped["closing"]["notice"] == "Stopped."
        assert "on and" in stopped["text"]

        at.vendors.plays.clear()
        labels = {button["label"]: button for button in stopped["closing"]["buttons"]}
        again = await at.presses(labels["Regenerate"], stopped)
        assert again["text"].strip() == HELLO
        assert at.vendors.questions() == ["talk", "talk"]
        assert len(await posts(at.http, CHAT)) == 3


async def test_the_model_is_told_what_day_it_is_where_the_browser_is(tmp_path: Path) -> None:
    async with page(tmp_path) as at:
        await at.sends("messages", text="what day is it?", zone="Pacific/Auckland")
        await at.ends([])

        assert "(Pacific/Auckland)" in at.vendors.saw()
