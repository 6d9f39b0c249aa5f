"""Who asks for the page through a plain reverse proxy looks like the person at this machine, and gets nothing."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.ops.plain_proxy import plain_proxy
from tests.ops.product import Product, running
from tests.ops.test_running import answered, posts, send

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
SLACK = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_SIGNING_SECRET": "signing",
    "SLACK_API_URL": "http://127.0.0.1:9/",
}
CHAT, NEW = "first-chat", "another-chat"
ASKED = [
    ("GET", "/"),
    ("HEAD", "/"),
    ("GET", "/?token="),
    ("GET", "/?token=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
    ("GET", "/web/page.js"),
    ("GET", "/web/page.css"),
    ("GET", "/web/icon.svg"),
    ("GET", "/web/events"),
    ("GET", "/web/events?after=0"),
    ("GET", "/web/chats"),
    ("GET", f"/web/chats/{CHAT}"),
    ("GET", f"/web/chats/{CHAT}/standing"),
    ("PATCH", f"/web/chats/{CHAT}"),
    ("DELETE", f"/web/chats/{CHAT}"),
    ("POST", f"/web/chats/{NEW}/messages"),
    ("POST", f"/web/chats/{CHAT}/buttons"),
    ("POST", f"/web/chats/{CHAT}/stop"),
]
BODY = '{"id": "message-of-an-outsider", "text": "hello", "action": "up"}'
JSON = {"Content-Type": "application/json"}


@asynccontextmanager
async def nginx(upstream: str, folder: Path, port: int) -> AsyncIterator[str]:
    """The real one, with the one line that everybody writes."""
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; events {{}}\n"
        f"http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n"
        f"fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n"
        f"server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://{upstream}; }} }} }}\n"
    )
    process = await asyncio.create_subprocess_exec(
        *(str(NGINX), "-c", str(folder / "nginx.conf"), "-p", str(folder), "-e", f"{folder}/nginx.log")
    )
    try:
        async with asyncio.timeout(20):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    await asyncio.sleep(0.02)
                    continue
                writer.close()
                break
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


async def outsiders_get_nothing(product: Product, outside: str) -> None:
    """Asks for everything through the proxy, and looks from inside what became of it."""
    async with product.visitor() as person:
        await send(person, CHAT, "the merger closes on Friday")
        before = await answered(person, CHAT)
        async with aiohttp.ClientSession() as stranger:
            for method, path in ASKED:
                async with stranger.request(
                    method, outside + path, data=BODY, headers=JSON, allow_redirects=False
                ) as got:
                    said = await got.text()
                    assert got.status == 401, (method, path, got.status)
                    assert "merger" not in said
                    assert "Set-Cookie" not in got.headers
            async with stranger.get(f"{outside}/healthz") as alive:
                assert alive.status == 200

        assert (await posts(person, CHAT))[-1] == before
        assert await posts(person, NEW) == []


async def test_through_a_plain_proxy_nothing_is_read_written_or_deleted(tmp_path: Path) -> None:
    async with (
        running(tmp_path, SWITCHBOARD_PAGE="on", **SLACK) as product,
        plain_proxy(product.public.removeprefix("http://")) as outside,
    ):
        await outsiders_get_nothing(product, outside)

        assert product.address.rpartition("=")[2] not in product.log


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
async def test_nor_through_nginx(tmp_path: Path, unused_tcp_port: int) -> None:
    async with (
        running(tmp_path, SWITCHBOARD_PAGE="on", **SLACK) as product,
        nginx(product.public.removeprefix("http://"), tmp_path, unused_tcp_port) as outside,
    ):
        await outsiders_get_nothing(product, outside)


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
async def test_our_proxy_passes_on_what_nginx_does(tmp_path: Path, unused_tcp_port: int) -> None:
    """All of a request's head, but for the order of its lines."""
    heads: list[list[bytes]] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(sorted((await reader.readuntil(b"\r\n\r\n")).splitlines()))
        writer.write(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    upstream = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with (
        server,
        plain_proxy(upstream) as ours,
        nginx(upstream, tmp_path, unused_tcp_port) as theirs,
        aiohttp.ClientSession(headers={"Origin": "http://evil.example", "Cookie": "a=b"}) as client,
    ):
        for proxy in (ours, theirs):
            async with client.post(f"{proxy}/web/chats?x=1", data=b"body") as got:
                assert got.status == 200

    assert heads[0] == heads[1]


@pytest.mark.parametrize("more", [{}, {"SWITCHBOARD_PAGE": "off"}], ids=["unset", "off"])
async def test_where_slack_comes_in_over_http_there_is_no_page_unless_it_is_asked_for(
    tmp_path: Path, more: dict[str, str]
) -> None:
    async with running(tmp_path, **SLACK, **more) as product, aiohttp.ClientSession(product.public) as client:
        assert "○ Page" in product.page
        assert "token=" not in product.page
        assert not (tmp_path / "data" / "page.token").exists()
        for method, path in ASKED:
            async with client.request(method, path, data=BODY, headers=JSON) as got:
                assert got.status == 404


async def test_the_printed_address_opens_after_a_restart_and_in_every_process_here(tmp_path: Path) -> None:
    async with running(tmp_path) as first:
        key = first.address.rpartition("=")[2]
        async with running(tmp_path) as second:
            assert second.address.rpartition("=")[2] == key
    async with running(tmp_path) as third, third.visitor() as client:
        assert third.address.rpartition("=")[2] == key
        async with client.get("/web/chats") as got:
            assert got.status == 200
