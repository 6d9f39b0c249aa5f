"""aiohttp's connections for the transport: reading a streamed answer costs half as much CPU as with httpx' own."""

import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import aiohttp
from aiohttp.http_exceptions import LineTooLong
from yarl import URL

from bot.domain.errors import ServerError
from providers.proxies import proxy_for
from providers.request_body import StreamedPayload

LINE_BYTES = 8190  # of a header's line: aiohttp's default; patterns and parsers of all kinds run over headers


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingRequest:
    """A request as it goes over the wire. `url` is encoded already."""

    method: str
    url: str
    headers: Sequence[tuple[str, str]]
    body: StreamedPayload | None
    timeout: aiohttp.ClientTimeout


class ConnectionPool:
    """Keeps connections open between requests. Never follows a redirect, unpacks a body or keeps a cookie."""

    def __init__(self, tls: Callable[[], ssl.SSLContext]) -> None:
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    async def send(self, request: OutgoingRequest) -> aiohttp.ClientResponse:
        """Raises ServerError for headers that are too long, and aiohttp's errors."""
        url = URL(request.url, encoded=True)
        try:
            return await self._opened().request(
                request.method,
                url,
                data=request.body,
                headers=request.headers,
                skip_auto_headers=("accept", "accept-encoding", "content-type", "user-agent"),
                allow_redirects=False,
                proxy=proxy_for(url.scheme, url.host or ""),
                timeout=request.timeout,
            )
        except aiohttp.ClientResponseError as error:
            if _of_headers(error):
                raise _too_long_headers() from None
            raise

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        """Created by the first request, because a session belongs to the event loop that runs then."""
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=1000, keepalive_timeout=60.0, ssl=self._tls())
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                max_field_size=LINE_BYTES,
                max_line_size=LINE_BYTES,
            )
        return self._session


def _of_headers(error: BaseException | None) -> bool:
    """Whether a line that is too long lies behind an error of aiohttp."""
    while error is not None and not isinstance(error, LineTooLong):
        error = error.__cause__
    return error is not None


def _too_long_headers() -> ServerError:
    """Not tried again: the next answer would have the same headers."""
    error = ServerError(
        f"a line of the answer's headers is longer than {LINE_BYTES} bytes: see what the gateway in between adds",
        code="headers_too_long",
    )
    error.retry = False
    return error
