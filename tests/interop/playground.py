"""Microsoft 365 Agents Playground (npm: @microsoft/m365agentsplayground), as people's client in a conversation.

It is looked for as `agentsplayground` on the PATH, or where the variable AGENTSPLAYGROUND says; tests skip where
there is none. Its terms allow evaluation only, so it is never part of this repository. To get it:
`npm install --prefix ~/playground @microsoft/m365agentsplayground@0.2.28`, then
AGENTSPLAYGROUND=~/playground/node_modules/.bin/agentsplayground.

It listens on all interfaces and reports home: so it runs with telemetry off, in a network of its own where the
system allows that. `python -m tests.interop.playground FOLDER [PHOTOS]` holds the conversation and prints what was
seen as JSON; `conversation` starts that.
"""

import asyncio
import json
import os
import re
import shutil
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from tests.ops.product import ROOT, running
from tests.web.browsing import CHROMIUM

PROGRAM = os.environ.get("AGENTSPLAYGROUND") or shutil.which("agentsplayground")
PATIENCE = 40.0
CHAT, GROUP, CHANNEL = "a:personal1", "19:group1@thread.v2", "19:general1@thread.tacv2"
PERSON, BOT = "29:ada", {"id": "28:app-1", "name": "Switchboard"}
MENTION = "<at>Switchboard</at>"
CONFIG = """
default = "magpie"

[[models]]
name = "magpie"
provider = "demo"
model = "magpie"

[[models]]
name = "parrot"
provider = "demo"
model = "parrot"
"""
PEOPLE = """
version: "0.1.1"
tenantId: 72f988bf-86f1-41af-91ab-2d7cd011db47
bot: {id: "28:app-1", name: Switchboard}
currentUser: {id: "29:ada", name: Ada, userPrincipleName: ada@example.com, aadObjectId: 7faf8ab2-3d56-4244-b585-20c8a42ed2b8, givenName: Ada, surname: L, email: ada@example.com}
users:
  - {id: "29:b", name: Bo, userPrincipleName: b@example.com, aadObjectId: 00000000-0000-4000-8000-000000000002, givenName: Bo, surname: B, email: b@example.com}
  - {id: "29:c", name: Cy, userPrincipleName: c@example.com, aadObjectId: 00000000-0000-4000-8000-000000000003, givenName: Cy, surname: C, email: c@example.com}
  - {id: "29:d", name: Di, userPrincipleName: d@example.com, aadObjectId: 00000000-0000-4000-8000-000000000004, givenName: Di, surname: D, email: d@example.com}
  - {id: "29:e", name: Ed, userPrincipleName: e@example.com, aadObjectId: 00000000-0000-4000-8000-000000000005, givenName: Ed, surname: E, email: e@example.com}
  - {id: "29:f", name: Fe, userPrincipleName: f@example.com, aadObjectId: 00000000-0000-4000-8000-000000000006, givenName: Fe, surname: F, email: f@example.com}
personalChat: {id: "a:personal1"}
groupChat: {id: "19:group1@thread.v2", name: Group}
team: {id: "19:team1@thread.tacv2", name: Team, aadGroupId: 00000000-0000-4000-8000-000000000009, channels: [{id: "19:general1@thread.tacv2", name: General}]}
"""  # fmt: skip

Frame = dict[str, Any]


