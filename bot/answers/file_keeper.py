"""Keeps the bytes of files that models and tools make until somebody has them: a later attempt shows them without asking a
model or running a tool again, and where people take a file when they like, it waits for that.
"""

import base64
import json
import secrets
from collections.abc import Iterable
from dataclasses import replace

from bot.domain.events import ThreadKey
from bot.domain.generated import FileNote, GeneratedFile
from bot.ports import RateLimiter, SecretStore

HOUR = 3_600  # in which an answer that was interrupted is shown
DAY = 24 * HOUR  # ... and in which a file waits for whoever takes it
MEGABYTE = 1024 * 1024
PERSON = 64.0  # megabytes a day that wait for the files of one person ...
ALL = 256.0  # ... and of everybody
LATE = "A file of it was lost when Switchboard was interrupted. Ask again to get it."


class FileKeeper:
    """Files by a key that nobody can guess, each for one conversation or one person. All raise StorageUnavailable."""

    def __init__(self, store: SecretStore, rate_limiter: RateLimiter) -> None:
        self._store = store
        self._rate_limiter = rate_limiter

    async def keep(
        self, file: GeneratedFile, *, scope: str, person: str, waits: bool = False
    ) -> GeneratedFile:
        """The file with its key; one that has a key is kept already. `scope`: a conversation or a person, who alone
        get it again. `person`: "workspace:id" of whoever caused it. `waits`: somebody may take it later, as far as there is
        room for such files.
        """
        if file.key:
            return file
        lasts = DAY if waits and await self._room(len(file.data), person) else HOUR
        kept = replace(file, key=secrets.token_urlsafe(16), lasts=lasts)
        record = {
            "name": kept.name,
            "media_type": kept.media_type,
            "step": kept.step,
            "scope": scope,
            "data": base64.b64encode(kept.data).decode(),
        }
        await self._store.put(_name(kept.key), json.dumps(record), seconds=lasts)
        return kept

    async def kept(self, key: str, scopes: Iterable[str]) -> GeneratedFile | None:
        """None when it is not kept any more, or for somebody else."""
        record = json.loads(await self._store.get(_name(key)) or "{}") if key else {}
        if record.pop("scope", "") not in {*scopes}:
            return None
        return GeneratedFile(**{**record, "data": base64.b64decode(record["data"])}, key=key)

    async def drop(self, notes: Iterable[FileNote]) -> None:
        for note in notes:
            if note.key:
                await self._store.delete(_name(note.key))

    async def _room(self, size: int, person: str) -> bool:
        """Whether so many bytes may wait for a day."""
        megabytes = size / MEGABYTE
        for name, most in ((f"files-kept:{person}", PERSON), ("files-kept", ALL)):
            if await self._rate_limiter.take(name, rate=most / DAY, burst=most, tokens=megabytes):
                return False
        return True


def conversation_scope(thread: ThreadKey) -> str:
    return f"conversation:{thread.digest}"


def person_scope(workspace: str, person: str) -> str:
    return f"person:{workspace}:{person}"


def _name(key: str) -> str:
    return f"file:{key}"
