"""Slack, in one object: hears over HTTP or Socket Mode with one set of listeners, answers through sinks.

Slack is answered after what was heard is in the inbox: nothing is acknowledged that is not stored. Redis out of
reach is 503 over HTTP and silence over a socket, and Slack delivers again.
"""

import json
import logging
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

import aiohttp
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.conversation_reference import PLATFORM, Place
from adapters.slack.inbound.dispatch import MALFORMED, router, sdk_log
from adapters.slack.inbound.handler import Ears
from adapters.slack.inbound.history import Files, channel_before, thread_before
from adapters.slack.inbound.receiver import Receiver, Refusal
from adapters.slack.inbound.socket_mode import Socket
from adapters.slack.install.installations import Installation, Single
from adapters.slack.install.oauth import Oauth
from adapters.slack.outbound.native_stream import Native
from adapters.slack.outbound.sink_choice import Workspace, sink_for
from adapters.slack.outbound.surfaces import trusted_host
from adapters.slack.web_api import Calls
from bot.delivery.pacing import Clock, WallClock
from bot.domain.errors import PlatformBusy, PlatformError, PlatformGone
from bot.domain.events import Event, File, MessageReceived
from bot.domain.replies import Reply
from bot.domain.stream_parts import Shown
from bot.domain.turns import Said
from bot.ports import Inbox, Journal, Manners, ReplySink
from bot.shelves import Budget

STALE = ("invalid_auth", "token_revoked", "token_expired", "account_inactive")

log = logging.getLogger(__name__)


