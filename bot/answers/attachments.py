"""The files and earlier thread messages that a question refers to, fetched when they are needed.

Bytes are never stored. A small cache avoids fetching the same picture again for every follow-up question. Its
keys include the conversation, so that nobody can read a file by naming its id elsewhere.
"""

import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence

from bot.domain.errors import PlatformError
from bot.domain.events import File, MessageReceived, ThreadKey
from bot.domain.turns import ChatMessage, Turn
from bot.ports import Adapter

RECENT = 6  # latest questions whose files are sent again
LARGEST = 32 * 1024 * 1024  # bytes of all files of one prompt, for vendors' limits and this process's memory
CACHE_BYTES = 64 * 1024 * 1024

log = logging.getLogger(__name__)


class Attachments:
    """Reads through the conversation's adapter. What cannot be read is left out, never an error."""

    def __init__(self, *, adapters: Mapping[str, Adapter]) -> None:
        self._adapters = adapters
        self._cache: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    async def thread_before(self, event: MessageReceived) -> Sequence[ChatMessage]:
        try:
            return await self._adapters[event.thread.platform].thread_before(event)
        except PlatformError as error:
            log.warning("thread not read", extra={"event": event.id, "code": error.code})
            return ()

    async def of(self, thread: ThreadKey, asked: Sequence[Turn | ChatMessage]) -> Mapping[str, bytes]:
        """The bytes of the last questions' files, by file id. The newest come first, as far as they fit."""
        said = [item.asked if isinstance(item, Turn) else item for item in asked[-RECENT:]]
        room = LARGEST
        found: dict[str, bytes] = {}
        for file in {file.id: file for one in reversed(said) for file in one.files}.values():
            data = await self._read(thread, file) if file.size < room else None
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
        self._cache[key] = data
        while sum(map(len, self._cache.values())) > CACHE_BYTES:
            self._cache.popitem(last=False)
        return data
