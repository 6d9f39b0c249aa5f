"""What an open page is told, as JSON: the timeline's posts and changes, every text of the bot with its tree (`tree`),
every source as a list of its number and inlines, every step as its name, how it ended and in which words.

Of an answer that grows only the blocks that changed are sent:

    {"mark": ..., "kind": "grow", "chat": ..., "growth": {"id": ..., "status": ..., "keep": 3, "inside": 2, "blocks": [...]}}

The first three blocks that this feed has told stand, the given ones come after them, and the first of these still has
the first two items or rows that it had inside (see Patch). A feed begins in the middle of an
answer with all of it: `keep` is 0.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter

from adapters.web.outbound.tree import GrowingTree, Patch, source_trees, tree_of
from bot.domain.shown_steps import ShownStep
from bot.domain.stream_parts import Source
from bot.domain.timeline import Change, Growth, Post, TimelinePage
from bot.page_ports import Timeline

LARGE: Final = 2_000
"""Characters from which on reading a text leaves the event loop: 20 ms at most if it is all formulas, else 4."""

PAGE: TypeAdapter[TimelinePage] = TypeAdapter(TimelinePage)
CHANGE: TypeAdapter[Change] = TypeAdapter(Change)
STEPS: TypeAdapter[tuple[ShownStep, ...]] = TypeAdapter(tuple[ShownStep, ...])

Made = TypeVar("Made")


async def page_json(page: TimelinePage) -> bytes:
    return await _aside(sum(map(_size, page.posts)), lambda: _page(page))


def _page(page: TimelinePage) -> bytes:
    data: dict[str, Any] = PAGE.dump_python(page, mode="json", exclude_defaults=True)
    for post in data["posts"]:
        _add_trees(post)
    return _json(data)


@dataclass(slots=True)
class _Followed:
    """A growing post. Changes up to the mark `since` are in its text already."""

    tree: GrowingTree
    since: int


class PageFeed:
    """The changes for one connection, in their order."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._growing: dict[tuple[str, str], _Followed] = {}

    async def events(self, changes: Sequence[Change]) -> bytes:
        """Server-sent events. JSON holds no raw line break, so one data line is enough."""
        told = [(change.mark, await self._told(change)) for change in changes]
        return b"".join(
            b"id: %s\ndata: %s\n\n" % (mark.encode(), _json(data)) for mark, data in told if data is not None
        )

    async def _told(self, change: Change) -> dict[str, Any] | None:
        if change.growth:
            return await self._grown(change, change.growth)
        data: dict[str, Any] = CHANGE.dump_python(change, mode="json", exclude_defaults=True)
        if change.kind in {"gone", "cleared"}:
            self._growing = {key: one for key, one in self._growing.items() if key[0] != change.chat}
        if change.post:
            await self._posted(change, change.post, data["post"])
        return data

    async def _posted(self, change: Change, post: Post, data: dict[str, Any]) -> None:
        key = (change.chat, post.id)
        self._growing.pop(key, None)
        if post.growing:
            data["tree"] = (await self._follow(key, post, change.mark)).blocks
        else:
            await _aside(_size(post), lambda: _add_trees(data))

    async def _grown(self, change: Change, growth: Growth) -> dict[str, Any] | None:
        """None when it has ended meanwhile: the change that says so is on its way."""
        key = (change.chat, growth.id)
        if followed := self._growing.get(key):
            text = growth.text if int(change.mark) > followed.since else ""
            patch = await _aside(len(followed.tree.text), lambda: followed.tree.news(text))
        else:
            page = await self._timeline.read(change.chat)
            post = next((one for one in page.posts if one.id == growth.id and one.growing), None)
            if post is None:
                return None
            patch = await self._follow(key, post, page.mark)
        told = {"id": growth.id, "status": growth.status, **asdict(patch)}
        return {"mark": change.mark, "kind": "grow", "chat": change.chat, "growth": told}

    async def _follow(self, key: tuple[str, str], post: Post, mark: str) -> Patch:
        tree = GrowingTree()
        self._growing[key] = _Followed(tree, int(mark))
        return await _aside(len(post.text), lambda: tree.news(post.text))


def _add_trees(post: dict[str, Any]) -> None:
    """Puts its tree beside every text that is not the person's."""
    if reply := post.get("reply"):
        for part in (reply, *reply.get("sections", ())):
            part["tree"] = tree_of(part.get("text", ""))
    elif not post.get("person"):
        text = post.get("text", "")
        if steps := post.get("closing", {}).get("steps"):
            shown = STEPS.validate_python(steps)
            post["closing"]["steps"] = [[one.name, one.outcome, one.told] for one in shown]
        if post.get("sources"):
            post["sources"] = source_trees([Source(**one) for one in post["sources"]])
        post["tree"] = GrowingTree(text).blocks() if post.get("growing") else tree_of(text)


def _size(post: Post) -> int:
    sections = post.reply.sections if post.reply else ()
    return (
        len(post.text) + (len(post.reply.text) if post.reply else 0) + sum(len(one.text) for one in sections)
    )


async def _aside(size: int, work: Callable[[], Made]) -> Made:
    return await asyncio.to_thread(work) if size > LARGE else work()


def _json(data: dict[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
