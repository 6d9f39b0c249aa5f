"""The two listeners: the public one, where platforms deliver, and the operator's."""

import asyncio
import errno
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import cast

from aiohttp import web

from bot.domain.errors import SettingsError
from bot.domain.readiness import Readiness
from bot.domain.stop import StopSignal
from bot.serving.connections import (
    BODY_BYTES,
    ConnectionLimits,
    connection_factory,
    deadlines,
    without_server,
)
from bot.serving.local_request import addressed_here
from bot.settings.environment import loopback

log = logging.getLogger(__name__)

CLOSING = web.AppKey("closing", StopSignal)
"""Fires when the listener closes: an answer that has no end of its own ends then."""


def public_app(routes: Iterable[web.AbstractRouteDef], *, limits: ConnectionLimits) -> web.Application:
    """The public listener's application. `GET /healthz` says that the process lives, without asking Redis."""
    app = web.Application(middlewares=[deadlines(limits)], client_max_size=BODY_BYTES)
    app.add_routes([web.get("/healthz", _alive), *routes])
    app[CLOSING] = StopSignal()
    app.on_response_prepare.append(without_server)
    app.on_shutdown.append(_closing)
    return app


def admin_app(
    *, ready: Readiness, metrics: Callable[[], str], limits: ConnectionLimits, host: str = "127.0.0.1"
) -> web.Application:
    """The operator's application: liveness, readiness and metrics. `host` is the address it listens on."""

    async def readyz(request: web.Request) -> web.Response:
        troubles = await ready()
        reasons, warnings = ([one for one in troubles if one.stops is stops] for stops in (True, False))
        said = {
            "ready": not reasons,
            "reasons": [{"what": one.what, "remedy": one.remedy} for one in reasons],
            "warnings": [{"what": one.what, "remedy": one.remedy} for one in warnings],
        }
        return web.json_response(said, status=503 if reasons else 200)

    async def show_metrics(request: web.Request) -> web.Response:
        return web.Response(text=metrics(), content_type="text/plain", charset="utf-8")

    guards = [_addressed_here] if loopback(host) else []
    app = web.Application(middlewares=[*guards, deadlines(limits)], client_max_size=BODY_BYTES)
    app.add_routes(
        [web.get("/healthz", _alive), web.get("/readyz", readyz), web.get("/metrics", show_metrics)]
    )
    app.on_response_prepare.append(without_server)
    return app


@asynccontextmanager
async def listen(
    app: web.Application, *, host: str, port: int, variable: str, limits: ConnectionLimits
) -> AsyncIterator[int]:
    """Serves `app` while the context is open; yields the port. SettingsError: the address is unavailable."""
    runner = web.AppRunner(app, handler_cancellation=False, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    accept = connection_factory(cast(web.Server, runner.server), limits)  # set since setup()
    try:
        server = await asyncio.get_running_loop().create_server(accept, host, port, backlog=512)
    except OSError as error:
        await runner.cleanup()
        raise SettingsError(_refused(error, host=host, port=port, variable=variable)) from error
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await runner.cleanup()


@web.middleware
async def _addressed_here(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuses other host names: a website's name may be pointed at this machine (DNS rebinding)."""
    if not addressed_here(request.headers.get("Host", "")):
        return web.Response(status=403, text="Ask for http://127.0.0.1.\n")
    return await handler(request)


async def _closing(app: web.Application) -> None:
    app[CLOSING].fire()


async def _alive(request: web.Request) -> web.Response:
    return web.Response(text="ok\n")


def _refused(error: OSError, *, host: str, port: int, variable: str) -> str:
    prefix = variable.removesuffix("PORT")
    if error.errno == errno.EADDRINUSE:
        return (
            f"{variable} {port} on {host} is taken: another Switchboard or another program listens there. "
            f"Stop it, or write {variable}={port + 1 if port < 65535 else 3978}."
        )
    if error.errno == errno.EACCES:
        return f"{variable} {port} needs more rights than this process has. Write {variable}=3978."
    if isinstance(error, socket.gaierror) or error.errno in {
        None,
        errno.EADDRNOTAVAIL,
    }:  # None since Python 3.12
        return f"{prefix}HOST {host} is no address of this machine. Write {prefix}HOST=127.0.0.1."
    return f"{prefix}HOST {host}, {variable} {port}: {error.strerror or error}."
