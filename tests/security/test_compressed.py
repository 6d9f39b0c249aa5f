"""What unpacks to a thousand times its size is never unpacked, by none of the clients that read from elsewhere."""

import gzip
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.inbound.downloads import FileDownloads
from adapters.slack.install.check import check_credentials
from adapters.slack.web_api import WebApi
from adapters.teams.clouds import PUBLIC, Hosts, service_hosts, token_endpoint
from adapters.teams.conversation_reference import ConversationAddress
from adapters.teams.http_session import HttpSession
from adapters.teams.inbound.downloads import Downloads
from adapters.teams.inbound.signing_keys import SigningKeys
from adapters.teams.outbound.connector import Connector, Repeat
from adapters.teams.outbound.credentials import Credentials
from adapters.teams.outbound.token_source import ClientSecret, Registration
from bot.delivery.pacing import WallClock
from bot.domain.errors import PlatformError, SwitchboardError
from bot.domain.events import File
from bot.serving.plain_http import DOCUMENT_BYTES, plain_session
from bot.settings.platform_settings import SlackSettings
from tests.providers.test_hostile_answers import resident
from tests.stalls import MOST, stalls

PLAIN = b" " * 100_000_000
PACKED = gzip.compress(PLAIN)
BODIES = {
    "gzip": PACKED,
    "deflate": zlib.compress(PLAIN),
    "br": b"\x0b\x02\x80 \x03",
    "zstd": b"\x28\xb5\x2f\xfd\x00",
    "gzip, gzip": PACKED,
    "GZip": PACKED,
}


@dataclass
class Packer:
    """Answers everything compressed."""

    url: str = ""
    encoding: str = "gzip"
    plain: int = 0  # bytes that are sent as they are instead
    offered: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.offered.append(request.headers.get("Accept-Encoding", ""))
        headers = {"Content-Type": "application/json"}
        if self.plain:
            return web.Response(headers=headers, body=bytes(self.plain))
        return web.Response(
            headers={**headers, "Content-Encoding": self.encoding}, body=BODIES[self.encoding]
        )


@asynccontextmanager
async def packing() -> AsyncIterator[Packer]:
    packer, app = Packer(), web.Application()
    app.router.add_route("*", "/{path:.*}", packer.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    packer.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield packer
    finally:
        await runner.cleanup()


def _hosts(url: str) -> Hosts:
    return service_hosts([url.removeprefix("http://")])


async def slack_api(url: str) -> None:
    async with plain_session() as session:
        client = AsyncWebClient(token="xoxb-1", base_url=f"{url}/api/", session=session, retry_handlers=[])
        await WebApi(client=client, session=session, clock=WallClock()).must(
            "chat.postMessage", channel="C1", text="x"
        )


async def slack_file(url: str) -> None:
    async with plain_session() as session:
        file = File(id="F1", name="a.png", source={"url": f"{url}/files-pri/a.png"})
        await FileDownloads(api_url=f"{url}/api/").fetch(session, "xoxb-1", file)


async def teams_keys(url: str) -> None:
    async with HttpSession() as http:
        await SigningKeys(http=http, metadata_url=f"{url}/openid").find("k1")


async def teams_token(url: str) -> None:
    async with HttpSession() as http:
        at = Registration(app_id="a", endpoint=token_endpoint(PUBLIC, tenant="t", address=f"{url}/token"))
        source = ClientSecret(http=http, registration=at, secret="s")
        await Credentials(source=source, scope="x").token()


async def teams_connector(url: str) -> None:
    async with HttpSession() as http:
        where = ConversationAddress(service_url=url, conversation="19:1")
        connector = Connector(http=http, hosts=_hosts(url), credentials=None)
        await connector.post(where, {"type": "message"}, Repeat.NEVER)


async def teams_file(url: str) -> None:
    async with HttpSession() as http:
        downloads = Downloads(http=http, hosts=_hosts(url), services=_hosts(url), credentials=None)
        await downloads.fetch(File(id="1", name="x", source={"url": f"{url}/download/a"}))


CLIENTS: dict[str, Callable[[str], Awaitable[None]]] = {
    "Slack's API": slack_api,
    "Slack's files": slack_file,
    "Teams' keys": teams_keys,
    "Teams' tokens": teams_token,
    "Teams' connector": teams_connector,
    "Teams' files": teams_file,
}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("encoding", BODIES)
async def test_no_client_offers_or_unpacks_an_encoding(client: str, encoding: str) -> None:
    async with packing() as packer:
        packer.encoding = encoding
        before = resident()
        async with stalls() as found:
            with pytest.raises(SwitchboardError):
                await CLIENTS[client](packer.url)

    assert set(packer.offered) == {"identity"}
    assert found.busy < MOST
    assert resident() - before < 20_000_000


@pytest.mark.parametrize("client", CLIENTS)
async def test_no_client_reads_more_than_such_an_answer_has(client: str) -> None:
    async with packing() as packer:
        packer.plain = 4 * DOCUMENT_BYTES
        before = resident()
        with pytest.raises(SwitchboardError):
            await CLIENTS[client](packer.url)

    assert resident() - before < 120_000_000  # the sender is in this process, too


async def test_the_check_of_slack_says_that_it_cannot_be_read() -> None:
    async with packing() as packer:
        said = SlackSettings.model_validate(
            {"bot_token": "xoxb-1", "signing_secret": "s" * 32, "api_url": f"{packer.url}/api/"}
        )

        assert "cannot be reached" in await check_credentials(said)


async def test_a_file_that_is_exactly_as_large_as_allowed_is_read_whole() -> None:
    async with packing() as packer, plain_session() as session:
        packer.plain = 1_000_000
        file = File(id="F1", name="a.bin", source={"url": f"{packer.url}/a"})
        found = await FileDownloads(api_url=f"{packer.url}/api/", largest=1_000_000).fetch(session, "x", file)
        with pytest.raises(PlatformError, match="large"):
            await FileDownloads(api_url=f"{packer.url}/api/", largest=999_999).fetch(session, "x", file)

    assert len(found) == 1_000_000
