"""Keeps the bytes of files that models and tools make until somebody has them: a later attempt shows them without asking a
model or running a tool again, and where people take a file when they like, it waits for that.
"""

import asyncio
import base64
import hashlib
import json
import secrets
from collections.abc import Collection
from dataclasses import replace

from bot.context import Context
from bot.domain.events import ThreadKey
from bot.domain.generated import GeneratedFile, kept_file, kept_files
from bot.ports import RateLimiter, SecretStore

HOUR = 3_600  # in which an answer that was interrupted is shown
DAY = 24 * HOUR  # ... and in which a file waits for whoever takes it
MEGABYTE = 1024 * 1024
PIECE = 3 * 4 * 65_536  # bytes, or characters of Base64: neither leaves a rest
LISTED = 1_000  # files of one conversation that can be dropped with it
ROOM = {
    DAY: (64.0, 256.0),
    HOUR: (128.0, 512.0),
}  # megabytes in that time: of one person's files, and of everybody's
LATE = "A file of it was lost when Switchboard was interrupted. Ask again to get it."


class FileKeeper:
    """Files by a key, each for one conversation or one person. All raise StorageUnavailable; those of one
    conversation are kept and dropped under its claim, one at a time.
    """

    def __init__(self, store: SecretStore, rate_limiter: RateLimiter) -> None:
        self._store = store
        self._rate_limiter = rate_limiter

    async def keep(self, context: Context, file: GeneratedFile, of: str = "") -> GeneratedFile:
        """The file with its key, for whoever is in this conversation, or for who alone sees the answer; one that has a key is
        kept already. Where people take files when they like, it waits for a day as far as there is room for such files; without
        any room it is not kept, and has no key. The same file `of` something takes its own place again.
        """
        if file.key:
            return file
        mine, ours = scopes(context)
        scope, waits = mine if context.private else ours, context.capabilities.hands_over
        key = _again(scope, of, file.name) if of else ""
        return await self._put(context, file, scope, key, of or context.turn_handle.id, waits=waits)

    async def copy(self, context: Context, file: GeneratedFile) -> GeneratedFile:
        """The same for whoever caused the event, wherever they are; however often they want it, it is one."""
        scope = scopes(context)[0]
        return await self._put(context, file, scope, _again(scope, file.key), file.key, waits=True)

    async def kept(self, context: Context, key: str) -> GeneratedFile | None:
        """None when it is not kept any more, or for somebody else."""
        told, _, data = ((await self._store.get(kept_file(key)) if key else None) or "{}").partition("\n")
        record = json.loads(told)
        if record.pop("scope", "") not in scopes(context):
            return None
        return GeneratedFile(**record, data=await _bytes(data), key=key)

    async def drop(self, *keys: str) -> None:
        for key in keys:
            await self._store.delete(kept_file(key))

    async def drop_of_turns(self, thread: ThreadKey, turns: Collection[str]) -> None:
        """What came with these answers, by their ids, and what was made of them for anybody."""
        listed, doomed = await self._listed(thread), set(turns)
        for key, of in listed.items():  # a copy is listed after what it is one of
            doomed |= {key} if of in doomed else set()
        await self.drop(*(key for key in listed if key in doomed))

    async def drop_of_conversation(self, thread: ThreadKey) -> None:
        await self.drop(*await self._listed(thread))
        await self._store.delete(kept_files(thread.digest))

    async def _put(
        self, context: Context, file: GeneratedFile, scope: str, key: str, of: str, *, waits: bool
    ) -> GeneratedFile:
        """Under a new key where there is none."""
        thread, person = context.thread, scopes(context)[0]
        lasts = await self._lasts(len(file.data), person, waits=waits)
        if not lasts:
            return file
        kept = replace(file, key=key or secrets.token_urlsafe(16), lasts=lasts)
        record = {
            "name": kept.name,
            "media_type": kept.media_type,
            "step": kept.step,
            "lasts": lasts,
            "scope": scope,
        }
        listed = dict([*(await self._listed(thread) | {kept.key: of}).items()][-LISTED:])
        await self._store.put(kept_files(thread.digest), json.dumps(listed), seconds=DAY)
        stored = f"{json.dumps(record)}\n{await _words(kept.data)}"
        await self._store.put(kept_file(kept.key), stored, seconds=lasts)
        return kept

    async def _listed(self, thread: ThreadKey) -> dict[str, str]:
        """The files of a conversation, the oldest first: each with the turn that it came with, or the file that it is a copy of."""
        found: dict[str, str] = json.loads(await self._store.get(kept_files(thread.digest)) or "{}")
        return found

    async def _lasts(self, size: int, person: str, *, waits: bool) -> int:
        """For how many seconds so many bytes may be kept, 0 where there is no room."""
        for seconds in (DAY, HOUR) if waits else (HOUR,):
            if await self._room(size / MEGABYTE, person, seconds):
                return seconds
        return 0

    async def _room(self, megabytes: float, person: str, seconds: int) -> bool:
        mine, ours = ROOM[seconds]
        for name, most in ((f"files-kept:{seconds}:{person}", mine), (f"files-kept:{seconds}", ours)):
            if await self._rate_limiter.take(name, rate=most / seconds, burst=most, tokens=megabytes):
                return False
        return True


async def _words(data: bytes) -> str:
    """In pieces, each of which takes a few milliseconds: others are answered in between."""
    told = []
    for at in range(0, len(data), PIECE):
        told.append(base64.b64encode(data[at : at + PIECE]).decode())
        await asyncio.sleep(0)
    return "".join(told)


async def _bytes(words: str) -> bytes:
    read = []
    for at in range(0, len(words), PIECE):
        read.append(base64.b64decode(words[at : at + PIECE]))
        await asyncio.sleep(0)
    return b"".join(read)


def scopes(context: Context) -> tuple[str, str]:
    """Whose files are at hand: those of the person, and those of the conversation."""
    return f"person:{context.workspace}:{context.event.author.id}", f"conversation:{context.thread.digest}"


def _again(*told: str) -> str:
    """The same key for the same thing. Who guesses it is still not in its scope."""
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]
