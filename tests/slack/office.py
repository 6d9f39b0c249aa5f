"""The whole product in a fake Slack: a process of its own, its own Redis, and a person who writes and presses."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.delivery.pacing import WallClock
from tests.ops.product import Product, running
from tests.slack.fake import events, reading
from tests.slack.fake.blocks import menu_groups
from tests.slack.fake.delivery import Http
from tests.slack.fake.server import APP_TOKEN, SECRET, FakeSlack, fake_slack
from tests.slack.fake.world import Json, Message, Slack, Team

TOKEN = "xoxb-1"


@dataclass
class Office:
    """A workspace with the running product in it; `settings` are what the product was given."""

    fake: FakeSlack
    product: Product
    socket: bool
    settings: Mapping[str, str]

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

    async def say(self, text: str, *, channel: str = "C1", thread: str = "", user: str = "U1") -> Message:
        """Ada writes, or somebody else; Slack delivers both twins of a mention."""
        said = events.said(self.slack, self.slack.channels[channel], user, text, thread=thread)
        await self.deliver(
            "events_api", events.envelope(self.slack, self.team, events.message(self.slack, said))
        )
        if f"<@{self.team.bot_user}>" in text and channel != "D1":
            twin = events.mention(self.slack, said)
            await self.deliver("events_api", events.envelope(self.slack, self.team, twin))
        return said

    async def told(self, text: str, *, channel: str = "C1", thread: str = "") -> Message:
        """What the bot says next besides answers, after Ada wrote something."""
        before = set(self.slack.channels[channel].messages)
        await self.say(text, channel=channel, thread=thread)
        return await self.next(before, channel)

    async def command(self, command: str, text: str = "", *, channel: str = "C1") -> Message:
        """Ada types a slash command; what she alone sees then."""
        place = self.slack.channels[channel]
        before = set(place.messages)
        fields = events.command(self.slack, self.team, place, "U1", command=command, text=text)
        await self.deliver("slash_commands", dict(fields))
        return await self.next(before, channel)

    async def press(self, message: Message, label: str, *, user: str = "U1") -> None:
        element = next(one for one in reading.controls(message) if one["text"]["text"] == label)
        payload = events.pressed(self.slack, self.team, user, on=message, element=element)
        await self.deliver("interactive", payload)

    async def choose(self, message: Message, label: str) -> None:
        """Ada picks a line of a menu."""
        menu = next(one for one in reading.controls(message) if one["type"] == "static_select")
        chosen = next(one["value"] for one in menu_groups(menu) if one["text"]["text"] == label)
        payload = events.pressed(self.slack, self.team, "U1", on=message, element=menu, chosen=chosen)
        await self.deliver("interactive", payload)

    async def next(self, before: Collection[str], channel: str = "C1") -> Message:
        """The bot's first message that was not there before."""

        def new() -> list[Message]:
            messages = self.slack.channels[channel].messages.values()
            return [one for one in messages if (one.bot_id or one.seen_by) and one.ts not in before]

        await self.until(lambda: bool(new()))
        return new()[0]

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
            return [one for one in self.ours(channel) if one.thread_ts == thread and complete(one)]

        await self.until(lambda: len(done()) >= count)
        return done()


def complete(answer: Message) -> bool:
    """A growing one may have a quiet line too: what the model does meanwhile."""
    return bool(reading.footer(answer)) and "Stop" not in reading.buttons(answer)


@asynccontextmanager
async def office(
    folder: Path, *, socket: bool = False, agent: bool = True, limits: bool = True, **extra: str
) -> AsyncGenerator[Office, None]:
    """`extra` are environment variables of the product."""
    async with fake_slack(clock=WallClock(), limits=limits) as fake:
        fake.slack.add_team("T1", token=TOKEN, agent=agent)
        fake.slack.add_person("U1", "T1")
        fake.slack.add_person("U2", "T1", "Bob")
        fake.slack.add_channel("C1", "T1")
        fake.slack.add_channel("D1", "T1", kind="im", user="U1")
        door = {"SLACK_APP_TOKEN": APP_TOKEN} if socket else {"SLACK_SIGNING_SECRET": SECRET}
        settings = {"SLACK_API_URL": fake.api_url, "SLACK_BOT_TOKEN": TOKEN, **door, **extra}
        async with running(folder, **settings) as product:
            yield Office(fake, product, socket, settings)
