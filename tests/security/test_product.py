"""The running product, with a canary in every secret it is given: none of them sings anywhere, whatever is thrown at
its doors; and what people write stays out of the log.
"""

import asyncio
import json
import re
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.delivery.pacing import WallClock
from tests.ops.product import Product, running
from tests.slack.fake import events
from tests.slack.fake.delivery import Http
from tests.slack.fake.server import FakeSlack, fake_slack
from tests.slack.fake.world import Message
from tests.teams.fake import FakeTeams
from tests.teams.rooms import Room

CONFIG = """
default = "toy"

[providers.toys]
dialect = "demo"

[[models]]
name = "toy"
provider = "toys"
model = "demo"
"""
CANARIES = {
    "SLACK_BOT_TOKEN": "xoxb-canary-slack-token",
    "SLACK_SIGNING_SECRET": "canary-slack-signing-secret",
    "TEAMS_APP_PASSWORD": "canary~teams.app password/+=",
    "OPENAI_API_KEY": "canary-openai-key-without-a-pattern",
    "ANTHROPIC_API_KEY": "canary anthropic key",
    "SWITCHBOARD_ENCRYPTION_KEY": "canary-encryption-key-of-more-than-32-characters",
}
WORDS = "the merger with Initech closes on Friday"


@dataclass
class Gossip:
    """A vendor that quotes the key it refuses, and everything else it was sent."""

    url: str = ""
    asked: int = 0

    async def answer(self, request: web.Request) -> web.Response:
        self.asked += 1
        sent = {**request.headers, "body": await request.text()}
        said = f"Incorrect API key provided: {sent.get('Authorization')} {sent.get('x-api-key')}. You sent: {sent}"
        return web.json_response({"error": {"message": said, "code": "invalid_api_key"}}, status=401)


@dataclass
class Town:
    """The product, Slack and Teams around it, and everything that came out of its doors."""

    product: Product
    slack: FakeSlack
    teams: FakeTeams
    http: aiohttp.ClientSession
    gossip: Gossip
    heard: list[str] = field(default_factory=list)

    @property
    def events(self) -> Http:
        return self.slack.http(f"{self.product.public}/slack/events", CANARIES["SLACK_SIGNING_SECRET"])

    async def ask(self, method: str, url: str, **more: Any) -> int:
        async with self.http.request(method, url, allow_redirects=False, **more) as answer:
            self.heard.append(f"{dict(answer.headers)} {await answer.text(errors='replace')}")
            return answer.status

    async def in_slack(self, text: str) -> None:
        world, team = self.slack.slack, self.slack.slack.teams["T1"]
        said = events.said(world, world.channels["D1"], "U1", text)
        assert (
            await self.events.event(events.envelope(world, team, events.message(world, said)))
        ).status == 200
        await until(lambda: any(one.thread_ts == said.ts for one in self.posted()))

    async def in_teams(self, room: Room, text: str) -> None:
        before = len(room.said())
        assert (await self.teams.say(room, text)).status == 200
        await until(lambda: len(room.said()) > before)

    async def on_the_page(self, text: str) -> None:
        chat = f"{self.product.public}/web/chats/{secrets.token_hex(12)}"
        assert (
            await self.ask("POST", f"{chat}/messages", json={"id": secrets.token_hex(12), "text": text})
            == 200
        )

        async def answered() -> bool:
            await self.ask("GET", chat)
            return '"closing"' in self.heard[-1] or '"reply"' in self.heard[-1]

        async with asyncio.timeout(30):
            while not await answered():  # noqa: ASYNC110 - another process answers
                await asyncio.sleep(0.05)

    async def done(self, *, turns: int) -> None:
        """Waits until so many turns have ended."""

        async def ended() -> int:
            await self.ask("GET", f"{self.product.admin}/metrics")
            return sum(map(int, re.findall(r"turn_seconds_count\{.*?\} (\d+)", self.heard[-1])))

        async with asyncio.timeout(30):
            while await ended() < turns:  # noqa: ASYNC110 - another process answers
                await asyncio.sleep(0.05)

    def posted(self) -> list[Message]:
        return [one for one in self.slack.slack.channels["D1"].messages.values() if one.bot_id]

    def everything(self) -> str:
        """All that left the process: its log, its page, what its doors answered, what it posted."""
        posted = [str(one) for one in self.posted()]
        posted += [json.dumps(call.sent) for call in self.teams.connector.calls]
        return "\n".join([self.product.log, self.product.page, *self.heard, *posted])


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - another process makes it so
            await asyncio.sleep(0.02)


