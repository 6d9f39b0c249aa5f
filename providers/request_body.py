"""A request's body in pieces: JSON text, and files that are encoded while they are sent.

A file of 24 MB as base64 in a string in a JSON text in bytes would be held four times over.
"""

import asyncio
import json
import secrets
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import Payload

CHUNK: Final = 3 * 64 * 1024  # bytes encoded at once: base64 of a multiple of three has no padding


@dataclass(frozen=True, slots=True, kw_only=True)
class Base64File:
    """Stands in a body where its text goes: `prefix` (no quotes in it), then `data` in base64."""

    data: bytes = field(repr=False)
    prefix: str = ""

    def __len__(self) -> int:
        return len(self.prefix) + 4 * -(-len(self.data) // 3)

    def chunks(self) -> Iterator[bytes]:
        yield self.prefix.encode()
        view = memoryview(self.data)
        for at in range(0, len(view), CHUNK):
            yield b64encode(view[at : at + CHUNK])


class RequestBody:
    """A JSON document with `Base64File`s in it. Its length is known before anything is encoded."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        mark, files = secrets.token_hex(16), []  # random: what people write cannot hold it

        def stand_in(value: object) -> str:
            if not isinstance(value, Base64File):
                raise TypeError(f"{type(value).__name__} is not JSON")
            files.append(value)
            return mark

        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=stand_in)
        first, *rest = (part.encode("utf-8", "replace") for part in text.split(mark))
        self._pieces: list[bytes | Base64File] = [first]
        for file, part in zip(files, rest, strict=True):
            self._pieces += [file, part]

    def __len__(self) -> int:
        return sum(map(len, self._pieces))

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            if isinstance(piece, bytes):
                yield piece
            else:
                yield from piece.chunks()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Lets others have their turn between two chunks, also where the network takes all at once. Once only:
        what is sent is let go, because the client's objects live on until they are collected.
        """
        try:
            for chunk in self:
                yield chunk
                await asyncio.sleep(0)
        finally:
            self._pieces.clear()


class StreamedPayload(Payload):
    """Bytes as they come, of a known length, for aiohttp."""

    def __init__(self, chunks: AsyncIterator[bytes], *, size: int) -> None:
        super().__init__(chunks)
        self._size = size

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        raise TypeError("a streamed body is not held as text")

    async def write(self, writer: AbstractStreamWriter) -> None:
        async for chunk in self._value:
            await writer.write(chunk)
