"""Answers that say what they should in a form that the book does not have: one for each that was met."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from bot.domain import errors
from bot.domain.errors import ModelError
from bot.domain.stream_parts import Reason, Usage
from tests.providers.deviations import (
    ANTHROPIC,
    CHAT,
    GEMINI,
    HALVES,
    RESPONSES,
    SYDNEY,
    candidate,
    delta,
    opened,
    spoken,
    stopped,
)

EVENTS, JSON = "text/event-stream", "application/json"
DIALECTS = (CHAT, RESPONSES, ANTHROPIC, GEMINI)
WEATHER = (("weather", SYDNEY),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """`body` under 200, and what a caller gets of it."""

    id: str
    body: bytes
    dialect: str = CHAT
    content_type: str = EVENTS
    cut: bool = False
    text: str = "hi there"
    thinking: str = ""
    calls: tuple[tuple[str, Any], ...] = ()
    reason: Reason | None = Reason.STOP
    usage: Usage | None = None
    error: type[ModelError] | None = None
    says: str = ""  # in the error


def sent(*events: Any, end: str = "\n\n", before: str = "data: ") -> bytes:
    lines = (event if isinstance(event, str) else json.dumps(event) for event in events)
    return "".join(f"{before}{line}{end}" for line in lines).encode()


def document(value: Any, **layout: Any) -> bytes:
    return json.dumps(value, **layout).encode()


def event(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": f"response.{kind}", **more}


def message(*texts: str, **more: Any) -> dict[str, Any]:
    content = [{"type": "output_text", "text": text} for text in texts]
    return {"type": "message", "role": "assistant", "content": content, **more}


def completed(*output: dict[str, Any]) -> dict[str, Any]:
    return event("completed", response={"model": "m-1-real", "output": list(output)})


def growing(text: str, item: int | None = 0, **more: Any) -> dict[str, Any]:
    index = {} if item is None else {"output_index": item}
    return event("output_text.delta", delta=text, **index, **more)


USUAL = {
    CHAT: (delta(content="hi "), delta("stop", content="there"), "[DONE]"),
    RESPONSES: (growing("hi "), growing("there"), completed()),
    ANTHROPIC: (opened(), spoken("hi "), spoken("there"), *stopped("end_turn")),
    GEMINI: (candidate({"text": "hi "}), candidate({"text": "there"}, finish="STOP")),
}
"""An answer as it should be, as events."""

COUNTED = Usage(input=7, output=3)
WHOLE: dict[str, dict[str, Any]] = {
    CHAT: {
        "object": "chat.completion",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "hi there", "reasoning_content": "hm"},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3},
    },
    RESPONSES: {
        "object": "response",
        "status": "completed",
        "output": [
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]},
            message("hi ", "there"),
        ],
        "usage": {"input_tokens": 7, "output_tokens": 3},
    },
    ANTHROPIC: {
        "type": "message",
        "id": "m1",
        "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "hi there"}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 7, "output_tokens": 3},
    },
    GEMINI: candidate(
        {"text": "hm", "thought": True},
        {"text": "hi there"},
        finish="STOP",
        usageMetadata={"promptTokenCount": 7, "candidatesTokenCount": 3},
    ),
}
"""The same as one JSON object, as without streaming."""

CALLED: dict[str, dict[str, Any]] = {
    CHAT: {
        "choices": [
            {
                "message": {
                    "content": None,
                    "tool_calls": [
                        {"id": "c1", "function": {"name": "weather", "arguments": "".join(HALVES)}}
                    ],
                },
                "finish_reason": "tool_calls",
            }
        ]
    },
    RESPONSES: {
        "object": "response",
        "status": "completed",
        "output": [
            {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": "".join(HALVES)}
        ],
    },
    ANTHROPIC: {
        "type": "message",
        "content": [{"type": "tool_use", "id": "c1", "name": "weather", "input": SYDNEY}],
        "stop_reason": "tool_use",
    },
    GEMINI: candidate({"functionCall": {"name": "weather", "args": SYDNEY}}, finish="STOP"),
}
OVERLOADED = {"error": {"type": "overloaded_error", "code": 529, "message": "We are overloaded."}}


def in_every_dialect() -> Iterator[Framing]:
    for dialect in DIALECTS:
        usual, whole = USUAL[dialect], WHOLE[dialect]
        one = Framing(id=dialect, dialect=dialect, body=b"")
        failed = replace(one, text="", reason=None, error=errors.Overloaded)
        counted = replace(one, thinking="hm", usage=COUNTED, content_type=JSON)
        for name, framing in {
            "whole": replace(counted, body=document(whole)),
            "whole and indented": replace(counted, body=document(whole, indent=2)),
            "whole, all lines indented": replace(
                counted, body=document(whole, indent=2).replace(b"\n", b"\n  ")
            ),
            "whole after blank lines": replace(counted, body=b"\r\n\r\n" + document(whole)),
            "whole after a mark": replace(counted, body=b"\xef\xbb\xbf" + document(whole)),
            "whole, called a stream": replace(counted, body=document(whole), content_type=EVENTS),
            "whole and indented, after a comment": replace(
                counted, body=b": wait\n\n" + document(whole, indent=1), content_type=EVENTS
            ),
            "whole in one event": replace(counted, body=sent(whole), content_type=EVENTS),
            "whole, with calls": replace(
                one, body=document(CALLED[dialect]), text="", calls=WEATHER, reason=Reason.TOOLS
            ),
            "as plain text": replace(one, body=sent(*usual), content_type="text/plain"),
            "as any bytes": replace(one, body=sent(*usual), content_type="application/octet-stream"),
            "as nothing": replace(one, body=sent(*usual), content_type=""),
            "as json": replace(one, body=sent(*usual), content_type=JSON),
            "a line for each event": replace(one, body=sent(*usual, before="", end="\n")),
            "without the last blank line": replace(one, body=sent(*usual)[:-2]),
            "after a mark": replace(one, body=b"\xef\xbb\xbf" + sent(*usual)),
            "with returns": replace(one, body=sent(*usual, end="\r\n\r\n")),
            "with returns alone": replace(one, body=sent(*usual, end="\r\r")),
            "without a blank": replace(one, body=sent(*usual, before="data:")),
            "all in one event": replace(one, body=sent(*usual, end="\n")),
            "several to a line": replace(one, body=b"data: " + sent(*usual, before="", end="") + b"\n\n"),
            "between what is no event": replace(
                one, body=sent("ping") + b"event: ping\ndata:\n\nid: 1\nretry: 9\npong\n" + sent(*usual)
            ),
            "a field called error": replace(
                failed, body=sent(OVERLOADED["error"], before="error: ") + sent("[DONE]")
            ),
            "an event called error": replace(failed, body=b"event: error\n" + sent(OVERLOADED["error"])),
            "an event called error, in words": replace(
                failed, body=b"event: error\n" + sent("overloaded now")
            ),
            "an error alone": replace(failed, body=document(OVERLOADED)),
            "an error alone, as json": replace(failed, body=document(OVERLOADED), content_type=JSON),
            "an error alone, indented": replace(failed, body=document(OVERLOADED, indent=1) + b"\n"),
            "an error alone, indented, then done": replace(
                failed, body=document(OVERLOADED, indent=1) + b"\n\n" + sent("[DONE]")
            ),
            "an error in a list": replace(failed, body=document([OVERLOADED], indent=1), content_type=JSON),
            "an error as data": replace(failed, body=sent(OVERLOADED)),
        }.items():
            yield replace(framing, id=f"{dialect} {name}")
        for name, framing in {
            "nothing at all": replace(one, body=b"", error=errors.BrokeOff),
            "done, and nothing before it": replace(one, body=sent("[DONE]"), error=errors.BrokeOff),
            "nothing but comments": replace(one, body=b": wait\n\n" * 3, error=errors.BrokeOff),
            "a reset at once": replace(one, body=b": wait\n\n", cut=True, error=errors.BrokeOff),
            "a field cut in its name": replace(one, body=b"dat", error=errors.BrokeOff),
            "a page": replace(
                one,
                body=b"<html>\n<p>Sign in to the proxy</p>\n</html>",
                content_type="text/html",
                error=errors.ServerError,
                says="Sign in to the proxy",
            ),
            "words": replace(one, body=sent("no slot left"), error=errors.ServerError, says="no slot left"),
            "an object that is none": replace(
                one, body=document({"detail": "no slot left"}), error=errors.ServerError, says="no slot left"
            ),
            "an object that is none, indented": replace(
                one,
                body=document({"detail": "no slot left"}, indent=1),
                error=errors.ServerError,
                says="no slot left",
            ),
            "broken json": replace(one, body=sent('{"choices": ['), error=errors.ServerError),
            "an event cut in its middle": replace(one, body=sent(usual[0])[:-9], error=errors.BrokeOff),
        }.items():
            yield replace(framing, id=f"{dialect} {name}", text="", reason=None)


IN_CHAT = (
    Framing(
        id="messages instead of deltas",
        body=sent(
            {"choices": [{"message": {"content": "hi "}}]},
            {"choices": [{"message": {"content": "there"}, "finish_reason": "stop"}]},
        ),
    ),
    Framing(
        id="texts instead of deltas",
        body=sent({"choices": [{"text": "hi "}]}, {"choices": [{"text": "there", "finish_reason": "stop"}]}),
    ),
    Framing(
        id="a message beside the deltas is the same once more",
        body=sent(
            {"choices": [{"delta": {"content": "hi "}, "message": {"content": "hi "}}]},
            {"choices": [{"delta": {"content": "there"}, "message": {"content": "hi there"}}]},
            {"choices": [{"message": {"content": "hi there"}, "finish_reason": "stop"}]},
            "[DONE]",
        ),
    ),
    Framing(
        id="a message beside an empty delta",
        body=sent({"choices": [{"delta": {}, "message": {"content": "hi there"}, "finish_reason": "stop"}]}),
    ),
    Framing(
        id="all of the answer is where thoughts belong",
        body=sent(
            delta(content="", reasoning_content="hi "), delta("stop", reasoning_content="there"), "[DONE]"
        ),
        thinking="hi there",
    ),
    Framing(
        id="and under another name",
        body=sent(delta(reasoning_text="hi there"), delta("stop", content="\n"), "[DONE]"),
        thinking="hi there",
        text="\nhi there",
    ),
    Framing(
        id="thoughts that reached the limit are no answer",
        body=sent(delta("length", reasoning_content="hm"), "[DONE]"),
        thinking="hm",
        text="",
        reason=Reason.LENGTH,
    ),
    Framing(
        id="thoughts before a call are no answer",
        body=sent(
            delta(reasoning_content="hm"),
            delta(
                "stop",
                tool_calls=[{"index": 0, "function": {"name": "weather", "arguments": "".join(HALVES)}}],
            ),
            "[DONE]",
        ),
        thinking="hm",
        text="",
        calls=WEATHER,
        reason=Reason.TOOLS,
    ),
)

IN_RESPONSES = (
    Framing(
        id="only when a text is done", body=sent(event("output_text.done", text="hi there"), completed())
    ),
    Framing(
        id="only when an item is done",
        body=sent(event("output_item.done", output_index=0, item=message("hi ", "there")), completed()),
    ),
    Framing(id="only when all is done", body=sent(completed(message("hi there")))),
    Framing(
        id="when a text, its item and all are done",
        body=sent(
            growing("hi there", content_index=0),
            event("output_text.done", output_index=0, content_index=0, text="hi there"),
            event("output_item.done", output_index=0, item=message("hi there")),
            completed(message("hi there")),
        ),
    ),
    Framing(
        id="the deltas have no index",
        body=sent(
            growing("hi ", None),
            growing("there", None),
            event("output_text.done", output_index=1, content_index=0, text="hi there"),
            event("output_item.done", output_index=1, item=message("hi there")),
            completed({"type": "reasoning"}, message("hi there")),
        ),
    ),
    Framing(
        id="only the deltas have an index",
        body=sent(
            growing("hi there", 1, content_index=0),
            event("output_text.done", text="hi there"),
            event("output_item.done", item=message("hi there")),
            completed(message("hi there")),
        ),
    ),
    Framing(
        id="the deltas lack their end, the text has it",
        body=sent(growing("hi "), event("output_text.done", output_index=0, text="hi there"), completed()),
    ),
    Framing(
        id="the deltas lack their end, the item has it",
        body=sent(
            growing("hi "), event("output_item.done", output_index=0, item=message("hi there")), completed()
        ),
    ),
    Framing(
        id="the deltas lack their end, the answer has it",
        body=sent(growing("hi"), completed({"type": "reasoning"}, message("hi there"))),
    ),
    Framing(
        id="one of two items is only in the answer",
        body=sent(growing("hi"), completed(message("hi"), message("there"))),
        text="hi\n\nthere",
    ),
    Framing(
        id="two parts of an item, once in each way",
        body=sent(
            event("output_text.done", output_index=0, content_index=0, text="hi "),
            event("output_text.done", output_index=0, content_index=1, text="there"),
            event("output_item.done", output_index=0, item=message("hi ", "there")),
            completed(message("hi ", "there")),
        ),
    ),
    Framing(id="the end is empty", body=sent(growing("hi "), growing("there"), completed())),
    Framing(
        id="the end says it in other words",
        body=sent(growing("hi there"), completed(message("Hi, you there."))),
    ),
    Framing(
        id="a refusal only when it is done",
        body=sent(event("refusal.done", output_index=0, refusal="hi there"), completed()),
    ),
    Framing(
        id="a call only when all is done",
        body=sent(completed(CALLED[RESPONSES]["output"][0])),
        text="",
        calls=WEATHER,
        reason=Reason.TOOLS,
    ),
    Framing(
        id="a call once more when all is done",
        body=sent(
            event("output_item.done", output_index=0, item=CALLED[RESPONSES]["output"][0]),
            completed(CALLED[RESPONSES]["output"][0]),
        ),
        text="",
        calls=WEATHER,
        reason=Reason.TOOLS,
    ),
    Framing(
        id="all of the answer is where thoughts belong",
        body=sent(event("reasoning_text.delta", output_index=0, delta="hi there"), completed()),
        thinking="hi there",
    ),
    Framing(
        id="a summary of thoughts is no answer",
        body=sent(
            event("reasoning_summary_text.delta", output_index=0, summary_index=0, delta="hm"), completed()
        ),
        thinking="hm",
        text="",
    ),
    Framing(
        id="whole and cut",
        body=document(
            {
                "object": "response",
                "status": "incomplete",
                "incomplete_details": {"reason": "max_output_tokens"},
                "output": [message("hi there")],
            }
        ),
        reason=Reason.LENGTH,
    ),
    Framing(
        id="completed, and yet not",
        body=sent(
            growing("hi there"),
            event(
                "completed",
                response={"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}},
            ),
        ),
        reason=Reason.LENGTH,
    ),
    Framing(
        id="completed, and yet failed",
        body=sent(growing("hi there"), event("completed", response={"status": "failed", **OVERLOADED})),
        reason=None,
        error=errors.Overloaded,
    ),
    Framing(
        id="whole and failed",
        body=document({"object": "response", "status": "failed", **OVERLOADED, "output": []}),
        text="",
        reason=None,
        error=errors.Overloaded,
    ),
)

IN_MESSAGES = (
    Framing(
        id="the last event is missing",
        body=sent(opened(), spoken("hi there"), next(iter(stopped("end_turn")))),
    ),
    Framing(
        id="the connection is cut before the last event",
        body=sent(opened(), spoken("hi there"), next(iter(stopped("max_tokens")))),
        cut=True,
        reason=Reason.LENGTH,
    ),
    Framing(
        id="the last two events are missing",
        body=sent(opened(), spoken("hi there")),
        reason=None,
        error=errors.Connection,
    ),
)

LIST = list(USUAL[GEMINI])
GROWING = b"[" + b"\n,\n".join(document(chunk, indent=2) for chunk in LIST) + b"\n]\n"  # as Google writes it
IN_CONTENT = (
    Framing(id="a list that grows", body=GROWING, content_type=JSON),
    Framing(id="a list", body=document(LIST), content_type=JSON),
    Framing(id="a list over lines", body=document(LIST, indent=2), content_type=JSON),
    Framing(id="a list in short", body=document(LIST, separators=(",", ":")), content_type=JSON),
)

FRAMINGS = (
    *in_every_dialect(),
    *(replace(framing, id=f"{CHAT} {framing.id}") for framing in IN_CHAT),
    *(replace(framing, id=f"{RESPONSES} {framing.id}", dialect=RESPONSES) for framing in IN_RESPONSES),
    *(replace(framing, id=f"{ANTHROPIC} {framing.id}", dialect=ANTHROPIC) for framing in IN_MESSAGES),
    *(replace(framing, id=f"{GEMINI} {framing.id}", dialect=GEMINI) for framing in IN_CONTENT),
)
