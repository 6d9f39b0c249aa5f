"""What a question refers to is read for that question's conversation, within limits, and never mixed up."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field, replace

from aiohttp import web

from bot.answers.attachment_budget import MEGABYTE, AttachmentBudget
from bot.answers.attachments import LARGEST, Attachments
from bot.answers.files_at_hand import Sayings
from bot.domain.capabilities import PlatformCapabilities
from bot.domain.catalog import Model
from bot.domain.errors import PlatformError
from bot.domain.events import Author, Event, File, ThreadKey
from bot.domain.file_text import FileText
from bot.domain.readiness import Trouble
from bot.domain.schedules import LastingPlace
from bot.domain.surroundings import Surroundings
from bot.domain.turns import ChatMessage, Turn
from bot.files.reader import FileReader
from bot.ports import ReplySink, TurnHandle
from tests.conversation.stage import Stage
from tests.files.made import photo

HERE = ThreadKey(platform="test", workspace="W", channel="C", thread="1")
THERE = replace(HERE, thread="2")
PICTURE = File(id="0", name="a.png", media_type="image/png", source={"url": "a"})


SEEING = Model(name="gpt", provider="openai", model="gpt-6", vision=True)


def message(*files: File) -> ChatMessage:
    return ChatMessage(author=Author(id="U1"), text="what is this?", files=files)


def asked(*files: File) -> Sayings:
    return Sayings(asked=message(*files))


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

    def troubles(self) -> Sequence[Trouble]:
        return ()

    def sink(self, event: Event, turn_handle: TurnHandle) -> ReplySink:
        raise NotImplementedError

    def lasting(self, event: Event) -> LastingPlace:
        return LastingPlace(thread=event.thread)

    async def surroundings(self, event: Event, said: ChatMessage, *, after: float | None) -> Surroundings:
        return Surroundings(said=said)


async def read(attachments: Attachments, where: ThreadKey, said: Sayings) -> Mapping[str, bytes]:
    async with attachments.held(where, said, [SEEING]) as files:
        return dict(files.read.bytes_of)


async def test_a_file_is_read_once_for_a_conversation() -> None:
    shelf = Shelf(holds={"a": b"one"})
    attachments = Attachments(adapters={"test": shelf})
    await read(attachments, HERE, asked(PICTURE))

    assert await read(attachments, HERE, asked(PICTURE)) == {"0": b"one"}
    assert shelf.fetched == ["a"]


async def test_another_conversation_never_gets_what_was_read_for_this_one() -> None:
    shelf = Shelf(holds={"a": b"mine", "b": b"theirs"})
    attachments = Attachments(adapters={"test": shelf})
    await read(attachments, HERE, asked(PICTURE))

    assert await read(attachments, THERE, asked(replace(PICTURE, source={"url": "b"}))) == {"0": b"theirs"}


async def test_what_cannot_be_read_is_left_out() -> None:
    shelf = Shelf(holds={"b": b"two"})
    other = File(id="1", name="b.png", media_type="image/png", source={"url": "b"})

    assert await read(Attachments(adapters={"test": shelf}), HERE, asked(PICTURE, other)) == {"1": b"two"}


async def test_all_files_of_a_prompt_together_have_a_limit_and_the_newest_come_first() -> None:
    half = bytes(LARGEST // 2)
    files = [
        File(id=str(n), name=f"{n}.png", media_type="image/png", source={"url": str(n)}) for n in range(4)
    ]
    shelf = Shelf(holds={str(n): half for n in range(4)})
    turns = [Turn(id=file.id, asked=message(file)) for file in files[:-1]]
    said = Sayings(asked=message(files[-1]), earlier=turns)
    found = await read(Attachments(adapters={"test": shelf}), HERE, said)

    assert set(found) == {"2", "3"}
    assert shelf.fetched == ["3", "2"]


async def test_a_file_that_says_it_is_too_large_is_not_even_asked_for() -> None:
    shelf = Shelf(holds={"a": b"x"})
    huge = replace(PICTURE, size=LARGEST + 1)

    assert await read(Attachments(adapters={"test": shelf}), HERE, asked(huge)) == {}
    assert shelf.fetched == []


def picture(size: int, id: str = "0") -> File:
    return File(id=id, name=f"{id}.png", media_type="image/png", size=size, source={"url": id})


@dataclass
class Gallery(Shelf):
    """Makes a file of the size its address says, and counts what is held of them at once."""

    async def fetch(self, file: File) -> bytes:
        self.fetched.append(file.id)
        await asyncio.sleep(0)
        return bytes(file.size)


class Untouched(FileReader):
    """Takes every picture as it is."""

    async def picture(self, data: bytes) -> FileText | bytes:
        return data


async def test_what_all_questions_hold_stays_within_the_budget_and_all_have_their_turn() -> None:
    budget = AttachmentBudget(64 * MEGABYTE)
    attachments = Attachments(adapters={"test": Gallery()}, budget=budget, reader=Untouched())
    held, most, served = 0, 0, []

    async def ask(number: int) -> None:
        nonlocal held, most
        here = replace(HERE, thread=str(number))
        async with attachments.held(here, asked(picture(24 * MEGABYTE)), [SEEING]) as files:
            held += sum(map(len, files.read.bytes_of.values()))
            most = max(most, held)
            assert budget.taken + budget.kept <= budget.limit
            served.append(number)
            await asyncio.sleep(0.01)
            held -= sum(map(len, files.read.bytes_of.values()))

    await asyncio.wait_for(asyncio.gather(*map(ask, range(12))), 30)

    assert served == list(range(12))
    assert most == 48 * MEGABYTE
    assert budget.taken == 0


async def test_questions_without_files_and_small_ones_that_fit_do_not_wait() -> None:
    budget = AttachmentBudget(40 * MEGABYTE)
    attachments = Attachments(adapters={"test": Gallery()}, budget=budget)
    async with attachments.held(HERE, asked(picture(24 * MEGABYTE)), [SEEING]):
        async with asyncio.timeout(5):
            assert await read(attachments, THERE, asked()) == {}
            assert len(await read(attachments, THERE, asked(picture(MEGABYTE)))) == 1

        assert attachments.must_wait(asked(picture(20 * MEGABYTE)))
        assert not attachments.must_wait(asked())


async def test_nobody_is_overtaken_for_ever_by_small_ones() -> None:
    budget = AttachmentBudget(40 * MEGABYTE)
    attachments = Attachments(adapters={"test": Gallery()}, budget=budget)
    order: list[str] = []

    async def ask(name: str, size: int) -> None:
        async with attachments.held(replace(HERE, thread=name), asked(picture(size)), [SEEING]):
            order.append(name)

    async with (
        asyncio.timeout(10),
        attachments.held(HERE, asked(picture(30 * MEGABYTE)), [SEEING]),
        asyncio.TaskGroup() as group,
    ):
        large = group.create_task(ask("large", 20 * MEGABYTE))
        await asyncio.sleep(0)
        small = [group.create_task(ask(f"small {n}", MEGABYTE)) for n in range(3)]
        await asyncio.sleep(0.01)
        assert order == []
        for task in (large, small[0]):
            task.cancel()
    assert order == ["small 1", "small 2"]
    assert budget.taken == 0


async def test_a_question_that_needs_more_than_there_is_gets_what_fits_and_is_told_what_to_do() -> None:
    attachments = Attachments(adapters={"test": Gallery()}, budget=AttachmentBudget(8 * MEGABYTE))
    said = asked(picture(3 * MEGABYTE, "small"), picture(24 * MEGABYTE, "large"))

    async with asyncio.timeout(5), attachments.held(HERE, said, [SEEING]) as files:
        assert list(files.read.bytes_of) == ["small"]
        assert "large.png" in files.notice(SEEING)
        assert "5 MB" in files.notice(SEEING)
        assert "small.png" not in files.notice(SEEING)


async def test_what_is_kept_for_later_gives_way_to_what_is_asked_now() -> None:
    budget = AttachmentBudget(40 * MEGABYTE)
    attachments = Attachments(adapters={"test": Gallery()}, budget=budget)
    await read(attachments, HERE, asked(picture(15 * MEGABYTE)))
    assert budget.kept == 15 * MEGABYTE

    async with asyncio.timeout(5), attachments.held(THERE, asked(picture(30 * MEGABYTE)), [SEEING]):
        assert budget.kept == 0


async def test_the_person_is_told_of_what_was_not_read() -> None:
    stage = Stage()

    heard = await stage.says(
        "what is this?", files=(replace(picture(LARGEST + 1), name="huge.pdf", media_type=""),)
    )

    assert heard.closing is not None
    assert "huge.pdf" in heard.closing.notice
    assert heard.text == "answer 1"


async def test_who_waits_for_memory_is_told_and_may_stop() -> None:
    stage = Stage(stop_at="Waiting")
    async with stage.budget.take(stage.budget.limit), asyncio.timeout(10):
        heard = await stage.says("what is this?", files=(picture(MEGABYTE),))

    assert heard.closing is not None
    assert heard.closing.reason == "stopped"
    assert stage.one.asked == []
    assert stage.budget.taken == 0


@dataclass
class Camera(Gallery):
    """Gives photographs whose end is missing."""

    async def fetch(self, file: File) -> bytes:
        return photo((300, 200))[:-60]


async def test_a_damaged_photograph_is_not_sent_with_what_its_camera_wrote() -> None:
    attachments = Attachments(adapters={"test": Camera()})
    async with attachments.held(HERE, asked(PICTURE), [SEEING]) as files:
        assert files.read.bytes_of == {}
        assert "damaged" in files.notice(SEEING)
