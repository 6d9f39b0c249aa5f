"""Google Cloud's Vertex AI: one project and location, with one address for each publisher's dialect.

Source: cloud.google.com/vertex-ai/generative-ai/docs, "Using OpenAI libraries with Vertex AI", "Generate content" and
"Claude models".
"""

import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace

from bot.domain.catalog import Model
from bot.domain.listings import Listing
from bot.domain.prompt import Prompt
from bot.domain.stream_parts import StreamPart
from bot.models.sources import bare_id
from providers.credentials import Authentication
from providers.dialect import Quirks
from providers.endpoint import Additions, Endpoint
from providers.transport import Transport
from providers.vendors import CLAUDE_SEARCH, GEMINI, THINK_OUT_LOUD

PLACE = re.compile(
    r"(.+/projects/[^/]+/locations/[^/]+)(?:/endpoints/openapi|/publishers/(?:google|anthropic)(?:/models)?)?"
)
VERTEX: Mapping[str, Quirks] = {
    "gemini": replace(
        GEMINI,
        model_path="/publishers/google/models/{model}:streamGenerateContent?alt=sse",
        nameless_calls=r"gemini-[12]\b",
    ),
    "openai-chat": Quirks(prefix="/endpoints/openapi"),
    "anthropic": Quirks(
        model_path="/publishers/anthropic/models/{model}:streamRawPredict",
        extra={"anthropic_version": "vertex-2023-10-16"},
        reasoning=THINK_OUT_LOUD,
        search=CLAUDE_SEARCH,
    ),
}


def place_of(address: str) -> str:
    """The location's URL, "" for an address that is not Vertex AI's. Google's pages show it with three ends."""
    found = PLACE.fullmatch(address)
    return found.group(1) if found else ""


class VertexProvider:
    """A Provider for one location. `dialect` is spoken with models that need no other one."""

    def __init__(
        self,
        *,
        transport: Transport,
        place: str,
        auth: Authentication,
        dialect: str,
        additions: Additions,
        think_tags: bool | None = None,
    ) -> None:
        spoken = {name: replace(quirks, think_tags=think_tags) for name, quirks in VERTEX.items()}
        self._auth = auth
        self._dialect = dialect
        self._endpoint = Endpoint(
            transport=transport, base_url=place, auth=auth, dialects=spoken, additions=additions
        )

    async def stream(self, model: Model, prompt: Prompt) -> AsyncGenerator[StreamPart, None]:
        claude = bare_id(model.model).startswith("claude")
        spoken = model.dialect or ("anthropic" if claude else self._dialect)
        async with aclosing(self._endpoint.stream(replace(model, dialect=spoken), prompt)) as parts:
            async for part in parts:
                yield part

    async def models(self) -> Sequence[Listing]:
        """(): a location does not list what a project may ask. Raises Auth where there is no token."""
        await self._auth.headers()
        return ()
