"""Reads from Microsoft Graph with the bot's own token, which is asked for in the tenant of the conversation.

Sources: Microsoft Learn, "Microsoft Graph throttling guidance", "Paging Microsoft Graph data in your app".
"""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import aiohttp
from yarl import URL

from adapters.teams.http_session import HttpSession
from adapters.teams.outbound.credentials import Credentials
from adapters.teams.outbound.token_source import TokenSource
from bot.domain.durations import seconds_from
from bot.domain.errors import PlatformBusy, PlatformError, PlatformRefused

BUSY = frozenset({429, 502, 503, 504})
TRIES = 3
LONGEST_WAIT = 10.0
"""Seconds that Graph may ask to wait. Nobody waits longer for what stands around a question."""
TENANTS = 500
"""Whose tokens are kept."""

Json = Mapping[str, Any]


class Graph:
    """Answers are JSON objects. All methods raise PlatformError, whose `code` is the HTTP status, or "token" where Entra ID
    gives no token in that tenant; PlatformBusy where it may go well in a moment.
    """

    def __init__(self, *, http: HttpSession, source: TokenSource, url: str) -> None:
        """`url` is Graph's address, which its tokens are for."""
        self._http = http
        self._source = source
        self._url = url
        self._tenants: OrderedDict[str, Credentials] = OrderedDict()

    async def get(self, tenant: str, path: str) -> Json:
        """`path` begins with a slash, its ids are percent-encoded, and its query stands in it."""
        return await self._read(tenant, self.address(path))

    async def follow(self, tenant: str, link: str) -> Json:
        """The next page, by an answer's `@odata.nextLink`. Never with the token to another host."""
        if not link.startswith(self._root):
            raise PlatformError("the next page is elsewhere", code="link")
        return await self._read(tenant, URL(link, encoded=True))

    def address(self, path: str) -> URL:
        return URL(self._root + path.removeprefix("/"), encoded=True)

    async def token(self, tenant: str) -> str:
        try:
            return await self._credentials(tenant).token()
        except PlatformRefused as error:
            raise PlatformError("no token for Microsoft Graph", code="token") from error

    @property
    def _root(self) -> str:
        return f"{self._url}/v1.0/"

    def _credentials(self, tenant: str) -> Credentials:
        found = self._tenants.pop(tenant, None)
        if found is None:
            found = Credentials(source=self._source, scope=f"{self._url}/.default", tenant=tenant)
        self._tenants[tenant] = found
        while len(self._tenants) > TENANTS:
            self._tenants.popitem(last=False)
        return found

    async def _read(self, tenant: str, url: URL) -> Json:
        renewed = False
        for left in range(TRIES - 1, -1, -1):
            token = await self.token(tenant)
            try:
                return await self._once(url, token)
            except PlatformBusy as busy:
                if not left or busy.retry_after is None or busy.retry_after > LONGEST_WAIT:
                    raise
                await asyncio.sleep(busy.retry_after)
            except PlatformError as error:
                if error.code != "401" or renewed:
                    raise
                self._credentials(tenant).refused(token)
                renewed = True
        raise PlatformBusy("Microsoft Graph does not answer", code="tries")

    async def _once(self, url: URL, token: str) -> Json:
        headers = {"Authorization": f"Bearer {token}"}
        try:
            async with self._http.session.get(url, headers=headers, allow_redirects=False) as response:
                text = await response.text(errors="replace")
                after = response.headers.get("Retry-After", "")
        except (aiohttp.ClientError, TimeoutError) as error:
            raise PlatformBusy("Microsoft Graph does not answer", code=type(error).__name__) from error
        code = str(response.status)
        if response.status in BUSY:
            raise PlatformBusy(f"Microsoft Graph says {code}", code=code, retry_after=seconds_from(after))
        if response.status != 200:
            raise PlatformError(f"Microsoft Graph says {code}", code=code)
        return _parsed(text)


def _parsed(text: str) -> Json:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise PlatformError("Microsoft Graph's answer is no JSON", code="json") from None
    return body if isinstance(body, Mapping) else {}