@dataclass
class Playground:
    """A running one: what people do in it over HTTP, what they see as frames of its stream."""

    url: str
    http: aiohttp.ClientSession
    frames: list[Frame] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def up(self) -> None:
        """Waits until it answers: it says where it listens a moment before it does."""
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    async with self.http.get(f"{self.url}/_debug/ping") as response:
                        if response.status == 200:
                            return
                except aiohttp.ClientConnectionError:
                    await asyncio.sleep(0.1)

    async def say(self, text: str, where: str = CHAT) -> str:
        """Writes, outside of the one-to-one chat to the bot. Returns the conversation: in a channel the new thread."""
        mentions = [] if where == CHAT else [{"mentioned": BOT, "text": MENTION}]
        said = {
            "from": {"id": PERSON},
            "text": f"{MENTION} {text}" if mentions else text,
            "textFormat": "plain",
            "mentions": mentions,
        }
        answer = await self._post(f"/_conversation/v1/conversations/{where}/messages", said)
        return str(answer.get("postConversationId") or where)

    async def press(self, name: str, message: str, value: Mapping[str, Any], where: str = CHAT) -> Any:
        """An invoke; returns the body the bot answered with."""
        pressed = {"name": name, "replyToId": message, "value": value}
        return await self._post(
            "/_conversation/v1/invoke", pressed | {"from": {"id": PERSON}, "conversation": {"id": where}}
        )

    async def execute(self, card: Frame, title: str, where: str = CHAT, **chosen: str) -> Any:
        """Presses a card's button with this title."""
        (action,) = [one for one in _actions(card) if one["title"] == title]
        action = {**action, "data": {**action["data"], **chosen}}
        return await self.press("adaptiveCard/action", card["messageId"], {"action": action}, where)

    async def seen(self, found: Callable[[Frame], bool], *, where: str = CHAT, after: int = 0) -> Frame:
        """The first message there, new or changed, that fits, from this frame on."""
        at = after
        async with asyncio.timeout(PATIENCE):
            while True:
                for frame in self.frames[at:]:
                    here = str(frame.get("actionConversationId")).startswith(where)
                    if here and found(frame.get("message") or {}):
                        return dict(frame["message"])
                at = len(self.frames)
                self.came.clear()
                await self.came.wait()

    async def listen(self) -> None:
        async with self.http.ws_connect(f"{self.url}/_ws_conversation/v1/conversations/stream") as stream:
            async for message in stream:
                self.frames.append(json.loads(message.data))
                self.came.set()

    async def _post(self, path: str, body: Any) -> Any:
        async with self.http.post(self.url + path, json=body) as response:
            text = await response.text()
            assert response.status < 300, f"{path}: {response.status} {text[:300]}"
            return json.loads(text) if text.startswith(("{", "[")) else text


@asynccontextmanager
async def playing(folder: Path, endpoint: str) -> AsyncIterator[Playground]:
    (folder / ".m365agentsplayground.yml").write_text(PEOPLE, encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        str(PROGRAM), "start", "-e", endpoint, "-c", "msteams", "-p", "56150", "--conversation-id", CHAT,
        "--disable-telemetry",
        cwd=folder, stdout=PIPE,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "TEAMSAPPTESTER_BROWSER": "none"},
    )  # fmt: skip
    try:
        async with asyncio.timeout(PATIENCE):
            port = await _port(process)
        async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as tasks:
            playground = Playground(f"http://localhost:{port}", http)
            await playground.up()
            listening = tasks.create_task(playground.listen())
            await playground._post(f"/_debug/conversation/{CHAT}/installation", {})
            yield playground
            listening.cancel()
    finally:
        process.terminate()
        await process.wait()


async def _port(process: asyncio.subprocess.Process) -> int:
    """Where it listens: a taken port makes it silently choose another."""
    assert process.stdout
    async for line in process.stdout:
        if found := re.search(rb"Listening on (\d+)", line):
            return int(found[1])
    raise AssertionError("the playground ended before it listened")


def _actions(message: Frame) -> list[dict[str, Any]]:
    """The buttons of a message's card, at any depth."""
    found: list[dict[str, Any]] = []

    def walk(node: Any) -> None:
        if isinstance(node, list):
            for one in node:
                walk(one)
        elif isinstance(node, dict):
            if node.get("type") == "Action.Execute":
                found.append(node)
            for name, one in node.items():
                if name not in ("data", "fallback"):
                    walk(one)

    walk(message.get("attachments"))
    return found


async def _among_others(playground: Playground, where: str) -> dict[str, Any]:
    """A group chat or a channel: an answer that grows by edits, its buttons, its memory."""
    start = len(playground.frames)
    thread = await playground.say("My favourite moon is Titan. Write something long.", where)
    answer = await playground.seen(
        lambda m: "cable" in (m.get("text") or "") and (m["text"]).endswith("*"), where=where, after=start
    )
    card = await playground.seen(
        lambda m: "Regenerate" in [one["title"] for one in _actions(m)], where=where, after=start
    )
    grew, first = _shown(playground.frames, answer["messageId"]), len(playground.frames)
    pressed = await playground.execute(card, "Ask another model", thread)
    picker = await playground.seen(
        lambda m: "ChoiceSet" in json.dumps(m.get("attachments")), where=where, after=first
    )
    await playground.say("And which one did I name?", thread)
    remembered = await playground.seen(
        lambda m: "You asked before" in (m.get("text") or "") and m["text"].endswith("*"),
        where=where,
        after=first,
    )
    return {
        "answer": answer,
        "first": grew[0],
        "grew": [len(one.get("text") or "") for one in grew],
        "pressed": pressed,
        "picker": picker,
        "remembered": remembered,
    }


