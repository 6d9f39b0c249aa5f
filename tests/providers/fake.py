"""A vendor on loopback: strict about what it is asked, obedient in how it answers.

It speaks every dialect of `SPEECHES`, told apart by the path, and refuses what their vendors would refuse. How it answers is
`plays[last words of the question]`, a list of steps; without one it says hello.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.providers import rules
from tests.providers.speech import SPEECHES, Speech

KEY = "fake-key"
LARGEST = 32 << 20  # bytes of a request, as Anthropic takes them
HELLO = "Hello there, nice to meet you."
TICK = 0.005


@dataclass(frozen=True, slots=True)
class Say:
    text: str
    thinking: bool = False


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes as they are: comments, broken events."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Refuse:
    status: int
    code: str = "invalid_request_error"
    message: str = "No."
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer as it is, with whatever headers and bytes."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Objection:
    """A request that is refused: which bodies, and the answer's JSON."""

    to: Callable[[dict[str, Any]], bool]
    said: dict[str, Any]
    status: int = 400


@dataclass(frozen=True, slots=True)
class InPieces:
    """A whole answer as it is, so many bytes at a time. If it is `cut`, the connection is dropped before its end."""

    body: bytes
    size: int
    content_type: str = "text/event-stream"
    cut: bool = False


class Hang:
    """Says nothing more until the other side hangs up."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Says nothing until the test opens it."""

    opened: asyncio.Event


class Babble:
    """Talks until the other side hangs up."""


class Murmur:
    """Sends comments until the other side hangs up."""


class Cut:
    """Drops the connection."""


Step = Say | Raw | Refuse | Answer | InPieces | Gate | Hang | Babble | Murmur | Cut


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived."""

    path: str
    dialect: str
    headers: dict[str, str]
    body: dict[str, Any]
    question: str


class FakeVendor:
    """Start it with `fake_vendor()`. If it `lingers`, a connection stays busy after the answer's end."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[Asked] = []
        self.plays: dict[str, Sequence[Step]] = {}
        self.connections: set[object] = set()
        self.server: web.Server | None = None
        self.hung_up = asyncio.Event()
        self.chat_rules = rules.GENERIC
        self.lingers = False
        self.lenient = False  # whether it takes what its dialect does not know
        self.listed: list[web.Request] = []
        self.objections: Sequence[Objection] = ()
        self.refused: list[dict[str, Any]] = []  # the bodies that were objected to
        self.listing: Answer | None = None

    async def answer(self, request: web.Request) -> web.StreamResponse:
        dialect = _dialect(request.path)
        if dialect is None:
            return web.json_response({"error": {"code": "404", "message": "Resource not found"}}, status=404)
        speech = SPEECHES[dialect]
        if not _knows(request, KEY):
            return web.json_response(speech.refusal(401, "Bad key.", "authentication_error"), status=401)
        body = await request.json()
        complaints = [] if self.lenient else list(self._complaints(dialect, request.path, body))
        if complaints:
            message = "; ".join(complaints)
            return web.json_response(speech.refusal(400, message, "invalid_request_error"), status=400)
        for objection in self.objections:
            if objection.to(body):
                self.refused.append(body)
                return web.json_response(objection.said, status=objection.status)
        asked = Asked(request.path_qs, dialect, dict(request.headers), body, _text(speech.question(body)))
        self.asked.append(asked)
        self.connections.add(request.transport)
        return await self._play(request, speech, self.steps(dialect, asked.question))

    async def left_alone(self) -> None:
        """Waits until nobody holds a connection, also one on which no request has arrived yet."""
        while self.server and self.server.connections:  # noqa: ASYNC110 - aiohttp tells nobody
            await asyncio.sleep(TICK)

    def steps(self, dialect: str, question: str) -> Sequence[Step]:
        return self.plays.get(question, (Say(HELLO),))

    async def models(self, request: web.Request) -> web.Response:
        self.listed.append(request)
        if self.listing:
            return web.Response(
                status=self.listing.status, headers=self.listing.headers, body=self.listing.body
            )
        return web.json_response(
            {
                "data": [{"id": "m-1"}],
                "models": [{"name": "models/m-1", "supportedGenerationMethods": ["generateContent"]}],
            }
        )

    def _complaints(self, dialect: str, path: str, body: dict[str, Any]) -> rules.Complaints:
        if dialect == "openai-chat":
            return rules.chat(body, rules.MAI if path.startswith("/mai/") else self.chat_rules)
        return rules.RULES[dialect](body)

    async def _play(self, request: web.Request, speech: Speech, steps: Sequence[Step]) -> web.StreamResponse:
        if steps and isinstance(steps[0], Answer):
            whole = steps[0]
            return web.Response(status=whole.status, headers=whole.headers, body=whole.body)
        if steps and isinstance(steps[0], InPieces):
            return await self._write(request, steps[0])
        if steps and isinstance(steps[0], Refuse):
            refuse = steps[0]
            body = speech.refusal(refuse.status, refuse.message, refuse.code)
            return web.json_response(body, status=refuse.status, headers=refuse.headers)
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        await response.write(speech.opening())
        for step in steps:
            if not await self._step(request, response, speech, step):
                return response
        await response.write(speech.closing())
        if self.lingers:
            await self._until_gone(request, response, b"")
        return response

    async def _write(self, request: web.Request, answer: InPieces) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": answer.content_type})
        await response.prepare(request)
        for at in range(0, len(answer.body), answer.size):
            await response.write(answer.body[at : at + answer.size])
        if answer.cut and request.transport:
            request.transport.close()
        return response

    async def _step(
        self, request: web.Request, response: web.StreamResponse, speech: Speech, step: Step
    ) -> bool:
        """Whether the answer goes on."""
        match step:
            case Say(text=text, thinking=thinking):
                for word in text.split(" "):
                    await response.write(speech.thought(word + " ") if thinking else speech.word(word + " "))
                return True
            case Raw(data=data):
                await response.write(data)
                return True
            case Gate(opened=opened):
                await opened.wait()
                return True
            case Cut():
                if request.transport:
                    request.transport.close()
                return False
        noise = {Babble: speech.word("on and "), Murmur: b": still here\n\n"}.get(type(step), b"")
        await self._until_gone(request, response, noise)
        return False

    async def _until_gone(self, request: web.Request, response: web.StreamResponse, noise: bytes) -> None:
        with suppress(ConnectionResetError):
            while request.transport is not None and not request.transport.is_closing():
                if noise:
                    await response.write(noise)
                await asyncio.sleep(TICK)
        self.hung_up.set()


def _dialect(path: str) -> str | None:
    return next((dialect for dialect, speech in SPEECHES.items() if path.endswith(speech.ending)), None)


def _knows(request: web.Request, key: str) -> bool:
    sent = [request.headers.get(name) for name in ("api-key", "x-api-key", "x-goog-api-key")]
    return key in sent or request.headers.get("authorization") == f"Bearer {key}"


def _text(content: Any) -> str:
    """The last text of a message's content."""
    if isinstance(content, str):
        return content
    return str(content[-1].get("text", json.dumps(content[-1])))


@asynccontextmanager
async def fake_vendor(vendor: FakeVendor | None = None) -> AsyncIterator[FakeVendor]:
    """A running one, on a port of its own."""
    vendor = vendor or FakeVendor()
    app = web.Application(client_max_size=LARGEST)
    app.router.add_post("/{path:.*}", vendor.answer)
    app.router.add_get("/{path:.*}", vendor.models)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    vendor.server = runner.server
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    vendor.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield vendor
    finally:
        await runner.cleanup()
