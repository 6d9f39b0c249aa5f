"""A process on its way out: what still works, for how long, and in which order things end."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web

from bot.domain.capabilities import PlatformCapabilities
from bot.domain.events import Event, File
from bot.domain.readiness import Trouble
from bot.domain.schedules import LastingPlace
from bot.domain.surroundings import Surroundings
from bot.domain.turns import ChatMessage
from bot.ports import ReplySink, TurnHandle
from bot.serving.metrics import Metrics
from bot.serving.process import Listeners, Service, ShutdownSignals, serve

ANYWHERE = Listeners(host="127.0.0.1", port=0, admin_host="127.0.0.1", admin_port=0)


@dataclass
class Platform:
    """An adapter with one route, which notes its beginning and its end."""

    notes: list[str]
    platform: str = "test"
    capabilities: PlatformCapabilities = field(
        default_factory=lambda: PlatformCapabilities(mention="@bot", slash=True, threads=True, private=True)
    )

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        async def take(request: web.Request) -> web.Response:
            return web.Response(text="taken")

        return [web.post("/test", take)]

    def running(self) -> AbstractAsyncContextManager[None]:
        return self._running()

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        self.notes.append("adapter runs")
        try:
            yield
        finally:
            self.notes.append("adapter ended")

    def troubles(self) -> Sequence[Trouble]:
        return ()

    def sink(self, event: Event, turn_handle: TurnHandle) -> ReplySink:
        raise NotImplementedError

    async def surroundings(self, event: Event, said: ChatMessage, *, after: float | None) -> Surroundings:
        return Surroundings(said=said)

    def lasting(self, event: Event) -> LastingPlace:
        return LastingPlace(thread=event.thread)

    async def fetch(self, file: File) -> bytes:
        return b""


@dataclass
class Working:
    """Work that ends when told, or when its patience is cut short."""

    notes: list[str]
    done: asyncio.Event = field(default_factory=asyncio.Event)
    draining: asyncio.Event = field(default_factory=asyncio.Event)
    fails: bool = False

    async def run(self) -> None:
        if self.fails:
            raise RuntimeError("the worker broke")
        await asyncio.Event().wait()

    async def drain(self, *, seconds: float) -> None:
        self.draining.set()
        try:
            async with asyncio.timeout(seconds):
                await self.done.wait()
            self.notes.append("finished")
        except TimeoutError:
            self.notes.append("released")
        except asyncio.CancelledError:
            self.notes.append("released at once")
            raise


@dataclass
class Running:
    listeners: Listeners
    stopping: ShutdownSignals
    work: Working
    notes: list[str]
    task: asyncio.Task[None]
    metrics: Metrics


@asynccontextmanager
async def process(*, drain_seconds: float = 5.0) -> AsyncIterator[Running]:
    notes: list[str] = []
    work, stopping, metrics = Working(notes), ShutdownSignals(), Metrics()
    opened: asyncio.Future[Listeners] = asyncio.get_running_loop().create_future()

    async def ready() -> Sequence[Trouble]:
        return ()

    service = Service(adapters=[Platform(notes)], work=work, ready=ready)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        task = group.create_task(
            serve(
                service,
                listeners=ANYWHERE,
                metrics=metrics,
                drain_seconds=drain_seconds,
                stopping=stopping,
                announce=opened.set_result,
            )
        )
        listeners = await opened
        yield Running(
            listeners=listeners, stopping=stopping, work=work, notes=notes, task=task, metrics=metrics
        )
        stopping.signalled()
        stopping.signalled()


async def status(url: str, *, post: bool = False) -> int:
    async with aiohttp.ClientSession() as client, client.request("POST" if post else "GET", url) as answer:
        return answer.status


async def test_while_it_drains_it_is_not_ready_but_still_takes_events_in() -> None:
    async with process() as run:
        public, admin = (
            f"http://127.0.0.1:{run.listeners.port}",
            f"http://127.0.0.1:{run.listeners.admin_port}",
        )
        before = await status(f"{admin}/readyz")
        run.stopping.signalled()
        await run.work.draining.wait()

        assert before == 200
        assert await status(f"{admin}/readyz") == 503
        assert await status(f"{admin}/healthz") == 200
        assert await status(f"{public}/test", post=True) == 200
        assert "draining 1" in run.metrics.text()


async def test_it_ends_as_soon_as_running_answers_are_done() -> None:
    async with process() as run:
        run.stopping.signalled()
        await run.work.draining.wait()
        run.work.done.set()
        await run.task

        assert run.notes == ["adapter runs", "finished", "adapter ended"]


async def test_answers_that_take_too_long_are_released() -> None:
    async with process(drain_seconds=0.05) as run:
        run.stopping.signalled()
        await run.task

        assert run.notes == ["adapter runs", "released", "adapter ended"]


async def test_a_second_signal_ends_it_at_once() -> None:
    async with process(drain_seconds=60) as run:
        run.stopping.signalled()
        await run.work.draining.wait()
        run.stopping.signalled()
        await run.task

        assert run.notes == ["adapter runs", "released at once", "adapter ended"]


async def test_after_the_end_nothing_listens() -> None:
    async with process(drain_seconds=0) as run:
        run.stopping.signalled()
        await run.task

        with pytest.raises(aiohttp.ClientConnectorError):
            await status(f"http://127.0.0.1:{run.listeners.port}/healthz")


async def test_a_worker_that_breaks_ends_the_process() -> None:
    async def ready() -> Sequence[Trouble]:
        return ()

    notes: list[str] = []
    service = Service(adapters=[Platform(notes)], work=Working(notes, fails=True), ready=ready)
    with pytest.raises(ExceptionGroup) as broken:
        await serve(
            service,
            listeners=ANYWHERE,
            metrics=Metrics(),
            drain_seconds=0,
            stopping=ShutdownSignals(),
            announce=lambda _: None,
        )

    assert "the worker broke" in str(broken.value.exceptions[0])
    assert notes == ["adapter runs", "adapter ended"]