async def converse(folder: Path, photos: Path | None) -> dict[str, Any]:
    """A whole conversation: hello, a streamed answer, a thumb, another model from the card, what is remembered."""
    (folder / "switchboard.toml").write_text(CONFIG, encoding="utf-8")
    settings = {"TEAMS_PLAYGROUND": "1", "SWITCHBOARD_CONFIG": str(folder / "switchboard.toml")}
    async with (
        running(folder, **settings) as product,
        playing(folder, f"{product.public}/api/messages") as playground,
    ):
        seen: dict[str, Any] = {
            "hello": await playground.seen(lambda m: "Switchboard" in (m.get("text") or ""))
        }
        await playground.say("My favourite moon is Titan. Write something long.")
        answer = await playground.seen(lambda m: bool(m.get("aiEntity")) and "cable" in (m.get("text") or ""))
        seen["answer"] = answer
        seen["grew"] = [len(one["text"] or "") for one in _shown(playground.frames, answer["messageId"])]
        thumb = {"actionName": "feedback", "actionValue": {"reaction": "like", "feedback": "good"}}
        seen["thumb"] = await playground.press("message/submitAction", answer["messageId"], thumb)
        await playground.say("/model")
        card = await playground.seen(lambda m: "ChoiceSet" in json.dumps(m.get("attachments")))
        seen["card"] = card
        seen["pressed"] = await playground.execute(card, "Use this model", choice0="me parrot")
        seen["picked"] = await playground.seen(
            lambda m: m.get("messageId") == card["messageId"] and "from now on" in json.dumps(m)
        )
        await playground.say("And which one did I name?")
        seen["remembered"] = await playground.seen(
            lambda m: bool(m.get("aiEntity")) and "You asked before" in (m.get("text") or "")
        )
        seen["group"] = await _among_others(playground, GROUP)
        seen["channel"] = await _among_others(playground, CHANNEL)
        if photos:
            await _photographed(playground, photos)
        return seen


def _shown(frames: list[Frame], message: str) -> list[Frame]:
    """The message each time it was shown."""
    return [frame["message"] for frame in frames if (frame.get("message") or {}).get("messageId") == message]


async def _photographed(playground: Playground, folder: Path) -> None:
    """For people only: what the conversation looks like."""
    from playwright.async_api import async_playwright  # noqa: PLC0415 - only where photographs are wanted

    async with async_playwright() as player:
        browser = await player.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--no-first-run"]
        )
        page = await browser.new_page(viewport={"width": 1200, "height": 1400})
        await page.goto(playground.url)
        box = page.locator("[contenteditable=true]").first
        await box.wait_for()
        for text in (
            "Write something long, with a table",
            "Show me code",
            "/compare magpie parrot: a table of moons",
            "/model",
            "/help",
        ):
            await box.click()
            await page.keyboard.type(text)
            await page.keyboard.press("Enter")
            await page.wait_for_timeout(8000)
            await page.screenshot(path=folder / f"chat {text.partition(' ')[0].strip('/')} {len(text)}.png")
        await page.set_viewport_size({"width": 1400, "height": 1400})  # with the list of conversations
        for name in ("Group", "General"):
            await page.get_by_text(name, exact=True).last.click()
            await page.wait_for_timeout(1000)
            await page.locator("[contenteditable=true]").first.click()
            await page.keyboard.type(f"@{BOT['name'][:4]}")
            await page.wait_for_timeout(1000)  # until names are offered, the last of the page
            await page.get_by_text(BOT["name"], exact=True).last.click()
            await page.keyboard.type(" Show me a list")
            post = page.get_by_role("button", name="Post")
            await (post.click() if await post.count() else page.keyboard.press("Enter"))
            await page.wait_for_timeout(6000)
            await page.screenshot(path=folder / f"{name}.png")
        await browser.close()


async def conversation(folder: Path) -> dict[str, Any]:
    """Holds the conversation in a process of its own, without a way off this machine where that can be had."""
    program = [sys.executable, "-m", "tests.interop.playground", str(folder)]
    if await _may_unshare():
        program = ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *program]
    process = await asyncio.create_subprocess_exec(*program, cwd=ROOT, stdout=PIPE, stderr=PIPE)
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()[-3000:]
    seen: dict[str, Any] = json.loads(out)
    return seen


async def _may_unshare() -> bool:
    if not (shutil.which("unshare") and shutil.which("ip")):
        return False
    process = await asyncio.create_subprocess_exec("unshare", "-n", "true", stderr=PIPE)
    await process.communicate()
    return process.returncode == 0


def main(folder: str, photos: str = "") -> None:
    seen = asyncio.run(converse(Path(folder), Path(photos) if photos else None))
    sys.stdout.write(json.dumps(seen))


if __name__ == "__main__":
    main(*sys.argv[1:])
