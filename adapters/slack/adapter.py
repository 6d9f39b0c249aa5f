"""The Slack adapter: one set of Bolt listeners for HTTP and Socket Mode, and a sink for every event.

Slack is answered only after the event is in the inbox, so everything acknowledged is stored. When Redis
cannot be reached, the answer is 503 over HTTP and none over a socket, and Slack delivers again.
"""

import logging
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import replace

import aiohttp
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.conversation_reference import PLATFORM, ConversationReference, lasting_place
from adapters.slack.inbound.dispatch import MALFORMED, Dispatch, sdk_log
from adapters.slack.inbound.downloads import FileDownloads
from adapters.slack.inbound.handler import EventHandler
from adapters.slack.inbound.names import Directory
from adapters.slack.inbound.receiver import Receiver, RequestRefused
from adapters.slack.inbound.socket_mode import SocketMode
from adapters.slack.inbound.suggestions import Suggestions
from adapters.slack.inbound.surroundings import SurroundingsReader
from adapters.slack.install.installations import Installation, TokenInstallation
from adapters.slack.install.oauth import OAuthFlow
from adapters.slack.outbound.native_stream import NativeStreams
from adapters.slack.outbound.response_url import trusted_host
from adapters.slack.outbound.sink_choice import Workspace, sink_for
from adapters.slack.web_api import WebApi
from bot.agent_ports import FormDesk
from bot.delivery.pacing import Clock, WallClock
from bot.domain.capabilities import PlatformCapabilities
from bot.domain.errors import PlatformError, PlatformGone, PlatformRefused
from bot.domain.events import Event, File
from bot.domain.readiness import Trouble
from bot.domain.replies import Reply
from bot.domain.schedules import LastingPlace
from bot.domain.shown_answers import ShownAnswer
from bot.domain.stream_parts import ShownPart
from bot.domain.surroundings import Surroundings
from bot.domain.turns import ChatMessage
from bot.ports import Inbox, OptionSearch, RateLimiter, ReplySink, TurnHandle
from bot.serving.metrics import Meter
from bot.serving.plain_http import plain_session

log = logging.getLogger(__name__)


