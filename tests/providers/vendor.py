"""A vendor that says what it is told to, byte for byte, behind the real transport and the real decoders."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from bot.domain.catalog import Model
from bot.domain.errors import ModelError
from bot.domain.prompt import Message, Prompt, TextPart
from bot.domain.stream_parts import Finish, Piece, Text, Thinking, ToolCall, Usage
from providers.dialect import Quirks
from providers.endpoint import Endpoint, Key
from providers.transport import Transport

HELLO = Prompt(system="", messages=(Message(role="user", parts=(TextPart(text="hello"),)),))
EVENTS = {"content-type": "text/event-stream; charset=utf-8"}


class Chunks(httpx.AsyncByteStream):
    """A body in the pieces it is given."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk


@dataclass
class Heard:
    """What came of one question: the pieces, and the error that ended them, if one did."""

    pieces: list[Piece] = field(default_factory=list)
    error: ModelError | None = None

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces if isinstance(piece, Text))

    @property
    def thinking(self) -> str:
        return "".join(piece.text for piece in self.pieces if isinstance(piece, Thinking))

    @property
    def calls(self) -> list[ToolCall]:
        return [piece for piece in self.pieces if isinstance(piece, ToolCall)]

    @property
    def usage(self) -> Usage | None:
        return next((piece for piece in self.pieces if isinstance(piece, Usage)), None)

    @property
    def finish(self) -> Finish | None:
        return next((piece for piece in self.pieces if isinstance(piece, Finish)), None)


def model_of(dialect: str, **changes: Any) -> Model:
    return Model(**{"name": "it", "provider": "vendor", "model": "m-1", "dialect": dialect, **changes})


@asynccontextmanager
async def vendor(
    dialect: str, chunks: Iterable[bytes], *, status: int = 200, headers: Mapping[str, str] | None = None
) -> AsyncIterator[Endpoint]:
    """An endpoint whose every answer is these chunks."""

    def respond(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, headers=EVENTS if headers is None else headers, stream=Chunks(chunks))

    async with Transport(wire=httpx.MockTransport(respond)) as transport:
        yield Endpoint(
            transport=transport,
            base_url="https://vendor.test",
            auth=Key(scheme="bearer", secret="canary-key"),
            dialects={dialect: Quirks()},
        )


async def hear(endpoint: Endpoint, model: Model, prompt: Prompt = HELLO) -> Heard:
    heard = Heard()
    try:
        async with aclosing(endpoint.stream(model, prompt)) as pieces:
            async for piece in pieces:
                heard.pieces.append(piece)
    except ModelError as error:
        heard.error = error
    return heard


async def heard_from(
    dialect: str,
    chunks: Iterable[bytes],
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **model: Any,
) -> Heard:
    async with vendor(dialect, chunks, status=status, headers=headers) as endpoint:
        return await hear(endpoint, model_of(dialect, **model))


def sse(*events: str) -> Sequence[bytes]:
    return [f"data: {event}\n\n".encode() for event in events]
