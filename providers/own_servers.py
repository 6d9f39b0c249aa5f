"""What own servers and gateways tell of their models beside the listing: windows above all, which nobody else knows.

Asked only where the listing says who made it, at most one call a listing, and never at a vendor's own address. Whatever
goes wrong, the listing stands. Sources: the servers' API references (llama.cpp, LM Studio, Ollama, LiteLLM).
"""

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from bot.domain.errors import Auth, ModelError, ModelNotFound
from bot.domain.listings import Listing
from providers.lenient_json import as_count, as_list, as_object, as_text
from providers.listings import price_per_token
from providers.transport import Transport

PATIENCE = 2.0  # seconds that the catalogue waits for it
MOST = 40  # models of an Ollama that are asked about, each by a call of its own, once

Facts = Mapping[str, Any]
"""Fields of a Listing; None is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """Where one kind of server tells more: `owner` is what its listing calls the models' owner. `reads` gives facts by
    model, "" for all.
    """

    owner: str
    path: str
    reads: Callable[[Any], Iterator[tuple[str, Facts]]]


class OwnServer:
    """Completes the listings of one endpoint. `ollama`: it is one, which tells its owners by name."""

    def __init__(self, *, transport: Transport, base_url: str, ollama: bool = False) -> None:
        self._transport = transport
        self._root = base_url.rstrip("/").removesuffix("/v1")
        self._ollama = ollama
        self._missing: set[str] = set()
        self._shown: dict[str, Facts] = {}

    async def completed(self, rows: Sequence[Listing], headers: Mapping[str, str]) -> Sequence[Listing]:
        """The rows with what else the server tells."""
        told: dict[str, Facts] = {}
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                if self._ollama:
                    await self._of_ollama(rows, headers, told)
                else:
                    await self._asked(rows, headers, told)
        return [
            _with(row, {**self._shown.get(row.id, {}), **(told.get(row.id) or told.get("", {}))})
            for row in rows
        ]

    async def _asked(
        self, rows: Sequence[Listing], headers: Mapping[str, str], told: dict[str, Facts]
    ) -> None:
        owners = {row.publisher for row in rows if row.context is None}
        aside = next((one for one in ASIDES if any(re.fullmatch(one.owner, owner) for owner in owners)), None)
        if aside:
            for name, facts in aside.reads(await self._get(aside.path, headers)):
                told[name] = _narrower(told.get(name), facts)

    async def _of_ollama(
        self, rows: Sequence[Listing], headers: Mapping[str, str], told: dict[str, Facts]
    ) -> None:
        """A model that is loaded has a window; of the others only the largest that it could have is known."""
        told.update(_loaded(await self._get("/api/ps", headers)))
        for row in [row for row in rows if row.id not in self._shown][:MOST]:
            body = await self._get("/api/show", headers, {"model": row.id})
            if body is not None:
                self._shown[row.id] = _shown(body)

    async def _get(
        self, path: str, headers: Mapping[str, str], question: Mapping[str, Any] | None = None
    ) -> Any:
        """None where nothing came. What is not there is not asked for again."""
        if path in self._missing:
            return None
        try:
            return await self._transport.get(self._root + path, headers=headers, question=question)
        except ModelError as error:
            if isinstance(error, ModelNotFound | Auth) and not question:
                self._missing.add(path)
            return None


def _with(row: Listing, facts: Facts) -> Listing:
    """What the listing says itself stays."""
    new = {name: value for name, value in facts.items() if value is not None and getattr(row, name) is None}
    return replace(row, **new)


def _narrower(one: Facts | None, other: Facts) -> Facts:
    """Of several deployments under one name, the one with the smaller window."""
    if one is None:
        return other
    return min(one, other, key=lambda facts: facts.get("context") or float("inf"))


def _llama_cpp(body: Any) -> Iterator[tuple[str, Facts]]:
    props = as_object(body)
    window = as_count(as_object(props.get("default_generation_settings")).get("n_ctx"))
    yield "", {"context": window or None, "vision": _flag(as_object(props.get("modalities")), "vision")}


def _lm_studio(body: Any) -> Iterator[tuple[str, Facts]]:
    for row in map(as_object, as_list(as_object(body).get("data"))):
        loaded, most = as_count(row.get("loaded_context_length")), as_count(row.get("max_context_length"))
        kind = as_text(row.get("type"))
        yield (
            as_text(row.get("id")),
            {
                "context": (loaded if row.get("state") == "loaded" else 0) or most or None,
                "vision": kind == "vlm" if kind else None,
                "chat": False if kind == "embeddings" else None,
            },
        )


def _litellm(body: Any) -> Iterator[tuple[str, Facts]]:
    for row in map(as_object, as_list(as_object(body).get("data"))):
        info = as_object(row.get("model_info"))
        mode = as_text(info.get("mode"))
        yield (
            as_text(row.get("model_name")),
            {
                "context": as_count(info.get("max_input_tokens")) or as_count(info.get("max_tokens")) or None,
                "max_output": as_count(info.get("max_output_tokens")) or None,
                "vision": _flag(info, "supports_vision"),
                "tools": _flag(info, "supports_function_calling"),
                "reasoning": _flag(info, "supports_reasoning"),
                "chat": None if mode in {"", "chat", "responses", "completion"} else False,
                "price": price_per_token(info.get("input_cost_per_token"), info.get("output_cost_per_token")),
            },
        )


def _loaded(body: Any) -> Iterator[tuple[str, Facts]]:
    for row in map(as_object, as_list(as_object(body).get("models"))):
        if window := as_count(row.get("context_length")):
            yield as_text(row.get("name")), {"context": window}


def _shown(body: Any) -> Facts:
    """`num_ctx` is set for the model itself; without it Ollama's own default holds, which is told nowhere."""
    said = as_object(body)
    can = said.get("capabilities")
    able = set(map(str, can)) if isinstance(can, list) else None
    chosen = re.search(r"^num_ctx\s+(\d{1,9})\s*$", as_text(said.get("parameters")), re.MULTILINE)
    return {
        "context": int(chosen[1]) if chosen else None,
        "vision": None if able is None else "vision" in able,
        "tools": None if able is None else "tools" in able,
        "reasoning": None if able is None else "thinking" in able,
        "chat": None if able is None else "completion" in able,
    }


def _flag(said: Mapping[str, Any], name: str) -> bool | None:
    value = said.get(name)
    return value if isinstance(value, bool) else None


ASIDES = (
    Aside(owner="llamacpp", path="/props", reads=_llama_cpp),
    Aside(owner="organization_owner", path="/api/v0/models", reads=_lm_studio),
    Aside(owner="openai", path="/model/info", reads=_litellm),
)
