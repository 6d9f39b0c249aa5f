"""The local page: a chat workspace on the loopback listener, on the same ports as Slack and Teams.

The page shows the timeline (bot.domain.timeline). What people send is stored in the inbox first and in the
timeline second. The process that runs a turn writes its answer to the timeline, and every open page gets it
through `events`.
"""

import hashlib
import json
import logging
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from importlib.resources import files
from urllib.parse import quote

from aiohttp import web
from pydantic import TypeAdapter

from adapters.web.inbound import events
from adapters.web.inbound.guard import HEADERS, Guard, body
from adapters.web.inbound.sign_in import SignIn
from adapters.web.outbound.feed import PageFeed, page_json
from adapters.web.outbound.sink import TimelineSink, question
from bot.agent_ports import FormDesk
from bot.domain.capabilities import PlatformCapabilities
from bot.domain.claims import Receipt
from bot.domain.errors import PlatformError, StorageUnavailable
from bot.domain.events import Event, File
from bot.domain.generated import UNKNOWN_KIND, file_name
from bot.domain.readiness import Trouble
from bot.domain.replies import Option, Reply
from bot.domain.schedules import LastingPlace
from bot.domain.stop import StopSignal
from bot.domain.surroundings import Surroundings
from bot.domain.timeline import Chat, ConversationStatus, Post
from bot.domain.turns import ChatMessage
from bot.page_ports import StatusOf, Timeline
from bot.ports import Inbox, Memory, OptionSearch, ReplySink, TurnHandle
from bot.serving.listeners import CLOSING

log = logging.getLogger(__name__)

CHAT = f"/web/chats/{{chat:{events.ID}}}"
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
CROWDED = "Too many messages are waiting here. Send this one again when the others are answered."

CHATS: TypeAdapter[Sequence[Chat]] = TypeAdapter(Sequence[Chat])
OPTIONS: TypeAdapter[Sequence[Option]] = TypeAdapter(Sequence[Option])
STANDING: TypeAdapter[ConversationStatus] = TypeAdapter(ConversationStatus)


