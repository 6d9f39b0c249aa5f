"""The transport to model vendors: the only module that imports the HTTP client.

One client is shared by all endpoints. It follows no redirects (they would take credentials elsewhere), keeps
no cookies, asks vendors not to compress (a gateway that compresses also buffers), and logs no URLs.
"""

import asyncio
import json
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Self

import aiohttp
import httpx
from httpx_sse import EventSource, ServerSentEvent, aconnect_sse
from yarl import URL

from bot.domain.catalog import Deadlines
from bot.domain.errors import Connection, ModelError, ServerError, Timeout
from providers.deadline import Deadline
from providers.error_mapping import error_from_response, scrubbed
from providers.proxies import proxy_for

CONNECT = 10.0  # seconds
LISTING = 20.0  # seconds for a whole listing
DRAIN = 1.0  # seconds to read on after the answer, so that the connection can be reused
ERROR_BYTES = 64 * 1024
LISTING_BYTES = 32 * 1024 * 1024
LINE_BYTES = 8 * 1024 * 1024
ANSWER_BYTES = 64 * 1024 * 1024
CREDENTIALS = frozenset({"authorization", "api-key", "x-api-key", "x-goog-api-key"})


class Transport:
    """The shared client, an async context manager. `wire` replaces the network in tests."""

    def __init__(self, *, wire: httpx.AsyncBaseTransport | None = None) -> None:
        for name in ("httpx", "httpcore"):  # they log URLs and headers
            logging.getLogger(name).setLevel(logging.WARNING)
        self._client = httpx.AsyncClient(
            transport=wire or AiohttpTransport(),
            headers={"user-agent": "switchboard"},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._client.aclose()

    @asynccontextmanager
    async def post(
        self, url: str, *, headers: Mapping[str, str], body: Mapping[str, Any], deadlines: Deadlines
    ) -> AsyncIterator["EventStream"]:
        """Opens one streamed answer; leaving the block before its end closes the connection at once.

        Raises a ModelError for everything that is no event stream, here and while it is read.
        """
        clock = Deadline(deadlines)
        opening = aconnect_sse(
            self._client,
            "POST",
            url,
            headers={**headers, "content-type": "application/json", "accept-encoding": "identity"},
            content=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"),
            timeout=httpx.Timeout(max(deadlines.first, deadlines.idle), connect=CONNECT, pool=CONNECT),
        )
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout_at(clock.until):
                    source = await stack.enter_async_context(opening)
                await _expect_events(source.response, headers)
                yield EventStream(source=source, clock=clock)
            except TimeoutError:
                raise Timeout(clock.missed) from None
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise _translated(error) from None

    async def get(self, url: str, *, headers: Mapping[str, str]) -> Any:
        """A JSON document. Raises a ModelError."""
        try:
            async with (
                asyncio.timeout(LISTING),
                self._client.stream("GET", url, headers=dict(headers), timeout=LISTING) as response,
            ):
                if response.status_code != httpx.codes.OK:
                    raise _refusal(response, await _capped(response), headers)
                body = await _read(response, LISTING_BYTES)
        except TimeoutError:
            raise Timeout(f"no listing within {LISTING:.0f} s") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _translated(error) from None
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            raise ServerError("the listing is not JSON", status=httpx.codes.OK) from None


class EventStream:
    """A stream of server-sent events, to be read once. Call `begun` at the first part."""

    def __init__(self, *, source: EventSource, clock: Deadline) -> None:
        response = source.response
        response.encoding = "utf-8"  # whatever the header says: event streams are always UTF-8
        if isinstance(response.stream, httpx.AsyncByteStream):
            response.stream = _Watched(response.stream, clock)
        self._source = source
        self._clock = clock

    def events(self) -> AsyncGenerator[ServerSentEvent, None]:
        return self._source.aiter_sse()

    def begun(self) -> None:
        self._clock.begun = True

    async def drain(self, events: AsyncGenerator[ServerSentEvent, None]) -> None:
        """Reads what follows the answer, for a moment. Errors are ignored, because the answer is complete."""
        self._clock.end_in(DRAIN)
        with suppress(TimeoutError, httpx.HTTPError, ModelError):
            async for _ in events:
                pass


class _Watched(httpx.AsyncByteStream):
    """A body's bytes, with the deadline and the size limits."""

    def __init__(self, stream: httpx.AsyncByteStream, clock: Deadline) -> None:
        self._stream = stream
        self._clock = clock

    async def __aiter__(self) -> AsyncIterator[bytes]:
        line = total = 0
        chunks = aiter(self._stream)
        while True:
            try:
                async with asyncio.timeout_at(self._clock.until):
                    chunk = await anext(chunks)
            except StopAsyncIteration:
                return
            newline = chunk.rfind(b"\n")
            line = line + len(chunk) if newline < 0 else len(chunk) - newline
            total += len(chunk)
            if line > LINE_BYTES or total > ANSWER_BYTES:
                raise ServerError("the answer is larger than any answer should be", code="too_large")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


class AiohttpTransport(httpx.AsyncBaseTransport):
    """httpx on aiohttp's connections: reading a streamed answer costs half as much CPU as with httpx' own."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        limits = request.extensions["timeout"]
        timeout = aiohttp.ClientTimeout(
            connect=limits["pool"], sock_connect=limits["connect"], sock_read=limits["read"]
        )
        sending = self._opened().request(
            request.method,
            URL(str(request.url), encoded=True),  # httpx has encoded it already
            data=await request.aread(),
            headers=[(name.decode("ascii"), value.decode("latin-1")) for name, value in request.headers.raw],
            skip_auto_headers=("accept", "accept-encoding", "content-type", "user-agent"),
            allow_redirects=False,
            proxy=proxy_for(request.url.scheme, request.url.host),
            timeout=timeout,
        )
        with _as_httpx():
            response = await sending
        return httpx.Response(
            response.status, headers=list(response.raw_headers), stream=_Body(response), request=request
        )

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        """Created by the first request, because a session belongs to the event loop that runs then."""
        if self._session is None:
            connector = aiohttp.TCPConnector(
                limit=1000, keepalive_timeout=60.0, ssl=httpx.create_ssl_context()
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                max_field_size=LINE_BYTES,
                max_line_size=LINE_BYTES,
            )
        return self._session


class _Body(httpx.AsyncByteStream):
    """A response's bytes as they come. Closing it before its end closes the connection."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx():
            async for chunk in self._response.content.iter_any():
                yield chunk

    async def aclose(self) -> None:
        if not self._response.content.at_eof():
            self._response.close()


async def _expect_events(response: httpx.Response, headers: Mapping[str, str]) -> None:
    is_stream = "text/event-stream" in response.headers.get("content-type", "").lower()
    if response.status_code == httpx.codes.OK and is_stream:
        return
    raise _refusal(response, await _capped(response), headers)


async def _read(response: httpx.Response, limit: int) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > limit:
            raise ServerError("the document is larger than any should be", code="too_large")
    return bytes(body)


async def _capped(response: httpx.Response) -> bytes:
    """The start of an error's body; what has come when it breaks off or is slow."""
    body = bytearray()
    with suppress(httpx.HTTPError, TimeoutError):
        async with asyncio.timeout(CONNECT):
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > ERROR_BYTES:
                    break
    return bytes(body[:ERROR_BYTES])


def _refusal(response: httpx.Response, body: bytes, sent: Mapping[str, str]) -> ModelError:
    said = body.decode("utf-8", "replace")
    for name, value in sent.items():  # vendors quote the key that they refuse
        secret = value.removeprefix("Bearer ")
        if name.lower() in CREDENTIALS and secret:
            said = said.replace(secret, "[…]")
    headers = {name.lower(): value for name, value in response.headers.items()}
    return error_from_response(response.status_code, headers, said, now=time.time())


def _translated(error: Exception) -> ModelError:
    """The client's exception as a ModelError. The text of local errors may quote headers and is left out."""
    name = type(error).__name__
    if isinstance(error, httpx.TimeoutException):
        return Timeout(name)
    if isinstance(error, httpx.DecodingError):
        return ServerError(name, code="malformed_stream")
    if isinstance(error, httpx.LocalProtocolError | httpx.InvalidURL):
        return Connection(name)
    return Connection(f"{name}: {scrubbed(str(error))}")


@contextmanager
def _as_httpx() -> Iterator[None]:
    """Translates aiohttp's errors into those of httpx."""
    try:
        yield
    except aiohttp.ConnectionTimeoutError as error:
        raise httpx.ConnectTimeout(str(error)) from None
    except (aiohttp.ServerTimeoutError, TimeoutError) as error:
        raise httpx.ReadTimeout(str(error)) from None
    except aiohttp.ClientConnectorError as error:
        raise httpx.ConnectError(str(error)) from None
    except aiohttp.InvalidURL as error:
        raise httpx.InvalidURL(str(error)) from None
    except (aiohttp.ClientPayloadError, aiohttp.ClientResponseError) as error:
        raise httpx.RemoteProtocolError(str(error)) from None
    except aiohttp.ClientError as error:
        raise httpx.ReadError(str(error)) from None
    except ValueError as error:  # a header that cannot be sent
        raise httpx.LocalProtocolError(str(error)) from None
