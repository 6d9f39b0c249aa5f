"""A vendor that says what it is told to, byte for byte, behind the real transport and the real decoders."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from bot.domain.catalog import Model
from bot.domain.errors import ModelError
from bot.domain.prompt import Prompt, PromptMessage, TextPart
from bot.domain.stream_parts import Finish, StreamPart, Text, Thinking, ToolCall, Usage
from providers.credentials import ApiKey
from providers.dialect import Quirks
from providers.endpoint import Endpoint
from providers.transport import Transport

HELLO = Prompt(system="", messages=(PromptMessage(role="user", parts=(TextPart(text="hello"),)),))
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

    parts: list[StreamPart] = field(default_factory=list)
    error: ModelError | None = None

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts if isinstance(part, Text))

    @property
    def thinking(self) -> str:
        return "".join(part.text for part in self.parts if isinstance(part, Thinking))

    @property
    def calls(self) -> list[ToolCall]:
        return [part for part in self.parts if isinstance(part, ToolCall)]

    @property
    def usage(self) -> Usage | None:
        return next((part for part in self.parts if isinstance(part, Usage)), None)

    @property
    def finish(self) -> Finish | None:
        return next((part for part in self.parts if isinstance(part, Finish)), None)


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
            auth=ApiKey(scheme="bearer", secret="canary-key"),
            dialects={dialect: Quirks()},
        )


async def hear(endpoint: Endpoint, model: Model, prompt: Prompt = HELLO) -> Heard:
    heard = Heard()
    try:
        async with aclosing(endpoint.stream(model, prompt)) as parts:
            async for part in parts:
                heard.parts.append(part)
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
