"""What an open page is told of an answer that grows: little at a time, and together the whole."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from adapters.web.outbound.feed import LARGE, PageFeed, page_json
from adapters.web.outbound.tree import GrowingTree, tree_of
from bot.domain.replies import Reply, Section
from bot.domain.stream_parts import Closing, Reason
from bot.domain.timeline import Change, Growth, Post
from tests.web.memory import MemoryBoard

CHAT = "chat-0001"
BEGUN = Post(id="turn-1", at=1.0, turn="1", growing=True)
TEXT = "# A title\n\nSome **words**.\n\n```py\na = 1\n```\n\n1. one\n   - inner\n2. two\n\n| a |\n|-|\n| b |\n\nThe end.\n"


async def events(feed: PageFeed, changes: Sequence[Change]) -> list[dict[str, Any]]:
    frames = (await feed.events(changes)).decode().split("\n\n")
    return [json.loads(frame.split("\n")[1].removeprefix("data: ")) for frame in frames if frame]


async def grown(board: MemoryBoard, text: str, *, size: int) -> None:
    await board.post(CHAT, BEGUN)
    for number, at in enumerate(range(0, len(text), size), 1):
        await board.grow(CHAT, Growth(id=BEGUN.id, number=number, text=text[at : at + size]))


def blocks_of(told: Sequence[dict[str, Any]]) -> list[Any]:
    """What a page has in the end that hears this."""
    blocks: list[Any] = []
    for one in told:
        if one["kind"] == "post":
            blocks = one["post"]["tree"]
            continue
        keep, inside, news = (one["growth"][name] for name in ("keep", "inside", "blocks"))
        if inside:
            kind, about, *parts = news[0]
            before = blocks[keep][2:]
            whole = [before[0] + parts[0]] if kind == "pre" else before[:inside] + parts
            news = [[kind, about, *whole], *news[1:]]
        blocks = blocks[:keep] + news
    return blocks


@pytest.mark.parametrize("size", [1, 7, 40])
@pytest.mark.parametrize("missed", [0, 1, 2, 5])
async def test_whenever_a_feed_begins_its_page_has_the_whole_answer(size: int, missed: int) -> None:
    """Its first change may be older than what it has read: nothing is told twice."""
    board = MemoryBoard()
    await grown(board, TEXT, size=size)
    feed, first = PageFeed(board), min(missed, len(board.log))
    told = await events(feed, board.log[first:])
    await board.grow(CHAT, Growth(id=BEGUN.id, number=1_000, text="More."))
    told += await events(feed, board.log[-1:])

    assert blocks_of(told) == GrowingTree(f"{TEXT}More.").blocks()
    assert [one["mark"] for one in told] == [change.mark for change in board.log[first:]]


LONG = {
    "blocks": TEXT * 50,
    "items": "".join(f"{n}. The item of that number, with **words**.\n" for n in range(1, 300)),
    "rows": "| a | b |\n|---|---|\n" + "".join(f"| row | {n} |\n" for n in range(300)),
    "code": "```py\n" + "".join(f"call({n})  # \U0001f600\n" for n in range(400)),
}


@pytest.mark.parametrize("name", LONG)
async def test_what_is_finished_is_told_once(name: str) -> None:
    board = MemoryBoard()
    await grown(board, LONG[name], size=33)
    told = await events(PageFeed(board), board.log)

    whole = len(json.dumps(tree_of(LONG[name])))
    assert max(len(json.dumps(one)) for one in told) < whole / 12
    assert sum(len(json.dumps(one)) for one in told) < whole * 8
    assert "text" not in told[-1]["growth"]
    assert blocks_of(told) == GrowingTree(LONG[name]).blocks()


async def test_a_status_changes_no_block() -> None:
    board = MemoryBoard()
    await grown(board, "Some words", size=20)
    await board.grow(CHAT, Growth(id=BEGUN.id, number=2, status="searching"))
    told = await events(PageFeed(board), board.log)

    assert told[-1]["growth"] == {
        "id": BEGUN.id, "status": "searching", "keep": 1, "inside": 0, "blocks": [],
    }  # fmt: skip


async def test_the_end_replaces_what_grew_and_brings_the_text() -> None:
    board = MemoryBoard()
    await grown(board, "a [b][1] **c", size=3)
    text = "a [b][1] **c**\n\n[1]: https://example.com"
    closing = Closing(reason=Reason.STOP, footer="demo")
    await board.post(CHAT, Post(id=BEGUN.id, at=1.0, turn="1", text=text, closing=closing))
    (told,) = await events(PageFeed(board), board.log[-1:])

    assert told["post"]["text"] == text
    assert told["post"]["tree"] == [["p", "a ", ["a", "https://example.com", "", "b"], " ", ["b", "c"]]]


async def test_an_answer_that_has_ended_meanwhile_is_not_told_as_growing() -> None:
    board = MemoryBoard()
    await grown(board, "Some words", size=2)
    await board.post(CHAT, Post(id=BEGUN.id, at=1.0, turn="1", text="Some words"))

    told = await events(PageFeed(board), board.log[2:])

    assert [one["kind"] for one in told] == ["post"]


@pytest.mark.parametrize("kind", ["again", "deleted"])
async def test_what_was_told_is_forgotten_when_the_answer_begins_again(kind: str) -> None:
    board = MemoryBoard()
    await grown(board, "One\n\nTwo", size=8)
    if kind == "deleted":
        await board.delete(CHAT)
        board.gone.clear()
    await grown(board, "Three", size=8)
    told = await events(PageFeed(board), board.log)

    assert blocks_of([one for one in told if one["kind"] in {"post", "grow"}]) == [["p", "Three"]]


async def test_a_page_is_read_with_the_tree_of_everything_but_the_persons_own_words() -> None:
    board = MemoryBoard()
    reply = Reply(text="*a*", sections=(Section(title="s", text="`b`"),))
    await board.post(CHAT, Post(id="q", at=1.0, person=True, text="*q*"), Post(id="r", at=1.0, reply=reply))
    await grown(board, "grows **bo", size=20)
    asked, replied, growing = json.loads(await page_json(await board.read(CHAT)))["posts"]

    assert "tree" not in asked
    assert replied["reply"]["tree"] == [["p", ["i", "a"]]]
    assert replied["reply"]["sections"][0]["tree"] == [["p", ["c", "b"]]]
    assert growing["tree"] == [["p", "grows ", ["b", "bo"]]]


async def test_a_huge_answer_is_read_beside_the_event_loop_and_in_its_order() -> None:
    board = MemoryBoard()
    text = "".join(f"Line {n} holds $x_{{{n}}}^2$ and `more`.\n\n" for n in range(LARGE))
    await board.post(CHAT, Post(id="huge", at=1.0, text=text), Post(id="small", at=1.0, text="small"))
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0.001)

    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(others())
        told = await events(PageFeed(board), board.log)
        waiting.cancel()

    assert [one["post"]["id"] for one in told] == ["huge", "small"]
    assert turns > 5