@asynccontextmanager
async def town(folder: Path, level: str) -> AsyncIterator[Town]:
    gossip = Gossip()
    async with AsyncExitStack() as stack:
        teams = FakeTeams()
        teams.issuer.registration.secret = CANARIES["TEAMS_APP_PASSWORD"]
        await stack.enter_async_context(teams)
        slack = await stack.enter_async_context(fake_slack(clock=WallClock()))
        slack.slack.add_team("T1", token=CANARIES["SLACK_BOT_TOKEN"])
        slack.slack.add_person("U1", "T1")
        slack.slack.add_channel("D1", "T1", kind="im", user="U1")
        gossip.url = await teams.serve([web.route("*", "/{path:.*}", gossip.answer)])
        settings = {
            **teams.environment(),
            "SLACK_API_URL": slack.api_url,
            "OPENAI_BASE_URL": gossip.url,
            "ANTHROPIC_BASE_URL": gossip.url,
            "SWITCHBOARD_LOG_LEVEL": level,
            "SWITCHBOARD_PAGE": "on",
            **CANARIES,
        }
        (folder / "switchboard.toml").write_text(CONFIG)
        product = await stack.enter_async_context(running(folder, **settings))
        teams.bot_url = product.public
        http = await stack.enter_async_context(product.visitor())
        yield Town(product=product, slack=slack, teams=teams, http=http, gossip=gossip)


async def misbehave(at: Town) -> list[int]:
    """Everything a stranger can think of, at every door. Returns the answers' status."""
    listeners = [f"{at.product.public}/slack/events", f"{at.product.public}/api/messages"]
    chat = f"{at.product.public}/web/chats/{secrets.token_hex(8)}"
    listeners += [f"{chat}/messages", f"{chat}/buttons", f"{chat}/stop"]
    bodies = [
        b"",
        b"{",
        b"[]",
        b"null",
        b"1" * 5_000,
        b"[" * 100_000,
        b'{"a":' * 20_000,
        b"\xff\xfe\x00",
        b'{"text":"\\ud800"}',
        b'{"type":"message","conversation":{"id":"\\udfff"},"from":{}}',
        b"payload=%7B%7D&payload=x",
        b"a=1&" * 5_000,
        b"x" * (1 << 20),
        b"x" * ((1 << 20) + 1),
    ]
    kinds = [
        "application/json",
        "application/x-www-form-urlencoded",
        "text/plain",
        "multipart/form-data",
        "x",
    ]
    status = []
    for door in listeners:
        for body in bodies:
            for kind in kinds if len(body) < 1 << 20 else kinds[:1]:
                headers = {"Content-Type": kind, "Authorization": "Bearer a.b.c"}
                status.append(await at.ask("POST", door, data=BytesIO(body), headers=headers))
    for name in (
        "Authorization",
        "X-Slack-Signature",
        "X-Slack-Request-Timestamp",
        "Host",
        "Origin",
        "Cookie",
    ):
        for value in ("", "é", "9" * 4_000, "-1", "Bearer", "v0=é"):
            status += [
                await at.ask("POST", door, data=b"{}", headers={name: value}) for door in listeners[:3]
            ]
    return status


async def signed_nonsense(at: Town) -> list[int]:
    """The same, by somebody who holds the key."""
    bodies = [
        b"{}",
        b'{"type":"event_callback","event":{"type":"message"}}',
        b'{"type":"event_callback","event":{"type":"message","channel":1,"ts":[],"user":{}}}',
        b'{"type":"event_callback","event":{"type":"reaction_added","item":3,"item_user":"UBOT1"}}',
        b'{"type":"event_callback","event":[]}',
        b'{"type":"block_actions","actions":[{"action_id":"pick.0"}],"user":[]}',
        b'{"type":"view_submission","view":{"callback_id":"vote_reason","private_metadata":"{"}}',
        b'{"type":"message_action"}',
        b'{"command":"/model","text":"\\ud800"}',
        b"[" * 1_000,
    ]
    return [(await at.events.raw(body, content_type="application/json")).status for body in bodies]


@pytest.mark.skipif(find_spec("adapters.teams") is None, reason="adapters/teams is not there")
@pytest.mark.parametrize("level", ["debug", "info"])
async def test_no_secret_gets_out_and_nobody_is_answered_500(tmp_path: Path, level: str) -> None:
    async with town(tmp_path, level) as at:
        async with asyncio.TaskGroup() as group:
            for text in (WORDS, f"gpt: {WORDS}", f"/compare claude gpt: {WORDS}", "/model", "error"):
                group.create_task(at.in_slack(text))
                group.create_task(at.in_teams(at.teams.personal(f"a:{len(text)}"), text))
                group.create_task(at.on_the_page(text))
        await at.done(turns=15)
        strange = await misbehave(at)
        nonsense = await signed_nonsense(at)
        for path in ("metrics", "readyz", "healthz"):
            await at.ask("GET", f"{at.product.admin}/{path}")
            assert await at.ask("GET", f"{at.product.public}/{path}") == (200 if path == "healthz" else 404)
        everything, log = at.everything(), at.product.log

    key = at.product.address.rpartition("=")[2]
    assert key in at.product.page
    assert key not in "\n".join([log, *at.heard])
    assert at.gossip.asked >= 6
    assert set(strange) <= {400, 401, 403, 413, 415}
    assert set(nonsense) <= {200, 400}
    for name, canary in CANARIES.items():
        assert canary not in everything, name
        assert canary.strip("/+=") not in everything, name
    assert "canary" not in everything
    assert '"level": "error"' not in log
    if level == "info":
        assert WORDS not in log
        assert "Initech" not in log
