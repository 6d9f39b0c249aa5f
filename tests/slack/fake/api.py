"""The Web API over HTTP, with everything that can go wrong on the way there and back."""

import asyncio
import json
import math
from collections.abc import Callable
from enum import StrEnum

from aiohttp import web

from tests.slack.fake import chat, oauth, streams, talk, uploads, views
from tests.slack.fake.limits import Limits
from tests.slack.fake.world import Call, Json, Refused, Slack, Team, Token

METHODS: dict[str, Callable[[Slack, Team, Json], Json]] = {
    **chat.METHODS,
    **streams.METHODS,
    **talk.METHODS,
    **uploads.METHODS,
    **views.METHODS,
}
SCOPE = {
    "chat.": "chat:write",
    "agents.": "chat:write",
    "assistant.": "assistant:write",
    "files.info": "files:read",
    "files.": "files:write",
    "reactions.": "reactions:write",
    "users.": "users:read",
    "bots.": "users:read",
    "usergroups.": "usergroups:read",
}
READ = {
    "channel": "channels:read",
    "group": "groups:read",
    "im": "im:read",
    "mpim": "mpim:read",
}
HISTORY = {
    "channel": "channels:history",
    "group": "groups:history",
    "im": "im:history",
    "mpim": "mpim:history",
}


class Mishap(StrEnum):
    """What can befall one request."""

    LOST = "lost"  # the connection breaks, nothing was carried out
    DROPPED = "dropped"  # carried out, but the connection breaks before the answer
    BUSY = "busy"  # 429, come back in a second
    HANGS_BEFORE = "hangs before"  # no answer until `cut`, nothing carried out
    HANGS_AFTER = "hangs after"  # no answer until `cut`, carried out


