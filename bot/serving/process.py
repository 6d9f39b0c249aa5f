"""The life of one process: listeners open, work is done, and on SIGTERM all work is given back without loss.

Order of the shutdown: readiness ends; nothing more is claimed, but events are still accepted; running answers
get a while to finish; the others are released to other processes; the listeners close. A second signal skips
the while.
"""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiohttp import web

from bot.domain.errors import SettingsError
from bot.domain.readiness import Readiness, Trouble
from bot.ports import Adapter
from bot.serving.connections import ConnectionLimits
from bot.serving.listeners import admin_app, listen, public_app
from bot.serving.metrics import Metrics

log = logging.getLogger(__name__)

DRAINING = Trouble(what="It is draining", remedy="Nothing is to be done: it ends, and others take over")
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)  # SIGHUP: the terminal was closed


class Work(Protocol):
    """What handles events. Implemented by bot.worker."""

    async def run(self) -> None:
        """Works until cancelled or drained."""
        ...

    async def drain(self, *, seconds: float) -> None:
        """Claims nothing more, waits `seconds` for running turns, releases the rest. Cancelled: at once."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Listeners:
    """The addresses this process listens on."""

    host: str
    port: int
    admin_host: str
    admin_port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Everything that runs in one process. `ready` says what stands in the way. Background tasks never end."""

    adapters: Sequence[Adapter]
    work: Work
    ready: Readiness
    background: Sequence[Callable[[], Coroutine[Any, Any, None]]] = ()
    routes: Sequence[web.AbstractRouteDef] = ()  # on the public listener, besides those of the adapters
    limits: ConnectionLimits = field(default_factory=ConnectionLimits)


class ShutdownSignals:
    """Signals: the first asks for an orderly shutdown, the second for an immediate one."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.at_once = asyncio.Event()

    def signalled(self) -> None:
        (self.at_once if self.asked.is_set() else self.asked).set()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Handles signals while it is open, and ignores them afterwards: the process is about to end."""
        loop = asyncio.get_running_loop()
        nohup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        heard = [name for name in SIGNALS if not (nohup and name is signal.SIGHUP)]
        for name in heard:
            loop.add_signal_handler(name, self.signalled)
        try:
            yield
        finally:
            for name in heard:
                loop.remove_signal_handler(name)
                signal.signal(name, signal.SIG_IGN)


async def serve(
    service: Service,
    *,
    listeners: Listeners,
    metrics: Metrics,
    drain_seconds: float,
    stopping: ShutdownSignals,
    announce: Callable[[Listeners], None],
) -> None:
    """Serves until `stopping`. `announce` is called once all listeners are open, with the real ports."""
    async with (
        _open(service, listeners=listeners, metrics=metrics, stopping=stopping) as opened,
        asyncio.TaskGroup() as group,
    ):
        tasks = [group.create_task(task()) for task in (service.work.run, *service.background)]
        announce(opened)
        await stopping.asked.wait()
        log.info("draining", extra={"seconds": drain_seconds})
        metrics.level("draining", 1)
        await _drain(service.work, seconds=drain_seconds, at_once=stopping.at_once)
        for task in tasks:
            task.cancel()
    log.info("stopped")


async def serve_beside(
    service: Service, foreground: Callable[[], Awaitable[int]], *, host: str, port: int
) -> int:
    """Works until the foreground task ends; returns its result. Serves pages for browsers where nobody else does, no more."""
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        if service.routes:
            pages, limits = public_app(service.routes, limits=service.limits), service.limits
            with suppress(SettingsError):  # another process listens there
                await stack.enter_async_context(
                    listen(pages, host=host, port=port, variable="PORT", limits=limits)
                )
        for adapter in service.adapters:
            await stack.enter_async_context(adapter.running())
        tasks = [group.create_task(task()) for task in (service.work.run, *service.background)]
        code = await foreground()
        await service.work.drain(seconds=0)
        for task in tasks:
            task.cancel()
    return code


async def _drain(work: Work, *, seconds: float, at_once: asyncio.Event) -> None:
    async with asyncio.TaskGroup() as group:
        draining = group.create_task(work.drain(seconds=seconds))
        hurry = group.create_task(at_once.wait())
        await asyncio.wait((draining, hurry), return_when=asyncio.FIRST_COMPLETED)
        draining.cancel()
        hurry.cancel()


@asynccontextmanager
async def _open(
    service: Service, *, listeners: Listeners, metrics: Metrics, stopping: ShutdownSignals
) -> AsyncIterator[Listeners]:
    async def ready() -> Sequence[Trouble]:
        return [DRAINING] if stopping.asked.is_set() else await service.ready()

    limits = service.limits
    routes = [*service.routes, *(route for adapter in service.adapters for route in adapter.routes())]
    inside = admin_app(ready=ready, metrics=metrics.text, limits=limits, host=listeners.admin_host)
    outside = public_app(routes, limits=limits)
    async with AsyncExitStack() as stack:
        for adapter in service.adapters:
            await stack.enter_async_context(adapter.running())
        admin_port = await stack.enter_async_context(
            listen(
                inside,
                host=listeners.admin_host,
                port=listeners.admin_port,
                variable="ADMIN_PORT",
                limits=limits,
            )
        )
        port = await stack.enter_async_context(
            listen(outside, host=listeners.host, port=listeners.port, variable="PORT", limits=limits)
        )
        yield Listeners(
            host=listeners.host, port=port, admin_host=listeners.admin_host, admin_port=admin_port
        )
