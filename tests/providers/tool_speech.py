"""The dialects from the vendors' side, for answers that call tools: thoughts are signed, arguments come in fragments."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tests.providers.rules import signed
from tests.providers.speech import event


@dataclass(frozen=True, slots=True)
class Call:
    """As a vendor says it; `args` are a model's words."""

    name: str
    args: str = ""
    id: str = ""


class ToolSpeech(Protocol):
    """One dialect."""

    def answer(self, *calls: Call, thought: str = "", text: str = "", id: str = "a-1") -> bytes:
        """A whole answer."""
        ...


class ChatTools:
    def answer(self, *calls: Call, thought: str = "", text: str = "", id: str = "a-1") -> bytes:
        said: list[dict[str, Any]] = [{"reasoning_content": thought}] if thought else []
        said += [{"content": text}] if text else []
        for index, call in enumerate(calls):
            half = len(call.args) // 2
            function = {"name": call.name, "arguments": call.args[:half]}
            said.append({"tool_calls": [{"index": index, "id": call.id, "function": function}]})
            said.append({"tool_calls": [{"index": index, "function": {"arguments": call.args[half:]}}]})
        end = {"index": 0, "delta": {}, "finish_reason": "stop"}  # whatever was called
        choices = [*({"index": 0, "delta": delta} for delta in said), end]
        return (
            b"".join(event({"id": id, "model": "m-1", "choices": [one]}) for one in choices)
            + b"data: [DONE]\n\n"
        )


class ResponsesTools:
    def answer(self, *calls: Call, thought: str = "", text: str = "", id: str = "a-1") -> bytes:
        items: list[dict[str, Any]] = []
        if thought:
            summary = [{"type": "summary_text", "text": thought}]
            sealed = signed("openai-responses", thought)
            items.append({"type": "reasoning", "id": "rs_1", "summary": summary, "encrypted_content": sealed})
        if calls:
            items += [
                {
                    "type": "function_call",
                    "id": f"fc_{at}",
                    "call_id": call.id,
                    "name": call.name,
                    "arguments": call.args,
                }
                for at, call in enumerate(calls)
            ]
        if text:
            words = [{"type": "output_text", "text": text}]
            items.append({"type": "message", "id": "msg_1", "content": words})
        done = [
            event({"type": "response.output_item.done", "output_index": at, "item": item})
            for at, item in enumerate(items)
        ]
        response = {"id": id, "model": "m-1", "output": items, "status": "completed"}
        return b"".join(done) + event({"type": "response.completed", "response": response})


class AnthropicTools:
    def answer(self, *calls: Call, thought: str = "", text: str = "", id: str = "a-1") -> bytes:
        blocks: list[tuple[dict[str, Any], list[dict[str, Any]]]] = []
        if thought:
            deltas = [
                {"type": "thinking_delta", "thinking": thought},
                {"type": "signature_delta", "signature": signed("anthropic", thought)},
            ]
            blocks.append(({"type": "thinking", "thinking": "", "signature": ""}, deltas))
        if text:
            blocks.append(({"type": "text", "text": ""}, [{"type": "text_delta", "text": text}]))
        for call in calls:
            half = len(call.args) // 2
            halves = [
                {"type": "input_json_delta", "partial_json": part}
                for part in (call.args[:half], call.args[half:])
            ]
            blocks.append(({"type": "tool_use", "id": call.id, "name": call.name, "input": {}}, halves))
        said: list[dict[str, Any]] = [
            {"type": "message_start", "message": {"id": id, "model": "m-1", "usage": {}}}
        ]
        for index, (block, deltas) in enumerate(blocks):
            said.append({"type": "content_block_start", "index": index, "content_block": block})
            said += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
            said.append({"type": "content_block_stop", "index": index})
        stop = "tool_use" if calls else "end_turn"
        said += [{"type": "message_delta", "delta": {"stop_reason": stop}}, {"type": "message_stop"}]
        return b"".join(event(one, named=True) for one in said)


class GeminiTools:
    def answer(self, *calls: Call, thought: str = "", text: str = "", id: str = "a-1") -> bytes:
        parts: list[dict[str, Any]] = [{"text": thought, "thought": True}] if thought else []
        parts += [{"text": text}] if text else []
        for at, call in enumerate(calls):
            seal = signed("gemini", json.dumps(call.name)) if thought and not at else ""
            made = {"name": call.name, "args": args_of(call.args)}
            parts.append({"functionCall": made, **({"thoughtSignature": seal} if seal else {})})
        content = {"role": "model", "parts": parts}
        candidate = {"content": content, "finishReason": "STOP", "index": 0}
        return event({"candidates": [candidate], "modelVersion": "m-1", "responseId": id})


def args_of(said: str) -> object:
    """What cannot be read is said as it is."""
    try:
        return json.loads(said or "{}")
    except ValueError:
        return said


TOOL_SPEECHES: Mapping[str, ToolSpeech] = {
    "openai-chat": ChatTools(),
    "openai-responses": ResponsesTools(),
    "anthropic": AnthropicTools(),
    "gemini": GeminiTools(),
}
DIALECTS: Sequence[str] = tuple(TOOL_SPEECHES)