class WebAdapter:
    """`active` tells the model that answers in a conversation. Deleting a conversation erases its history
    too.

    Without a `token` the page is not served. Turns are still written to the timeline: another process may
    serve it.
    """

    platform = events.PLATFORM
    capabilities = PlatformCapabilities(
        mention="", slash=True, threads=False, private=False, keeps_messages=True
    )

    def __init__(
        self,
        *,
        inbox: Inbox,
        timeline: Timeline,
        memory: Memory,
        active: StatusOf,
        search: OptionSearch,
        forms: FormDesk,
        token: str = "",
    ) -> None:
        self._token = token
        self._inbox = inbox
        self._timeline = timeline
        self._memory = memory
        self._active = active
        self._search = search
        self._forms = forms
        self._files = {item.name: item.read_bytes() for item in (files("adapters.web") / "page").iterdir()}

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        if not self._token:
            return []
        guarded = Guard(SignIn(self._token))
        return [
            web.get("/", guarded(self._page)),
            web.get(r"/web/{name:[a-z]+\.(?:js|css|svg)}", guarded(self._file)),
            web.get("/web/events", guarded(self._events)),
            web.get("/web/chats", guarded(self._chats)),
            web.get(CHAT, guarded(self._read)),
            web.get(f"{CHAT}/pictures/{{picture:{events.ID}/\\d}}", guarded(self._picture)),
            web.get(f"{CHAT}/files/{{file:{events.ID}/\\d}}/{{name}}", guarded(self._download)),
            web.patch(CHAT, guarded(self._rename)),
            web.delete(CHAT, guarded(self._delete)),
            web.get(f"{CHAT}/standing", guarded(self._standing)),
            web.get(f"{CHAT}/models", guarded(self._models)),
            web.post(f"{CHAT}/messages", guarded(self._message)),
            web.post(f"{CHAT}/buttons", guarded(self._button)),
            web.post(f"{CHAT}/forms", guarded(self._form)),
            web.post(f"{CHAT}/stop", guarded(self._stop)),
        ]

    def running(self) -> AbstractAsyncContextManager[None]:
        return nullcontext()

    def troubles(self) -> Sequence[Trouble]:
        return ()

    def sink(self, event: Event, turn_handle: TurnHandle) -> ReplySink:
        return TimelineSink(timeline=self._timeline, event=event, turn_handle=turn_handle)

    async def surroundings(self, event: Event, said: ChatMessage, *, after: float | None) -> Surroundings:
        return Surroundings(said=said, time_zone=event.reply.get("zone", ""))

    def lasting(self, event: Event) -> LastingPlace:
        return LastingPlace(thread=event.thread, reply=event.reply, direct=True, threaded=True)

    async def fetch(self, file: File) -> bytes:
        raise PlatformError("The page takes no files.")

    async def _page(self, request: web.Request) -> web.Response:
        return self._asset(request, "page.html")

    async def _file(self, request: web.Request) -> web.Response:
        return self._asset(request, request.match_info["name"])

    def _asset(self, request: web.Request, name: str) -> web.Response:
        data = self._files.get(name)
        if data is None:
            raise web.HTTPNotFound
        tag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
        headers = {"ETag": tag, "Cache-Control": "no-cache"}
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers=headers)
        kind = KINDS[name[name.rindex(".") :]]
        return web.Response(body=data, content_type=kind, charset="utf-8", headers=headers)

    async def _chats(self, request: web.Request) -> web.Response:
        return shown(CHATS.dump_json(await self._timeline.chats()))

    async def _read(self, request: web.Request) -> web.Response:
        page = await self._timeline.read(request.match_info["chat"], before=request.query.get("before", ""))
        return shown(await page_json(page))

    async def _picture(self, request: web.Request) -> web.Response:
        """What a model made, as what its bytes are and as nothing else."""
        found = await self._timeline.file(request.match_info["chat"], request.match_info["picture"])
        if found is None or not found.picture:
            raise web.HTTPNotFound
        headers = {"Cache-Control": "private, max-age=3600, immutable"}
        return web.Response(body=found.data, content_type=found.media_type, headers=headers)

    async def _download(self, request: web.Request) -> web.Response:
        """What a model or a tool made, to be saved and never to be shown: whatever it is, it is bytes here."""
        found = await self._timeline.file(request.match_info["chat"], request.match_info["file"])
        if found is None:
            raise web.HTTPNotFound
        name = quote(file_name(request.match_info["name"]), safe="")
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}", "Cache-Control": "no-store"}
        return web.Response(body=found.data, content_type=UNKNOWN_KIND, headers=headers)

    async def _rename(self, request: web.Request) -> web.Response:
        wanted = await body(request, events.PageTitle)
        if not await self._timeline.rename(request.match_info["chat"], wanted.title):
            raise web.HTTPNotFound
        return shown(b"{}")

    async def _delete(self, request: web.Request) -> web.Response:
        """Stops the running turn, then erases the conversation's timeline and history."""
        chat = request.match_info["chat"]
        await self._inbox.put(events.stop(chat, events.PageStop(id=f"delete-{chat}"[:64])))
        await self._timeline.delete(chat)
        await self._memory.forget(events.thread_key(chat))
        return shown(b"{}")

    async def _standing(self, request: web.Request) -> web.Response:
        standing = await self._active(events.thread_key(request.match_info["chat"]), events.PERSON)
        return shown(STANDING.dump_json(standing))

    async def _models(self, request: web.Request) -> web.Response:
        """The models that match what is typed into the picker."""
        thread, words = events.thread_key(request.match_info["chat"]), request.query.get("words", "")
        return shown(OPTIONS.dump_json(await self._search(thread, events.PERSON, words, "thread")))

    async def _message(self, request: web.Request) -> web.Response:
        chat = request.match_info["chat"]
        return await self._take(chat, events.message(chat, await body(request, events.PageMessage)))

    async def _button(self, request: web.Request) -> web.Response:
        chat = request.match_info["chat"]
        return await self._take(chat, events.press(chat, await body(request, events.PagePress)))

    async def _form(self, request: web.Request) -> web.Response:
        """What was filled in, or what is wrong with it."""
        chat, sent = request.match_info["chat"], await body(request, events.PageForm)
        if faults := self._forms.faults(sent.form, sent.values):
            return shown(json.dumps({"faults": dict(faults)}).encode())
        return await self._take(chat, events.filled(chat, sent))

    async def _stop(self, request: web.Request) -> web.Response:
        chat = request.match_info["chat"]
        receipt = await self._inbox.put(events.stop(chat, await body(request, events.PageStop)))
        return shown(json.dumps({"receipt": receipt}).encode())

    async def _take(self, chat: str, event: Event) -> web.Response:
        """Stores in the inbox first, so that every message that the timeline shows is answered."""
        receipt = await self._inbox.put(event)
        asked = question(event)
        if receipt is Receipt.FULL:
            await self._timeline.post(
                chat, Post(id=f"full-{event.id}", at=event.at, reply=Reply(text=CROWDED))
            )
        elif asked is not None and receipt in {Receipt.ACCEPTED, Receipt.DUPLICATE, Receipt.STOPPING}:
            await self._timeline.post(chat, asked)
        return shown(json.dumps({"receipt": receipt}).encode())

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: every change of the timeline, with its mark as the id to resume from.

        A closed client is noticed at the next write, a few seconds later at the latest. When Redis is away,
        the stream ends, and the next request for it gets the error.
        """
        after = request.headers.get("Last-Event-ID") or request.query.get("after", "")
        response = web.StreamResponse(
            headers={**HEADERS, "Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        feed = PageFeed(self._timeline)
        closing = request.app.get(CLOSING) or StopSignal()
        try:
            async with aclosing(closing.cut(self._timeline.watch(after))) as batches:
                async for changes in batches:
                    if not response.prepared:
                        await response.prepare(request)
                    await response.write(await feed.events(changes) or b": quiet\n\n")
        except ConnectionResetError:
            log.debug("a page went away")
        except StorageUnavailable:
            if not response.prepared:
                raise
        return response


def shown(data: bytes) -> web.Response:
    return web.Response(body=data, content_type="application/json", headers={"Cache-Control": "no-store"})