class SlackAdapter:
    """A `bot.ports.Adapter`. One of `bot_token` (one workspace) and `oauth` (several), one of
    `signing_secret` (HTTP) and `app_token` (Socket Mode). `external`: people of other organisations, in
    shared channels, may ask. `one_direct`: direct messages outside of threads are one conversation.
    """

    def __init__(
        self,
        *,
        inbox: Inbox,
        search: OptionSearch,
        forms: FormDesk,
        api_url: str = "https://slack.com/api/",
        bot_token: str = "",
        oauth: OAuthFlow | None = None,
        signing_secret: str = "",
        app_token: str = "",
        rate_limiter: RateLimiter | None = None,
        clock: Clock | None = None,
        native_streams: bool = True,
        external: bool = False,
        one_direct: bool = False,
        watch: aiohttp.TraceConfig | None = None,
        meter: Meter | None = None,
    ) -> None:
        self._api_url, self._app_token = api_url, app_token
        self._oauth, self._rate_limiter = oauth, rate_limiter
        self._clock, self._native_streams = clock or WallClock(), native_streams
        self._receiver = (
            Receiver(signing_secret=signing_secret, now=self._clock.now) if signing_secret else None
        )
        self._installations = (
            oauth.installations if oauth else TokenInstallation(token=bot_token, web_api=self._web_api)
        )
        handler = EventHandler(
            inbox=inbox,
            forms=forms,
            clock=self._clock,
            external=external,
            one_direct=one_direct,
            workspace=self._workspace,
            left=self._left,
        )
        suggestions = Suggestions(search=search, external=external)
        self._dispatch = Dispatch(self._installations, handler.hear, suggestions.options)
        self._files, self._trusted = FileDownloads(api_url=api_url), trusted_host(api_url)
        self._workspaces: dict[str, Workspace] = {}
        self._directories: dict[str, Directory] = {}
        self._session: aiohttp.ClientSession | None = None
        self._watches, self._meter = [watch] if watch else [], meter
        self._socket: SocketMode | None = None

    @property
    def platform(self) -> str:
        return PLATFORM

    @property
    def capabilities(self) -> PlatformCapabilities:
        return PlatformCapabilities(
            mention="@Switchboard",
            slash=True,
            threads=True,
            private=True,
            slash_in_threads=False,
            guests_right="users:read",
        )

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        over_http = [web.post("/slack/events", self._request)] if self._receiver else []
        return [*over_http, *(self._oauth.routes() if self._oauth else [])]

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None, None]:
        timeout = aiohttp.ClientTimeout(total=30)
        async with AsyncExitStack() as stack:
            session = plain_session(timeout=timeout, trace_configs=self._watches)
            self._session = await stack.enter_async_context(session)
            if self._oauth:
                self._oauth.client = self._client("")
            if self._app_token:
                self._socket = SocketMode(
                    dispatch=self._dispatch,
                    app_token=self._app_token,
                    client=self._client(""),
                    clock=self._clock,
                    meter=self._meter,
                )
                await stack.enter_async_context(self._socket)
            yield
        self._session = None
        self._workspaces.clear()
        self._directories.clear()

    def troubles(self) -> Sequence[Trouble]:
        return self._socket.troubles() if self._socket else ()

    def sink(self, event: Event, turn_handle: TurnHandle) -> ReplySink:
        return LazySink(adapter=self, event=event, turn_handle=turn_handle)

    async def sink_now(self, event: Event, turn_handle: TurnHandle) -> ReplySink:
        """The sink, with the token of the event's workspace. Raises PlatformGone without an installation."""
        reference = ConversationReference.of(event)
        workspace = await self._workspace_of(reference.workspace, reference.enterprise)
        return sink_for(event, reference, workspace=workspace, turn_handle=turn_handle, trusted=self._trusted)

    def forget(self, event: Event) -> None:
        """Forgets the workspace's token, so that it is looked up again."""
        reference = ConversationReference.of(event)
        for workspace in (reference.workspace, reference.enterprise):
            self._installations.forget(workspace)

    async def surroundings(self, event: Event, said: ChatMessage, *, after: float | None) -> Surroundings:
        reference = ConversationReference.of(event)
        workspace = await self._workspace_of(reference.workspace, reference.enterprise)
        installation = workspace.installation
        directory = self._directories.setdefault(
            installation.workspace, Directory(workspace.web_api, team=installation.workspace)
        )
        reader = SurroundingsReader(web_api=workspace.web_api, installation=installation, directory=directory)
        return await reader.read(event, said, after=after)

    def lasting(self, event: Event) -> LastingPlace:
        return lasting_place(event)

    async def fetch(self, file: File) -> bytes:
        workspace = await self._workspace_of(file.source["workspace"], file.source.get("enterprise", ""))
        if not file.source.get("url"):
            answer = await workspace.web_api.must("files.info", file=file.id)
            url = str(answer["file"].get("url_private") or "")
            file = File(id=file.id, name=file.name, media_type=file.media_type, source={"url": url})
        return await self._files.fetch(workspace.web_api.session, workspace.installation.token, file)

    async def _request(self, request: web.Request) -> web.StreamResponse:
        """One delivery over HTTP."""
        assert self._receiver is not None  # noqa: S101 - the route exists only with it
        try:
            body = self._receiver.open(await request.read(), request.headers, request.content_type)
        except RequestRefused as refusal:
            log.info("refused", extra={"status": refusal.status, "why": refusal.why})
            return web.Response(status=refusal.status)
        try:
            answer = await self._dispatch(body)
        except MALFORMED:
            return web.Response(status=400)
        return await to_aiohttp_response(answer)

    async def _workspace_of(self, workspace: str, enterprise: str) -> Workspace:
        installation = await self._installations.find(workspace, enterprise)
        if installation is None:
            raise PlatformGone("this workspace has not installed the bot", code="not_installed")
        return self._workspace(installation)

    async def _left(self, installation: Installation) -> None:
        await self._installations.remove(installation)
        self._workspaces.pop(installation.workspace, None)
        self._directories.pop(installation.workspace, None)

    def _workspace(self, installation: Installation) -> Workspace:
        known = self._workspaces.get(installation.workspace)
        if known is None or known.installation != installation:
            web_api = known.web_api if known else self._web_api(installation.token)
            web_api.client.token = installation.token
            known = self._workspaces[installation.workspace] = (
                replace(known, installation=installation)
                if known
                else Workspace(
                    installation=installation,
                    web_api=web_api,
                    native_streams=self._native_of(web_api, installation),
                )
            )
        return known

    def _native_of(self, web_api: WebApi, installation: Installation) -> NativeStreams:
        return NativeStreams(
            web_api=web_api,
            workspace=installation.workspace,
            rate_limiter=self._rate_limiter,
            wanted=self._native_streams,
        )

    def _web_api(self, token: str) -> WebApi:
        if self._session is None:
            raise PlatformError("Slack's adapter is not running", code="not_running")
        return WebApi(client=self._client(token), session=self._session, clock=self._clock)

    def _client(self, token: str) -> AsyncWebClient:
        """Shares the adapter's session (one connection pool) and never repeats a call by itself."""
        client = AsyncWebClient(
            token=token or None,
            base_url=self._api_url,
            session=self._session,
            logger=sdk_log,
        )
        client.retry_handlers.clear()
        return client


class LazySink:
    """A sink that looks up the installation when it is first used."""

    def __init__(self, *, adapter: SlackAdapter, event: Event, turn_handle: TurnHandle) -> None:
        self._adapter = adapter
        self._event = event
        self._turn_handle = turn_handle
        self._sink: ReplySink | None = None

    async def show(self, parts: AsyncGenerator[ShownPart, None]) -> tuple[str, ...]:
        with self._looking_again():
            return await (await self._ready()).show(parts)

    async def say(self, reply: Reply) -> str:
        with self._looking_again():
            return await (await self._ready()).say(reply)

    async def rewrite(self, answer: ShownAnswer) -> None:
        with self._looking_again():
            await (await self._ready()).rewrite(answer)

    @contextmanager
    def _looking_again(self) -> Iterator[None]:
        """A refused token may have been replaced when the turn is tried again: it is looked up anew then."""
        try:
            yield
        except PlatformRefused:
            self._adapter.forget(self._event)
            raise

    async def _ready(self) -> ReplySink:
        if self._sink is None:
            self._sink = await self._adapter.sink_now(self._event, self._turn_handle)
        return self._sink
