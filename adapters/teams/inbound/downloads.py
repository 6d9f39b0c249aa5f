"""Attached files: read from allow-listed hosts only, redirect by redirect, within limits. Only the Connector and
Microsoft Graph get the bot's token, each its own.

Source: Microsoft Learn, Teams platform, "Send and receive files through the bot", "Receive inline images"; Graph, "Download
driveItem content", whose redirects lead to addresses that are signed already.
"""

import asyncio
from collections.abc import Mapping

import aiohttp
from yarl import URL

from adapters.teams.clouds import Hosts, absolute_url
from adapters.teams.graph import Graph
from adapters.teams.http_session import HttpSession
from adapters.teams.outbound.credentials import Credentials
from bot.domain.errors import PlatformBusy, PlatformError, PlatformGone
from bot.domain.events import File
from bot.serving.plain_http import EncodedAnswer, TooLarge, read_up_to

LARGEST = 20 * 1024 * 1024
SECONDS = 20.0
HOPS = 3


class Downloads:
    """Fetches one file at a time. Raises PlatformError, never with the URL, which may be a secret."""

    def __init__(
        self,
        *,
        http: HttpSession,
        hosts: Hosts,
        services: Hosts,
        credentials: Credentials | None,
        graph: Graph | None = None,
    ) -> None:
        self._http = http
        self._hosts = hosts
        self._services = services
        self._credentials = credentials
        self._graph = graph

    async def fetch(self, file: File) -> bytes:
        try:
            async with asyncio.timeout(SECONDS):
                found = await self._first(file)
                for _ in range(HOPS):
                    if isinstance(found, bytes):
                        return found
                    found = await self._allowed(found, file.source.get("service", ""))
                if isinstance(found, bytes):
                    return found
        except TooLarge:
            raise PlatformGone("the file is larger than 20 MB", code="size") from None
        except EncodedAnswer:
            raise PlatformGone(
                "the file comes in an encoding that was not asked for", code="encoding"
            ) from None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise PlatformBusy("the file could not be read", code=type(error).__name__) from None
        raise PlatformGone("the file's address leads elsewhere too often", code="redirects")

    async def _first(self, file: File) -> bytes | URL:
        """From where the file is said to be: an address, or a path of Graph's that this bot found out itself."""
        path = file.source.get("graph", "")
        if self._graph is None or not path:
            return await self._allowed(
                absolute_url(file.source.get("url", "")), file.source.get("service", "")
            )
        token = await self._graph.token(file.source.get("tenant", ""))
        return await self._hop(self._graph.address(path), {"Authorization": f"Bearer {token}"})

    async def _allowed(self, url: URL | None, service: str) -> bytes | URL:
        if url is None or not self._hosts.allow(url):
            raise PlatformGone("the file is on a host that is not allowed", code="host")
        return await self._hop(url, await self._headers(url, service))

    async def _hop(self, url: URL, headers: Mapping[str, str]) -> bytes | URL:
        """The bytes, or the URL of a redirect."""
        async with self._http.session.get(url, headers=headers, allow_redirects=False) as response:
            if response.status in {301, 302, 303, 307, 308}:
                try:
                    return url.join(URL(response.headers.get("Location", "")))
                except ValueError:
                    raise PlatformGone("the file's address leads nowhere", code="redirect") from None
            if response.status != 200:
                raise PlatformError(f"the file was refused with {response.status}", code=str(response.status))
            return await read_up_to(LARGEST, response.content.iter_any(), expected=response.content_length)

    async def _headers(self, url: URL, service: str) -> dict[str, str]:
        """The bot's token is only sent to the Connector that the image came from."""
        home = absolute_url(service)
        if self._credentials is None or home is None or url.origin() != home.origin():
            return {}
        if not self._services.allow(url):
            return {}
        return {"Authorization": f"Bearer {await self._credentials.token()}"}
