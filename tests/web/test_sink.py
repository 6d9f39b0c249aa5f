"""The page's sink keeps every sink's promises."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from adapters.web import events
from adapters.web.sink import BoardSink
from bot.errors import PlatformBusy, StorageUnavailable
from bot.ports import Journal, ReplySink
from bot.posts import Growth, Post
from bot.replies import Reply
from tests.contracts.places import Fault, Seen
from tests.contracts.sinks import SinkContract
from tests.web.memory import MemoryBoard


@dataclass
class FaultyBoard(MemoryBoard):
    """Breaks at the planned call, as a connection to Redis may."""

    plan: dict[int, Fault] = field(default_factory=dict)
    calls: int = 0
    hanging: asyncio.Event = field(default_factory=asyncio.Event)

    async def post(self, chat: str, *posts: Post) -> None:
        fault = await self._before()
        await super().post(chat, *posts)
        await self._after(fault)

    async def grow(self, chat: str, growth: Growth) -> None:
        fault = await self._before()
        await super().grow(chat, growth)
        await self._after(fault)

    async def _before(self) -> Fault | None:
        self.calls += 1
        fault = self.plan.get(self.calls)
        match fault:
            case Fault.LOST:
                raise StorageUnavailable("lost")
            case Fault.BUSY:
                raise PlatformBusy("busy", retry_after=1.0)
            case Fault.HANGS_BEFORE:
                await self._hang()
        return fault

    async def _after(self, fault: Fault | None) -> None:
        match fault:
            case Fault.DROPPED:
                raise StorageUnavailable("dropped")
            case Fault.HANGS_AFTER:
                await self._hang()

    async def _hang(self) -> None:
        self.hanging.set()
        await asyncio.Event().wait()


class Leaping:
    """Time without waiting."""

    def now(self) -> float:
        return 1.0

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


class BoardPlace:
    """A conversation of the page, as its board has it."""

    def __init__(self) -> None:
        self.board = FaultyBoard()
        self.chats = 0

    @property
    def chat(self) -> str:
        return f"chat-{self.chats:04}"

    @property
    def hanging(self) -> asyncio.Event:
        return self.board.hanging

    def sink(self, journal: Journal) -> ReplySink:
        event = events.message(self.chat, events.Message(id="question", text="Why?"))
        return BoardSink(board=self.board, event=event, journal=journal, clock=Leaping())

    def move(self) -> None:
        self.chats += 1
        self.cut()
        self.board.calls = 0

    async def seen(self) -> Sequence[Seen]:
        page = await self.board.read(self.chat)
        return [seen(post) for post in page.posts if not post.person]

    def glimpses(self) -> Sequence[str]:
        texts: list[str] = []
        for change in self.board.log:
            if change.chat == self.chat and change.post and not change.post.person:
                texts.append(change.post.text)
            if change.chat == self.chat and change.growth:
                texts.append(texts[-1] + change.growth.text)
        return texts

    def stop_offered(self) -> bool:
        return any(change.post.growing and change.post.turn for change in self.board.log if change.post)

    def fault(self, call: int, fault: Fault) -> None:
        self.board.plan = {self.board.calls + call: fault}

    def calls(self) -> int:
        return self.board.calls

    def cut(self) -> None:
        self.board.plan = {}
        self.board.hanging = asyncio.Event()


def seen(post: Post) -> Seen:
    """What the page shows of a post; that it shows text as text is checked in a browser."""
    reply = post.reply or Reply(text=post.text)
    table = reply.table
    parts = [reply.title, reply.text]
    if table:
        parts += [cell for row in (table.header, *table.rows) for cell in row]
    for section in reply.sections:
        parts += [section.title, section.text, section.note]
    closing = post.closing
    buttons = [*reply.buttons, *(closing.buttons if closing else ())]
    buttons += [button for section in reply.sections for button in section.buttons]
    return Seen(
        id=post.id,
        text=" ".join([*parts, closing.notice if closing else "", post.status]),
        footer=closing.footer if closing else "",
        buttons=tuple(button.label for button in buttons),
        options=tuple(option.label for choice in reply.choices for option in choice.options),
    )


class TestBoardSink(SinkContract):
    @pytest.fixture
    def place(self) -> BoardPlace:
        return BoardPlace()
