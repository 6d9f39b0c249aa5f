"""Servers over HTTP that mean ill or are broken, and addresses where none may be."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from bot.answers.tools.addresses import AddressRefused, checked_addresses, may_connect
from bot.answers.tools.outbound import tool_client
from bot.domain.tools import CallEnd
from tests.tools.bench import ask, desk, serving

Answer = Callable[[web.Request, dict[str, object]], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def site(answer: Answer) -> AsyncIterator[str]:
    """A server of the older protocol that answers calls of tools as it likes; gives its address."""

    async def take(request: web.Request) -> web.StreamResponse:
        if request.method != "POST":
            return web.Response(status=405)
        message = await request.json()
        results: dict[str, dict[str, object]] = {
            "initialize": {
                "protocolVersion": "2025-06-18",
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "site", "version": "1"},
            },
            "tools/list": {"tools": [{"name": "work", "inputSchema": {"type": "object"}}]},
        }
        method = message.get("method")
        if method in results:
            return web.json_response({"jsonrpc": "2.0", "id": message["id"], "result": results[method]})
        if method == "tools/call":
            return await answer(request, message)
        return web.Response(status=202 if "id" not in message else 400)

    app = web.Application()
    app.router.add_route("*", "/mcp", take)
    async with _listening(app) as url:
        yield url


@asynccontextmanager
async def _listening(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    place = web.TCPSite(runner, "127.0.0.1", 0)
    await place.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/mcp"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def refusing(status: int, **headers: str) -> AsyncIterator[str]:
    async def take(_: web.Request) -> web.Response:
        return web.Response(status=status, headers=headers)

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", take)
    async with _listening(app) as url:
        yield url


@pytest.mark.parametrize(
    ("status", "entry", "said"),
    [
        (401, {}, "desk refuses the key: it wants one, so name its variable as token_env in [tools.desk]."),
        (401, {"token_env": "DESK_KEY"}, "desk refuses the key: put a valid one into DESK_KEY."),
        (403, {}, "desk does not allow this: more rights are needed there."),
        (404, {}, "desk does not answer at this address: check the path of url in [tools.desk]."),
        (503, {}, "desk is too busy: try again later."),
        (307, {}, "desk has moved elsewhere: write its new address as url in [tools.desk]."),
    ],
)
async def test_a_refusal_says_what_to_do(status: int, entry: dict[str, str], said: str) -> None:
    async with (
        refusing(status, Location="http://127.0.0.1:9/elsewhere") as url,
        desk({"DESK_KEY": "sk-secret"}, url=url, private=True, **entry) as server,
    ):
        assert server.trouble == said
        assert (await ask(server, "work")).end is CallEnd.FAILED


async def test_nobody_there() -> None:
    async with desk(url="http://127.0.0.1:9/mcp", private=True) as server:
        assert server.trouble == (
            "desk cannot be reached at 127.0.0.1: is it running, and is url in [tools.desk] right?"
        )


async def test_the_key_goes_to_the_server_and_nowhere_else(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    seen: list[str] = []

    async def answer(request: web.Request, message: dict[str, object]) -> web.StreamResponse:
        seen.append(request.headers["Authorization"])
        return web.json_response({"jsonrpc": "2.0", "id": message["id"], "result": {"content": []}})

    async with (
        site(answer) as url,
        desk({"DESK_KEY": "sk-secret"}, url=url, private=True, token_env="DESK_KEY") as server,
    ):
        await ask(server, "work")

    assert seen == ["Bearer sk-secret"]
    assert "sk-secret" not in caplog.text


async def drop(request: web.Request, _: dict[str, object]) -> web.StreamResponse:
    assert request.transport
    request.transport.abort()
    return web.Response()


async def huge(_: web.Request, message: dict[str, object]) -> web.StreamResponse:
    content = [{"type": "text", "text": "x" * 12_000_000}]
    return web.json_response({"jsonrpc": "2.0", "id": message["id"], "result": {"content": content}})


async def broken(_: web.Request, __: dict[str, object]) -> web.StreamResponse:
    return web.Response(status=500, text="Traceback")


async def packed(_: web.Request, message: dict[str, object]) -> web.StreamResponse:
    answer = web.json_response({"jsonrpc": "2.0", "id": message["id"], "result": {"content": []}})
    answer.enable_compression(web.ContentCoding.gzip)
    return answer


async def endless(request: web.Request, _: dict[str, object]) -> web.StreamResponse:
    stream = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await stream.prepare(request)
    told = {
        "jsonrpc": "2.0",
        "method": "notifications/message",
        "params": {"level": "info", "data": "x" * 900},
    }
    while True:
        await stream.write(f"event: message\ndata: {json.dumps(told)}\n\n".encode())
        await asyncio.sleep(0)


async def moved(_: web.Request, __: dict[str, object]) -> web.StreamResponse:
    return web.Response(status=307, headers={"Location": "http://127.0.0.1:9/mcp"})


@pytest.mark.parametrize(
    ("answer", "end", "said"),
    [
        (drop, CallEnd.UNKNOWN, "broke off before it answered. The call was sent, so it may have run."),
        (huge, CallEnd.UNKNOWN, "too large"),
        (broken, CallEnd.UNKNOWN, "may have run"),
        (packed, CallEnd.UNKNOWN, "compresses"),
        (endless, CallEnd.UNKNOWN, "may have run"),
        (moved, CallEnd.FAILED, "moved elsewhere"),
    ],
    ids=["drop", "huge", "broken", "packed", "endless", "moved"],
)
async def test_an_answer_that_cannot_be_had(answer: Answer, end: CallEnd, said: str) -> None:
    async with site(answer) as url, desk(url=url, private=True, seconds=3) as server:
        found = await ask(server, "work")

        assert (found.end, said in found.text) == (end, True), found.text


async def test_a_server_that_is_killed_in_a_call() -> None:
    with serving() as url:
        async with desk(url=url, private=True) as server:
            found = await ask(server, "die")

    assert found.end is CallEnd.UNKNOWN
    assert "may have run" in found.text


PUBLIC = ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::5db8:d822"]
PRIVATE = [
    *("127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.1.1", "100.64.0.1", "198.18.0.1", "192.0.2.1"),
    *("::1", "fd12::1", "::ffff:127.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::", "2001:db8::1"),
]
NEVER = [
    *("169.254.169.254", "169.254.1.1", "224.0.0.1", "255.255.255.255", "0.0.0.0", "100.100.100.200"),
    *("fe80::1%eth0", "ff02::1", "::", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "fd00:ec2::254"),
    *("2002:a9fe:a9fe::1",),
]


def test_which_addresses_a_tool_server_may_have() -> None:
    assert [
        address for address in (*PUBLIC, *PRIVATE, *NEVER) if may_connect(address, private=False)
    ] == PUBLIC
    assert [address for address in (*PUBLIC, *PRIVATE, *NEVER) if may_connect(address, private=True)] == [
        *PUBLIC,
        *PRIVATE,
    ]


async def test_a_private_address_wants_the_operators_word() -> None:
    async with refusing(200) as url:
        async with desk(url=url.replace("http:", "https:")) as server:
            assert "is at an address that is not public" in server.trouble
        async with desk(url=url) as server:
            assert "without encryption" in server.trouble
        async with desk(url="http://169.254.169.254/mcp", private=True) as server:
            assert "link-local addresses are never allowed" in server.trouble


async def test_it_connects_to_what_was_judged_and_asks_for_a_name_once() -> None:
    asked: list[str] = []

    async def look_up(host: str, _: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    async with refusing(404) as url:
        port = url.split(":")[2]
        async with tool_client(private=True, look_up=look_up) as client:
            response = await client.post(f"http://tools.example:{port}", json={})

    assert response.json()["error"]["message"] == "NOT_THERE"
    assert asked == ["tools.example"]


async def test_a_name_that_means_only_private_addresses_is_refused() -> None:
    async def look_up(_: str, __: int) -> Sequence[str]:
        return ["10.0.0.1", "::1"]

    with pytest.raises(AddressRefused):
        await checked_addresses("tools.example", 443, private=False, look_up=look_up)
