"""Chaos for what cannot be undone: every question wants an entry in a ledger, and people let it be written or not."""

import asyncio
import random
import re
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from bot.storage.open import StorageOptions, open_storage
from tests.chaos.playground import Delivery, Playground
from tests.chaos.run import Chaos, Plan, free_ports
from tests.chaos.servers import EmbeddedServer
from tests.chaos.slack import PERSON, TEAM, SlackPlayground
from tests.chaos.teams import TeamsPlayground
from tests.contracts.conversations import Seen
from tests.slack.fake import events, reading
from tests.teams.eyes import seen_in
from tests.teams.rules import nested

SERVER = Path(__file__).with_name("ledger_server.py")
ENTRY = re.compile(r'"entry": "(\d+)"')
TOML = """
[tools.ledger]
url = "http://127.0.0.1:{port}/mcp"
private = true
"""


class Ledger:
    """A ledger beside a platform."""

    modules: Sequence[str] = ("bot.answers.tools.mcp_servers", "mcp")

    def __init__(self) -> None:
        self._folder = Path()

    @property
    def environment(self) -> Mapping[str, str]:
        return {"SWITCHBOARD_CONFIG": str(self._folder / "switchboard.toml")}

    @property
    def written(self) -> Sequence[str]:
        """Its entries, in the order in which they were written."""
        ledger = self._folder / "ledger"
        return ledger.read_text(encoding="utf-8").split() if ledger.exists() else ()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None, None]:
        (port,) = free_ports(1)
        with TemporaryDirectory(prefix="sb-") as folder:
            self._folder = Path(folder)
            (self._folder / "switchboard.toml").write_text(TOML.format(port=port), encoding="utf-8")
            program = await asyncio.create_subprocess_exec(
                sys.executable, str(SERVER), str(port), str(self._folder / "ledger"),
                stderr=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
            try:
                yield
            finally:
                program.kill()
                await program.wait()


class ToolPlayground(Playground, Protocol):
    """A platform with a ledger beside it."""

    ledger: Ledger

    def seen(self, conversation: int) -> Sequence[Seen]:
        """The bot's messages there, with what can be pressed."""
        ...

    def press(self, conversation: int, message: str, label: str) -> Delivery:
        """What the platform sends for a press."""
        ...


class SlackTools(SlackPlayground):
    modules: Sequence[str] = (*SlackPlayground.modules, *Ledger.modules)

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger()

    @property
    def environment(self) -> Mapping[str, str]:
        return {**super().environment, **self.ledger.environment}

    @asynccontextmanager
    async def running(self, *, drop_rate: float) -> AsyncGenerator[None, None]:
        async with self.ledger.running(), super().running(drop_rate=drop_rate):
            yield

    def seen(self, conversation: int) -> Sequence[Seen]:
        channel = self.fake.slack.channels.get(f"C{conversation}")
        return [
            Seen(
                id=one.ts,
                text=reading.text(one),
                footer=reading.footer(one),
                buttons=tuple(reading.buttons(one)),
            )
            for one in (channel.messages.values() if channel else ())
            if one.bot_id
        ]

    def press(self, conversation: int, message: str, label: str) -> Delivery:
        slack = self.fake.slack
        on = slack.channels[f"C{conversation}"].messages[message]
        element = next(one for one in reading.controls(on) if one["text"]["text"] == label)
        return events.pressed(slack, slack.teams[TEAM], PERSON, on=on, element=element)

    async def deliver(self, delivery: Delivery, port: int) -> bool:
        if delivery.get("type") != "block_actions":
            return await super().deliver(delivery, port)
        door = self.fake.http(f"http://127.0.0.1:{port}/slack/events")
        return (await door.interaction(delivery)).status == 200


class TeamsTools(TeamsPlayground):
    modules: Sequence[str] = (*TeamsPlayground.modules, *Ledger.modules)

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger()

    @property
    def environment(self) -> Mapping[str, str]:
        return {**super().environment, **self.ledger.environment}

    @asynccontextmanager
    async def running(self, *, drop_rate: float) -> AsyncGenerator[None, None]:
        async with self.ledger.running(), super().running(drop_rate=drop_rate):
            yield

    def seen(self, conversation: int) -> Sequence[Seen]:
        return seen_in(self.room(conversation).said())

    def press(self, conversation: int, message: str, label: str) -> Delivery:
        """The buttons may be in a bubble of their own, below the message."""
        room = self.room(conversation)
        said = room.said()
        place = next(number for number, one in enumerate(said) if one.id == message)
        on, action = next(
            (one, element)
            for one in said[place:]
            for attached in one.activity.get("attachments") or ()
            for element in nested(attached["content"].get("body"))
            if element.get("title") == label
        )
        return self.fake.people.pressed(
            f"{room.id};messageid={self.thread(conversation).thread}" if room.kind == "channel" else room.id,
            room.kind,
            {"type": "Action.Execute", "data": action["data"]},
            on.id,
            id=self.fake.rooms.new_id(),
        )


TOOL_PLAYGROUNDS: Mapping[str, Callable[[], ToolPlayground]] = {"slack": SlackTools, "teams": TeamsTools}


@dataclass(slots=True, kw_only=True)
class Written:
    """What came of it. The last four must be 0."""

    asked: int = 0
    kills: int = 0
    server_kills: int = 0
    ran: int = 0
    unknown: int = 0  # it was told that they may have run
    failed: int = 0  # it was told that they were not run
    refused: int = 0
    twice: int = 0
    unapproved: int = 0
    lost: int = 0  # approved, and neither run nor told of
    unanswered: int = 0
    details: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not (self.twice or self.unapproved or self.lost or self.unanswered)

    def __str__(self) -> str:
        return (
            f"{self.asked} turns with a call, {self.kills} worker kills, {self.server_kills} server kills: {self.ran} ran once, "
            f"{self.refused} were not allowed, {self.unknown} told as “may have run”, {self.failed} as not run; {self.twice} ran twice, {self.unapproved} without a press, {self.lost} lost, "
            f"{self.unanswered} unanswered"
        )


class ToolChaos(Chaos):
    """People ask for an entry, see the card, press, and press again."""

    def __init__(
        self, *, plan: Plan, playground: ToolPlayground, redis_url: str, server: EmbeddedServer
    ) -> None:
        super().__init__(plan=plan, playground=playground, redis_url=redis_url, server=server)
        self._desk = playground
        self._dice = random.Random(plan.seed + 1)  # noqa: S311 - a test's dice
        self.allowed: dict[str, bool] = {}
        self.early: set[str] = set()  # written before anybody allowed it
        self.ends: dict[str, str] = {}  # by entry: the quiet line of its answer

    async def _person(self, conversation: int) -> None:
        for number in range(self._plan.messages):
            entry = f"{conversation}{number:03d}"
            self.figures.messages += 1
            for delivery in self._desk.ask(conversation, f'call ledger.write {{"entry": "{entry}"}}'):
                await self.until_acknowledged(delivery)
            card = await self._shown(conversation, partial(_offers, entry))
            if card is None:
                self.ends[entry] = ""
                continue
            if entry in self._desk.ledger.written:
                self.early.add(entry)
            self.allowed[entry] = self._dice.random() < 0.8
            label = "Run it" if self.allowed[entry] else "Don't"
            press = self._desk.press(conversation, card.id, label)
            second = self._desk.press(
                conversation, card.id, "Run it"
            )  # the card may be without buttons by then
            known = {one.id for one in self._desk.seen(conversation)}
            await self.until_acknowledged(press)
            if self._dice.random() < self._plan.duplicate_rate * 3:
                await self.until_acknowledged(second)
            end = await self._shown(conversation, partial(_new, known))
            self.ends[entry] = end.footer if end else ""

    async def _shown(self, conversation: int, wanted: Callable[[Seen], bool]) -> Seen | None:
        deadline = time.monotonic() + self._plan.patience
        while time.monotonic() < deadline:
            for one in self._desk.seen(conversation):
                if wanted(one):
                    return one
            await asyncio.sleep(0.1)
        return None

    def written(self) -> Written:
        ran, allowed = (
            Counter(self._desk.ledger.written),
            {entry for entry, may in self.allowed.items() if may},
        )
        unknown = {entry for entry in allowed if "may have run" in self.ends.get(entry, "")}
        failed = {entry for entry in allowed if "(failed)" in self.ends.get(entry, "")} - set(ran)
        lost = allowed - set(ran) - unknown - failed
        unanswered = [entry for entry, end in self.ends.items() if not end]
        return Written(
            asked=self.figures.messages,
            kills=self.figures.worker_kills,
            server_kills=self.figures.server_kills,
            ran=sum(count == 1 for count in ran.values()),
            unknown=len(unknown),
            failed=len(failed),
            refused=len(self.allowed) - len(allowed),
            twice=sum(count > 1 for count in ran.values()),
            unapproved=len(self.early | (set(ran) - allowed)),
            lost=len(lost),
            unanswered=len(unanswered),
            details=[f"lost {lost}", f"unanswered {unanswered}", *self.figures.details],
        )


async def tool_chaos(plan: Plan, platform: str) -> Written:
    """Carries the plan out on a server of its own."""
    playground, server = TOOL_PLAYGROUNDS[platform](), EmbeddedServer()
    async with (
        playground.running(drop_rate=plan.drop_rate),
        server.running() as url,
        open_storage(url, StorageOptions(prefix="chaos")) as storage,
    ):
        raging = ToolChaos(plan=plan, playground=playground, redis_url=url, server=server)
        async with raging.replicas():
            async with asyncio.TaskGroup() as group:
                group.create_task(raging.rage())
                group.create_task(raging.people())
            await raging.settle(storage)
        return raging.written()


def _offers(entry: str, message: Seen) -> bool:
    """Whether it is the card for this entry."""
    found = ENTRY.search(message.text) if "Run it" in message.buttons else None
    return found is not None and found[1] == entry


def _new(known: Collection[str], message: Seen) -> bool:
    return message.id not in known and bool(message.footer) and "Stop" not in message.buttons
