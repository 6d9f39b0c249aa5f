"""A worker that follows a script: it takes what the page sent from the inbox and says what a test wants said."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field, replace

from bot.domain.claims import Receipt
from bot.domain.events import ButtonPressed, Event, MessageReceived, StopRequested
from bot.domain.replies import Action, Button, Reply
from bot.domain.stream_parts import Closing, Reason, ShownPart, Status, Text
from bot.ports import Adapter
from tests.doubles import FakeInbox, FakeTurnHandle

Line = Sequence[ShownPart | asyncio.Event] | Reply
Script = Callable[[Event], Line]

BUTTONS = (
    Button(action=Action.OTHER, label="Ask another model", value="turn-1"),
    Button(action=Action.AGAIN, label="Regenerate", value="turn-1"),
    Button(action=Action.UP, label="👍", value="turn-1"),
    Button(action=Action.DOWN, label="👎", value="turn-1"),
)
DONE = Closing(reason=Reason.STOP, footer="demo", buttons=BUTTONS)
STOPPED = Closing(reason=Reason.STOPPED, footer="demo", notice="Stopped.", buttons=BUTTONS[1:2])


@dataclass
class Counter(FakeInbox):
    """Wakes the worker, and tells it of stops at once."""

    waiting: "asyncio.Queue[Event]" = field(default_factory=asyncio.Queue)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    running: bool = False

    async def put(self, event: Event) -> Receipt:
        if isinstance(event, StopRequested):
            self.events.append(event)
            self.stop.set()
            return Receipt.STOPPING if self.running else Receipt.IDLE
        receipt = await super().put(event)
        if receipt is Receipt.ACCEPTED:
            self.waiting.put_nowait(event)
        return receipt


def answer(text: str, *, size: int = 12, closing: Closing = DONE) -> list[ShownPart]:
    return [
        Status("demo is thinking"),
        *(Text(text[at : at + size]) for at in range(0, len(text), size)),
        closing,
    ]


@dataclass
class ScriptedWorker:
    """Handles one event at a time. An event in a script's line is waited for: the test says when it goes on."""

    adapter: Adapter
    inbox: Counter
    script: Script
    pause: float = 0.0
    turns: int = 0

    async def run(self) -> None:
        while True:
            event = await self.inbox.waiting.get()
            await self.handle(event)

    async def handle(self, event: Event) -> None:
        self.turns += 1
        sink = self.adapter.sink(event, FakeTurnHandle(id=f"{self.turns}-{event.id}"))
        line = self.script(event)
        if isinstance(line, Reply):
            if isinstance(event, ButtonPressed) and line.replaces == "pressed":
                line = replace(line, replaces=event.message)
            await sink.say(line)
            return
        self.inbox.stop.clear()
        self.inbox.running = True
        await sink.show(self._flow(line))
        self.inbox.running = False

    async def _flow(self, line: Sequence[ShownPart | asyncio.Event]) -> AsyncGenerator[ShownPart, None]:
        for part in line:
            if isinstance(part, asyncio.Event):
                await self._either(part)
            elif not self.inbox.stop.is_set() or isinstance(part, Closing):
                await asyncio.sleep(self.pause)
                yield STOPPED if self.inbox.stop.is_set() else part

    async def _either(self, gate: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            waits = [group.create_task(gate.wait()), group.create_task(self.inbox.stop.wait())]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()


def echo(event: Event) -> Line:
    """What a test that does not care gets."""
    return answer(f"You said: {event.text}" if isinstance(event, MessageReceived) else "Pressed.")


@dataclass
class Play:
    """What the scripted worker says next; by default it repeats what it was asked."""

    line: Line | None = None
    gates: list[asyncio.Event] = field(default_factory=list)

    def script(self, event: Event) -> Line:
        if self.line is not None:
            return self.line
        said = event.text if isinstance(event, MessageReceived) else "a button"
        return answer(f"You said: **{said}**")

    def gate(self) -> asyncio.Event:
        self.gates.append(asyncio.Event())
        return self.gates[-1]
