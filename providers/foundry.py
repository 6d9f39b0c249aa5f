"""Microsoft Foundry: one resource with three base URLs, and the project that lists its deployments.

A deployment's base URL depends on its publisher, which the project's listing names. Without it, the dialect
in the configuration decides, or else the name. Source: learn.microsoft.com/azure/ai-foundry (endpoints,
project REST API v1, agent service).
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlsplit

from bot.domain.catalog import Model
from bot.domain.errors import ModelError
from bot.domain.listings import Listing
from bot.domain.prompt import Prompt
from bot.domain.stream_parts import StreamPart
from bot.models.sources import bare_id
from providers.credentials import ApiKey, Authentication, authenticated_get
from providers.dialect import MOST_ROWS, Quirks
from providers.endpoint import Additions, Endpoint
from providers.entra import Identity
from providers.lenient_json import as_list, as_object, as_text
from providers.transport import Transport
from providers.vendors import CLAUDE, OPENAI_CHAT, OPENAI_RESPONSES

PAGES = 20  # of a listing, at most
PROJECT = "/api/projects/"
VERSION = "api-version=v1"
PATIENCE = 5.0  # seconds a first question waits for the listing with its deployment's publisher
CHAT_FIRST = {"openai-chat": OPENAI_CHAT, "openai-responses": OPENAI_RESPONSES}
RESPONSES_FIRST = {"openai-responses": OPENAI_RESPONSES, "openai-chat": OPENAI_CHAT}
RESPONSES = re.compile(r"(gpt|grok)-|o\d|codex")  # models that say more in Responses, or nothing elsewhere
SEARCHING = {
    "": r"gpt-|o\d",
    "openai-responses": r"gpt-|o\d",
}  # models that the resource searches the web for
MAI = {"openai-chat": Quirks(output_limit="max_completion_tokens", stream_usage=False)}


def roots(endpoint: str) -> tuple[str, str]:
    """(resource, project) of a URL as the portal shows it; project "" when it names none."""
    parts = urlsplit(endpoint)
    resource = f"{parts.scheme}://{parts.netloc}"
    names = parts.path.removeprefix(PROJECT).split("/") if parts.path.startswith(PROJECT) else [""]
    return resource, f"{resource}{PROJECT}{names[0]}" if names[0] else ""


class ClaudeKey:
    """Implements Authentication: Claude's URL needs Anthropic's header, and accepts Azure's own beside it."""

    def __init__(self, secret: str, variable: str) -> None:
        self.variable = variable
        self._headers = {"x-api-key": secret, "api-key": secret}

    async def headers(self) -> Mapping[str, str]:
        return self._headers

    async def refused(self, headers: Mapping[str, str]) -> bool:
        return False


