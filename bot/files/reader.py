"""Reads files beside the event loop: each in a child process with limits, and only a few at once."""

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from bot.domain.file_text import FileText
from bot.files.encodings import named_encoding
from bot.files.kinds import REASONS, file_kind, read_file
from bot.files.limits import CHARACTERS, DAMAGED, PICTURE_BYTES, TOO_LONG, Unreadable
from bot.files.picture_heads import is_ready

AT_ONCE = 2
SECONDS = 10.0  # for one file
SIMPLE = 1 << 16  # bytes of plain text that are read at once, in this process
CHUNK = 1 << 16
ANSWER = max(12 * CHARACTERS, PICTURE_BYTES) + 10_000  # bytes: JSON writes a rare character with twelve
HOME = Path(__file__).parents[2]
FILE_TEXT: TypeAdapter[FileText] = TypeAdapter(FileText)


class FileReader:
    """One for a process. `read` never raises for what is in a file: it gives the reason instead."""

    def __init__(self, *, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._free = asyncio.Semaphore(AT_ONCE)

    async def read(self, data: bytes, name: str, media_type: str) -> FileText:
        kind = file_kind(data, name, media_type)
        simple = kind == "text" and len(data) <= SIMPLE and named_encoding(data)
        if simple or kind in REASONS or not data:
            try:
                return read_file(data, name, media_type)
            except Unreadable as error:
                return FileText(reason=str(error))
        answer = await self._in_child(data, {"name": name, "media_type": media_type, "as": "text"})
        return answer if isinstance(answer, FileText) else FileText(reason=DAMAGED)

    async def picture(self, data: bytes) -> FileText | bytes:
        """The picture as every vendor takes it, or why there is none."""
        return data if is_ready(data) else await self._in_child(data, {"as": "picture"})

    async def sendable(self, data: bytes) -> bool:
        """Whether vendors take that PDF as it is: it is not locked and not too long. Of one that is damaged they say so."""
        answer = await self._in_child(data, {"as": "document"})
        return isinstance(answer, FileText) and answer.reason in {"", DAMAGED}

    async def _in_child(self, data: bytes, head: Mapping[str, str]) -> FileText | bytes:
        async with self._free:
            return await self._asked(data, json.dumps(head).encode() + b"\n")

    async def _asked(self, data: bytes, head: bytes) -> FileText | bytes:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-s", "-B", "-m", "bot.files"),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            cwd=HOME,
            env={},
        )
        try:
            async with asyncio.timeout(self._seconds):
                answer = await _exchange(child, head, data)
                status = await child.wait()
        except TimeoutError:
            return FileText(reason=TOO_LONG)
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        if status < 0:  # its time was over, or it was killed: that says nothing of the file
            return FileText(reason=TOO_LONG)
        if not answer.startswith(b"{"):
            return answer or FileText(reason=DAMAGED)
        try:
            return FILE_TEXT.validate_json(answer)
        except ValidationError:
            return FileText(reason=DAMAGED)


async def _exchange(child: Process, head: bytes, data: bytes) -> bytes:
    """The child reads all before it writes anything."""
    assert child.stdin is not None  # noqa: S101 - both are pipes
    assert child.stdout is not None  # noqa: S101
    with suppress(ConnectionError):  # it ended before it had read all
        child.stdin.write(head)
        for start in range(0, len(data), CHUNK):
            child.stdin.write(data[start : start + CHUNK])
            await child.stdin.drain()
    child.stdin.close()
    answer = bytearray()
    while chunk := await child.stdout.read(CHUNK):
        answer += chunk
        if len(answer) > ANSWER:
            return b""
    return bytes(answer)
