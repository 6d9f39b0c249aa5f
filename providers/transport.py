"""The transport to model vendors: the only module that imports the HTTP client.

One client is shared by all endpoints. It follows no redirects (they would take credentials elsewhere), keeps no cookies, and
logs no URLs. Vendors are asked not to compress, and what comes compressed is refused: a gateway that compresses also buffers,
and a few bytes may unpack to any number. Every limit is kept while reading.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, contextmanager, suppress
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Self

import aiohttp
import httpx

from bot.domain.catalog import Deadlines
from bot.domain.errors import BrokeOff, Connection, ModelError, ServerError, Timeout
from providers.connection_pool import ConnectionPool, OutgoingRequest
from providers.deadline import Deadline, in_time
from providers.error_mapping import error_from_response
from providers.event_stream import EventReader
from providers.lenient_json import load_json
from providers.reading_pace import ReadingPace
from providers.request_body import RequestBody, StreamedPayload
from providers.scrubbing import scrubbed, without_credentials

CONNECT = 10.0  # seconds
LISTING = 20.0  # seconds for a whole listing
DRAIN = 1.0  # seconds to read on after the answer, so that the connection can be reused
ERROR_BYTES = 64 * 1024
LISTING_BYTES = 8 * 1024 * 1024
EVENT_BYTES = 8 * 1024 * 1024  # of one event: more takes too long to parse
ANSWER_BYTES = 64 * 1024 * 1024


class Transport:
    """The shared client, an async context manager. `wire` replaces the network in tests."""

    def __init__(self, *, wire: httpx.AsyncBaseTransport | None = None) -> None:
        for name in ("httpx", "httpcore"):  # they log URLs and headers
            logging.getLogger(name).setLevel(logging.WARNING)
        self._client = httpx.AsyncClient(
            transport=wire or AiohttpTransport(),
            headers={"user-agent": "switchboard", "accept-encoding": "identity"},
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

        Raises a ModelError for everything that is no answer, here and while it is read: BrokeOff when it ends after the
        vendor has said yes and nothing else, or what the vendor said instead of events.
        """
        clock = Deadline(deadlines)
        sent = RequestBody(body)
        framing = {"content-type": "application/json", "content-length": str(len(sent))}
        opening = self._client.stream(
            "POST",
            url,
            headers={**headers, **framing, "accept": "text/event-stream", "cache-control": "no-store"},
            content=sent.chunks(),
            timeout=httpx.Timeout(None, connect=CONNECT, pool=CONNECT),  # the clock limits the rest
        )
        events: EventStream | None = None
        async with AsyncExitStack() as stack:
            stack.callback(clock.close)
            try:
                response = await clock.within(stack.enter_async_context(opening))
                if not response.is_success:
                    raise _refusal(response, await _capped(response), headers)
                _expect_plain(response)
                # Whatever its content type: gateways name it otherwise, and some servers answer whole.
                events = EventStream(response=response, clock=clock)
                yield events
            except TimeoutError:
                raise Timeout(clock.missed) from None
            except (httpx.HTTPError, httpx.InvalidURL, BrokeOff) as error:
                if events is None or clock.begun:
                    raise _translated(error) from None
                said = events.stray.encode()
                raise (_refusal(response, said, headers) if said else BrokeOff(str(error))) from None

    async def get(self, url: str, *, headers: Mapping[str, str], question: Any = None) -> Any:
        """A JSON document, by POST where a question goes with it. Raises a ModelError."""
        try:
            async with (
                asyncio.timeout(LISTING),
                self._client.stream(
                    "POST" if question else "GET", url, headers=headers, json=question, timeout=LISTING
                ) as response,
            ):
                if not response.is_success:
                    raise _refusal(response, await _capped(response), headers)
                _expect_plain(response)
                body = await _read(response, LISTING_BYTES)
        except TimeoutError:
            raise Timeout(f"no listing within {LISTING:.0f} s") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _translated(error) from None
        try:
            return load_json(body.decode("utf-8", "replace"))
        except ValueError:
            raise ServerError("the listing is not JSON", status=httpx.codes.OK) from None


