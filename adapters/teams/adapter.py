"""The Teams adapter: its route, its resources while it serves, and a sink for every event. `uploads` is None in a cloud where
Teams takes no files from bots.
"""

import json
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from aiohttp import web

from adapters.teams.conversation_reference import ConversationReference, lasting_place
from adapters.teams.http_session import HttpSession
from adapters.teams.inbound.activity import IncomingActivity
from adapters.teams.inbound.downloads import Downloads
from adapters.teams.inbound.events import PLATFORM
from adapters.teams.inbound.handler import BotbuilderAdapter, EventHandler
from adapters.teams.inbound.message_action import MessageAction
from adapters.teams.inbound.refusal_log import RefusalLog
from adapters.teams.inbound.single_sign_on import SingleSignOn
from adapters.teams.inbound.surroundings import SurroundingsReader
from adapters.teams.inbound.token_validator import PlaygroundValidator, RequestDenied, TokenValidator
from adapters.teams.outbound.column_pace import ColumnPace
from adapters.teams.outbound.connector import Connector, Repeat
from adapters.teams.outbound.delivery import DeliveryContext
from adapters.teams.outbound.handover import HandoverSink
from adapters.teams.outbound.refusals import Refusals
from adapters.teams.outbound.rendering import messages
from adapters.teams.outbound.sink import TeamsSink
from adapters.teams.outbound.uploads import Uploads
from adapters.teams.pages import PublicPage, page_routes
from bot.delivery.pacing import Clock
from bot.domain.capabilities import PlatformCapabilities
from bot.domain.errors import PlatformError, StorageUnavailable
from bot.domain.events import ButtonPressed, Event, File
from bot.domain.formatting import whole
from bot.domain.readiness import Trouble
from bot.domain.replies import Action
from bot.domain.schedules import LastingPlace
from bot.domain.surroundings import Surroundings
from bot.domain.turns import ChatMessage
from bot.ports import Inbox, OptionSearch, ReplySink, TurnHandle
from bot.sign_in_ports import SignInExchange

log = logging.getLogger(__name__)


class TeamsAdapter:
    """Implements bot.ports.Adapter. Built by adapters.teams.setup."""

    def __init__(
        self,
        *,
        inbox: Inbox,
        search: OptionSearch,
        exchange: SignInExchange,
        http: HttpSession,
        validator: TokenValidator | PlaygroundValidator,
        connector: Connector,
        downloads: Downloads,
        surroundings: SurroundingsReader,
        uploads: Uploads | None,
        clock: Clock,
        name: str = "Switchboard",
        extended_markdown: bool = False,
        external: bool = False,
        pages: Sequence[PublicPage] = (),
    ) -> None:
        self._http = http
        self._validator = validator
        self._connector = connector
        self._downloads = downloads
        self._clock = clock
        self._uploads = uploads
        self._extended = extended_markdown
        self._pages = pages
        self._manners = _capabilities(name, files=uploads is not None)
        self._streams, self._edits = Refusals(), Refusals()
        self._columns = ColumnPace()
        self._denials = RefusalLog()
        self._surroundings = surroundings
        action = MessageAction(put=inbox.put, chat_with=connector.chat_with, external=external)
        handler = EventHandler(
            put=inbox.put,
            tell=self._tell,
            clock=clock,
            action=action,
            sign_on=SingleSignOn(exchange=exchange, tell=self._tell),
            search=search,
            external=external,
            graph=surroundings.graph is not None,
        )
        self._turns = BotbuilderAdapter(handler)

    @property
    def platform(self) -> str:
        return PLATFORM

    @property
    def capabilities(self) -> PlatformCapabilities:
        return self._manners

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        return [web.post("/api/messages", self._messages), *page_routes(self._pages)]

    def running(self) -> AbstractAsyncContextManager[None]:
        return self._running()

    def troubles(self) -> Sequence[Trouble]:
        return ()

    def sink(self, event: Event, turn_handle: TurnHandle) -> ReplySink:
        delivery_context = DeliveryContext(
            connector=self._connector,
            reference=ConversationReference.of(event),
            turn_handle=turn_handle,
            clock=self._clock,
            edits=self._edits,
            columns=self._columns,
            extended=self._extended,
            consent=self._uploads is not None,
        )
        sink = TeamsSink(delivery_context=delivery_context, streams=self._streams)
        if self._uploads and isinstance(event, ButtonPressed) and event.action is Action.TAKE:
            return HandoverSink(
                delivery_context=delivery_context, sink=sink, uploads=self._uploads, event=event
            )
        return sink

    async def surroundings(self, event: Event, said: ChatMessage, *, after: float | None) -> Surroundings:
        return await self._surroundings.read(event, said, after=after)

    def lasting(self, event: Event) -> LastingPlace:
        return lasting_place(event)

    async def fetch(self, file: File) -> bytes:
        return await self._downloads.fetch(file)

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        async with self._http:
            yield

    async def _messages(self, request: web.Request) -> web.Response:
        """Checks the token, the body, and that both belong together. Answers 200 once the event is stored."""
        try:
            bearer = await self._validator.verify(request)
            heard = _parse(await request.read())
            self._validator.admit(bearer, heard)
            status, body = await self._turns.take(heard)
        except RequestDenied as denied:
            self._denials.note(denied)
            return web.Response(status=denied.status)
        except StorageUnavailable:
            return web.Response(status=503, headers={"Retry-After": "5"})
        if heard.type != "invoke":
            return web.Response(status=status)
        return web.json_response({} if body is None else body, status=status)

    async def _tell(self, reference: ConversationReference, text: str) -> None:
        """A word to one person that no worker says; nobody else sees it."""
        reference = reference.for_one()
        notice = messages.addressed(messages.text_message(text), reference)
        try:
            await self._connector.post(reference.where, notice, Repeat.NEVER)
        except PlatformError as error:
            log.warning("teams notice not sent", extra={"error": str(error)})


def _capabilities(name: str, *, files: bool) -> PlatformCapabilities:
    return PlatformCapabilities(
        mention=f"@{name}", slash=True, threads=True, private=True, tenant="organisation", hands_over=files
    )


def _parse(raw: bytes) -> IncomingActivity:
    """Raises RequestDenied(400) for whatever is no activity."""
    try:
        return IncomingActivity.model_validate_json(raw)
    except ValueError:
        return _parse_broken(raw)


def _parse_broken(raw: bytes) -> IncomingActivity:
    """The same for JSON that only Python's own reader takes."""
    try:
        body: Any = json.loads(raw)
        if b"\\ud" in raw.lower():  # maybe half a character: a preview that was cut in the middle of an emoji
            body = json.loads(whole(json.dumps(body, ensure_ascii=False)))
        return IncomingActivity.model_validate(body)
    except (ValueError, RecursionError):
        raise RequestDenied(400, "not an activity") from None
