"""What a question refers to is read for that question's conversation, within limits, and never mixed up."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field, replace

from aiohttp import web

from bot.answers.attachments import LARGEST, Attachments
from bot.domain.capabilities import PlatformCapabilities
from bot.domain.errors import PlatformError
from bot.domain.events import Author, Event, File, MessageReceived, ThreadKey
from bot.domain.turns import ChatMessage
from bot.ports import ReplySink, TurnHandle

HERE = ThreadKey(platform="test", workspace="W", channel="C", thread="1")
THERE = replace(HERE, thread="2")
PICTURE = File(id="0", name="a.png", media_type="image/png", source={"url": "a"})


def asked(*files: File) -> list[ChatMessage]:
    return [ChatMessage(author=Author(id="U1"), text="what is this?", files=files)]


@dataclass
class Shelf:
    """An adapter that knows files by their address."""

    holds: dict[str, bytes] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    platform: str = "test"
    capabilities: PlatformCapabilities = field(
        default_factory=lambda: PlatformCapabilities(mention="", slash=False, threads=False, private=False)
    )

    async def fetch(self, file: File) -> bytes:
        self.fetched.append(file.source["url"])
        if file.source["url"] not in self.holds:
            raise PlatformError("no such file", code="gone")
        return self.holds[file.source["url"]]

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        return ()

    def running(self) -> AbstractAsyncContextManager[None]:
        return nullcontext()

    def sink(self, event: Event, turn_handle: TurnHandle) -> ReplySink:
        raise NotImplementedError

    async def thread_before(self, event: MessageReceived) -> Sequence[ChatMessage]:
        return ()


async def test_a_file_is_read_once_for_a_conversation() -> None:
    shelf = Shelf(holds={"a": b"one"})
    attachments = Attachments(adapters={"test": shelf})
    await attachments.of(HERE, asked(PICTURE))

    assert await attachments.of(HERE, asked(PICTURE)) == {"0": b"one"}
    assert shelf.fetched == ["a"]


async def test_another_conversation_never_gets_what_was_read_for_this_one() -> None:
    shelf = Shelf(holds={"a": b"mine", "b": b"theirs"})
    attachments = Attachments(adapters={"test": shelf})
    await attachments.of(HERE, asked(PICTURE))

    assert await attachments.of(THERE, asked(replace(PICTURE, source={"url": "b"}))) == {"0": b"theirs"}


async def test_what_cannot_be_read_is_left_out() -> None:
    shelf = Shelf(holds={"b": b"two"})
    other = File(id="1", name="b.txt", source={"url": "b"})

    assert await Attachments(adapters={"test": shelf}).of(HERE, asked(PICTURE, other)) == {"1": b"two"}


async def test_all_files_of_a_prompt_together_have_a_limit_and_the_newest_come_first() -> None:
    half = bytes(LARGEST // 2)
    files = [File(id=str(n), name=f"{n}.bin", source={"url": str(n)}) for n in range(4)]
    shelf = Shelf(holds={str(n): half for n in range(4)})
    found = await Attachments(adapters={"test": shelf}).of(HERE, [said for f in files for said in asked(f)])

    assert set(found) == {"2", "3"}
    assert shelf.fetched == ["3", "2"]


async def test_a_file_that_says_it_is_too_large_is_not_even_asked_for() -> None:
    shelf = Shelf(holds={"a": b"x"})
    huge = replace(PICTURE, size=LARGEST + 1)

    assert await Attachments(adapters={"test": shelf}).of(HERE, asked(huge)) == {}
    assert shelf.fetched == []