class Api:
    """Serves the Web API. `mishaps` plans them by the number of the request; `drop_rate` drops answers at random."""

    def __init__(self, slack: Slack) -> None:
        self.slack = slack
        self.limits = Limits(slack)
        self.mishaps: dict[int, Mishap] = {}
        self.refuses: dict[str, str] = {}  # methods, and the error that they answer
        self.drop_rate = 0.0
        self.requests = 0
        self.hanging = asyncio.Event()
        self._cut = asyncio.Event()
        self.origin = ""
        self.sockets: list[str] = []
        self.redirect_files = ""  # where a download is sent on to

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get("/api/{method}", self._call),
            web.post("/api/{method}", self._call),
            web.post("/upload/{id}", self._upload),
            web.get("/files-pri/{place}/{name}", self._download),
            web.post("/respond/{token}", self._respond),
        ]

    def cut(self) -> None:
        """Breaks what hangs and forgets planned mishaps; requests count anew."""
        self._cut.set()
        self._cut = asyncio.Event()
        self.hanging.clear()
        self.mishaps = {}
        self.requests = 0

    async def _call(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        args, wire = await arguments(request)
        bearer = request.headers.get("Authorization", "")

        def work() -> web.Response:
            answer, headers, status = self._answer(method, bearer, args)
            self._log(request, method, args, wire, answer)
            body = json.dumps(answer).replace("{origin}", self.origin)
            return web.Response(status=status, headers=headers, text=body, content_type="application/json")

        return await self._unless_mishap(request, work)

    async def _unless_mishap(
        self, request: web.Request, work: Callable[[], web.Response]
    ) -> web.StreamResponse:
        self.requests += 1
        mishap = self.mishaps.pop(self.requests, None)
        if self.hanging.is_set():
            return broken(request)
        if mishap is Mishap.LOST:
            return broken(request)
        if mishap is Mishap.BUSY:
            self.slack.busy += 1
            answer = {"ok": False, "error": "ratelimited"}
            return web.json_response(answer, status=429, headers={"Retry-After": "1"})
        if mishap is Mishap.HANGS_BEFORE:
            return await self._hang(request)
        response = work()
        if mishap is Mishap.HANGS_AFTER:
            return await self._hang(request)
        if mishap is Mishap.DROPPED or self.slack.random.random() < self.drop_rate:
            return broken(request)
        return response

    async def _hang(self, request: web.Request) -> web.Response:
        cut = self._cut
        self.hanging.set()
        await cut.wait()
        return broken(request)

    def _answer(self, method: str, bearer: str, args: Json) -> tuple[Json, dict[str, str], int]:
        headers: dict[str, str] = {}
        try:
            if method == "oauth.v2.access":
                return {"ok": True, **oauth.access(self.slack, bearer, args)}, headers, 200
            token = self._token(bearer)
            if method == "apps.connections.open":
                return {"ok": True, "url": self._open_socket(token)}, headers, 200
            if method == "auth.revoke":
                token.revoked = True
                return {"ok": True, "revoked": True}, headers, 200
            team = self.slack.teams.get(token.team)
            if team is None or method not in METHODS:
                return {"ok": False, "error": "unknown_method"}, headers, 200
            self._scoped(method, token, args)
            wait = self.limits.retry_after(method, team.id, args)
            if wait:
                self.slack.busy += 1
                return {"ok": False, "error": "ratelimited"}, {"Retry-After": str(math.ceil(wait))}, 429
            if method == "auth.test":
                headers["X-OAuth-Scopes"] = ",".join(sorted(token.scopes))
            return {"ok": True, **METHODS[method](self.slack, team, args)}, headers, 200
        except Refused as refused:
            return {"ok": False, "error": refused.error, **refused.more}, headers, 200

    def _token(self, bearer: str) -> Token:
        if not bearer.startswith("Bearer "):
            raise Refused("not_authed")
        token = self.slack.tokens.get(bearer.removeprefix("Bearer "))
        if token is None:
            raise Refused("invalid_auth")
        if token.revoked:
            raise Refused("token_revoked")
        if token.expires <= self.slack.clock.now():
            raise Refused("token_expired")
        return token

    def _scoped(self, method: str, token: Token, args: Json) -> None:
        if error := self.refuses.get(method):
            raise Refused(error)
        needed = next((scope for start, scope in SCOPE.items() if method.startswith(start)), "")
        if method in ("conversations.replies", "conversations.history"):
            needed = HISTORY[self.slack.channel_of(token.team, args.get("channel") or "").kind]
        if method == "conversations.info":
            needed = READ[self.slack.channel_of(token.team, args.get("channel") or "").kind]
        if needed and needed not in token.scopes:
            raise Refused("missing_scope", needed=needed, provided=",".join(sorted(token.scopes)))

    def _open_socket(self, token: Token) -> str:
        if token.team:
            raise Refused("not_allowed_token_type")
        if error := self.refuses.get("apps.connections.open"):
            raise Refused(error)
        self.sockets.append(f"ticket-{len(self.sockets) + 1}")
        return f"{self.origin.replace('http', 'ws', 1)}/socket?ticket={self.sockets[-1]}"

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        data = await request.read()

        def work() -> web.Response:
            status = uploads.take_bytes(self.slack, request.match_info["id"], data)
            self._log(request, "upload", {"length": len(data)}, "bytes", {"status": status})
            return web.Response(status=status, text="OK")

        return await self._unless_mishap(request, work)

    async def _download(self, request: web.Request) -> web.Response:
        if self.redirect_files:
            return web.Response(status=302, headers={"Location": self.redirect_files})
        bearer = request.headers.get("Authorization", "")
        token = self.slack.tokens.get(bearer.removeprefix("Bearer "))
        kind, data = uploads.download(self.slack, request.match_info["place"].partition("-")[2], token)
        self._log(request, "download", {}, "query", {"type": kind})
        return web.Response(body=data, content_type=kind)

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        args = await request.json()

        def work() -> web.Response:
            status, text = chat.respond(self.slack, request.match_info["token"], args)
            self._log(request, "respond", args, "json", {"status": status})
            return web.Response(status=status, text=text)

        return await self._unless_mishap(request, work)

    def _log(self, request: web.Request, method: str, args: Json, wire: str, answer: Json) -> None:
        bearer = request.headers.get("Authorization", "")
        token = self.slack.tokens.get(bearer.removeprefix("Bearer "))
        peer = request.transport.get_extra_info("peername") if request.transport else None
        self.slack.calls.append(
            Call(
                method=method,
                args=args,
                team=token.team if token else "",
                wire=wire,
                port=peer[1] if peer else 0,
                at=self.slack.clock.now(),
                answer=answer,
                authorization=bearer,
            )
        )


def broken(request: web.Request) -> web.Response:
    """Ends the connection without an answer."""
    if request.transport:
        request.transport.abort()
    return web.Response()


async def arguments(request: web.Request) -> tuple[Json, str]:
    """The call's arguments whichever of the four wire forms was used, and which one it was."""
    args: Json = {key: loaded(key, value) for key, value in request.query.items()}
    if request.content_type == "application/json" and request.can_read_body:
        return args | await request.json(), "json"
    if request.can_read_body:
        form = await request.post()
        return args | {key: loaded(key, str(value)) for key, value in form.items()}, "form"
    return args, "query"


def loaded(key: str, value: str) -> object:
    """Structures travel as JSON text outside a JSON body."""
    if key in ("blocks", "metadata", "files", "view", "chunks", "prompts", "attachments"):
        return json.loads(value)
    return value
