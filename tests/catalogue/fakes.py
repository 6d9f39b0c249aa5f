"""Vendors and a Foundry on loopback, as strict about requests as the real ones: wrong credentials get nothing."""

import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.domain.catalog import Model
from bot.domain.errors import ModelError
from bot.domain.listings import Listing
from bot.domain.prompt import Prompt
from bot.domain.stream_parts import Finish, Reason, StreamPart

ANSWER = (
    'data: {"model": "%s", "choices": [{"delta": {"content": "hello"}, "finish_reason": null}]}\n\n'
    'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\n'
    "data: [DONE]\n\n"
)
RESPONSE = (
    'data: {"type": "response.output_text.delta", "delta": "hello", "output_index": 0}\n\n'
    'data: {"type": "response.completed", "response": {"model": "%s", "output": []}}\n\n'
)
MESSAGES = (
    'data: {"type": "message_start", "message": {"id": "m", "model": "%s", "usage": {}}}\n\n'
    'data: {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}\n\n'
    'data: {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hello"}}\n\n'
    'data: {"type": "content_block_stop", "index": 0}\n\n'
    'data: {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {}}\n\n'
    'data: {"type": "message_stop"}\n\n'
)


def streamed(body: str) -> web.Response:
    return web.Response(text=body, content_type="text/event-stream")


