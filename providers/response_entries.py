"""A prompt's messages and tools for Responses: calls and results are entries beside the messages.

A model's reasoning goes back before the calls that it led to, encrypted where the vendor keeps nothing, as it is where the
vendor shows it. Source: platform.openai.com/docs/guides/reasoning, "Keeping reasoning items in context".
"""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

from bot.domain.catalog import Model
from bot.domain.prompt import (
    CallPart,
    FilePart,
    ImagePart,
    Part,
    Prompt,
    PromptMessage,
    ResultPart,
    TextPart,
    Tool,
)
from providers.carried import calls_in, packed, unpacked
from providers.dialect import Quirks
from providers.lenient_json import as_list, as_object, as_text
from providers.media import data_url
from providers.response_items import item_text
from providers.tool_schemas import told_tool
from providers.tool_turns import shown_pictures, sound_messages

DIALECT = "openai-responses"
ENCRYPTED = "reasoning.encrypted_content"


def response_entries(model: Model, prompt: Prompt, quirks: Quirks) -> list[dict[str, Any]]:
    messages = sound_messages(model, prompt)
    return [
        entry
        for message, following in zip_longest(messages, messages[1:])
        for entry in (
            _answer(model, message, following.parts if following else (), quirks)
            if message.role == "assistant"
            else _asked(message, quirks)
        )
    ]


def response_tools(model: Model, prompt: Prompt, quirks: Quirks) -> dict[str, Any]:
    """What can be called, and that reasoning is to come in a form that can be given back."""
    if not prompt.tools:
        return {}
    told: dict[str, Any] = {"tools": [_function(told_tool(tool)) for tool in prompt.tools]}
    if not prompt.callable:
        told["tool_choice"] = "none"
    if model.reasoning and quirks.stateless:
        told["include"] = [ENCRYPTED]
    return told


def carried_items(model: Model, items: Sequence[dict[str, Any]]) -> str:
    """The reasoning, words and calls of a turn, in their order, as a `carry`. Words after a call come first: behind its
    result they would be an answer.
    """
    kept = [one for item in items if (one := _kept(item))]
    first = next((at for at, one in enumerate(kept) if one["type"] == "function_call"), len(kept))
    late = [one for one in kept[first:] if one["type"] == "message"]
    kept = [*late, *kept[:first], *(one for one in kept[first:] if one["type"] != "message")]
    return packed(DIALECT, model, kept if any(one["type"] == "reasoning" for one in kept) else None)


def _kept(item: dict[str, Any]) -> dict[str, Any]:
    """Without ids: they belong to what the vendor stores."""
    match item.get("type"):
        case "reasoning" if as_text(item.get("encrypted_content")):
            summary = as_list(item.get("summary"))
            return {"type": "reasoning", "summary": summary, "encrypted_content": item["encrypted_content"]}
        case "reasoning" if as_list(item.get("content")):
            return {"type": "reasoning", "summary": as_list(item.get("summary")), "content": item["content"]}
        case "message" if said := item_text(item).strip():
            return {"type": "message", "text": said}
        case "function_call":
            return {"type": "function_call", "name": as_text(item.get("name"))}
    return {}


def _function(tool: Tool) -> dict[str, Any]:
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
        "strict": False,
    }


def _asked(message: PromptMessage, quirks: Quirks) -> Iterator[dict[str, Any]]:
    results = [part for part in message.parts if isinstance(part, ResultPart)]
    pictures = [] if quirks.result_pictures else shown_pictures(results)
    content = [_block(part) for part in (*pictures, *message.parts) if not isinstance(part, ResultPart)]
    if content:
        yield {"role": "user", "content": content}


def _answer(
    model: Model, message: PromptMessage, following: Sequence[Part], quirks: Quirks
) -> Iterator[dict[str, Any]]:
    """Each result stands after its call: DeepSeek requires it."""
    results = {part.id: part for part in following if isinstance(part, ResultPart)}
    calls = iter(calls_in(message))
    for item in _own_turn(model, message):
        match item.get("type"):
            case "function_call":
                yield from _called(next(calls), results, quirks)
            case "message":
                yield {"role": "assistant", "content": [{"type": "output_text", "text": item["text"]}]}
            case _:
                yield item


def _own_turn(model: Model, message: PromptMessage) -> Sequence[dict[str, Any]]:
    """The turn's items as they were carried, or as the message has them: words, then calls."""
    calls = calls_in(message)
    items = [as_object(item) for item in as_list(unpacked(DIALECT, model, message))]
    names = [item.get("name") for item in items if item.get("type") == "function_call"]
    if items and names == [call.name for call in calls]:
        return items
    said = "\n\n".join(part.text for part in message.parts if isinstance(part, TextPart))
    words = [{"type": "message", "text": said}] if said else []
    return [*words, *({"type": "function_call"} for _ in calls)]


def _called(call: CallPart, results: dict[str, ResultPart], quirks: Quirks) -> Iterator[dict[str, Any]]:
    yield {"type": "function_call", "call_id": call.id, "name": call.name, "arguments": call.args}
    if result := results.get(call.id):
        said: str | list[dict[str, Any]] = result.text
        if result.pictures and quirks.result_pictures:
            said = [_block(TextPart(text=result.text)), *map(_block, result.pictures)]
        yield {"type": "function_call_output", "call_id": call.id, "output": said}


def _block(part: Part) -> dict[str, Any]:
    match part:
        case TextPart():
            return {"type": "input_text", "text": part.text}
        case ImagePart():
            return {"type": "input_image", "image_url": data_url(part), "detail": "auto"}
        case FilePart():
            return {"type": "input_file", "filename": part.name, "file_data": data_url(part)}
        case _:
            raise TypeError(f"{type(part).__name__} is not content")
