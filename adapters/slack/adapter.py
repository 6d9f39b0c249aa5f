"""Slack, in one object: hears over HTTP or Socket Mode with one set of listeners, answers through sinks.

What is heard is translated and put into the inbox, and Slack is answered after that: nothing is acknowledged that
is not stored. Redis out of reach is 503 over HTTP and silence over a socket, and Slack delivers again. Whoever
has to be told that a conversation is full is told here, because no worker will see that event.
"""

import json
import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack import dialogues, layout
from adapters.slack.calls import Calls
from adapters.slack.events import translate
from adapters.slack.install import Oauth
from adapters.slack.native import Native
from adapters.slack.ours import Installation, Single
from adapters.slack.place import PLATFORM, Place, note, thread
from adapters.slack.reading import Files, channel_before, thread_before
from adapters.slack.receiver import Receiver, Refusal
from adapters.slack.router import MALFORMED, router, sdk_log
from adapters.slack.sinks import Workspace, sink_for
from adapters.slack.socket import Socket
from adapters.slack.surfaces import trusted_host
from bot.errors import PlatformError, PlatformGone
from bot.events import Author, ButtonPressed, Event, File, MessageReceived, WorkspaceLeft
from bot.pacing import Clock, WallClock
from bot.ports import Inbox, Journal, Manners, Receipt, ReplySink
from bot.replies import Action, Reply
from bot.shelves import Budget
from bot.turns import Said

FULL = "Too many messages are waiting here. I go on with them in order; please write again in a little while."
THUMBS = {"+1": Action.UP, "thumbsup": Action.UP, "-1": Action.DOWN, "thumbsdown": Action.DOWN}

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
    ) -> None:
        self._inbox = inbox
        self._api_url = api_url
        self._oauth = oauth
        self._app_token = app_token
        self._budget = budget
        self._clock = clock or WallClock()
        self._native = native
        self._external = external
        self._receiver = (
            Receiver(signing_secret=signing_secret, now=self._clock.now) if signing_secret else None
        )
        self._ours = oauth.installations if oauth else Single(token=bot_token, calls=self._calls)
        self._app = router(self._ours, self._hear)
        self._files = Files(api_url=api_url)
        self._trusted = trusted_host(api_url)
        self._workspaces: dict[str, Workspace] = {}
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
            self._session = await stack.enter_async_context(aiohttp.ClientSession(timeout=timeout))
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

    async def _hear(self, body: Mapping[str, Any], ours: Installation) -> None:
        """Puts what was heard into the inbox. Raises StorageUnavailable; then it is not acknowledged."""
        if body.get("type") == "message_action":
            await self._open(body, ours, dialogues.about_message(body, ours.user))
            return
        event = await self._reaction(body, ours) or translate(body, ours, now=self._clock.now())
        if event is None or (event.author.external and not self._external):
            return
        receipt = await self._inbox.put(event)
        if receipt is Receipt.FULL:
            await self._tell_full(event)
        if isinstance(event, WorkspaceLeft):
            await self._ours.remove(ours)
            self._workspaces.pop(ours.workspace, None)
        if isinstance(event, ButtonPressed) and event.action is Action.DOWN and "container" in body:
            await self._open(body, ours, dialogues.why_bad(body, event.value))

    async def _reaction(self, body: Mapping[str, Any], ours: Installation) -> Event | None:
        """A thumb under one of our answers. Slack does not say in which thread, so the message is looked up."""
        event = body.get("event") or {}
        if event.get("type") != "reaction_added" or event.get("item_user") != ours.user:
            return None
        action = THUMBS.get(str(event.get("reaction")).partition("::")[0])
        channel, ts = event["item"].get("channel"), event["item"].get("ts")
        if action is None or not channel or not ts:
            return None
        try:
            answer = await self._workspace(ours).calls.may(
                "conversations.replies", channel=channel, ts=ts, limit=1
            )
        except PlatformError:
            return None
        found: Mapping[str, Any] = next(iter((answer or {}).get("messages", ())), {})
        root = str(found.get("thread_ts") or ts)
        return ButtonPressed(
            id=f"reaction:{event['user']}:{ts}:{event['reaction']}:{event.get('event_ts')}",
            thread=thread(ours, channel, root),
            author=Author(id=event["user"]),
            at=float(event.get("event_ts") or 0),
            reply=note(ours, channel=channel, thread=root, user=event["user"]),
            action=action,
            value=ts,
            message=ts,
        )

    async def _open(self, body: Mapping[str, Any], ours: Installation, view: Mapping[str, Any]) -> None:
        try:
            calls = self._workspace(ours).calls
            await calls.may("views.open", trigger_id=body.get("trigger_id"), view=view)
        except PlatformError as error:
            log.warning("dialogue not opened", extra={"code": error.code})

    async def _tell_full(self, event: Event) -> None:
        try:
            await self._say_full(event)
        except PlatformError as error:
            log.warning("not told that it is full", extra={"event": event.id, "code": error.code})

    async def _say_full(self, event: Event) -> None:
        place = Place.of(event)
        calls = (await self._workspace_of(place.workspace, place.enterprise)).calls
        await calls.may(
            "chat.postEphemeral",
            channel=place.channel,
            user=place.user,
            thread_ts=place.thread or None,
            **layout.reply(Reply(text=FULL)),
        )

    async def _workspace_of(self, workspace: str, enterprise: str) -> Workspace:
        ours = await self._ours.find(workspace, enterprise)
        if ours is None:
            raise PlatformGone("this workspace has not installed the bot", code="not_installed")
        return self._workspace(ours)

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

    async def show(self, pieces: Any) -> tuple[str, ...]:
        return await (await self._ready()).show(pieces)

    async def say(self, reply: Reply) -> str:
        return await (await self._ready()).say(reply)

    async def _ready(self) -> ReplySink:
        if self._sink is None:
            self._sink = await self._adapter.sink_now(self._event, self._journal)
        return self._sink
