"""Protects a listener from clients that hold connections open without sending a request.

aiohttp waits for slow headers and slow bodies for ever, so a few hundred such connections would block all
others. Here a request's header and its body each have a deadline. When the limit of connections is reached,
the one that has been open longest without a whole request is closed.
"""

import asyncio
import logging
import resource
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast

from aiohttp import web

log = logging.getLogger(__name__)

BODY_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """Seconds, and how many connections at once."""

    header: float = 10.0
    body: float = 10.0
    linger: float = 2.0  # to read the rest of a refused body
    idle: float = 75.0  # longer than a usual reverse proxy's, which would otherwise reuse a closed connection
    connections: int = 1000


class OpenConnections:
    """The connections of one listener, and those without a whole request yet, oldest first."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self.open = 0
        self._owing: dict[ClientConnection, None] = {}

    def owes(self, connection: "ClientConnection") -> None:
        self._owing[connection] = None

    def paid(self, connection: "ClientConnection") -> None:
        self._owing.pop(connection, None)

    def make_room(self) -> bool:
        """Whether there is room for one more connection. Closes the slowest one if necessary."""
        if self.open < self.limits.connections:
            return True
        slowest = next(iter(self._owing), None)
        if slowest is not None:
            slowest.give_up()
        return slowest is not None


class ClientConnection(web.RequestHandler):
    """aiohttp's connection with a deadline per header. Only asyncio's own callbacks are overridden, and the
    answer to what is no request.
    """

    def __init__(
        self, manager: web.Server, *, waiting: OpenConnections, loop: asyncio.AbstractEventLoop
    ) -> None:
        super().__init__(
            manager,
            loop=loop,
            keepalive_timeout=waiting.limits.idle,
            lingering_time=waiting.limits.linger,
            access_log=cast(Any, None),
        )
        self._waiting = waiting
        self._clock = loop
        self._deadline: asyncio.TimerHandle | None = None
        self._wire: asyncio.Transport | None = None
        self._busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._wire = cast(asyncio.Transport, transport)
        self._waiting.open += 1
        if not self._waiting.make_room():
            self._wire.abort()
            return
        super().connection_made(transport)
        self._expect_header()

    def data_received(self, data: bytes) -> None:
        if not self._busy and self._deadline is None:
            self._expect_header()
        super().data_received(data)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._waiting.open -= 1
        self._waiting.paid(self)
        self._header_came()
        super().connection_lost(exc)

    def request_began(self) -> None:
        self._busy = True
        self._header_came()

    def request_came(self) -> None:
        """The request is complete, its body too: the client no longer keeps the server waiting."""
        self._waiting.paid(self)

    def request_ended(self) -> None:
        self._busy = False
        self._waiting.owes(self)

    def give_up(self) -> None:
        """Closes the connection at once, even in the middle of a request."""
        self._waiting.paid(self)
        self._header_came()
        if self._wire is not None:
            self._wire.abort()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answers what is no request. What aiohttp answers and logs quotes it, and names the server."""
        if status < 500 and request.writer.output_size == 0:
            log.info("not a request", extra={"status": status, "why": type(exc).__name__})
            refusal = NamelessResponse(status=status, text="This is not a request that can be read.\n")
            refusal.force_close()
            return refusal
        return super().handle_error(request, status, exc, message)

    def _expect_header(self) -> None:
        self._deadline = self._clock.call_later(self._waiting.limits.header, self.give_up)
        self._waiting.owes(self)

    def _header_came(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class NamelessResponse(web.Response):
    """An answer without the name of the server. Others lose it in `without_server`, by their application."""

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        self.headers.popall("Server", None)


async def without_server(request: web.BaseRequest, response: web.StreamResponse) -> None:
    """For `on_response_prepare`: which server this is, and of which version, is nobody's business."""
    response.headers.popall("Server", None)


def make_room_for_files(wanted: int = 8192) -> None:
    """Raises this process's limit of open files to what its listeners need; many systems set it to 1024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def connection_factory(server: web.Server, limits: ConnectionLimits) -> Callable[[], ClientConnection]:
    """A protocol factory for `loop.create_server`."""
    loop = asyncio.get_running_loop()
    waiting = OpenConnections(limits)
    return lambda: ClientConnection(server, waiting=waiting, loop=loop)


def deadlines(limits: ConnectionLimits) -> Callable[..., Awaitable[web.StreamResponse]]:
    """The middleware that answers 408 when a request's body does not arrive, wherever it is read."""

    @web.middleware
    async def within_deadlines(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        late = TimeoutError("the body did not come in time")
        timer = asyncio.get_running_loop().call_later(limits.body, request.content.set_exception, late)
        request.content.on_eof(timer.cancel)
        connection = request.protocol
        if isinstance(connection, ClientConnection):
            connection.request_began()
            request.content.on_eof(connection.request_came)
        try:
            return await handler(request)
        except TimeoutError as error:
            if error is not late:
                raise
            refusal = web.Response(status=408, text="The request took too long to arrive.\n")
            refusal.force_close()
            return refusal
        finally:
            timer.cancel()
            if isinstance(connection, ClientConnection):
                connection.request_ended()

    return within_deadlines
