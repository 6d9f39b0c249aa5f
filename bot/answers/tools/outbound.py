"""The way to tool servers over HTTP: the only module that imports their HTTP client.

It connects to checked addresses only, takes no proxy from the environment, keeps no cookies, reads nothing that is compressed or
larger than it may be, and turns what fails into an error of the protocol: one call fails then, and not the connection of all.
"""

import json
import logging
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpcore2
import httpx2

from bot.answers.tools.addresses import (
    AddressRefused,
    LookUp,
    NameUnknown,
    checked_addresses,
    encrypted_enough,
    look_up_name,
)
from bot.answers.tools.faults import Fault, by_status

MESSAGE_BYTES = 8 * 1024 * 1024
STREAM_BYTES = 32 * 1024 * 1024  # of one response's events
ERROR_BYTES = 64 * 1024
CONNECT = 10.0  # seconds
GOODBYE = 2.0  # seconds for the end of a session


def tool_client(
    *, token: str = "", private: bool = False, seconds: float = 60.0, look_up: LookUp = look_up_name
) -> httpx2.AsyncClient:
    """A client for one server. `seconds`: how long it may be silent in the middle of an answer."""
    for name in ("httpx2", "httpcore2"):  # they log URLs and headers
        logging.getLogger(name).setLevel(logging.WARNING)
    headers = {"user-agent": "switchboard", "accept-encoding": "identity"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    return httpx2.AsyncClient(
        transport=CheckedTransport(private=private, look_up=look_up),
        headers=headers,
        timeout=httpx2.Timeout(seconds, connect=CONNECT, pool=CONNECT),
        trust_env=False,
        follow_redirects=False,
    )


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
        if not encrypted_enough(str(request.url), private=self._private):
            return _failed(Fault.NOT_ENCRYPTED)
        try:
            if request.method == "DELETE":
                with anyio.fail_after(GOODBYE):
                    return await self._answer(request)
            return await self._answer(request)
        except NameUnknown:
            return _failed(Fault.NAME_UNKNOWN)
        except AddressRefused:
            return _failed(Fault.ADDRESS_REFUSED)
        except httpcore2.ConnectError as error:
            return _failed(Fault.CERTIFICATE if _about_tls(error) else Fault.UNREACHABLE)
        except (httpcore2.ConnectTimeout, httpcore2.PoolTimeout):
            return _failed(Fault.UNREACHABLE)
        except (
            httpcore2.NetworkError,
            httpcore2.TimeoutException,
            httpcore2.ProtocolError,
            TimeoutError,
        ):
            return _failed(Fault.LOST)

    async def _answer(self, request: httpx2.Request) -> httpx2.Response:
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
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
            await stream.aclose()
            return _failed(Fault.COMPRESSED)
        if 300 <= answer.status < 400 and not _stays(request.url, headers.get("location", "")):
            await stream.aclose()
            return _failed(Fault.REDIRECTED)
        if answer.status < 400 and kind != "application/json":
            return httpx2.Response(answer.status, headers=headers, stream=stream)
        body = await _read(stream, MESSAGE_BYTES if answer.status < 400 else ERROR_BYTES)
        if answer.status >= 400:
            return _refusal(answer.status, body if kind == "application/json" else b"")
        if len(body) > MESSAGE_BYTES:
            return _failed(Fault.TOO_LARGE)
        kept = [(name, headers[name]) for name in ("content-type", "mcp-session-id") if name in headers]
        return httpx2.Response(answer.status, headers=kept, content=body)

    async def aclose(self) -> None:
        await self._pool.aclose()


class CheckedNetwork(httpcore2.AsyncNetworkBackend):
    """Connects to what a name means at the moment, and only where that is allowed."""

    def __init__(self, *, private: bool, look_up: LookUp) -> None:
        self._private, self._look_up = private, look_up
        self._network = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the shape of the client's backend
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        addresses = await checked_addresses(host, port, private=self._private, look_up=self._look_up)
        failed: Exception = httpcore2.ConnectError(host)
        for address in addresses[:4]:
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
        raise failed

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)


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
