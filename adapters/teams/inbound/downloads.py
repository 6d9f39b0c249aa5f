"""Attached files: read from allow-listed hosts only, redirect by redirect, within limits. Only the Connector
gets the bot's token.

Source: Microsoft Learn, Teams platform, "Send and receive files through the bot", "Receive inline images".
"""

import asyncio

import aiohttp
from yarl import URL

from adapters.teams.clouds import Hosts, absolute_url
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
        self, *, http: HttpSession, hosts: Hosts, services: Hosts, credentials: Credentials | None
    ) -> None:
        self._http = http
        self._hosts = hosts
        self._services = services
        self._credentials = credentials

    async def fetch(self, file: File) -> bytes:
        url = absolute_url(file.source.get("url", ""))
        try:
            async with asyncio.timeout(SECONDS):
                for _ in range(HOPS + 1):
                    if url is None or not self._hosts.allow(url):
                        raise PlatformGone("the file is on a host that is not allowed", code="host")
                    found = await self._hop(url, file.source.get("service", ""))
                    if isinstance(found, bytes):
                        return found
                    url = found
        except TooLarge:
            raise PlatformGone("the file is larger than 20 MB", code="size") from None
        except EncodedAnswer:
            raise PlatformGone(
                "the file comes in an encoding that was not asked for", code="encoding"
            ) from None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise PlatformBusy("the file could not be read", code=type(error).__name__) from None
        raise PlatformGone("the file's address leads elsewhere too often", code="redirects")

    async def _hop(self, url: URL, service: str) -> bytes | URL:
        """The bytes, or the URL of a redirect."""
        headers = await self._headers(url, service)
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