class SlackAdapter:
    """A `bot.ports.Adapter`. One of `bot_token` (one workspace) and `oauth` (several), one of `signing_secret`
    (HTTP) and `app_token` (Socket Mode). `external`: people of other organisations, in shared channels, may ask.
    """

    def __init__(
        self,
        *,
        inbox: Inbox,
        api_url: str = "https://slack.com/api/",
        bot_token: str = "",
        oauth: Oauth | None = None,
        signing_secret: str = "",
        app_token: str = "",
        budget: Budget | None = None,
        clock: Clock | None = None,
        native: bool = True,
        external: bool = False,
        watch: aiohttp.TraceConfig | None = None,
    ) -> None:
        self._api_url = api_url
        self._oauth = oauth
        self._app_token = app_token
        self._budget = budget
        self._clock = clock or WallClock()
        self._native = native
        self._receiver = (
            Receiver(signing_secret=signing_secret, now=self._clock.now) if signing_secret else None
        )
        self._ours = oauth.installations if oauth else Single(token=bot_token, calls=self._calls)
        ears = Ears(
            inbox=inbox, clock=self._clock, external=external, workspace=self._workspace, left=self._left
        )
        self._app = router(self._ours, ears.hear)
        self._files = Files(api_url=api_url)
        self._trusted = trusted_host(api_url)
        self._workspaces: dict[str, Workspace] = {}
        self._watches = [watch] if watch else []
        self._session: aiohttp.ClientSession | None = None

    @property
    def platform(self) -> str:
        return PLATFORM

    @property
    def manners(self) -> Manners:
        return Manners(mention="@Switchboard", slash=True, threads=True, private=True)

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        over_http = [web.post("/slack/events", self._request)] if self._receiver else []
        return [*over_http, *(self._oauth.routes() if self._oauth else [])]

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None, None]:
        timeout = aiohttp.ClientTimeout(total=30)
        async with AsyncExitStack() as stack:
            session = aiohttp.ClientSession(timeout=timeout, trace_configs=self._watches)
            self._session = await stack.enter_async_context(session)
            if self._oauth:
                self._oauth.client = self._client("")
            if self._app_token:
                socket = Socket(app=self._app, app_token=self._app_token, client=self._client(""))
                await stack.enter_async_context(socket)
            yield
        self._session = None
        self._workspaces.clear()

    def sink(self, event: Event, journal: Journal) -> ReplySink:
        return Later(adapter=self, event=event, journal=journal)

    async def sink_now(self, event: Event, journal: Journal) -> ReplySink:
        """The sink itself, once it is known whose token speaks. Raises PlatformGone when nobody's does."""
        place = Place.of(event)
        workspace = await self._workspace_of(place.workspace, place.enterprise)
        return sink_for(event, place, workspace=workspace, journal=journal, trusted=self._trusted)

    def forget(self, event: Event) -> None:
        """Whose token speaks there is looked up anew."""
        place = Place.of(event)
        for workspace in (place.workspace, place.enterprise):
            self._ours.forget(workspace)

    async def thread_before(self, event: MessageReceived) -> Sequence[Said]:
        place = Place.of(event)
        if not event.late or not place.thread:
            return ()
        workspace = await self._workspace_of(place.workspace, place.enterprise)
        if place.context:
            return await channel_before(workspace.calls, workspace.ours, place)
        return await thread_before(workspace.calls, workspace.ours, place)

    async def fetch(self, file: File) -> bytes:
        workspace = await self._workspace_of(file.source["workspace"], file.source.get("enterprise", ""))
        if not file.source.get("url"):
            answer = await workspace.calls.must("files.info", file=file.id)
            url = str(answer["file"].get("url_private") or "")
            file = File(id=file.id, name=file.name, media_type=file.media_type, source={"url": url})
        return await self._files.fetch(workspace.calls.session, workspace.ours.token, file)

    async def _request(self, request: web.Request) -> web.StreamResponse:
        """One delivery over HTTP."""
        assert self._receiver is not None  # noqa: S101 - the route exists only with it
        try:
            body = self._receiver.open(await request.read(), request.headers, request.content_type)
        except Refusal as refusal:
            log.info("refused", extra={"status": refusal.status, "why": refusal.why})
            return web.Response(status=refusal.status)
        try:
            # As JSON, whatever it came as: Bolt loses a command whose text holds the word "payload".
            bolt = AsyncBoltRequest(body=json.dumps(body), headers={"content-type": "application/json"})
            answer = await self._app.async_dispatch(bolt)
        except MALFORMED:
            return web.Response(status=400)
        if answer.status == 404:
            answer.status, answer.body = 200, ""  # a kind of payload that is not for us: do not send it again
        return await to_aiohttp_response(answer)

    async def _workspace_of(self, workspace: str, enterprise: str) -> Workspace:
        ours = await self._ours.find(workspace, enterprise)
        if ours is None:
            raise PlatformGone("this workspace has not installed the bot", code="not_installed")
        return self._workspace(ours)

    async def _left(self, ours: Installation) -> None:
        await self._ours.remove(ours)
        self._workspaces.pop(ours.workspace, None)

    def _workspace(self, ours: Installation) -> Workspace:
        known = self._workspaces.get(ours.workspace)
        if known is None or known.ours != ours:
            calls = known.calls if known else self._calls(ours.token)
            calls.client.token = ours.token
            native = known.native if known else self._native_of(calls, ours)
            known = self._workspaces[ours.workspace] = Workspace(ours=ours, calls=calls, native=native)
        return known

    def _native_of(self, calls: Calls, ours: Installation) -> Native:
        return Native(calls=calls, workspace=ours.workspace, budget=self._budget, wanted=self._native)

    def _calls(self, token: str) -> Calls:
        if self._session is None:
            raise PlatformError("Slack's adapter is not running", code="not_running")
        return Calls(client=self._client(token), session=self._session, clock=self._clock)

    def _client(self, token: str) -> AsyncWebClient:
        """Shares our session (one connection pool) and never repeats a call by itself."""
        client = AsyncWebClient(
            token=token or None,
            base_url=self._api_url,
            session=self._session,
            logger=sdk_log,
        )
        client.retry_handlers.clear()
        return client


class Later:
    """A sink that finds out who we are when it is first used."""

    def __init__(self, *, adapter: SlackAdapter, event: Event, journal: Journal) -> None:
        self._adapter = adapter
        self._event = event
        self._journal = journal
        self._sink: ReplySink | None = None

    async def show(self, pieces: AsyncGenerator[Shown, None]) -> tuple[str, ...]:
        with self._looking_again():
            return await (await self._ready()).show(pieces)

    async def say(self, reply: Reply) -> str:
        with self._looking_again():
            return await (await self._ready()).say(reply)

    @contextmanager
    def _looking_again(self) -> Iterator[None]:
        """A token that does not work may have been replaced meanwhile: once, the turn comes back for the new one."""
        try:
            yield
        except PlatformGone as gone:
            if gone.code not in STALE or self._journal.attempt > 1:
                raise
            self._adapter.forget(self._event)
            raise PlatformBusy(str(gone), code=gone.code, retry_after=1.0) from gone

    async def _ready(self) -> ReplySink:
        if self._sink is None:
            self._sink = await self._adapter.sink_now(self._event, self._journal)
        return self._sink
