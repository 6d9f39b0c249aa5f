"""One conversation of the fake, as the contract of sinks wants to see it."""

import asyncio
import itertools
import ssl
from collections.abc import Sequence
from typing import Any

from adapters.teams import setup
from adapters.teams.adapter import TeamsAdapter
from adapters.teams.inbound import events
from adapters.teams.inbound.activity import IncomingActivity
from bot.app import read_settings
from bot.domain.events import EVENT, Event
from bot.ports import ReplySink, TurnHandle
from bot.settings.platform_settings import TeamsSettings
from bot.sign_in_ports import SignInExchange
from tests.contracts.conversations import Fault as Befalls
from tests.contracts.conversations import Seen
from tests.doubles import FakeExchange, FakeInbox, nothing_found
from tests.teams.clockwork import LoopClock
from tests.teams.connector import Call
from tests.teams.eyes import see, seen_in
from tests.teams.fake import FakeTeams
from tests.teams.faults import Fault
from tests.teams.rooms import BOT, Message, Room

FAULTS = {
    Befalls.LOST: Fault(cut=True),
    Befalls.DROPPED: Fault(cut=True, carried=True),
    Befalls.BUSY: Fault(status=429, code="Throttled", retry_after=1.0),
    Befalls.HANGS_BEFORE: Fault(hang=True),
    Befalls.HANGS_AFTER: Fault(hang=True, carried=True),
}


def adapter_for(  # noqa: PLR0917 - the settings may have any name
    teams: FakeTeams,
    inbox: FakeInbox | None = None,
    external: bool = False,
    trust: ssl.SSLContext | None = None,
    guests: bool = True,
    exchange: SignInExchange | None = None,
    /,
    **settings: str,
) -> TeamsAdapter:
    """The adapter, pointed at the fake and keeping the running loop's time."""
    wanted = {**teams.environment(), **settings}
    read = read_settings({key: value for key, value in wanted.items() if value}).platform(TeamsSettings)
    assert read is not None
    return setup.adapter(
        read,
        inbox=inbox or FakeInbox(),
        search=nothing_found,
        exchange=exchange or FakeExchange(),
        host="127.0.0.1",
        clock=LoopClock(),
        external=external,
        guests=guests,
        trust=trust,
    )


class TeamsPlace:
    """A conversation of one kind: personal, groupChat or channel, in Teams or in Microsoft 365 Copilot."""

    def __init__(self, teams: FakeTeams, adapter: TeamsAdapter, kind: str, *, copilot: bool = False) -> None:
        self.teams = teams
        self.adapter = adapter
        self.kind = kind
        self.copilot = copilot
        self.numbers = itertools.count(1)
        self.move()

    def move(self) -> None:
        name = f"{self.kind}-{next(self.numbers)}@thread"
        self.room: Room = self.teams.rooms.open(name, self.kind, copilot=self.copilot)
        self.start = len(self.teams.connector.calls)
        self.teams.connector.faults.clear()

    def event(self, text: str = "hello", *, targeted: bool = False, **fields: Any) -> Event:
        """What a question here is, as it comes out of storage."""
        name = self.teams.rooms.new_id()
        conversation = f"{self.room.id};messageid={name}" if self.kind == "channel" else self.room.id
        asked = self.teams.people.message(
            conversation, self.kind, text, id=name, targeted=targeted, copilot=self.copilot, **fields
        )
        self.teams.rooms.heard(self.room, self.teams.alice, asked)
        event = events.message(IncomingActivity.model_validate(asked))
        assert event is not None
        return EVENT.validate_json(EVENT.dump_json(event))

    def sink(self, turn_handle: TurnHandle) -> ReplySink:
        return self.adapter.sink(self.event(), turn_handle)

    async def seen(self) -> Sequence[Seen]:
        """Finished messages, and streams that never ended but show some of an answer."""
        now = self.teams.connector.clock()
        unfinished = [
            Message(id=stream.id, author=BOT, activity={"text": stream.text}, at=now)
            for stream in self.room.streams.values()
            if stream.content and stream.id not in self.room.messages
        ]
        shown = sorted([*self.room.said(), *unfinished], key=lambda message: int(message.id))
        return seen_in(shown)

    @property
    def made(self) -> Sequence[Call]:
        """The bot's calls since the last move."""
        return self.teams.connector.calls[self.start :]

    def glimpses(self) -> Sequence[str]:
        return [str(call.sent.get("text") or "") for call in self.made]

    def stop_offered(self) -> bool:
        return bool(self.room.streams) or any(
            "Stop" in see(Message(id="1", author=BOT, activity=call.sent, at=0.0)).buttons
            for call in self.made
            if call.sent
        )

    def fault(self, call: int, fault: Befalls) -> None:
        self.teams.connector.faults.numbered[call] = FAULTS[fault]

    def calls(self) -> int:
        return len(self.made)

    @property
    def hanging(self) -> asyncio.Event:
        return self.teams.connector.faults.hanging

    def cut(self) -> None:
        self.teams.connector.faults.clear()
