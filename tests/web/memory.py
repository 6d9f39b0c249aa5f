"""A board in memory: what `bot.storage.timeline` does on Redis, for tests of the page and the sink."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace

from bot.domain.errors import Fenced, PlatformGone, StorageUnavailable
from bot.domain.generated import GeneratedFile
from bot.domain.timeline import Change, Chat, Growth, Post, TimelinePage
from bot.storage.timeline import title_of

SHOWN = 200


@dataclass
class MemoryBoard:
    """With `down` set it refuses like a Redis that is away."""

    down: bool = False
    posts: dict[str, dict[str, Post]] = field(default_factory=dict)
    order: dict[str, list[str]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    touched: dict[str, float] = field(default_factory=dict)
    grown: dict[str, int] = field(default_factory=dict)
    log: list[Change] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)
    silence: float = 0.5
    pictures: dict[tuple[str, str], GeneratedFile] = field(default_factory=dict)

    async def post(self, chat: str, *posts: Post) -> None:
        self._check(chat)
        held = self.posts.setdefault(chat, {})
        order = self.order.setdefault(chat, [])
        for post in posts:
            old = held.get(post.id)
            if old is not None and old.person:
                continue
            if old is not None and old.turn == post.turn and old.attempt > post.attempt:
                raise Fenced
            held[post.id] = post
            self.grown[post.id] = 0
            if old is None:
                order.insert(self._place(chat, post.after), post.id)
            if post.person and not self.titles.get(chat):
                self.titles[chat] = title_of(post.text)
            self.touched[chat] = time.time()
            await self._say(Change(mark="", kind="post", chat=chat, post=post))

    async def grow(self, chat: str, growth: Growth) -> None:
        self._check(chat)
        post = self.posts[chat][growth.id]
        if post.attempt > growth.attempt or not post.growing:
            raise Fenced
        if growth.number <= self.grown.get(growth.id, 0):
            return
        self.grown[growth.id] = growth.number
        self.posts[chat][growth.id] = replace(
            post,
            text=post.text + growth.text,
            status=growth.status or post.status,
        )
        await self._say(Change(mark="", kind="grow", chat=chat, growth=growth))

    async def keep(self, chat: str, id: str, file: GeneratedFile) -> None:
        self._check(chat)
        self.pictures[chat, id] = file

    async def file(self, chat: str, id: str) -> GeneratedFile | None:
        self._reach()
        return self.pictures.get((chat, id))

    async def read(self, chat: str, *, before: str = "") -> TimelinePage:
        self._reach()
        order = self.order.get(chat, [])
        end = order.index(before) if before in order else len(order)
        ids = order[max(0, end - SHOWN) : end]
        return TimelinePage(
            posts=tuple(self.posts[chat][id] for id in ids),
            mark=str(len(self.log)),
            title=self.titles.get(chat, ""),
            more=end > SHOWN,
        )

    async def chats(self) -> Sequence[Chat]:
        self._reach()
        chats = [Chat(id=chat, title=self.titles.get(chat, ""), at=self.touched[chat]) for chat in self.posts]
        return sorted(chats, key=lambda chat: -chat.at)

    async def rename(self, chat: str, title: str) -> bool:
        self._reach()
        if chat not in self.posts:
            return False
        self.titles[chat] = title
        await self._say(Change(mark="", kind="title", chat=chat, title=title))
        return True

    async def clear(self, chat: str, *, before: str) -> None:
        self._check(chat)
        order = self.order[chat]
        for id in order[: order.index(before)]:
            del self.posts[chat][id]
            self._drop_pictures(chat, f"{id}/")
        del order[: order.index(before)]
        self.titles.pop(chat, None)
        await self._say(Change(mark="", kind="cleared", chat=chat))

    async def delete(self, chat: str) -> bool:
        self._reach()
        self.gone.add(chat)
        known = self.posts.pop(chat, None)
        self._drop_pictures(chat, "")
        self.order.pop(chat, None)
        self.titles.pop(chat, None)
        await self._say(Change(mark="", kind="gone", chat=chat))
        return known is not None

    async def watch(self, after: str = "") -> AsyncGenerator[Sequence[Change], None]:
        self._reach()
        at = len(self.log)
        if after and not (after.isascii() and after.isdecimal() and int(after) <= at):
            yield [Change(mark=str(at), kind="lost")]
        elif after:
            at = int(after)
        while True:
            news, at = self.log[at:], len(self.log)
            yield news
            try:
                async with asyncio.timeout(self.silence), self.news:
                    await self.news.wait_for(lambda at=at: len(self.log) > at)  # type: ignore[misc]
            except TimeoutError:
                self._reach()

    def _place(self, chat: str, after: str) -> int:
        order, held = self.order[chat], self.posts[chat]
        if after not in order:
            return len(order)
        place = order.index(after) + 1
        while place < len(order) and held[order[place]].after == after:
            place += 1
        return place

    def _drop_pictures(self, chat: str, start: str) -> None:
        for of, id in [*self.pictures]:
            if of == chat and id.startswith(start):
                del self.pictures[of, id]

    def _reach(self) -> None:
        if self.down:
            raise StorageUnavailable("down")

    def _check(self, chat: str) -> None:
        self._reach()
        if chat in self.gone:
            raise PlatformGone("deleted")

    async def _say(self, change: Change) -> None:
        self.log.append(replace(change, mark=str(len(self.log) + 1)))
        async with self.news:
            self.news.notify_all()
