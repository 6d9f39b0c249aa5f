"""The way to tool servers over HTTP: with its neighbours the only one that imports their HTTP client.

It connects to checked addresses only, takes no proxy from the environment, keeps no cookies, reads nothing that is compressed or
larger than it may be, and turns what fails into an error of the protocol: one call fails then, and not the connection of all.
"""

import json
import logging
import ssl
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
)
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import anyio
import httpcore2
import httpx2

from bot.answers.tools.addresses import (
    AddressRefused,
    LookUp,
    NameUnknown,
    encrypted_enough,
    look_up_name,
)
from bot.answers.tools.faults import Fault, by_status
from bot.answers.tools.outbound_network import CheckedNetwork

MESSAGE_BYTES = 8 * 1024 * 1024
STREAM_BYTES = 32 * 1024 * 1024  # of one response's events
ERROR_BYTES = 64 * 1024
CONNECT = 10.0  # seconds
GOODBYE = 2.0  # seconds for the end of a session
NOBODY = "nobody"  # as an authorization: the person is not signed in


Token = Callable[[str], Awaitable[str]]
"""A person's token, "" for none; after the one that is given was refused, another."""


class WayFault(Exception):
    """Nothing came back that can be read."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.name)
        self.fault = fault


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainAnswer:
    """An answer that is no message of the protocol. `challenge`: its WWW-Authenticate. `body`: JSON, or nothing."""

    status: int
    challenge: str = ""
    body: bytes = field(default=b"", repr=False)


def tool_client(
    *,
    token: str = "",
    person: Token | None = None,
    private: bool = False,
    seconds: float = 60.0,
    look_up: LookUp = look_up_name,
) -> httpx2.AsyncClient:
    """A client for one server. `seconds`: how long it may be silent in the middle of an answer. `token` is the company's,
    `person` gives that of the one person who uses this client.
    """
    say_nothing()
    headers = {"user-agent": "switchboard", "accept-encoding": "identity"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    return httpx2.AsyncClient(
        transport=CheckedTransport(private=private, look_up=look_up),
        headers=headers,
        auth=PersonsBearer(person) if person else None,
        timeout=httpx2.Timeout(seconds, connect=CONNECT, pool=CONNECT),
        trust_env=False,
        follow_redirects=False,
    )


def say_nothing() -> None:
    """The HTTP client logs URLs and headers."""
    for name in ("httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.WARNING)


class PersonsBearer(httpx2.Auth):
    """A person's token with every request; one that is refused is exchanged once, as the call cannot have run."""

    def __init__(self, token: Token) -> None:
        self._token = token

    async def async_auth_flow(
        self, request: httpx2.Request
    ) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        token = await self._token("")
        request.headers["authorization"] = f"Bearer {token}" if token else NOBODY
        answer = yield request
        if answer.status_code == 401 and (other := await self._token(token)) not in {"", token}:
            request.headers["authorization"] = f"Bearer {other}"
            yield request


