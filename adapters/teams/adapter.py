"""Teams as a platform: the route, what is open while it serves, and a sink for every event."""

import json
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from aiohttp import web

from adapters.teams.conversation_reference import Place
from adapters.teams.http_session import Wire
from adapters.teams.inbound.activity import Incoming
from adapters.teams.inbound.downloads import Downloads
from adapters.teams.inbound.events import PLATFORM
from adapters.teams.inbound.handler import FULL, Ears, Turns
from adapters.teams.inbound.token_validator import Denied, Gate, OpenGate
from adapters.teams.outbound.connector import Connector, Repeat
from adapters.teams.outbound.delivery import Stage
from adapters.teams.outbound.rendering import messages
from adapters.teams.outbound.sink import Streams, TeamsSink
from bot.delivery.pacing import Clock
from bot.domain.errors import PlatformError, StorageUnavailable
from bot.domain.events import Event, File, MessageReceived
from bot.domain.turns import Said
from bot.ports import Inbox, Journal, Manners, ReplySink

log = logging.getLogger(__name__)


class TeamsAdapter:
    """Implements bot.ports.Adapter. Built by adapters.teams.setup."""

    def __init__(
        self,
        *,
        inbox: Inbox,
        wire: Wire,
        gate: Gate | OpenGate,
        connector: Connector,
        downloads: Downloads,
        clock: Clock,
        name: str = "Switchboard",
        extended_markdown: bool = False,
        external: bool = False,
    ) -> None:
        self._wire = wire
        self._gate = gate
        self._connector = connector
        self._downloads = downloads
        self._clock = clock
        self._extended = extended_markdown
        self._manners = Manners(mention=f"@{name}", slash=True, threads=True, private=True)
        self._streams = Streams()
        self._turns = Turns(Ears(put=inbox.put, full=self._tell_full, external=external))

    @property
    def platform(self) -> str:
        return PLATFORM

    @property
    def manners(self) -> Manners:
        return self._manners

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        return [web.post("/api/messages", self._messages)]

    def running(self) -> AbstractAsyncContextManager[None]:
        return self._running()

    def sink(self, event: Event, journal: Journal) -> ReplySink:
        stage = Stage(
            connector=self._connector,
            place=Place.of(event),
            journal=journal,
            clock=self._clock,
            extended=self._extended,
        )
        return TeamsSink(stage=stage, streams=self._streams)

    async def thread_before(self, event: MessageReceived) -> Sequence[Said]:
        """Nothing: bots cannot read a Teams conversation without consent to Microsoft Graph."""
        return ()

    async def fetch(self, file: File) -> bytes:
        return await self._downloads.fetch(file)

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        async with self._wire:
            yield

    async def _messages(self, request: web.Request) -> web.Response:
        """The token first, then the body, then what both say about each other; 200 once it is stored."""
        try:
            bearer = await self._gate.verify(request.headers)
            heard = parse(await request.read())
            self._gate.admit(bearer, heard)
            status, body = await self._turns.take(heard)
        except Denied as denied:
            log.warning("teams request refused", extra={"status": denied.status, "why": str(denied)})
            return web.Response(status=denied.status)
        except StorageUnavailable:
            return web.Response(status=503, headers={"Retry-After": "5"})
        if heard.type != "invoke":
            return web.Response(status=status)
        return web.json_response({} if body is None else body, status=status)

    async def _tell_full(self, event: Event) -> None:
        place = Place.of(event).for_one()
        notice = messages.addressed(messages.message(FULL), place)
        try:
            await self._connector.post(place.where, notice, Repeat.NEVER)
        except PlatformError as error:
            log.warning("teams notice not sent", extra={"event": event.id, "error": str(error)})


def parse(raw: bytes) -> Incoming:
    """Raises Denied(400) for whatever is no activity."""
    try:
        body: Any = json.loads(raw)
        if b"\\ud" in raw.lower():
            json.dumps(body, ensure_ascii=False).encode()
        return Incoming.model_validate(body)
    except (ValueError, RecursionError):
        raise Denied(400, "not an activity") from None