class FoundryProvider:
    """A Provider for one resource. Without a key, and for the project in any case, it uses Entra ID.

    `key` is the variable that holds the secret, for messages. `project` is a project's name or URL, for a resource URL that does not name one.
    """

    def __init__(
        self,
        *,
        transport: Transport,
        endpoint: str,
        identity: Identity,
        secret: str = "",
        key: str = "",
        project: str = "",
        scope: str = "",
        additions: Additions | None = None,
        think_tags: bool | None = None,
    ) -> None:
        resource, named = roots(endpoint)
        entra = identity.scoped(scope)
        azure: Authentication = ApiKey(scheme="api-key", secret=secret, variable=key) if secret else entra
        claude: Authentication = ClaudeKey(secret, key) if secret else entra
        self._transport = transport
        self._auth: Authentication = entra if identity.possible else azure
        self._project = roots(project)[1] if "://" in project else ""
        self._project = self._project or (f"{resource}{PROJECT}{quote(project)}" if project else named)
        self._deployed: dict[str, Listing] | None = None
        self._additions = added = additions or Additions()

        def at(base: str, auth: Authentication, dialects: Mapping[str, Quirks]) -> Endpoint:
            told = {name: replace(quirks, think_tags=think_tags) for name, quirks in dialects.items()}
            return Endpoint(transport=transport, base_url=base, auth=auth, dialects=told, additions=added)

        self._openai = at(f"{resource}/openai/v1", azure, CHAT_FIRST)
        self._newer = at(f"{resource}/openai/v1", azure, RESPONSES_FIRST)
        self._claude = at(f"{resource}/anthropic", claude, {"anthropic": CLAUDE})
        self._mai = at(f"{resource}/mai/v1", azure, MAI)
        self._agents = at(f"{self._project}/openai/v1", self._auth, {"openai-responses": Quirks()})

    async def stream(self, model: Model, prompt: Prompt) -> AsyncGenerator[StreamPart, None]:
        if self._project and self._deployed is None and not (model.base or model.dialect):
            with suppress(ModelError, TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    await self._deployments()
        async with aclosing(self._at(model).stream(model, prompt)) as parts:
            async for part in parts:
                yield part

    async def models(self) -> Sequence[Listing]:
        """The project's deployments and agents, or else what could be deployed. Raises a ModelError."""
        if not self._project:
            return [_undeployed(row) for row in await self._openai.models()]
        rows = list(await self._deployments())
        with suppress(ModelError):  # a project may lack the agent service and still have models
            rows += await self._listed_agents()
        return rows

    def _at(self, model: Model) -> Endpoint:
        if model.agent:
            return self._agents
        known = (self._deployed or {}).get(model.model)
        name = bare_id(model.base or (known.base if known else "") or model.model)
        if (model.dialect or (known.dialect if known else "") or _dialect("", name)) == "anthropic":
            return self._claude
        if name.startswith("mai-"):
            return self._mai
        return self._newer if RESPONSES.match(name) else self._openai

    async def _deployments(self) -> Sequence[Listing]:
        rows: list[Listing] = []
        page = f"{self._project}/deployments?{VERSION}"
        for _ in range(PAGES):
            body = await self._get(page)
            rows += [
                _deployment(entry)
                for entry in map(as_object, as_list(body.get("value"))[:MOST_ROWS])
                if entry.get("name")
            ]
            page = as_text(body.get("nextLink"))
            if not page.startswith(f"{self._project}/"):  # credentials are sent to this project only
                break
        self._deployed = {row.id: row for row in rows}
        return rows

    async def _listed_agents(self) -> Sequence[Listing]:
        rows: list[Listing] = []
        page = f"{self._project}/agents?{VERSION}"
        after = ""
        for _ in range(PAGES):
            body = await self._get(page + after)
            rows += [
                _agent(entry)
                for entry in map(as_object, as_list(body.get("data"))[:MOST_ROWS])
                if entry.get("name")
            ]
            if body.get("has_more") is not True or not as_text(body.get("last_id")):
                break
            after = f"&after={quote(as_text(body.get('last_id')), safe='', errors='replace')}"
        return rows

    async def _get(self, url: str) -> dict[str, Any]:
        address, headers = self._additions.address(url), self._additions.headers
        return as_object(await authenticated_get(self._transport, address, auth=self._auth, headers=headers))


def _dialect(publisher: str, name: str) -> str:
    return "anthropic" if publisher.casefold() == "anthropic" or name.startswith("claude") else ""


def _deployment(entry: Mapping[str, Any]) -> Listing:
    base, publisher = as_text(entry.get("modelName")), as_text(entry.get("modelPublisher"))
    can = as_object(entry.get("capabilities"))
    chats = can.get("chat_completion", can.get("chatCompletion"))
    return Listing(
        id=as_text(entry.get("name")),
        base=base,
        publisher=publisher,
        dialect=_dialect(publisher, bare_id(base)),
        chat=None if chats is None else str(chats).casefold() == "true",
    )


def _agent(entry: Mapping[str, Any]) -> Listing:
    latest = as_object(as_object(entry.get("versions")).get("latest"))
    return Listing(
        id=as_text(entry.get("name")),
        kind="agent",
        base=as_text(as_object(latest.get("definition")).get("model")),
        description=as_text(latest.get("description")),
    )


def _undeployed(row: Listing) -> Listing:
    """A resource lists the models it could run; only a deployment with that name answers."""
    return Listing(id=row.id, context=row.context, max_output=row.max_output, chat=row.chat, kind="base")
