"""Listings by OpenAI's `GET /models`: ids at least, capabilities under different names at each vendor.

Sources: the API references of Mistral, OpenRouter, Groq, vLLM and llama.cpp.
"""

from collections.abc import Mapping
from math import inf
from typing import Any

from bot.domain.catalog import Price
from bot.domain.listings import Listing
from providers.dialect import MOST_ROWS, ListingPage
from providers.lenient_json import as_count, as_list, as_object, as_text


def openai_listed(body: Any) -> ListingPage:
    """Models that cannot chat are left out, where the vendor tells."""
    entries = map(as_object, (as_list(body) or as_list(as_object(body).get("data")))[:MOST_ROWS])
    return ListingPage(
        listings=[_listing(entry) for entry in entries if as_text(entry.get("id")) and _chats(entry)]
    )


def _chats(entry: Mapping[str, Any]) -> bool:
    can = as_object(entry.get("capabilities"))
    return can.get("completion_chat") is not False and can.get("chat_completion") is not False


def _listing(entry: Mapping[str, Any]) -> Listing:
    can = as_object(entry.get("capabilities"))
    top = as_object(entry.get("top_provider"))
    modalities = as_object(entry.get("architecture")).get("input_modalities")
    contexts = ("context_length", "max_context_length", "context_window", "max_model_len", "max_input_tokens")
    windows = [as_count(entry.get(name)) for name in contexts]
    windows += [
        as_count(as_object(entry.get("meta")).get("n_ctx"))
    ]  # llama.cpp's; n_ctx_train is the model's
    serving = as_count(top.get("context_length"))  # of whoever serves it at OpenRouter, which binds
    outputs = (
        top.get("max_completion_tokens"),
        entry.get("max_completion_tokens"),
        entry.get("max_output_tokens"),
    )
    return Listing(
        id=as_text(entry.get("id")),
        context=min(filter(None, (next(filter(None, windows), 0), serving)), default=None),
        max_output=next((size for value in outputs if (size := as_count(value))), None),
        vision=_either(can.get("vision"), modalities, "image"),
        documents=_either(None, modalities, "file"),
        tools=_either(can.get("function_calling"), entry.get("supported_parameters"), "tools"),
        reasoning=_either(can.get("reasoning"), entry.get("supported_parameters"), "reasoning"),
        publisher=as_text(entry.get("owned_by")),
        created=as_count(entry.get("created")),
        price=_price(as_object(entry.get("pricing"))),
    )


def _either(flag: Any, words: Any, word: str) -> bool | None:
    if isinstance(flag, bool):
        return flag
    return word in words if isinstance(words, list) else None


def _price(pricing: Mapping[str, Any]) -> Price | None:
    """OpenRouter's price is USD per token, as text; -1 where it depends on who answers."""
    read, written = _dollars(pricing.get("prompt")), _dollars(pricing.get("completion"))
    if read is None or written is None:
        return None
    return Price(
        input=read,
        output=written,
        cached=_dollars(pricing.get("input_cache_read")),
        cache_write=_dollars(pricing.get("input_cache_write")),
    )


def price_per_token(read: Any, written: Any) -> Price | None:
    """A price from USD per token; None where one is missing, or where both are nothing."""
    one, other = _dollars(read), _dollars(written)
    return Price(input=one, output=other) if one is not None and other is not None and one + other else None


def _dollars(per_token: Any) -> float | None:
    try:
        dollars = float(per_token) * 1_000_000
    except (TypeError, ValueError, OverflowError):
        return None
    return round(dollars, 6) if 0 <= dollars < inf else None
