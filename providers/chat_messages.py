"""A prompt's messages and tools for Chat Completions."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from bot.domain.catalog import Model
from bot.domain.prompt import (
    FilePart,
    ImagePart,
    Part,
    Prompt,
    PromptMessage,
    ResultPart,
    TextPart,
    Tool,
)
from providers.cache_marks import cacheable_text, with_cache_marks
from providers.carried import calls_in
from providers.chat_turns import CarriedTurn, carried_turn
from providers.dialect import Quirks
from providers.media import data_url
from providers.tool_schemas import told_tool
from providers.tool_turns import shown_pictures, sound_messages


def chat_messages(model: Model, prompt: Prompt, quirks: Quirks) -> list[dict[str, Any]]:
    sound = sound_messages(model, prompt)
    messages = [entry for message in sound for entry in _entries(message, model, quirks)]
    marks = prompt.conversation and quirks.cache_marks and re.search(quirks.cache_marks, model.model)
    if marks:
        messages = with_cache_marks(messages)
    if prompt.system:
        system = cacheable_text(prompt.system) if marks else prompt.system
        messages.insert(0, {"role": "system", "content": system})
    return messages


def chat_tools(prompt: Prompt) -> dict[str, Any]:
    if not prompt.tools:
        return {}
    tools = [{"type": "function", "function": _function(told_tool(tool))} for tool in prompt.tools]
    return {"tools": tools} if prompt.callable else {"tools": tools, "tool_choice": "none"}


def _function(tool: Tool) -> dict[str, Any]:
    return {"name": tool.name, "description": tool.description, "parameters": tool.parameters}


def _entries(message: PromptMessage, model: Model, quirks: Quirks) -> Iterator[dict[str, Any]]:
    """One PromptMessage with tool results becomes several entries. Pictures of results follow as the user's: a result is
    text here.
    """
    if message.role == "assistant":
        yield _assistant(message, carried_turn(model, message), quirks)
        return
    results = [part for part in message.parts if isinstance(part, ResultPart)]
    for result in results:
        yield {"role": "tool", "tool_call_id": result.id, "content": result.text}
    rest = [*shown_pictures(results), *(part for part in message.parts if not isinstance(part, ResultPart))]
    if rest:
        if results and quirks.bridge:
            yield {"role": "assistant", "content": quirks.bridge}
        yield {"role": "user", "content": _content(rest)}


def _assistant(message: PromptMessage, turn: CarriedTurn, quirks: Quirks) -> dict[str, Any]:
    said = "\n\n".join(part.text for part in message.parts if isinstance(part, TextPart))
    calls: list[dict[str, Any]] = [
        {"id": part.id, "type": "function", "function": {"name": part.name, "arguments": part.args}}
        for part in calls_in(message)
    ]
    for call, more in zip(calls, turn.calls, strict=False):
        call.update(more)
    entry: dict[str, Any] = {"role": "assistant", "content": said or None}
    return {**entry, "tool_calls": calls, **quirks.calls_extra, **turn.reasoning} if calls else entry


def _content(parts: Sequence[Part]) -> str | list[dict[str, Any]]:
    """One string for text alone: every endpoint accepts it, and strict templates accept nothing else."""
    texts = [part.text for part in parts if isinstance(part, TextPart)]
    if len(texts) == len(parts):
        return "\n\n".join(texts)
    return [_block(part) for part in parts]


def _block(part: Part) -> dict[str, Any]:
    match part:
        case ImagePart():
            return {"type": "image_url", "image_url": {"url": data_url(part), "detail": "auto"}}
        case FilePart():
            return {"type": "file", "file": {"filename": part.name, "file_data": data_url(part)}}
        case TextPart():
            return {"type": "text", "text": part.text}
        case _:
            raise TypeError(f"{type(part).__name__} is not content")
