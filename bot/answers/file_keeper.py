"""Keeps the bytes of files that models and tools make until somebody has them: a later attempt shows them without asking a
model or running a tool again, and where people take a file when they like, it waits for that.
"""

import base64
import hashlib
import json
import secrets
from dataclasses import replace

from bot.context import Context
from bot.domain.events import ThreadKey
from bot.domain.generated import GeneratedFile
from bot.ports import RateLimiter, SecretStore

HOUR = 3_600  # in which an answer that was interrupted is shown
DAY = 24 * HOUR  # ... and in which a file waits for whoever takes it
MEGABYTE = 1024 * 1024
LISTED = 1_000  # files of one conversation that can be dropped with it
PERSON = 64.0  # megabytes a day that wait for the files of one person ...
ALL = 256.0  # ... and of everybody
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
        kept already. Where people take files when they like, it waits for a day as far as there is room for such files. The
        same file `of` something takes its own place again.
        """
        if file.key:
            return file
        mine, ours = scopes(context)
        scope, waits = mine if context.private else ours, context.capabilities.hands_over
        return await self._put(context, file, scope, _again(scope, of, file.name) if of else "", waits=waits)

    async def copy(self, context: Context, file: GeneratedFile) -> GeneratedFile:
        """The same for whoever caused the event, wherever they are; however often they want it, it is one."""
        scope = scopes(context)[0]
        return await self._put(context, file, scope, _again(scope, file.key), waits=True)

    async def kept(self, context: Context, key: str) -> GeneratedFile | None:
        """None when it is not kept any more, or for somebody else."""
        record = json.loads(await self._store.get(_name(key)) or "{}") if key else {}
        if record.pop("scope", "") not in scopes(context):
            return None
        return GeneratedFile(**{**record, "data": base64.b64decode(record["data"])}, key=key)

    async def drop(self, *keys: str) -> None:
        for key in keys:
            await self._store.delete(_name(key))

    async def drop_of_conversation(self, thread: ThreadKey) -> None:
        await self.drop(*await self._listed(thread))
        await self._store.delete(_list(thread))

    async def _put(
        self, context: Context, file: GeneratedFile, scope: str, key: str, *, waits: bool
    ) -> GeneratedFile:
        """Under a new key where there is none."""
        thread, person = context.thread, scopes(context)[0]
        lasts = DAY if waits and await self._room(len(file.data), person) else HOUR
        kept = replace(file, key=key or secrets.token_urlsafe(16), lasts=lasts)
        record = {
            "name": kept.name,
            "media_type": kept.media_type,
            "step": kept.step,
            "lasts": lasts,
            "scope": scope,
            "data": base64.b64encode(kept.data).decode(),
        }
        listed = [*dict.fromkeys([*await self._listed(thread), kept.key])][-LISTED:]
        await self._store.put(_list(thread), json.dumps(listed), seconds=DAY)
        await self._store.put(_name(kept.key), json.dumps(record), seconds=lasts)
        return kept

    async def _listed(self, thread: ThreadKey) -> list[str]:
        found: list[str] = json.loads(await self._store.get(_list(thread)) or "[]")
        return found

    async def _room(self, size: int, person: str) -> bool:
        """Whether so many bytes may wait for a day."""
        megabytes = size / MEGABYTE
        for name, most in ((f"files-kept:{person}", PERSON), ("files-kept", ALL)):
            if await self._rate_limiter.take(name, rate=most / DAY, burst=most, tokens=megabytes):
                return False
        return True


def scopes(context: Context) -> tuple[str, str]:
    """Whose files are at hand: those of the person, and those of the conversation."""
    return f"person:{context.workspace}:{context.event.author.id}", f"conversation:{context.thread.digest}"


def _again(*told: str) -> str:
    """The same key for the same thing. Who guesses it is still not in its scope."""
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]


def _list(thread: ThreadKey) -> str:
    return f"files-of:{thread.digest}"


def _name(key: str) -> str:
    return f"file:{key}"
