"""The timeline on Redis: what every open page shows, whichever process writes it.

All of it is in one slot, so that a post and its change are written in one step. Growth is stored part by part
until the post is rewritten as a whole: each update costs only the new text.
"""

import logging
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from bot.domain.errors import Fenced, PlatformGone
from bot.domain.generated import GeneratedFile
from bot.domain.timeline import GROWTH, POST, Change, Chat, Growth, Post, TimelinePage
from bot.storage.connection import WAIT, Database
from bot.storage.encryption import RecordCipher, RecordPlace, UnreadableRecord
from bot.storage.keys import DAY, Keys, Lifetimes
from bot.storage.scripts import Scripts, Word

SHOWN = 200  # posts per read
LISTED = 500  # conversations
KEPT = 4_000  # changes
BATCH = 200  # changes per read
TITLE = 80  # characters of the question that become the title

log = logging.getLogger(__name__)

T = TypeVar("T")


class RedisTimeline:
    """The Timeline on Redis."""

    def __init__(
        self, *, database: Database, keys: Keys, cipher: RecordCipher, scripts: Scripts, lifetimes: Lifetimes
    ) -> None:
        self._database = database
        self._keys = keys
        self._cipher = cipher
        self._scripts = scripts
        self._lifetimes = lifetimes

    async def post(self, chat: str, *posts: Post) -> None:
        title = next((title_of(post.text) for post in posts if post.person), "")
        arguments: list[Word] = [chat, self._close(_title(chat), title.encode()) if title else "", KEPT]
        arguments += [self._lifetimes.memory, DAY]
        for post in posts:
            arguments += [post.id, int(post.person), post.after, post.turn, post.attempt, int(post.growing)]
            arguments.append(self._close(_post(chat, post.id), POST.dump_json(post, exclude_defaults=True)))
        names = ("seq", "log", "chats", "titles")
        own = ("order", "posts", "owners", "growing", "gone")
        self._judge(await self._call("timeline_post", chat, names, own, *arguments))

    async def grow(self, chat: str, growth: Growth) -> None:
        place = _growth(chat, growth.id, growth.attempt, growth.number)
        sealed = self._close(place, GROWTH.dump_json(growth, exclude_defaults=True))
        own = ("owners", "growing", "gone")
        arguments = (chat, growth.id, growth.attempt, growth.number, sealed, KEPT, DAY, place.at)
        self._judge(await self._call("timeline_grow", chat, ("seq", "log"), own, *arguments))

    async def keep(self, chat: str, id: str, file: GeneratedFile) -> None:
        sealed = self._close(_picture(chat, id), file.data)
        own = ("pictures", "gone")
        self._judge(await self._call("timeline_keep", chat, (), own, id, sealed, self._lifetimes.memory))

    async def file(self, chat: str, id: str) -> GeneratedFile | None:
        (stored,) = await self._database.ask(("HGET", self._keys.timeline("pictures", chat), id))
        data = self._open(_picture(chat, id), stored) if stored else None
        return GeneratedFile(name=id, data=data) if data else None

    async def read(self, chat: str, *, before: str = "") -> TimelinePage:
        own = ("order", "posts", "growing")
        answer = await self._call("timeline_read", chat, ("seq", "titles"), own, chat, before, SHOWN)
        mark, title, more, growths, sealed = answer
        grown = {id.decode(): growths for id, *growths in growths}
        pairs = zip(sealed[::2], sealed[1::2], strict=True)
        posts = [post for post in (self._post(chat, id.decode(), data) for id, data in pairs) if post]
        return TimelinePage(
            posts=tuple(
                self._grown(chat, post, grown[post.id]) if post.id in grown else post for post in posts
            ),
            mark=mark.decode(),
            title=self._title(chat, title),
            more=bool(more),
        )

    async def chats(self) -> Sequence[Chat]:
        chats, titles = self._keys.timeline("chats"), self._keys.timeline("titles")
        _, found, named = await self._database.ask(
            ("ZREMRANGEBYSCORE", chats, "-inf", time.time() - self._lifetimes.memory),
            ("ZREVRANGE", chats, 0, LISTED - 1, "WITHSCORES"),
            ("HGETALL", titles),
        )
        ids = [name.decode() for name, _ in found]
        # A title has no lifetime of its own in the hash: it goes when its conversation has gone.
        if stale := [name for name in named if name.decode() not in ids and len(ids) < LISTED]:
            await self._database.ask(("HDEL", titles, *stale))
        return [
            Chat(id=id, title=self._title(id, named.get(id.encode(), b"")), at=float(at))
            for id, (_, at) in zip(ids, found, strict=True)
        ]

    async def rename(self, chat: str, title: str) -> bool:
        names = ("seq", "log", "chats", "titles")
        sealed = self._close(_title(chat), title.encode())
        return bool(await self._call("timeline_name", chat, names, (), chat, sealed, KEPT, DAY))

    async def clear(self, chat: str, *, before: str) -> None:
        await self._erase(chat, before)

    async def delete(self, chat: str) -> bool:
        return await self._erase(chat, "")

    async def _erase(self, chat: str, before: str) -> bool:
        names = ("seq", "log", "chats", "titles")
        own = ("order", "posts", "owners", "growing", "gone", "pictures")
        return bool(await self._call("timeline_erase", chat, names, own, chat, KEPT, DAY, before))

    async def watch(self, after: str = "") -> AsyncGenerator[Sequence[Change], None]:
        key = self._keys.timeline("log")
        at = await self._start(after)
        if at is None:
            (now,) = await self._database.ask(("GET", self._keys.timeline("seq")))
            at = int(now or 0)
            yield [Change(mark=str(at), kind="lost")]
        (entries,) = await self._database.ask(("XRANGE", key, f"{at + 1}-0", "+", "COUNT", BATCH))
        while True:
            changes = [change for change in (self._change(*entry) for entry in entries) if change]
            at = int(entries[-1][0].split(b"-")[0]) if entries else at
            yield changes
            words = ("XREAD", "BLOCK", int(WAIT * 1000), "COUNT", BATCH, "STREAMS", key, f"{at}-0")
            answer = await self._database.wait_for(*words, key=key)
            entries = [entry for found in (answer or {}).values() for entry in found]

    async def _start(self, after: str) -> int | None:
        """The change to go on from; None when later changes are no longer stored."""
        now, first = await self._database.ask(
            ("GET", self._keys.timeline("seq")), ("XRANGE", self._keys.timeline("log"), "-", "+", "COUNT", 1)
        )
        newest = int(now or 0)
        if not after:
            return newest
        if not (after.isascii() and after.isdecimal() and len(after) < 18) or int(after) > newest:
            return None
        oldest = int(first[0][0].split(b"-")[0]) if first else newest + 1
        return int(after) if int(after) + 1 >= oldest else None

    async def _call(
        self, script: str, chat: str, names: tuple[str, ...], own: tuple[str, ...], *arguments: Word
    ) -> Any:
        keys = [self._keys.timeline(name) for name in names] + [
            self._keys.timeline(name, chat) for name in own
        ]
        (answer,) = await self._database.ask(self._scripts.call(script, tuple(keys), *arguments))
        return answer

    def _judge(self, answer: bytes) -> None:
        if answer == b"gone":
            raise PlatformGone("This conversation was deleted.", code="deleted")
        if answer == b"fenced":
            raise Fenced

    def _close(self, place: RecordPlace, data: bytes) -> bytes:
        return self._cipher.encrypt(data, about=place)

    def _open(self, place: RecordPlace, data: bytes) -> bytes | None:
        """None for what cannot be believed: it is not shown, and the rest is."""
        try:
            return self._cipher.decrypt(data, about=place)
        except UnreadableRecord as error:
            log.warning(
                "a record of the page is left out",
                extra={"chat": place.of, "kind": place.kind, "why": str(error)},
            )
            return None

    def _title(self, chat: str, data: bytes) -> str:
        return (self._open(_title(chat), data) or b"").decode() if data else ""

    def _post(self, chat: str, id: str, data: bytes) -> Post | None:
        text = self._open(_post(chat, id), data)
        return _valid(POST, text) if text is not None else None

    def _growth(self, place: RecordPlace, data: bytes) -> Growth | None:
        text = self._open(place, data)
        return _valid(GROWTH, text) if text is not None else None

    def _grown(self, chat: str, post: Post, grown: Sequence[bytes]) -> Post:
        places = (_growth(chat, post.id, post.attempt, number) for number in range(1, len(grown) + 1))
        found = (self._growth(place, data) for place, data in zip(places, grown, strict=True))
        growths = [growth for growth in found if growth]
        status = next((growth.status for growth in reversed(growths) if growth.status), post.status)
        return replace(post, text=post.text + "".join(growth.text for growth in growths), status=status)

    def _change(self, entry: bytes, fields: dict[bytes, bytes]) -> Change | None:
        chat, data, at = fields[b"c"].decode(), fields[b"d"], fields[b"i"].decode()
        told = Change(mark=entry.split(b"-")[0].decode(), kind="gone", chat=chat)
        match fields[b"k"]:
            case b"post":
                post = self._post(chat, at, data)
                return replace(told, kind="post", post=post) if post else None
            case b"grow":
                growth = self._growth(RecordPlace(kind="growth", of=chat, at=at), data)
                return replace(told, kind="grow", growth=growth) if growth else None
            case b"title":
                return replace(told, kind="title", title=self._title(chat, data))
            case b"cleared":
                return replace(told, kind="cleared")
        return told


def _post(chat: str, id: str) -> RecordPlace:
    return RecordPlace(kind="post", of=chat, at=id)


def _growth(chat: str, id: str, attempt: int, number: int) -> RecordPlace:
    return RecordPlace(kind="growth", of=chat, at=f"{id} {attempt} {number}")


def _picture(chat: str, id: str) -> RecordPlace:
    return RecordPlace(kind="picture", of=chat, at=id)


def _title(chat: str) -> RecordPlace:
    return RecordPlace(kind="title", of=chat)


def _valid(kind: TypeAdapter[T], text: bytes) -> T | None:
    try:
        return kind.validate_json(text)
    except ValidationError:
        log.warning("a record of the page has an unknown form")
        return None


def title_of(text: str) -> str:
    """A conversation's title, made from its first question."""
    words = " ".join(text.split())
    return words if len(words) <= TITLE else f"{words[: TITLE - 1].rstrip()}…"
