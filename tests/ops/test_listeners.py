"""Both doors under bad manners: slow, large, many and impossible requests. Real sockets on loopback."""

import asyncio
import io
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp
import pytest
from aiohttp import web

from bot.domain.errors import SettingsError
from bot.domain.readiness import Trouble
from bot.serving.connections import ConnectionLimits
from bot.serving.listeners import admin_app, listen, public_app
from bot.serving.metrics import Metrics

HASTE = ConnectionLimits(header=0.3, body=0.3, linger=0.1, idle=5.0, connections=40)


@dataclass
class Door:
    port: int
    bodies: list[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def door(limits: ConnectionLimits = HASTE) -> AsyncIterator[Door]:
    bodies: list[bytes] = []

    async def take(request: web.Request) -> web.Response:
        bodies.append(await request.read())
        return web.Response(text="taken")

    async def sip(request: web.Request) -> web.Response:
        bodies.append(b"".join([chunk async for chunk in request.content.iter_chunked(1024)]))
        return web.Response(text="sipped")

    app = public_app([web.post("/take", take), web.post("/sip", sip)], limits=limits)
    async with listen(app, host="127.0.0.1", port=0, variable="PORT", limits=limits) as port:
        yield Door(port=port, bodies=bodies)


async def ends(reader: asyncio.StreamReader) -> bytes:
    """Everything until the other side hangs up."""
    async with asyncio.timeout(5):
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""


@pytest.mark.parametrize(
    "words",
    [b"", b"POST /take HTTP/1.1\r\nHost: x\r\n", b"G"],
    ids=["nothing", "half a header", "one letter"],
)
async def test_a_request_whose_header_does_not_come_is_hung_up_on(words: bytes) -> None:
    async with door() as at:
        reader, writer = await asyncio.open_connection("127.0.0.1", at.port)
        writer.write(words)

        assert await ends(reader) == b""
        writer.close()


async def test_the_second_request_of_a_connection_has_the_same_deadline() -> None:
    async with door() as at:
        reader, writer = await asyncio.open_connection("127.0.0.1", at.port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        first = await reader.readuntil(b"ok\n")
        writer.write(b"GET /heal")

        assert first.startswith(b"HTTP/1.1 200")
        assert await ends(reader) == b""
        writer.close()


@pytest.mark.parametrize("path", [b"/take", b"/sip"])
async def test_a_body_that_does_not_come_is_408(path: bytes) -> None:
    async with door() as at:
        reader, writer = await asyncio.open_connection("127.0.0.1", at.port)
        writer.write(b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")

        assert (await ends(reader)).startswith(b"HTTP/1.1 408")
        assert at.bodies == []
        writer.close()


async def test_a_body_over_one_mebibyte_is_413_and_one_below_is_taken() -> None:
    async with door(ConnectionLimits()) as at, aiohttp.ClientSession() as client:
        small = await client.post(f"{at.url}/take", data=b"x" * (1024 * 1024 - 1))
        large = await client.post(f"{at.url}/take", data=io.BytesIO(b"x" * (1024 * 1024 + 1)))

        assert (small.status, large.status) == (200, 413)
        assert [len(body) for body in at.bodies] == [1024 * 1024 - 1]


async def test_a_compressed_bomb_is_413() -> None:
    async with door(ConnectionLimits()) as at, aiohttp.ClientSession() as client:
        bomb = await client.post(f"{at.url}/take", data=io.BytesIO(b"0" * 30_000_000), compress="deflate")

        assert bomb.status == 413


@pytest.mark.parametrize(
    "words",
    [b"POST /take HTTP/1.1\r\n", b"POST /take HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf"],
    ids=["slow headers", "slow bodies"],
)
async def test_when_all_places_are_taken_the_slowest_gives_way_to_a_request(words: bytes) -> None:
    patient = ConnectionLimits(header=60.0, body=60.0, idle=60.0, connections=20)
    async with door(patient) as at, AsyncExitStack() as held:
        writers = []
        for _ in range(60):
            _, writer = await asyncio.open_connection("127.0.0.1", at.port)
            held.callback(writer.close)
            writer.write(words)
            writers.append(writer)
        client = await held.enter_async_context(aiohttp.ClientSession())
        async with asyncio.timeout(5):
            alive = await client.get(f"{at.url}/healthz")

        assert alive.status == 200


async def test_a_connection_may_rest_between_requests() -> None:
    async with door() as at, aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as client:
        await (await client.get(f"{at.url}/healthz")).read()
        connections = [protocol for held in client.connector._conns.values() for protocol, _ in held]  # type: ignore[union-attr]  # no public way to see them
        await asyncio.sleep(HASTE.header * 2)  # longer than a header may take
        again = await client.get(f"{at.url}/healthz")

        assert again.status == 200
        assert connections[0].is_connected()


async def test_a_taken_port_is_told_with_a_free_one_to_try() -> None:
    async with door() as at:
        with pytest.raises(
            SettingsError, match=rf"PORT {at.port} on 127\.0\.0\.1 is taken.*PORT={at.port + 1}"
        ):
            async with listen(
                web.Application(), host="127.0.0.1", port=at.port, variable="PORT", limits=HASTE
            ):
                pass


async def test_an_address_of_another_machine_is_told() -> None:
    with pytest.raises(SettingsError, match=r"ADMIN_HOST 192\.0\.2\.1 is no address of this machine"):
        async with listen(web.Application(), host="192.0.2.1", port=0, variable="ADMIN_PORT", limits=HASTE):
            pass


async def test_the_operators_door_tells_life_readiness_and_numbers() -> None:
    metrics = Metrics()
    troubles: list[Trouble] = []

    async def ready() -> Sequence[Trouble]:
        return troubles

    app = admin_app(ready=ready, metrics=metrics.text, limits=HASTE)
    async with (
        listen(app, host="127.0.0.1", port=0, variable="ADMIN_PORT", limits=HASTE) as port,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client,
    ):
        alive, able = await client.get("/healthz"), await client.get("/readyz")
        troubles.append(Trouble(what="It snores", remedy="Wake it", stops=False))
        warned = await client.get("/readyz")
        troubles.append(Trouble(what="It sleeps", remedy="Wait"))
        unable = await client.get("/readyz")
        numbers = await client.get("/metrics")

        assert (alive.status, able.status, warned.status, unable.status) == (200, 200, 200, 503)
        assert await able.json() == {"ready": True, "reasons": [], "warnings": []}
        assert await unable.json() == {
            "ready": False,
            "reasons": [{"what": "It sleeps", "remedy": "Wait"}],
            "warnings": [{"what": "It snores", "remedy": "Wake it"}],
        }
        assert numbers.content_type == "text/plain"
        assert "# TYPE inbox_ack_seconds histogram" in await numbers.text()


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("127.0.0.1", 200),
        ("localhost:3979", 200),
        ("[::1]:3979", 200),
        ("rebound.example", 403),
        ("127.0.0.1.evil.example:3979", 403),
        ("localhost:1@evil", 403),
        ("", 403),
    ],
)
async def test_a_website_that_names_itself_like_this_machine_is_no_operator(name: str, status: int) -> None:
    async def ready() -> Sequence[Trouble]:
        return ()

    inside = admin_app(ready=ready, metrics=Metrics().text, limits=HASTE)
    outside = admin_app(ready=ready, metrics=Metrics().text, limits=HASTE, host="0.0.0.0")
    statuses = []
    for app in (inside, outside):
        async with (
            listen(app, host="127.0.0.1", port=0, variable="ADMIN_PORT", limits=HASTE) as port,
            aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client,
        ):
            statuses.append((await client.get("/metrics", headers={"Host": name})).status)

    assert statuses == [status, 200]


async def test_the_public_door_shows_nothing_of_the_operators() -> None:
    async with door() as at, aiohttp.ClientSession() as client:
        statuses = [(await client.get(f"{at.url}{path}")).status for path in ("/metrics", "/readyz", "/")]

        assert statuses == [404, 404, 404]


ANSWERS = [
    pytest.param(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 200, id="alive"),
    pytest.param(b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n", 404, id="not found"),
    pytest.param(b"DELETE /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 405, id="another method"),
    pytest.param(b"POST /take HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf", 408, id="too late"),
    pytest.param(
        b"POST /take HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n" + b"x" * 2_000_000,
        413,
        id="large",
    ),
    pytest.param(b"POST /take HTTP/1.1\r\nHost: x\r\nExpect: canary\r\n\r\n", 417, id="expects"),
    pytest.param(b"POST /fails HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 500, id="fault"),
    pytest.param(b"canary\r\n\r\n", 400, id="no request"),
    pytest.param(b"GET /?token=canary HTTP/9\r\nHost: x\r\n\r\n", 400, id="no version"),
    pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\nCook ie: canary\r\n\r\n", 400, id="no header"),
    pytest.param(
        b"GET / HTTP/1.1\r\nHost: x\r\nCookie: " + b"canary" * 5_000 + b"\r\n\r\n", 400, id="long header"
    ),
    pytest.param(b"POST /take HTTP/1.1\r\nHost: x\r\nContent-Length: canary\r\n\r\n", 400, id="no length"),
    pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03canary\r\n\r\n", 400, id="TLS"),
]


@pytest.mark.parametrize(("words", "status"), ANSWERS)
async def test_no_answer_names_the_server_or_quotes_what_was_no_request(
    words: bytes, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails(request: web.Request) -> web.Response:
        raise ValueError

    async def take(request: web.Request) -> web.Response:
        return web.Response(text=f"{len(await request.read())}")

    outside = public_app([web.post("/take", take), web.post("/fails", fails)], limits=HASTE)
    inside = admin_app(ready=nothing_wrong, metrics=Metrics().text, limits=HASTE, host="0.0.0.0")
    inside.add_routes([web.post("/take", take), web.post("/fails", fails)])
    for app in (outside, inside):
        async with listen(app, host="127.0.0.1", port=0, variable="PORT", limits=HASTE) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(words)
            async with asyncio.timeout(10):
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
            if status in {400, 408, 413}:
                head += await ends(reader)
            writer.close()

        assert head.startswith(b"http/1.1 %d " % status) or head.startswith(b"http/1.0 %d " % status)
        assert b"server:" not in head
        assert b"aiohttp" not in head
        assert b"canary" not in head
    assert "canary" not in caplog.text


async def nothing_wrong() -> Sequence[Trouble]:
    return ()
