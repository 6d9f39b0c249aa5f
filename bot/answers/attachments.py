"""The files and earlier thread messages that a question refers to, fetched when they are needed.

Bytes are never stored. A small cache avoids fetching the same picture again for every follow-up question. Its
keys include the conversation, so that nobody can read a file by naming its id elsewhere. All bytes count in one
budget of the process.
"""

import logging
from collections import OrderedDict
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.answers.attachment_budget import MEGABYTE, AttachmentBudget
from bot.domain.errors import PlatformError
from bot.domain.events import File, ThreadKey
from bot.domain.formatting import clip, join_names
from bot.domain.turns import ChatMessage, Turn
from bot.ports import Adapter

RECENT = 6  # latest questions whose files are sent again
LARGEST = 32 * MEGABYTE  # bytes of all files of one prompt, for vendors' limits
UNKNOWN = 25 * MEGABYTE  # what is set aside for a file that does not say how large it is
SENDING = (
    2 * MEGABYTE
)  # set aside for each prompt: the chunk that is being encoded, and what the network holds
READING = 8  # and an eighth of each file: the buffer it is read into grows by that
CACHE_BYTES = 64 * MEGABYTE

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesAtHand:
    """The bytes by file id, and the files of the question that are larger than what may be held."""

    bytes_of: Mapping[str, bytes] = field(default_factory=dict)
    too_large: Sequence[File] = ()
    most: int = LARGEST

    @property
    def notice(self) -> str:
        """What the person has to know and can do, "" when all was read."""
        if not self.too_large:
            return ""
        names = join_names([clip(file.name, 60) for file in self.too_large], "and")
        most = f"{max(self.most // MEGABYTE, 1)} MB"
        return f"Not read: {names}. The files of a question may have {most} together: send fewer or smaller ones."


class Attachments:
    """Reads through the conversation's adapter. What cannot be read is left out, never an error."""

    def __init__(self, *, adapters: Mapping[str, Adapter], budget: AttachmentBudget | None = None) -> None:
        self._adapters = adapters
        self._budget = budget or AttachmentBudget()
        self._budget.evict = self._evict
        self._most = max(0, min(LARGEST, (self._budget.limit - SENDING) * READING // (READING + 1)))
        self._cache: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    def must_wait(self, asked: Sequence[Turn | ChatMessage]) -> bool:
        """Whether `held` would wait for others to give back what they hold."""
        need = self._need(_files(asked))
        return need > 0 and not self._budget.has_room(need)

    @asynccontextmanager
    async def held(
        self, thread: ThreadKey, asked: Sequence[Turn | ChatMessage]
    ) -> AsyncGenerator[FilesAtHand, None]:
        """The bytes of the last questions' files. The newest come first, as far as they fit.

        They count as held until the block is left. Waits when the process holds too much already.
        """
        files = _files(asked)
        if not (need := self._need(files)):
            yield FilesAtHand(too_large=self._too_large(asked, {}), most=self._most)
            return
        async with self._budget.take(need) as share:
            found = await self._read_all(thread, files)
            share.shrink(_cost(sum(map(len, found.values()))))
            too_large = self._too_large(asked, found)
            try:
                yield FilesAtHand(bytes_of=found, too_large=too_large, most=self._most)
            finally:
                found.clear()  # what is given back must not be held by whoever still knows this turn

    def _need(self, files: Sequence[File]) -> int:
        """What a prompt with these files may come to hold; 0 when there is nothing to read."""
        sizes = [file.size or UNKNOWN for file in files if file.size <= self._most]
        return _cost(min(sum(sizes), self._most)) if sizes and self._most else 0

    def _too_large(self, asked: Sequence[Turn | ChatMessage], found: Mapping[str, bytes]) -> Sequence[File]:
        """Of the question itself only: of earlier ones the person was told then."""
        files = _files(asked[-1:])
        over = sum(file.size for file in files) > self._most
        return [file for file in files if file.size and over and file.id not in found]

    async def _read_all(self, thread: ThreadKey, files: Sequence[File]) -> dict[str, bytes]:
        room = self._most
        found: dict[str, bytes] = {}
        for file in files:
            data = await self._read(thread, file) if room and file.size <= room else None
            if data is not None and len(data) <= room:
                found[file.id] = data
                room -= len(data)
        return found

    async def _read(self, thread: ThreadKey, file: File) -> bytes | None:
        key = (thread.digest, file.id)
        if key in self._cache:
            self._cache.move_to_end(key)
            return self._cache[key]
        try:
            data = await self._adapters[thread.platform].fetch(file)
        except PlatformError as error:
            log.warning("file not read", extra={"file": file.id, "code": error.code})
            return None
        if key not in self._cache:
            self._keep(key, data)
        return data

    def _keep(self, key: tuple[str, str], data: bytes) -> None:
        while self._budget.kept + len(data) > CACHE_BYTES and self._evict():
            pass
        if len(data) <= CACHE_BYTES and self._budget.keep(len(data)):
            self._cache[key] = data

    def _evict(self) -> bool:
        """Forgets the file that was not asked for the longest. False when there is none."""
        if not self._cache:
            return False
        _, data = self._cache.popitem(last=False)
        self._budget.kept -= len(data)
        return True


def _cost(size: int) -> int:
    """The bytes of memory that a prompt with so many bytes of files takes."""
    return size + size // READING + SENDING


def _files(asked: Sequence[Turn | ChatMessage]) -> Sequence[File]:
    """The last questions' files, each once, the newest first."""
    said = [item.asked if isinstance(item, Turn) else item for item in asked[-RECENT:]]
    return list({file.id: file for one in reversed(said) for file in one.files}.values())
