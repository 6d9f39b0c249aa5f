"""What a session for other services' answers keeps between two requests, over real HTTP."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from bot.serving.plain_http import plain_session


@pytest.fixture
async def server() -> AsyncIterator[str]:
    """Answers with how the connection is, which it closes where that is asked for."""

    async def answer(request: web.Request) -> web.Response:
        assert request.transport
        response = web.json_response(request.transport.get_extra_info("peername"))
        if "close" in request.query:
            response.force_close()
        return response

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "localhost", 0).start()
    yield f"http://localhost:{runner.addresses[0][1]}/"
    await runner.cleanup()


async def asked(session: aiohttp.ClientSession, url: str) -> tuple[str, ...]:
    async with session.get(url) as response:
        return tuple(await response.json())


async def test_one_request_after_the_other_goes_over_one_connection(server: str) -> None:
    async with plain_session() as session:
        connections = {await asked(session, server) for _ in range(10)}

    assert len(connections) == 1


async def test_a_name_is_looked_up_once_for_many_connections(server: str) -> None:
    looked_up: list[str] = []

    async def noted(_session: object, _context: object, asked: aiohttp.TraceDnsResolveHostEndParams) -> None:
        looked_up.append(asked.host)

    watch = aiohttp.TraceConfig()
    watch.on_dns_resolvehost_end.append(noted)
    async with plain_session(trace_configs=[watch]) as session:
        connections = {await asked(session, f"{server}?close") for _ in range(10)}

    assert len(connections) == 10
    assert looked_up == ["localhost"]


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@asynccontextmanager
async def sending(pieces: Sequence[bytes]) -> AsyncIterator[str]:
    """Sends these bytes one after the other, whatever it is asked, and hangs up."""
    hung_up = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.02)  # so that they come one by one
        writer.close()
        await writer.wait_closed()
        hung_up.set()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        await hung_up.wait()


@pytest.mark.parametrize(
    "pieces",
    [
        (HEAD + b"whole answer",),
        (HEAD, b"whole answer"),
        (HEAD + b"whole ", b"answer"),
        (CHUNKED + b"6\r\nwhole \r\n6\r\nanswer\r\n0\r\n\r\n",),
        (CHUNKED + b"6\r\nwhole \r\n", b"6\r\nanswer\r\n", b"0\r\n\r\n"),
    ],
    ids=["at once", "after its headers", "in two parts", "in chunks", "in chunks one by one"],
)
async def test_an_answer_is_read_whole_however_it_comes(pieces: Sequence[bytes]) -> None:
    async with sending(pieces) as url, plain_session() as session, session.get(url) as response:
        assert await response.read() == b"whole answer"
        assert await response.read() == b"whole answer"


@pytest.mark.parametrize(
    "pieces",
    [(HEAD + b"whole ",), (HEAD,), (CHUNKED + b"6\r\nwhole \r\n",), (CHUNKED + b"6\r\nwho",)],
    ids=["half", "nothing", "one chunk", "half a chunk"],
)
async def test_an_answer_that_breaks_off_is_none(pieces: Sequence[bytes]) -> None:
    async with sending(pieces) as url, plain_session() as session:
        with pytest.raises(aiohttp.ClientError):
            async with session.get(url) as response:
                await response.read()