class CheckedTransport(httpx2.AsyncBaseTransport):
    """Answers every request: with what the server said, or with an error whose code is a Fault."""

    def __init__(self, *, private: bool, look_up: LookUp) -> None:
        self._private = private
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=httpx2.create_ssl_context(trust_env=False),
            max_connections=32,
            keepalive_expiry=60.0,
            network_backend=CheckedNetwork(private=private, look_up=look_up),
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.headers.get("authorization") == NOBODY:  # nothing is sent in nobody's name
            return _failed(Fault.KEY_REFUSED, 401)
        try:
            answer, body = await self._answered(request)
        except WayFault as lost:
            return _failed(lost.fault)
        kind = _kind(answer)
        if answer.status_code < 400 and body is None:
            return answer
        body = body or b""
        if answer.status_code >= 400:
            return _refusal(answer.status_code, body if kind == "application/json" else b"")
        if len(body) > MESSAGE_BYTES:
            return _failed(Fault.TOO_LARGE)
        kept = [
            (name, answer.headers[name])
            for name in ("content-type", "mcp-session-id")
            if name in answer.headers
        ]
        return httpx2.Response(answer.status_code, headers=kept, content=body)

    async def plainly(self, request: httpx2.Request) -> PlainAnswer:
        """What stands there, whatever its status, for what is no message of the protocol. Raises WayFault."""
        answer, body = await self._answered(request)
        if body is None:
            await answer.aclose()
        return PlainAnswer(
            status=answer.status_code,
            challenge=answer.headers.get("www-authenticate", "")[:ERROR_BYTES],
            body=(body or b"")[:ERROR_BYTES] if _kind(answer) == "application/json" else b"",
        )

    async def _answered(self, request: httpx2.Request) -> tuple[httpx2.Response, bytes | None]:
        """With its body where that is JSON or an error's. Raises WayFault."""
        if not encrypted_enough(str(request.url), private=self._private):
            raise WayFault(Fault.NOT_ENCRYPTED)
        try:
            if request.method == "DELETE":
                with anyio.fail_after(GOODBYE):
                    return await self._answer(request)
            return await self._answer(request)
        except NameUnknown:
            raise WayFault(Fault.NAME_UNKNOWN) from None
        except AddressRefused:
            raise WayFault(Fault.ADDRESS_REFUSED) from None
        except httpcore2.ConnectError as error:
            raise WayFault(Fault.CERTIFICATE if _about_tls(error) else Fault.UNREACHABLE) from None
        except (httpcore2.ConnectTimeout, httpcore2.PoolTimeout):
            raise WayFault(Fault.UNREACHABLE) from None
        except (
            httpcore2.NetworkError,
            httpcore2.TimeoutException,
            httpcore2.ProtocolError,
            TimeoutError,
        ):
            raise WayFault(Fault.LOST) from None

    async def _answer(self, request: httpx2.Request) -> tuple[httpx2.Response, bytes | None]:
        if not isinstance(request.stream, httpx2.AsyncByteStream):
            raise TypeError("requests are sent asynchronously")
        answer = await self._pool.handle_async_request(
            httpcore2.Request(
                method=request.method,
                url=httpcore2.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        if not isinstance(answer.stream, AsyncIterable):
            raise TypeError("answers are read asynchronously")
        headers = httpx2.Headers([row for row in answer.headers if row[0].lower() != b"set-cookie"])
        stream = _Bounded(answer.stream)
        whole = httpx2.Response(answer.status, headers=headers, stream=stream)
        if headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
            await stream.aclose()
            raise WayFault(Fault.COMPRESSED)
        if 300 <= answer.status < 400 and not _stays(request.url, headers.get("location", "")):
            await stream.aclose()
            raise WayFault(Fault.REDIRECTED)
        if answer.status < 400 and _kind(whole) != "application/json":
            return whole, None
        return whole, await _read(stream, MESSAGE_BYTES if answer.status < 400 else ERROR_BYTES)

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Bounded(httpx2.AsyncByteStream):
    """A response's bytes as they come; it breaks off where they are too many."""

    def __init__(self, stream: AsyncIterable[bytes]) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        total = 0
        try:
            async for chunk in self._stream:
                total += len(chunk)
                if total > STREAM_BYTES:
                    raise httpx2.ReadError("the stream is too large")
                yield chunk
        except (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError) as error:
            raise httpx2.ReadError(type(error).__name__) from None

    async def aclose(self) -> None:
        if close := getattr(self._stream, "aclose", None):
            await close()


async def _read(stream: _Bounded, limit: int) -> bytes:
    """The body, or one byte more than the limit."""
    body = bytearray()
    try:
        async for chunk in stream:
            body += chunk
            if len(body) > limit:
                break
    except httpx2.ReadError as error:
        raise httpcore2.ReadError(str(error)) from None
    finally:
        await stream.aclose()
    return bytes(body[: limit + 1])


def _refusal(status: int, body: bytes) -> httpx2.Response:
    """A server's own error of the protocol, or what its status means."""
    fault = by_status(status)
    if fault not in {Fault.KEY_REFUSED, Fault.FORBIDDEN} and _is_error(body):
        return httpx2.Response(status, headers={"content-type": "application/json"}, content=body)
    return _failed(fault, status)


def _is_error(body: bytes) -> bool:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(told, dict) and isinstance(told.get("error"), dict) and "jsonrpc" in told


def _kind(answer: httpx2.Response) -> str:
    return str(answer.headers.get("content-type", "")).partition(";")[0].strip().lower()


def _failed(fault: Fault, status: int = 502) -> httpx2.Response:
    told = {"jsonrpc": "2.0", "id": None, "error": {"code": int(fault), "message": fault.name}}
    return httpx2.Response(status, json=told)


def _stays(sent: httpx2.URL, location: str) -> bool:
    """Whether a redirect leads to where the key was meant for."""
    try:
        there = sent.join(location)
    except (httpx2.InvalidURL, ValueError):
        return False
    return (sent.scheme, sent.host, sent.port) == (there.scheme, there.host, there.port)


def _about_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False


def host_of(url: str) -> str:
    """What people recognise a server's address by."""
    return urlsplit(url).hostname or ""
