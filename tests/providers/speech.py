"""The dialects from the vendors' side, for servers that pretend: how a question is told, and an answer's bytes."""

import json
from collections.abc import Mapping
from typing import Any, Protocol


class Speech(Protocol):
    """One dialect. `ending` is how the path of a question ends."""

    @property
    def ending(self) -> str: ...

    def question(self, body: Mapping[str, Any]) -> object:
        """The content of the last message: a text, or a list of parts."""
        ...

    def opening(self) -> bytes: ...
    def word(self, text: str) -> bytes: ...
    def thought(self, text: str) -> bytes: ...
    def closing(self) -> bytes: ...
    def refusal(self, status: int, message: str, code: str) -> dict[str, Any]: ...


def event(data: Mapping[str, Any], *, named: bool = False) -> bytes:
    name = f"event: {data['type']}\n" if named else ""
    return f"{name}data: {json.dumps(data)}\n\n".encode()


class ChatSpeech:
    ending = "/chat/completions"

    def question(self, body: Mapping[str, Any]) -> object:
        return body["messages"][-1]["content"]

    def opening(self) -> bytes:
        return self._chunk({"role": "assistant", "content": ""})

    def word(self, text: str) -> bytes:
        return self._chunk({"content": text})

    def thought(self, text: str) -> bytes:
        return self._chunk({"reasoning_content": text})

    def closing(self) -> bytes:
        usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
        counted = event({"id": "c-1", "model": "m-1-real", "choices": [], "usage": usage})
        return self._chunk({}, "stop") + counted + b"data: [DONE]\n\n"

    def refusal(self, status: int, message: str, code: str) -> dict[str, Any]:
        return {"error": {"message": message, "type": code, "param": None, "code": code}}

    def _chunk(self, delta: Mapping[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return event({"id": "c-1", "model": "m-1-real", "choices": [choice]})


class ResponsesSpeech:
    ending = "/responses"

    def question(self, body: Mapping[str, Any]) -> object:
        return body["input"][-1].get("content", "")

    def opening(self) -> bytes:
        return event({"type": "response.created", "response": {"id": "r-1", "model": "m-1-real"}}, named=True)

    def word(self, text: str) -> bytes:
        return event({"type": "response.output_text.delta", "output_index": 1, "delta": text}, named=True)

    def thought(self, text: str) -> bytes:
        kind = "response.reasoning_summary_text.delta"
        return event({"type": kind, "output_index": 0, "summary_index": 0, "delta": text}, named=True)

    def closing(self) -> bytes:
        usage = {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10}
        response = {"id": "r-1", "model": "m-1-real", "usage": usage}
        return event({"type": "response.completed", "response": response}, named=True)

    def refusal(self, status: int, message: str, code: str) -> dict[str, Any]:
        return ChatSpeech().refusal(status, message, code)


class AnthropicSpeech:
    ending = "/v1/messages"

    def question(self, body: Mapping[str, Any]) -> object:
        return body["messages"][-1]["content"]

    def opening(self) -> bytes:
        message = {"id": "msg-1", "model": "m-1-real", "usage": {"input_tokens": 7, "output_tokens": 1}}
        return event({"type": "message_start", "message": message}, named=True)

    def word(self, text: str) -> bytes:
        return self._delta(1, {"type": "text_delta", "text": text})

    def thought(self, text: str) -> bytes:
        return self._delta(0, {"type": "thinking_delta", "thinking": text})

    def closing(self) -> bytes:
        stop = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 3}}
        return event(stop, named=True) + event({"type": "message_stop"}, named=True)

    def refusal(self, status: int, message: str, code: str) -> dict[str, Any]:
        return {"type": "error", "error": {"type": code, "message": message}, "request_id": "req-1"}

    def _delta(self, index: int, delta: Mapping[str, Any]) -> bytes:
        return event({"type": "content_block_delta", "index": index, "delta": delta}, named=True)


class GeminiSpeech:
    ending = ":streamGenerateContent"

    def question(self, body: Mapping[str, Any]) -> object:
        return body["contents"][-1]["parts"]

    def opening(self) -> bytes:
        return b""

    def word(self, text: str) -> bytes:
        return self._chunk({"text": text})

    def thought(self, text: str) -> bytes:
        return self._chunk({"text": text, "thought": True})

    def closing(self) -> bytes:
        usage = {"promptTokenCount": 7, "candidatesTokenCount": 3, "totalTokenCount": 10}
        return self._chunk({"text": ""}, finishReason="STOP", usage=usage)

    def refusal(self, status: int, message: str, code: str) -> dict[str, Any]:
        return {"error": {"code": status, "message": message, "status": code}}

    def _chunk(self, part: Mapping[str, Any], *, usage: object = None, **more: Any) -> bytes:
        candidate = {"content": {"parts": [part], "role": "model"}, "index": 0, **more}
        chunk = {"candidates": [candidate], "modelVersion": "m-1-real", "responseId": "g-1"}
        data = json.dumps({**chunk, "usageMetadata": usage} if usage else chunk)
        return f"data: {data}\r\n\r\n".encode()  # Google ends its lines with both


SPEECHES: Mapping[str, Speech] = {
    "openai-chat": ChatSpeech(),
    "openai-responses": ResponsesSpeech(),
    "anthropic": AnthropicSpeech(),
    "gemini": GeminiSpeech(),
}
