"""A prompt's messages for Anthropic's Messages.

A turn with calls goes back as it came, its signed thoughts first, while the answer that it belongs to goes on with the same
model: a thought is bound to all that stands before it, so there are all of them or none. Source:
docs.anthropic.com/en/docs/build-with-claude/extended-thinking, "Extended thinking with tool use".
"""

from collections.abc import Sequence
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
from providers.lenient_json import as_list, as_object, load_json
from providers.media import encoded
from providers.tool_schemas import told_tool
from providers.tool_turns import sound_messages

DIALECT = "anthropic"
Block = dict[str, Any]


def claude_messages(model: Model, prompt: Prompt) -> tuple[list[dict[str, Any]], bool]:
    """The messages, and whether the model may think: in a round after calls only where it sees its own turns again."""
    messages = sound_messages(model, prompt)
    called = [message for message in messages if calls_in(message)]
    turns = [_own_turn(model, message) for message in called]
    again = all(turns)
    blocks = iter(turns)
    told = [
        {
            "role": message.role,
            "content": next(blocks) if again and calls_in(message) else _content(message),
        }
        for message in messages
    ]
    return told, again


def carried_blocks(model: Model, blocks: Sequence[Block]) -> str:
    """A turn with calls as a `carry`; "" where a thought lacks the signature without which it is refused."""
    if any(block.get("type") == "thinking" and not block.get("signature") for block in blocks):
        return ""
    return packed(DIALECT, model, list(blocks))


def claude_tools(prompt: Prompt) -> dict[str, Any]:
    if not prompt.tools:
        return {}
    tools = {"tools": [_tool(told_tool(tool)) for tool in prompt.tools]}
    return tools if prompt.callable else {**tools, "tool_choice": {"type": "none"}}


def _tool(tool: Tool) -> dict[str, Any]:
    return {"name": tool.name, "description": tool.description, "input_schema": tool.parameters}


def _own_turn(model: Model, message: PromptMessage) -> list[Block]:
    """The blocks that were carried, with the ids that the calls have here; [] where they are not those of the message."""
    blocks = [dict(as_object(block)) for block in as_list(unpacked(DIALECT, model, message))]
    uses, calls = [block for block in blocks if block.get("type") == "tool_use"], calls_in(message)
    if [use.get("name") for use in uses] != [call.name for call in calls]:
        return []
    for use, call in zip(uses, calls, strict=True):
        use |= {"id": call.id, "input": as_object(use.get("input"))}
    return blocks


def _content(message: PromptMessage) -> list[Block]:
    return [_block(part) for part in message.parts]


def _block(part: Part) -> Block:
    match part:
        case TextPart():
            return {"type": "text", "text": part.text}
        case ImagePart():
            return {"type": "image", "source": _source(part)}
        case FilePart():
            return {"type": "document", "source": _source(part)}
        case CallPart():
            return {"type": "tool_use", "id": part.id, "name": part.name, "input": load_json(part.args)}
        case ResultPart():
            said: str | list[Block] = part.text
            if part.pictures:
                said = [{"type": "text", "text": part.text}, *map(_block, part.pictures)]
            result = {"type": "tool_result", "tool_use_id": part.id, "content": said}
            return {**result, "is_error": True} if part.failed else result


def _source(part: ImagePart | FilePart) -> Block:
    return {"type": "base64", "media_type": part.media_type, "data": encoded(part)}
