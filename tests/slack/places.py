"""A conversation in the fake Slack, and a bot beside it, as the contract suites want them."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from adapters.slack.adapter import SlackAdapter
from adapters.slack.inbound.events import translate
from adapters.slack.install.installations import Installation
from bot.delivery.pacing import Clock
from bot.domain.attached import IMAGES, kind_by_bytes
from bot.domain.events import Event
from bot.ports import ReplySink, TurnHandle
from bot.serving.connections import ConnectionLimits
from bot.serving.listeners import listen, public_app
from tests.contracts.conversations import Fault, Seen
from tests.doubles import FakeInbox, NoForms, nothing_found
from tests.slack.fake import events, reading
from tests.slack.fake.api import Mishap
from tests.slack.fake.clock import Leap
from tests.slack.fake.delivery import Http
from tests.slack.fake.server import APP_TOKEN, SECRET, FakeSlack, fake_slack
from tests.slack.fake.world import Channel, Message, Team

TOKEN = "xoxb-1"


@dataclass(kw_only=True)
class Bot:
    """The adapter under test, served on loopback, and the Slack it talks to."""

    fake: FakeSlack
    adapter: SlackAdapter
    inbox: FakeInbox
    url: str

    @property
    def http(self) -> Http:
        return self.fake.http(f"{self.url}/slack/events")

    async def heard(self, payload: Any) -> Event:
        """Delivers an event and returns what it became."""
        await self.http.event(payload)
        return self.inbox.events[-1]


@asynccontextmanager
async def bot_in_slack(
    *,
    clock: Clock | None = None,
    limits: bool = True,
    agent: bool = True,
    socket: bool = False,
    also: Callable[[str], dict[str, Any]] = lambda api_url: {},
    **options: Any,
) -> AsyncGenerator[Bot, None]:
    """A workspace T1 with channel C1, direct message D1 and Ada (U1) in it, and the bot running beside it.

    `options` are the adapter's; `also` makes those that need the address of the fake's API.
    """
    clock = clock or Leap()
    async with fake_slack(clock=clock, limits=limits) as fake:
        fake.slack.add_team("T1", token=TOKEN, agent=agent)
        fake.slack.add_person("U1", "T1")
        fake.slack.add_channel("C1", "T1")
        fake.slack.add_channel("D1", "T1", kind="im", user="U1")
        inbox = FakeInbox()
        door = {"app_token": APP_TOKEN} if socket else {"signing_secret": SECRET}
        options = {"bot_token": TOKEN, **door, **options, **also(fake.api_url)}
        adapter = SlackAdapter(
            inbox=inbox, search=nothing_found, forms=NoForms(), api_url=fake.api_url, clock=clock, **options
        )
        door_limits = ConnectionLimits()
        app = public_app(adapter.routes(), limits=door_limits)
        async with (
            adapter.running(),
            listen(app, host="127.0.0.1", port=0, variable="PORT", limits=door_limits) as port,
        ):
            yield Bot(fake=fake, adapter=adapter, inbox=inbox, url=f"http://127.0.0.1:{port}")


@dataclass
class SlackPlace:
    """One thread in C1 (or in the direct message), opened by Ada's question."""

    bot: Bot
    channel: str = "C1"
    event: Event | None = None
    root: str = ""
    seen_texts: list[str] = field(default_factory=list)
    stoppable: bool = False
    number: int = 0

    async def enter(self) -> None:
        """Goes to the first conversation. Later ones need no delivery: the event only differs in its ids."""
        self.bot.fake.slack.watchers.append(self._watch)
        self.move()

    @property
    def team(self) -> Team:
        return self.bot.fake.slack.teams["T1"]

    @property
    def place(self) -> Channel:
        return self.bot.fake.slack.channels[self.channel]

    def move(self) -> None:
        slack = self.bot.fake.slack
        said = events.said(slack, self.place, "U1", f"<@{self.team.bot_user}> how do tides work?")
        payload = events.envelope(slack, self.team, events.message(slack, said))
        self.event = translated(payload, self.team)
        self.root, self.seen_texts, self.stoppable = said.ts, [], False
        self.bot.fake.api.cut()

    def sink(self, turn_handle: TurnHandle) -> ReplySink:
        assert self.event is not None
        return self.bot.adapter.sink(self.event, turn_handle)

    async def seen(self) -> Sequence[Seen]:
        ours = [m for m in self.place.messages.values() if m.bot_id and m.thread_ts == self.root]
        return [self.with_files(as_seen(message), message) for message in ours]

    def with_files(self, seen: Seen, message: Message) -> Seen:
        return replace(seen, pictures=self.pictures_of(message), files=self.files_of(message))

    def pictures_of(self, message: Message) -> tuple[bytes, ...]:
        held = [self.bot.fake.slack.files[file["id"]] for file in message.files]
        return tuple(file["data"] for file in held if kind_by_bytes(file["data"]) in IMAGES)

    def files_of(self, message: Message) -> tuple[str, ...]:
        held = [self.bot.fake.slack.files[file["id"]] for file in message.files]
        return tuple(
            file["name"]
            for file in held
            if file["name"] != "answer.md" and kind_by_bytes(file["data"]) not in IMAGES
        )

    def glimpses(self) -> Sequence[str]:
        return self.seen_texts

    def stop_offered(self) -> bool:
        return self.stoppable

    def fault(self, call: int, fault: Fault) -> None:
        self.bot.fake.api.mishaps[call] = Mishap(fault.value)

    def calls(self) -> int:
        return self.bot.fake.api.requests

    @property
    def hanging(self) -> asyncio.Event:
        return self.bot.fake.api.hanging

    def cut(self) -> None:
        self.bot.fake.api.cut()

    def _watch(self, message: Message) -> None:
        if message.thread_ts != self.root or message.channel != self.channel:
            return
        self.seen_texts.append(reading.text(message))
        session = self.place.sessions.get(self.root, {})
        native = self.team.stop_subscribed and session.get("status") == "processing"
        self.stoppable |= native or "Stop" in reading.buttons(message)


def translated(payload: Any, team: Team) -> Event:

    ours = Installation(workspace=team.id, token=TOKEN, user=team.bot_user, bot=team.bot_id)
    event = translate(payload, ours, now=0.0)
    assert event is not None
    return event


def as_seen(message: Message) -> Seen:
    return Seen(
        id=message.ts,
        text=reading.text(message),
        footer=reading.footer(message),
        buttons=tuple(reading.buttons(message)),
        options=tuple(reading.options(message)),
        live=tuple(reading.live(message)),
        private=bool(message.seen_by),
        sources=tuple(reading.sources(message)),
    )
