"""A plain reverse proxy, as nginx 1.22 is with `proxy_pass http://127.0.0.1:PORT;` and nothing else.

It speaks HTTP/1.0 upstream, names the upstream as the host, closes after each answer, and adds no header that
would say where a request came from. tests/web/test_outsiders.py compares it with nginx, where that is installed.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

DROPPED = (b"host:", b"connection:", b"keep-alive:", b"te:", b"upgrade:", b"transfer-encoding:")


def passed_on(head: bytes, upstream: str) -> bytes:
    """A request's head as the upstream gets it."""
    first, *lines = head.rstrip(b"\r\n").split(b"\r\n")
    kept = [line for line in lines if not line.lower().startswith(DROPPED)]
    method, target, _ = first.split(b" ", 2)
    start = [b"%s %s HTTP/1.0" % (method, target), b"Host: " + upstream.encode(), b"Connection: close"]
    return b"\r\n".join([*start, *kept, b"", b""])


@asynccontextmanager
async def plain_proxy(upstream: str) -> AsyncIterator[str]:
    """Stands before `upstream` ("127.0.0.1:3978"); gives its own address. A connection is one request."""
    host, _, port = upstream.rpartition(":")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            back, forth = await asyncio.open_connection(host, int(port))
            forth.write(passed_on(head, upstream))
            body = asyncio.ensure_future(pipe(reader, forth))
            await pipe(back, writer)
            body.cancel()
            forth.close()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def pipe(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await source.read(65_536):
            sink.write(piece)
            await sink.drain()
