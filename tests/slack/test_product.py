"""The whole product in Slack: a process of its own, its own Redis, the demo model, and a person who writes."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.pacing import WallClock
from tests.ops.product import Product, running
from tests.slack.fake import events, reading
from tests.slack.fake.delivery import Http
from tests.slack.fake.server import APP_TOKEN, SECRET, FakeSlack, fake_slack
from tests.slack.fake.world import Json, Message, Slack, Team

TOKEN = "xoxb-1"


@dataclass
class Office:
    """A workspace with the running product in it."""

    fake: FakeSlack
    product: Product
    socket: bool

    @property
    def slack(self) -> Slack:
        return self.fake.slack

    @property
    def team(self) -> Team:
        return self.slack.teams["T1"]

    @property
    def http(self) -> Http:
        return self.fake.http(f"{self.product.public}/slack/events")

    async def deliver(self, kind: str, payload: Json) -> None:
        if self.socket:
            assert await self.fake.sockets.deliver(kind, payload) is not None
        elif kind == "events_api":
            assert (await self.http.event(payload)).status == 200
        elif kind == "slash_commands":
            assert (await self.http.command(payload)).status == 200
        else:
            assert (await self.http.interaction(payload)).status == 200

    async def say(self, text: str, *, channel: str = "C1", thread: str = "") -> Message:
        """Ada writes; Slack delivers both twins of a mention."""
        said = events.said(self.slack, self.slack.channels[channel], "U1", text, thread=thread)
        await self.deliver(
            "events_api", events.envelope(self.slack, self.team, events.message(self.slack, said))
        )
        if f"<@{self.team.bot_user}>" in text and channel != "D1":
            twin = events.mention(self.slack, said)
            await self.deliver("events_api", events.envelope(self.slack, self.team, twin))
        return said

    def ours(self, channel: str = "C1") -> list[Message]:
        return [one for one in self.slack.channels[channel].messages.values() if one.bot_id]

    async def until(self, claim: Callable[[], bool]) -> None:
        """Waits until something is so, looking whenever a message changes."""
        changed = asyncio.Event()
        self.slack.watchers.append(lambda message: changed.set())
        async with asyncio.timeout(20):
            while not claim():
                await changed.wait()
                changed.clear()

    async def answered(self, thread: str, channel: str = "C1", count: int = 1) -> list[Message]:
        """The finished answers in a thread."""

        def done() -> list[Message]:
            return [one for one in self.ours(channel) if one.thread_ts == thread and reading.footer(one)]

        await self.until(lambda: len(done()) >= count)
        return done()


@asynccontextmanager
async def office(folder: Path, *, socket: bool = False, agent: bool = True) -> AsyncGenerator[Office, None]:
    async with fake_slack(clock=WallClock()) as fake:
        fake.slack.add_team("T1", token=TOKEN, agent=agent)
        fake.slack.add_person("U1", "T1")
        fake.slack.add_channel("C1", "T1")
        fake.slack.add_channel("D1", "T1", kind="im", user="U1")
        door = {"SLACK_APP_TOKEN": APP_TOKEN} if socket else {"SLACK_SIGNING_SECRET": SECRET}
        settings = {"SLACK_API_URL": fake.api_url, "SLACK_BOT_TOKEN": TOKEN, **door}
        async with running(folder, **settings) as product:
            yield Office(fake, product, socket)


@pytest.mark.parametrize("door", ["http", "socket"])
async def test_a_thread_with_the_bot_from_mention_to_switch(tmp_path: Path, door: str) -> None:
    async with office(tmp_path, socket=door == "socket") as at:
        first = await at.say(f"<@{at.team.bot_user}> hello there")
        (answer,) = await at.answered(first.ts)
        await at.say("and a second question without a mention", thread=first.ts)
        answers = await at.answered(first.ts, count=2)

        assert "hello there" in reading.text(answer)
        assert reading.footer(answer).startswith("demo")
        assert "Regenerate" in reading.buttons(answer)
        assert "hello there" in reading.text(answers[1]) or "second question" in reading.text(answers[1])
        assert len([one for one in at.ours() if one.thread_ts == first.ts]) == 2


async def test_a_command_and_its_button(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        channel = at.slack.channels["C1"]
        fields = events.command(at.slack, at.team, channel, "U1", command="/model", text="")
        await at.deliver("slash_commands", dict(fields))
        await at.until(lambda: bool([one for one in channel.messages.values() if one.seen_by]))
        (picker,) = [one for one in channel.messages.values() if one.seen_by]

        assert "demo" in reading.options(picker)
        assert reading.live(picker) == []


async def test_stop_ends_an_answer_and_says_so(tmp_path: Path) -> None:
    async with office(tmp_path, agent=False) as at:
        asked = await at.say("tell me something long and slow", channel="D1")
        await at.until(lambda: any("Stop" in reading.buttons(one) for one in at.ours("D1")))
        (growing,) = at.ours("D1")
        element = next(one for one in reading.controls(growing) if one["text"]["text"] == "Stop")
        payload = events.pressed(at.slack, at.team, "U1", on=growing, element=element)
        await at.deliver("interactive", payload)
        (stopped,) = await at.answered(asked.ts, "D1")

        assert "topped" in reading.text(stopped)
        assert "Stop" not in reading.buttons(stopped)
