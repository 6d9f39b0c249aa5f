"""What a vendor's own client makes of a stream, in our words: the tables of finishes and counts once more, in the
other direction and independent of the decoders.
"""

import json
from collections.abc import Mapping
from typing import Any

from bot.domain.stream_parts import Reason, Usage

FINISHES: Mapping[str, Reason] = {
    "stop": Reason.STOP,
    "tool_calls": Reason.TOOLS,
    "length": Reason.LENGTH,
    "content_filter": Reason.FILTERED,
    "end_turn": Reason.STOP,
    "tool_use": Reason.TOOLS,
    "max_tokens": Reason.LENGTH,
    "refusal": Reason.FILTERED,
    "STOP": Reason.STOP,
    "MAX_TOKENS": Reason.LENGTH,
    "response.completed": Reason.STOP,
}


def expected_reason(expected: Mapping[str, Any]) -> Reason:
    """Calls decide: two of the dialects have no finish of their own for them."""
    if expected["tools"]:
        return Reason.TOOLS
    return FINISHES[expected["finish"]] if expected["finish"] else Reason.STOP


def expected_usage(dialect: str, usage: Mapping[str, Any]) -> Usage:
    return {
        "openai-chat": _chat,
        "openai-responses": _responses,
        "anthropic": _anthropic,
        "gemini": _gemini,
    }[dialect](usage)


def _chat(usage: Mapping[str, Any]) -> Usage:
    read, written = usage.get("prompt_tokens_details") or {}, usage.get("completion_tokens_details") or {}
    prompt, output = usage["prompt_tokens"], usage["completion_tokens"]
    reasoning = written.get("reasoning_tokens") or usage.get("reasoning_tokens") or 0
    apart = reasoning > 0 and prompt + output + reasoning == usage["total_tokens"]
    return Usage(
        input=prompt,
        cache_read=read.get("cached_tokens") or 0,
        cache_write=read.get("cache_write_tokens") or 0,
        output=output + reasoning if apart else output,
        reasoning=reasoning,
    )


def _responses(usage: Mapping[str, Any]) -> Usage:
    return Usage(
        input=usage["input_tokens"],
        cache_read=usage["input_tokens_details"].get("cached_tokens", 0),
        cache_write=usage["input_tokens_details"].get("cache_write_tokens", 0),
        output=usage["output_tokens"],
        reasoning=usage["output_tokens_details"].get("reasoning_tokens", 0),
    )


def _anthropic(usage: Mapping[str, Any]) -> Usage:
    read, written = usage.get("cache_read_input_tokens", 0), usage.get("cache_creation_input_tokens", 0)
    return Usage(
        input=usage["input_tokens"] + read + written,
        cache_read=read,
        cache_write=written,
        output=usage["output_tokens"],
        reasoning=(usage.get("output_tokens_details") or {}).get("thinking_tokens", 0),
    )


def _gemini(usage: Mapping[str, Any]) -> Usage:
    thought = usage.get("thoughtsTokenCount", 0)
    return Usage(
        input=usage["promptTokenCount"] + usage.get("toolUsePromptTokenCount", 0),
        cache_read=usage.get("cachedContentTokenCount", 0),
        output=usage.get("candidatesTokenCount", 0) + thought,
        reasoning=thought,
    )


def same_args(ours: str, theirs: str) -> bool:
    return bool(json.loads(ours) == json.loads(theirs or "{}"))
