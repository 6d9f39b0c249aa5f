"""The files that a question refers to, fetched and read when they are needed.

Nothing of them is stored. A small cache avoids reading the same picture again for every follow-up question. Its
keys include the conversation, so that nobody can read a file by naming its id elsewhere. All bytes and texts count
in one budget of the process.
"""

import logging
import sys
from collections import OrderedDict
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace

from bot.answers.attachment_budget import MEGABYTE, AttachmentBudget, Share
from bot.answers.files_at_hand import TOO_MANY, FilesAtHand, Sayings, fetch_reason
from bot.domain.attached import IMAGES, PDF, FilesRead, is_picture, shown_kind
from bot.domain.catalog import Model
from bot.domain.errors import PlatformError
from bot.domain.events import File, ThreadKey
from bot.domain.file_text import FileText
from bot.files.limits import DAMAGED, STRANGE, TOO_LONG
from bot.files.picture_heads import tells_more
from bot.files.reader import FileReader
from bot.ports import Adapter

LARGEST = 32 * MEGABYTE  # bytes of all files of one prompt, for vendors' limits
UNKNOWN = 25 * MEGABYTE  # what is set aside for a file that does not say how large it is
SENDING = (
    2 * MEGABYTE
)  # set aside for each prompt: the chunk that is being encoded, and what the network holds
READING = 8  # and an eighth of each file: the buffer it is read into grows by that
CACHE_BYTES = 64 * MEGABYTE

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """What is known of one file: its media type by its bytes, and its bytes and its text where some model needs them."""

    kind: str = ""
    data: bytes | None = None
    text: FileText | None = None
    as_text: bool = False  # no model can be given its bytes

    @property
    def size(self) -> int:
        """Bytes of memory."""
        return len(self.data or b"") + (sys.getsizeof(self.text.text) if self.text else 0)

    def serves(self, models: Sequence[Model]) -> bool:
        wants_text = self.as_text or _wants_text(self.kind, models)
        return (self.as_text or self.data is not None or not _wants_bytes(self.kind, models)) and (
            self.text is not None or not wants_text
        )


@dataclass(slots=True)
class _Found:
    """What has been read for one question so far, within `room` bytes."""

    room: int
    bytes_of: dict[str, bytes] = field(default_factory=dict)
    texts: dict[str, FileText] = field(default_factory=dict)
    pictures: set[str] = field(default_factory=set)
    documents: set[str] = field(default_factory=set)
    held: int = 0

    def add(self, file: File, kept: KeptFile) -> None:
        self.held += kept.size
        self.room -= kept.size
        if kept.data is not None:
            self.bytes_of[file.id] = kept.data
        if kept.text is not None:
            self.texts[file.id] = kept.text
        if is_picture(kept.kind) and not kept.as_text:
            self.pictures.add(file.id)
        if kept.kind == PDF and kept.data is not None:
            self.documents.add(file.id)

    def clear(self) -> None:
        self.bytes_of.clear()
        self.texts.clear()


