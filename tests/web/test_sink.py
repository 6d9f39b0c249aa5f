"""The page's sink keeps every sink's promises."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from adapters.web.inbound import events
from adapters.web.outbound.sink import TimelineSink
from adapters.web.outbound.tree import source_trees
from bot.domain.errors import PlatformBusy, StorageUnavailable
from bot.domain.generated import GeneratedFile
from bot.domain.replies import Reply
from bot.domain.stream_parts import ShownPart, Text
from bot.domain.timeline import Change, Chat, Growth, Post, TimelinePage
from bot.page_ports import Timeline
from bot.ports import ReplySink, TurnHandle
from bot.storage.open import StorageOptions, open_storage
from tests.contracts.conversations import Fault, Place, Seen
from tests.contracts.sinks import DONE, SinkContract
from tests.doubles import FakeTurnHandle
from tests.web.memory import MemoryBoard


@dataclass
class FaultyBoard:
    """The writing side of a board; breaks at the planned call, as a connection to Redis may."""

    timeline: Timeline
    plan: dict[int, Fault] = field(default_factory=dict)
    calls: int = 0
    hanging: asyncio.Event = field(default_factory=asyncio.Event)
    written: list[tuple[str, Post | Growth]] = field(default_factory=list)

    async def post(self, chat: str, *posts: Post) -> None:
        fault = await self._before()
        await self.timeline.post(chat, *posts)
        self.written += [(chat, post) for post in posts]
        await self._after(fault)

    async def grow(self, chat: str, growth: Growth) -> None:
        fault = await self._before()
        await self.timeline.grow(chat, growth)
        self.written.append((chat, growth))
        await self._after(fault)

    async def keep(self, chat: str, id: str, file: GeneratedFile) -> None:
        fault = await self._before()
        await self.timeline.keep(chat, id, file)
        await self._after(fault)

    async def file(self, chat: str, id: str) -> GeneratedFile | None:
        return await self.timeline.file(chat, id)

    async def read(self, chat: str, *, before: str = "") -> TimelinePage:
        return await self.timeline.read(chat, before=before)

    async def chats(self) -> Sequence[Chat]:
        return await self.timeline.chats()

    async def rename(self, chat: str, title: str) -> bool:
        return await self.timeline.rename(chat, title)

    async def clear(self, chat: str, *, before: str) -> None:
        fault = await self._before()
        await self.timeline.clear(chat, before=before)
        await self._after(fault)

    async def delete(self, chat: str) -> bool:
        return await self.timeline.delete(chat)

    def watch(self, after: str = "") -> AsyncGenerator[Sequence[Change], None]:
        return self.timeline.watch(after)

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

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = FaultyBoard(timeline)
        self.chats = 0

    @property
    def chat(self) -> str:
        return f"chat-{self.chats:04}"

    @property
    def hanging(self) -> asyncio.Event:
        return self.timeline.hanging

    def sink(self, turn_handle: TurnHandle) -> ReplySink:
        event = events.message(self.chat, events.PageMessage(id="question", text="Why?"))
        return TimelineSink(timeline=self.timeline, event=event, turn_handle=turn_handle, clock=Leaping())

    def move(self) -> None:
        self.chats += 1
        self.cut()
        self.timeline.calls = 0

    async def seen(self) -> Sequence[Seen]:
        page = await self.timeline.read(self.chat)
        return [await self._seen(post) for post in page.posts if not post.person]

    async def _seen(self, post: Post) -> Seen:
        kept = [await self.timeline.file(self.chat, id) for id in post.pictures]
        return seen(post, [picture.data for picture in kept if picture])

    def glimpses(self) -> Sequence[str]:
        texts: list[str] = []
        for chat, written in self.timeline.written:
            if chat == self.chat and isinstance(written, Growth):
                texts.append(texts[-1] + written.text)
            elif chat == self.chat and isinstance(written, Post) and not written.person:
                texts.append(written.text)
        return texts

    def stop_offered(self) -> bool:
        posts = [written for _, written in self.timeline.written if isinstance(written, Post)]
        return any(post.growing and post.turn for post in posts)

    def fault(self, call: int, fault: Fault) -> None:
        self.timeline.plan = {self.timeline.calls + call: fault}

    def calls(self) -> int:
        return self.timeline.calls

    def cut(self) -> None:
        self.timeline.plan = {}
        self.timeline.hanging = asyncio.Event()


def seen(post: Post, pictures: Sequence[bytes] = ()) -> Seen:
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
        sources=tuple(map(listed, source_trees(post.sources))),
        pictures=tuple(pictures),
        files=tuple(one.name for one in post.files),
    )


def listed(line: list[Any]) -> tuple[int, str, str]:
    """A source as the page is told it."""
    number, name, *_ = line
    if isinstance(name, str):
        return number, name, ""
    _, address, host, *label = name
    return number, " ".join([*label, host]).strip(), address


class TestBoardSinkInMemory(SinkContract):
    @pytest.fixture
    def place(self) -> BoardPlace:
        return BoardPlace(MemoryBoard())


class TestBoardSinkOnRedis(SinkContract):
    @pytest.fixture
    async def place(self, redis_url: str, prefix: str) -> AsyncIterator[BoardPlace]:
        async with open_storage(redis_url, StorageOptions(prefix=prefix)) as storage:
            yield BoardPlace(storage.timeline)

    async def test_an_answer_grows_before_it_is_complete(self, place: Place) -> None:
        """A stream in memory is over before Redis has answered once: here it waits to be seen."""

        async def waiting() -> AsyncGenerator[ShownPart, None]:
            yield Text("The first half")
            async with asyncio.timeout(10):
                while "The first half" not in str(await place.seen()):  # noqa: ASYNC110 - it asks Redis
                    await asyncio.sleep(0)
            yield DONE

        await place.sink(FakeTurnHandle()).show(waiting())

        assert "The first half" in place.glimpses()