class EventStream:
    """An answer's events as objects, to be read once. Call `begun` at the first part."""

    def __init__(self, *, response: httpx.Response, clock: Deadline) -> None:
        self._response, self._clock = response, clock
        self._reader = EventReader()
        self._since_event = 0  # bytes

    @property
    def stray(self) -> str:
        """The beginning of what was no event."""
        return self._reader.stray

    async def batches(self) -> AsyncGenerator[Iterator[dict[str, Any]], None]:
        """The events as many at a time as have come, each batch to be read to its end. Raises ServerError, the batch itself
        too: for an event of broken JSON, and for more than any answer has.
        """
        total = 0
        async with aclosing(in_time(self._response.aiter_raw(), self._clock)) as chunks:
            async for chunk in chunks:
                self._since_event += len(chunk)
                total += len(chunk)
                if self._since_event > EVENT_BYTES or total > ANSWER_BYTES:
                    raise ServerError("the answer is larger than any answer should be", code="too_large")
                yield self._batch(chunk)
        yield self._reader.end()

    def _batch(self, chunk: bytes) -> Iterator[dict[str, Any]]:
        for event in self._reader.feed(chunk):
            self._since_event = 0
            yield event

    @property
    def has_begun(self) -> bool:
        return self._clock.begun

    def begun(self) -> None:
        self._clock.begun = True

    async def drain(self, batches: AsyncGenerator[Iterator[dict[str, Any]], None]) -> None:
        """Reads what follows the answer, for a moment. Errors are ignored, because the answer is complete."""
        self._clock.end_in(DRAIN)
        with suppress(TimeoutError, httpx.HTTPError, ModelError):
            async for batch in batches:
                for _ in batch:
                    pass


class AiohttpTransport(httpx.AsyncBaseTransport):
    """httpx on aiohttp's connections."""

    def __init__(self) -> None:
        self._pool = ConnectionPool(httpx.create_ssl_context)
        self._pace = ReadingPace()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        limits = request.extensions["timeout"]
        outgoing = OutgoingRequest(
            method=request.method,
            url=str(request.url),
            headers=[(name.decode("ascii"), value.decode("latin-1")) for name, value in request.headers.raw],
            body=_payload(request),
            timeout=aiohttp.ClientTimeout(
                connect=limits["pool"], sock_connect=limits["connect"], sock_read=limits["read"]
            ),
        )
        with _as_httpx():
            response = await self._pool.send(outgoing)
        headers = list(response.raw_headers)
        return httpx.Response(
            response.status, headers=headers, stream=_Body(response, self._pace), request=request
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    """A response's bytes as they come. Closing it before its end closes the connection."""

    def __init__(self, response: aiohttp.ClientResponse, pace: ReadingPace) -> None:
        self._response, self._pace = response, pace

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx():
            async with aclosing(self._pace.chunks(self._response)) as chunks:
                async for chunk in chunks:
                    yield chunk

    async def aclose(self) -> None:
        if not self._response.content.at_eof():
            self._response.close()


def _payload(request: httpx.Request) -> StreamedPayload | None:
    """The request's body, passed on as it is made."""
    size = int(request.headers.get("content-length", 0))
    if not size or not isinstance(request.stream, httpx.AsyncByteStream):
        return None
    return StreamedPayload(aiter(request.stream), size=size)


def _expect_plain(response: httpx.Response) -> None:
    """Raises ServerError for an answer in an encoding. It is not tried again: a gateway would do the same."""
    if encoding := _encoding(response):
        error = ServerError(
            f"the answer is compressed ({scrubbed(encoding)[:20]}), though `accept-encoding: identity` was sent: "
            "switch compression off in the gateway",
            code="encoding",
        )
        error.retry = False
        raise error


def _encoding(response: httpx.Response) -> str:
    return str(response.headers.get("content-encoding", "")).strip().lower().removeprefix("identity")


async def _read(response: httpx.Response, limit: int) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > limit:
            raise ServerError("the document is larger than any should be", code="too_large")
    return bytes(body)


async def _capped(response: httpx.Response) -> bytes:
    """The start of an error's body; what has come when it breaks off or is slow. Nothing is unpacked."""
    body = bytearray()
    if _encoding(response):
        return b""
    with suppress(httpx.HTTPError, TimeoutError):
        async with asyncio.timeout(CONNECT):
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > ERROR_BYTES:
                    break
    return bytes(body[:ERROR_BYTES])


def _refusal(response: httpx.Response, body: bytes, sent: Mapping[str, str]) -> ModelError:
    said = without_credentials(body.decode("utf-8", "replace"), sent)
    return error_from_response(response.status_code, dict(response.headers), said, now=time.time())


def _translated(error: Exception) -> ModelError:
    """The client's exception as a ModelError. The text of local errors may quote headers and is left out."""
    name = type(error).__name__
    if isinstance(error, httpx.TimeoutException):
        return Timeout(name)
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
    except aiohttp.ClientResponseError as error:  # its text quotes the address, and what was added to it
        raise httpx.RemoteProtocolError(error.message) from None
    except aiohttp.ClientPayloadError as error:
        raise httpx.RemoteProtocolError(str(error)) from None
    except aiohttp.ClientError as error:
        raise httpx.ReadError(str(error)) from None
    except ValueError as error:  # a header that cannot be sent
        raise httpx.LocalProtocolError(str(error)) from None
