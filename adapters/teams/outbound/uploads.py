"""Puts a file where Teams said, after somebody agreed to it. The address is a permission of its own, and comes with what a client
sent: bytes go to Microsoft's file hosts only, without the bot's token.

Source: Microsoft Learn, Teams platform, "Send and receive files through the bot"; OneDrive, "Upload bytes to the session".
"""

import io

import aiohttp

from adapters.teams.clouds import Hosts, absolute_url
from adapters.teams.http_session import HttpSession
from bot.domain.durations import seconds_from
from bot.domain.errors import PlatformBusy, PlatformError, PlatformGone

SECONDS = 120.0
BUSY = frozenset({408, 423, 429, 500, 502, 503, 504})


class Uploads:
    """One file at a time. Errors never name the address, which is a secret."""

    def __init__(self, *, http: HttpSession, hosts: Hosts) -> None:
        self._http = http
        self._hosts = hosts

    def allow(self, address: str) -> bool:
        url = absolute_url(address)
        return url is not None and self._hosts.allow(url)

    async def put(self, address: str, data: bytes) -> None:
        """Raises PlatformGone for another's host, PlatformBusy where it may go well in a moment, PlatformError with the HTTP
        status as its code.
        """
        url = absolute_url(address)
        if url is None or not self._hosts.allow(url):
            raise PlatformGone("the file was to go to a host that is not allowed", code="host")
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Range": f"bytes 0-{len(data) - 1}/{len(data)}",
        }
        request = self._http.session.put(
            url,
            data=io.BytesIO(data),
            headers=headers,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=SECONDS),
        )
        try:
            async with request as response:
                status, after = response.status, response.headers.get("Retry-After", "")
        except (aiohttp.ClientError, TimeoutError) as error:
            raise PlatformBusy("the file could not be sent", code=type(error).__name__) from None
        if status in BUSY:
            raise PlatformBusy(
                "the file could not be sent", code=str(status), retry_after=seconds_from(after)
            )
        if status not in {200, 201, 202}:
            raise PlatformError(f"the file was refused with {status}", code=str(status))