def refused(status: int, code: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": f"{code} said"}}, status=status)


@dataclass
class FakeVendor:
    """An endpoint that lists models and answers in one dialect's shape. `status` other than 200 refuses everything."""

    key: str = "canary"
    status: int = 200
    says: str = "hello"
    listing: Any = field(default_factory=lambda: {"data": []})
    asked: list[web.Request] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    header: Callable[[Mapping[str, str]], str] = lambda headers: headers.get(
        "Authorization", ""
    ).removeprefix("Bearer ")

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/{path:.*models}", self._models)
        app.router.add_post("/{path:.*}/chat/completions", self._chat)
        return app

    async def _models(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        return self._refusal(request) or web.json_response(self.listing)

    async def _chat(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        self.bodies.append(await request.json())
        return self._refusal(request) or streamed(
            (ANSWER % self.bodies[-1]["model"]).replace("hello", self.says)
        )

    def _refusal(self, request: web.Request) -> web.Response | None:
        if self.key and self.header(request.headers) != self.key:
            return refused(401, "invalid_api_key")
        return None if self.status == 200 else refused(self.status, "said_so")


@dataclass
class FakeFoundry:
    """A resource with its three addresses and a project.

    Each address answers only for its own publisher's deployments; the project takes Entra tokens only.
    """

    key: str = "foundry-key"
    token: str = "entra-token"
    says: str = "hello"
    deployments: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # name -> publisher, model
    agents: Sequence[str] = ()
    unsupported: Mapping[str, str] = field(default_factory=dict)  # name -> path at which it does not answer
    page: int = 2
    next_page: str = ""  # where a second page is said to be, in place of its real address
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    refusals: int = 0  # of credentials

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._counted])
        app.router.add_get("/openai/v1/models", self._base_models)
        app.router.add_post("/openai/v1/chat/completions", self._openai)
        app.router.add_post("/openai/v1/responses", self._openai)
        app.router.add_post("/anthropic/v1/messages", self._claude)
        app.router.add_post("/mai/v1/chat/completions", self._mai)
        app.router.add_get("/api/projects/P/deployments", self._deployments)
        app.router.add_get("/api/projects/P/agents", self._agents)
        app.router.add_post("/api/projects/P/openai/v1/responses", self._agent)
        return app

    @web.middleware
    async def _counted(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        self.refusals += response.status == 401
        return response

    def _keyed(self, request: web.Request, header: str = "api-key") -> bool:
        return request.headers.get(header) == self.key or self._entra(request)

    def _entra(self, request: web.Request) -> bool:
        return request.headers.get("Authorization") == f"Bearer {self.token}"

    async def _answer(
        self, request: web.Request, publishers: Callable[[str], bool], shape: str
    ) -> web.Response:
        body = await request.json()
        self.asked.append((request.path, body))
        publisher, model = self.deployments.get(body.get("model"), ("", ""))
        if not publisher or not publishers(publisher):
            return refused(404, "DeploymentNotFound")
        if self.unsupported.get(body["model"]) == request.path:
            return refused(400, "OperationNotSupported")
        return streamed((shape % model).replace("hello", self.says))

    async def _openai(self, request: web.Request) -> web.Response:
        if not self._keyed(request):
            return refused(401, "401")
        shape = RESPONSE if request.path.endswith("/responses") else ANSWER
        return await self._answer(request, lambda name: name not in {"Anthropic", "MAI"}, shape)

    async def _claude(self, request: web.Request) -> web.Response:
        if not self._keyed(request, "x-api-key") or "anthropic-version" not in request.headers:
            return refused(401, "401")
        return await self._answer(request, lambda name: name == "Anthropic", MESSAGES)

    async def _mai(self, request: web.Request) -> web.Response:
        if not self._keyed(request):
            return refused(401, "401")
        return await self._answer(request, lambda name: name == "MAI", ANSWER)

    async def _base_models(self, request: web.Request) -> web.Response:
        if not self._keyed(request):
            return refused(401, "401")
        rows = [
            {"id": "gpt-6-sol", "capabilities": {"chat_completion": True}},
            {"id": "text-embedding-3-large", "capabilities": {"chat_completion": False}},
        ]
        return web.json_response({"data": rows})

    async def _deployments(self, request: web.Request) -> web.Response:
        if not self._entra(request) or request.query.get("api-version") != "v1":
            return refused(401, "401")
        rows = [
            {
                "name": name,
                "type": "ModelDeployment",
                "modelName": model,
                "modelPublisher": "Microsoft" if publisher == "MAI" else publisher,
                "capabilities": {"chat_completion": "false" if "embedding" in model else "true"},
            }
            for name, (publisher, model) in self.deployments.items()
        ]
        start = int(request.query.get("skip", "0"))
        body: dict[str, Any] = {"value": rows[start : start + self.page]}
        if start + self.page < len(rows):
            following = {"api-version": "v1", "skip": str(start + self.page)}
            body["nextLink"] = self.next_page or str(request.url.with_query(following))
        return web.json_response(body)

    async def _agents(self, request: web.Request) -> web.Response:
        if not self._entra(request) or request.query.get("api-version") != "v1":
            return refused(401, "401")
        names = list(self.agents)
        start = names.index(request.query["after"]) + 1 if "after" in request.query else 0
        rows = [
            {
                "id": name,
                "name": name,
                "versions": {
                    "latest": {"description": f"{name} helps", "definition": {"model": "gpt-6-sol"}}
                },
            }
            for name in names[start : start + 1]
        ]
        more = start + 1 < len(names)
        return web.json_response(
            {"data": rows, "has_more": more, "last_id": rows[-1]["name"] if rows else None}
        )

    async def _agent(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.asked.append((request.path, body))
        named = body.get("agent_reference", {}).get("name")
        if not self._entra(request):
            return refused(401, "401")
        if named not in self.agents or {"model", "instructions", "tools"} & set(body):
            return refused(400, "invalid_request_error")
        return streamed(RESPONSE % "gpt-6-sol")


@dataclass(frozen=True)
class Token:
    token: str
    expires_on: float


@dataclass
class FakeCredential:
    """Azure's credential: gives one token, for one scope, that lives so many seconds."""

    token: str = "entra-token"
    life: float = 3_600.0
    scope: str = "https://ai.azure.com/.default"
    asked: list[str] = field(default_factory=list)
    closed: bool = False

    async def get_token(self, *scopes: str) -> Token:
        self.asked.extend(scopes)
        token = self.token if scopes == (self.scope,) else "for-another-audience"
        return Token(token, time.time() + self.life)

    async def close(self) -> None:
        self.closed = True


@dataclass
class FakeProvider:
    """A Provider that lists what it is told to, or fails."""

    rows: Sequence[Listing] = ()
    error: ModelError | None = None
    calls: int = 0

    async def models(self) -> Sequence[Listing]:
        self.calls += 1
        if self.error:
            raise self.error
        return self.rows

    async def stream(self, model: Model, prompt: Prompt) -> AsyncGenerator[StreamPart, None]:
        yield Finish(reason=Reason.STOP, model=model.model)
