"""HTTP sessions for what other services answer: nothing is unpacked, and nothing is read without a limit.

A few kilobytes unpack to any number of gigabytes, so no encoding is offered, and one that comes all the same is
refused. Whole documents have one limit here; files have their own, in `read_up_to`.
"""

import io
import ssl
from collections.abc import AsyncIterable
from typing import Any, Self

import aiohttp

DOCUMENT_BYTES = 8 * 1024 * 1024  # of an API's answer: the longest page of a thread's history has one or two


ADDRESSES_KEPT = 60
"""Seconds. No name is looked up for every new connection, and a service that moves is followed soon."""


class TooLarge(aiohttp.ClientPayloadError):
    """More came than may be read."""


class EncodedAnswer(aiohttp.ClientPayloadError):
    """The answer is compressed, though that was not asked for."""


class PlainResponse(aiohttp.ClientResponse):
    """A response that is read as it comes, up to a limit."""

    async def start(self, connection: Any) -> Self:
        await super().start(connection)
        encoding = self.headers.get("Content-Encoding", "").strip().lower()
        if encoding not in {"", "identity"}:
            self.close()
            raise EncodedAnswer(
                f"{self.url.host} answers compressed ({encoding[:20]}), which was not asked for: "
                "switch compression off in the proxy in between"
            )
        return self

    async def read(self) -> bytes:
        if self._body is None:
            try:
                if self.content.is_eof() and self.content.total_bytes <= DOCUMENT_BYTES:
                    self._body = self.content.read_nowait()  # short answers have come with their headers
                else:
                    self._body = await read_up_to(DOCUMENT_BYTES, self.content.iter_any())
            except BaseException:
                self.close()
                raise
        return await super().read()


def plain_session(*, trust: ssl.SSLContext | None = None, **options: Any) -> aiohttp.ClientSession:
    """A session with aiohttp's options, and one connector for all that it asks. Never keeps a cookie. `trust` has the
    certificates that are believed, None: the system's.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=trust or True, ttl_dns_cache=ADDRESSES_KEPT),
        headers={"Accept-Encoding": "identity"},
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        response_class=PlainResponse,
        **options,
    )


async def read_up_to(limit: int, chunks: AsyncIterable[bytes], *, expected: int | None = None) -> bytes:
    """All bytes, held once only. Raises TooLarge as soon as there are more than `limit`.

    `expected` is what the sender says: so much is set aside at once, because a buffer that grows by and by is
    copied on the way, and leaves holes in the process's memory.
    """
    if (expected or 0) > limit:
        raise TooLarge(f"{expected} bytes, of {limit}")
    buffer, size = io.BytesIO(), 0
    if expected:
        buffer.seek(expected - 1)
        buffer.write(b"\0")
        buffer.seek(0)
    async for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise TooLarge(f"more than {limit} bytes")
        buffer.write(chunk)
    buffer.truncate(size)
    return buffer.getvalue()
