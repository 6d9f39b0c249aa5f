"""What a question refers to: files, and what was said in the thread before. Fetched when it is needed.

Bytes are never stored; a small cache spares fetching the same picture for every follow-up question.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence

from bot.errors import PlatformError
from bot.events import File, MessageReceived, ThreadKey
from bot.ports import Adapter
from bot.turns import Said, Turn

RECENT = 6  # questions back from which files are shown again
CACHE_BYTES = 64 * 1024 * 1024

log = logging.getLogger(__name__)


class Attachments:
    """Reads through the adapter a conversation belongs to. What cannot be read is left out, never fatal."""

    def __init__(self, *, adapters: Mapping[str, Adapter]) -> None:
        self._adapters = adapters
        self._cache: OrderedDict[str, bytes] = OrderedDict()

    async def thread_before(self, event: MessageReceived) -> Sequence[Said]:
        try:
            return await self._adapters[event.thread.platform].thread_before(event)
        except PlatformError as error:
            log.warning("thread not read", extra={"event": event.id, "code": error.code})
            return ()

    async def of(self, thread: ThreadKey, asked: Sequence[Turn | Said]) -> Mapping[str, bytes]:
        """The bytes of the files in the last few questions, by file id."""
        said = [item.asked if isinstance(item, Turn) else item for item in asked[-RECENT:]]
        files = {file.id: file for one in said for file in one.files}
        if not files:
            return {}
        async with asyncio.TaskGroup() as group:
            reads = {id: group.create_task(self._read(thread, file)) for id, file in files.items()}
        return {id: data for id, read in reads.items() if (data := read.result()) is not None}

    async def _read(self, thread: ThreadKey, file: File) -> bytes | None:
        key = f"{thread.platform}:{thread.workspace}:{file.id}"
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