class Attachments:
    """Reads through the conversation's adapter. What cannot be read has a reason, and is never an error."""

    def __init__(
        self,
        *,
        adapters: Mapping[str, Adapter],
        budget: AttachmentBudget | None = None,
        reader: FileReader | None = None,
    ) -> None:
        self._adapters = adapters
        self._reader = reader or FileReader()
        self._budget = budget or AttachmentBudget()
        self._budget.evict = self._evict
        self._most = max(0, min(LARGEST, (self._budget.limit - SENDING) * READING // (READING + 1)))
        self._cache: OrderedDict[tuple[str, str], KeptFile] = OrderedDict()

    def must_wait(self, said: Sayings) -> bool:
        """Whether `held` would wait for others to give back what they hold."""
        need = self._need(said.files)
        return need > 0 and not self._budget.has_room(need)

    @asynccontextmanager
    async def held(
        self, thread: ThreadKey, said: Sayings, models: Sequence[Model]
    ) -> AsyncGenerator[FilesAtHand, None]:
        """What the files say, for these models: bytes for those that read them, texts for the others. The question's
        own come first, as far as they fit. They count as held until the block is left. Waits when the process holds
        too much already.
        """
        found = _Found(room=self._most)
        need = self._need(said.files)
        async with self._budget.take(need) if need else nullcontext(Share(self._budget, 0)) as share:
            await self._read_all(thread, said, models, found)
            share.shrink(_cost(found.held) if found.held else 0)
            try:
                yield FilesAtHand(
                    read=FilesRead(bytes_of=found.bytes_of, texts=found.texts),
                    own=said.own,
                    asked=said.asked.files,
                    reasons={id: text.reason for id, text in found.texts.items() if text.reason},
                    pictures=frozenset(found.pictures),
                    documents=frozenset(found.documents),
                )
            finally:
                found.clear()  # what is given back must not be held by whoever still knows this turn

    def _need(self, files: Sequence[File]) -> int:
        """What a prompt with these files may come to hold; 0 when there is nothing to read."""
        sizes = [file.size or UNKNOWN for file in files if file.size <= self._most and not file.trouble]
        return _cost(min(sum(sizes), self._most)) if sizes and self._most else 0

    async def _read_all(
        self, thread: ThreadKey, said: Sayings, models: Sequence[Model], found: _Found
    ) -> None:
        own = {file.id for file in said.own}
        for file in said.files:
            kept = await self._read(thread, file, models, found.room)
            if kept.size > found.room and not file.text:
                kept = self._too_large()
            if file.id in own or kept.data is not None or (kept.text and not kept.text.reason):
                found.add(file, kept)  # of earlier ones the person was told then
        for id in own - {file.id for file in said.files}:
            found.texts[id] = FileText(reason=TOO_MANY)

    def _too_large(self) -> KeptFile:
        most = f"{max(self._most // MEGABYTE, 1)} MB"
        reason = f"the files of a question may have {most} together: send fewer or smaller ones"
        return KeptFile(text=FileText(reason=reason))

    async def _read(self, thread: ThreadKey, file: File, models: Sequence[Model], room: int) -> KeptFile:
        if file.trouble:
            return KeptFile(text=FileText(reason=file.trouble))
        if file.text:
            return KeptFile(text=FileText(text=file.text))
        if is_picture(file.media_type) and not _wants_bytes(file.media_type, models):
            return KeptFile(kind=file.media_type)
        if room <= 0 or file.size > room:
            return self._too_large()
        key = (thread.digest, file.id)
        kept = self._cache.get(key, KeptFile())
        if kept.kind and kept.serves(models):
            self._cache.move_to_end(key)
            return kept
        try:
            data = kept.data or await self._adapters[thread.platform].fetch(file)
        except PlatformError as error:
            log.warning("file not read", extra={"file": file.id, "code": error.code})
            return KeptFile(text=FileText(reason=fetch_reason(error)))
        read = await self._made_of(file, data, models)
        if read.text is None or read.text.reason != TOO_LONG:  # which may be another time
            self._keep(key, read)
        return read

    async def _made_of(self, file: File, data: bytes, models: Sequence[Model]) -> KeptFile:
        kind = shown_kind(file, data) or "unknown"
        kept = KeptFile(kind=kind, data=data if _wants_bytes(kind, models) else None)
        if kept.data is not None and is_picture(kind):
            picture = await self._reader.picture(data)
            unsure = isinstance(picture, FileText) and picture.reason in {DAMAGED, STRANGE}
            if unsure and kind in IMAGES and not tells_more(data):
                return kept  # a vendor may know better, and what it refuses is told
            if isinstance(picture, FileText):
                return KeptFile(kind=kind, text=picture, as_text=True)
            return KeptFile(kind=shown_kind(file, picture), data=picture)
        if kept.data is not None and not await self._reader.sendable(data):
            kept = KeptFile(kind=kind, as_text=True)
        if not (kept.as_text or _wants_text(kind, models)):
            return kept
        return replace(kept, text=await self._reader.read(data, file.name, file.media_type))

    def _keep(self, key: tuple[str, str], kept: KeptFile) -> None:
        if old := self._cache.pop(key, None):
            self._budget.kept -= old.size
        while self._budget.kept + kept.size > CACHE_BYTES and self._evict():
            pass
        if kept.size <= CACHE_BYTES and self._budget.keep(kept.size):
            self._cache[key] = kept

    def _evict(self) -> bool:
        """Forgets the file that was not asked for the longest. False when there is none."""
        if not self._cache:
            return False
        _, kept = self._cache.popitem(last=False)
        self._budget.kept -= kept.size
        return True


def _wants_bytes(kind: str, models: Sequence[Model]) -> bool:
    return any((is_picture(kind) and one.vision) or (kind == PDF and one.documents) for one in models)


def _wants_text(kind: str, models: Sequence[Model]) -> bool:
    return not is_picture(kind) and not (kind == PDF and all(one.documents for one in models))


def _cost(size: int) -> int:
    """The bytes of memory that a prompt with so many bytes of files takes."""
    return size + size // READING + SENDING
