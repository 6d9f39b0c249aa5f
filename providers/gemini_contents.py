"""A prompt's contents and tools for generateContent.

Signatures of thoughts go back on the very parts that they came with, while the answer goes on with the same model; a call
without one has the documented word in its place. Source: ai.google.dev/gemini-api/docs/thought-signatures.
"""

from collections.abc import Mapping
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
from providers.lenient_json import NOTHING, as_list, as_object, as_text, load_json
from providers.media import encoded
from providers.tool_schemas import told_tool
from providers.tool_turns import shown_pictures, sound_messages

DIALECT = "gemini"
FOREIGN = "skip_thought_signature_validator"  # documented, for the signature of another model's call
SIGNATURE = "thoughtSignature"
MOST = 1_000_000  # characters of a turn that is carried
PARTS = 1_000


def gemini_contents(model: Model, prompt: Prompt, *, ids: bool) -> list[dict[str, Any]]:
    return [_content(model, message, ids) for message in sound_messages(model, prompt)]


def gemini_tools(prompt: Prompt) -> dict[str, Any]:
    if not prompt.tools:
        return {}
    tools = [{"functionDeclarations": [_function(told_tool(tool, plain=True)) for tool in prompt.tools]}]
    if prompt.callable:
        return {"tools": tools}
    return {"tools": tools, "toolConfig": {"functionCallingConfig": {"mode": "NONE"}}}


def whole_call(part: Mapping[str, Any]) -> dict[str, Any]:
    """The whole call in a part; empty for none, and for pieces of one."""
    call = as_object(part.get("functionCall"))
    return NOTHING if call.get("willContinue") or call.get("partialArgs") else call


def _function(tool: Tool) -> dict[str, Any]:
    return {"name": tool.name, "description": tool.description, "parametersJsonSchema": tool.parameters}


def _content(model: Model, message: PromptMessage, ids: bool) -> dict[str, Any]:
    if message.role == "assistant":
        return {"role": "model", "parts": _own_turn(model, message, ids)}
    results = [part for part in message.parts if isinstance(part, ResultPart)]
    rest = [part for part in message.parts if not isinstance(part, ResultPart)]
    return {
        "role": "user",
        "parts": [_part(part, ids) for part in (*results, *shown_pictures(results), *rest)],
    }


def _own_turn(model: Model, message: PromptMessage, ids: bool) -> list[dict[str, Any]]:
    """The parts that were carried, their calls with the ids they have here; or the message's own."""
    calls = calls_in(message)
    parts = [dict(as_object(part)) for part in as_list(unpacked(DIALECT, model, message))]
    made = [part for part in parts if "functionCall" in part]
    if not made or [part["functionCall"].get("name") for part in made] != [call.name for call in calls]:
        parts = [_part(part, ids) for part in message.parts]
        made = [part for part in parts if "functionCall" in part]
    for part, call in zip(made, calls, strict=True):
        part["functionCall"] = _part(call, ids)["functionCall"]
    if made and not made[0].get(SIGNATURE):  # one signature per turn, on its first call
        made[0][SIGNATURE] = FOREIGN
    return parts


def _part(part: Part, ids: bool) -> dict[str, Any]:
    match part:
        case TextPart():
            return {"text": part.text}
        case ImagePart() | FilePart():
            return {"inlineData": {"mimeType": part.media_type, "data": encoded(part)}}
        case CallPart():
            return {"functionCall": {**_id(part, ids), "name": part.name, "args": load_json(part.args)}}
        case ResultPart():
            said = {"error" if part.failed else "result": part.text}
            return {"functionResponse": {**_id(part, ids), "name": part.name, "response": said}}


def _id(part: CallPart | ResultPart, ids: bool) -> dict[str, str]:
    return {"id": part.id} if ids else {}


class GeminiTurn:
    """A turn's words, calls and signatures, in their order. Thoughts themselves are not wanted back."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._parts: list[dict[str, Any]] = []
        self._length = 0

    def add(self, part: Mapping[str, Any]) -> None:
        signature, said = as_text(part.get(SIGNATURE)), as_text(part.get("text"))
        signed = {SIGNATURE: signature} if signature else {}
        if part.get("thought") is True:
            said = ""
        if call := whole_call(part):
            kept: dict[str, Any] = {"functionCall": {"name": as_text(call.get("name"))}, **signed}
        elif signed:
            kept = {"text": said, **signed}
        elif said:
            kept = {"text": said}
        else:
            return
        self._length += len(said) + len(signature) + 1
        if self._length > MOST or len(self._parts) > PARTS:
            return
        last = self._parts[-1] if self._parts else {}
        if set(kept) == set(last) == {"text"}:
            last["text"] += said
        else:
            self._parts.append(kept)

    def carry(self) -> str:
        """Only a turn with signatures is worth carrying."""
        whole = self._length <= MOST and len(self._parts) <= PARTS
        signed = any(SIGNATURE in part for part in self._parts)
        return packed(DIALECT, self._model, self._parts if whole and signed else None)
