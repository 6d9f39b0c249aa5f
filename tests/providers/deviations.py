"""What vendors send besides what their dialect's page says: one made-up stream for each documented deviation."""

import json
from dataclasses import dataclass, field
from typing import Any

from bot.domain.stream_parts import Reason, Usage

CHAT, RESPONSES, ANTHROPIC, GEMINI = "openai-chat", "openai-responses", "anthropic", "gemini"
DONE = "[DONE]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """`events` are data, `raw` stands for the whole body where its framing matters."""

    id: str
    dialect: str = CHAT
    events: tuple[Any, ...] = ()
    raw: bytes = b""
    text: str = ""
    thinking: str = ""
    calls: tuple[tuple[str, Any], ...] = ()
    reason: Reason = Reason.STOP
    usage: Usage | None = None
    model: str = ""
    detail: str = ""
    unusual: str = ""
    quirks: dict[str, Any] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        lines = (event if isinstance(event, str) else json.dumps(event) for event in self.events)
        return self.raw or "".join(f"data: {line}\n\n" for line in lines).encode()


def delta(finish: str | None = None, *, more: dict[str, Any] | None = None, **said: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": said, "finish_reason": finish}], **(more or {})}


def fragment(name: str | None = None, args: str | None = None, **more: Any) -> dict[str, Any]:
    function = {key: value for key, value in (("name", name), ("arguments", args)) if value is not None}
    return {"function": function, **more}


def counted(prompt: int, completion: int, **more: Any) -> dict[str, Any]:
    return {"usage": {"prompt_tokens": prompt, "completion_tokens": completion, **more}}


def claude(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, **more}


def opened(id: str = "m1", **usage: Any) -> dict[str, Any]:
    return claude("message_start", message={"id": id, "model": "claude-x", "usage": usage})


def spoken(text: str, index: int = 0) -> dict[str, Any]:
    return claude("content_block_delta", index=index, delta={"type": "text_delta", "text": text})


def stopped(reason: str, **usage: Any) -> tuple[dict[str, Any], ...]:
    return claude("message_delta", delta={"stop_reason": reason}, usage=usage), claude("message_stop")


def candidate(*parts: dict[str, Any], finish: str | None = None, **more: Any) -> dict[str, Any]:
    content = {"content": {"parts": list(parts)}} if parts else {}
    end = {"finishReason": finish} if finish else {}
    return {"candidates": [{**content, **end, "index": 0}], **more}


SYDNEY = {"city": "Sydney"}
HALVES = ('{"city":', ' "Sydney"}')

IN_CHAT = (
    Deviation(
        id="azure's first chunk has no choices and no model",
        events=(
            {"choices": [], "model": "", "id": "", "prompt_filter_results": [{"prompt_index": 0}]},
            delta(content="hi", more={"model": "gpt-x"}),
            delta("stop"),
            DONE,
        ),
        text="hi",
        model="gpt-x",
    ),
    Deviation(
        id="azure's asynchronous filter sends chunks without a delta after the text",
        events=(
            delta(content="hi"),
            {"choices": [{"index": 0, "content_filter_offsets": {"check_offset": 1}, "finish_reason": None}]},
            delta("content_filter"),
            DONE,
        ),
        text="hi",
        reason=Reason.FILTERED,
    ),
    Deviation(
        id="a delta is null",
        events=({"choices": [{"delta": None}]}, delta("stop", content="hi"), DONE),
        text="hi",
    ),
    Deviation(id="choices are missing", events=({"id": "x"}, delta("stop", content="hi"), DONE), text="hi"),
    Deviation(
        id="foundry's deepseek counts reasoning at the top",
        events=(
            delta(role=None, content=None, tool_calls=None, reasoning_content="hm"),
            delta("stop", content="hi", more={"matched_stop": 1}),
            {
                "choices": [],
                **counted(19, 30, total_tokens=49, prompt_tokens_details=None, reasoning_tokens=9),
            },
            DONE,
        ),
        thinking="hm",
        text="hi",
        usage=Usage(input=19, output=30, reasoning=9),
    ),
    Deviation(
        id="a gateway counts beyond all numbers",
        events=(delta(content="hi"), delta("stop", more=counted(10**400, -5)), DONE),
        text="hi",
        usage=Usage(input=1_000_000_000, output=0),
    ),
    Deviation(
        id="deepseek counts on the finish chunk and names the cache differently",
        events=(delta(content="hi"), delta("stop", more=counted(9, 3, prompt_cache_hit_tokens=4)), DONE),
        text="hi",
        usage=Usage(input=9, output=3, cache_read=4),
    ),
    Deviation(
        id="xai counts reasoning apart",
        events=(
            delta("stop", content="hi"),
            {
                "choices": [],
                **counted(12, 1, total_tokens=303, completion_tokens_details={"reasoning_tokens": 290}),
            },
            DONE,
        ),
        text="hi",
        usage=Usage(input=12, output=291, reasoning=290),
    ),
    Deviation(
        id="mistral's content is a list and thinking is in it",
        events=(
            delta(content=[{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]),
            delta("stop", content=[{"type": "text", "text": "hi"}]),
            DONE,
        ),
        thinking="hm",
        text="hi",
    ),
    Deviation(
        id="mistral's calls are whole, without an index, on the finish chunk",
        events=(
            delta(
                "tool_calls",
                tool_calls=[
                    fragment("weather", '{"city": "Sydney"}', id="aaaaaaaaa"),
                    fragment("time", "{}", id="bbbbbbbbb"),
                ],
            ),
            DONE,
        ),
        calls=(("weather", SYDNEY), ("time", {})),
        reason=Reason.TOOLS,
    ),
    Deviation(
        id="later fragments have an empty name and an empty id",
        events=(
            delta(tool_calls=[fragment("weather", HALVES[0], index=0, id="call_1")]),
            delta(tool_calls=[fragment("", HALVES[1], index=0, id="")]),
            delta("tool_calls"),
            DONE,
        ),
        calls=(("weather", SYDNEY),),
        reason=Reason.TOOLS,
    ),
    Deviation(
        id="fragments with neither index nor id belong to the last call",
        events=(
            delta(tool_calls=[fragment("weather", HALVES[0], id="call_1")]),
            delta(tool_calls=[fragment(args=HALVES[1])]),
            delta("tool_calls"),
            DONE,
        ),
        calls=(("weather", SYDNEY),),
        reason=Reason.TOOLS,
    ),
    Deviation(
        id="an index is a key, not a position",
        events=(
            delta(tool_calls=[fragment("weather", "", index=1, id="call_1")]),
            delta(tool_calls=[fragment(args=HALVES[0], index=1)]),
            delta(tool_calls=[fragment(args=HALVES[1], index=1)]),
            delta("stop"),
            DONE,
        ),
        calls=(("weather", SYDNEY),),
        reason=Reason.TOOLS,
    ),
    Deviation(
        id="mai thinks in an object and finishes calls with stop",
        events=(
            delta(content=None, reasoning={"encrypted_content": "x", "content": None, "summary": None}),
            delta(content=None, reasoning={"encrypted_content": None, "content": "hm", "summary": None}),
            delta(
                "stop",
                tool_calls=[fragment("weather", "", index=0, id="1")],
                more=counted(19, 76, prompt_tokens_details={"cached_tokens": 2}),
            ),
            DONE,
        ),
        thinking="hm",
        calls=(("weather", {}),),
        reason=Reason.TOOLS,
        usage=Usage(input=19, output=76, cache_read=2),
    ),
    Deviation(
        id="openrouter says its reasoning twice",
        raw=b": OPENROUTER PROCESSING\n\n"
        b'data: {"choices":[{"delta":{"content":"","reasoning":"hm",'
        b'"reasoning_details":[{"type":"reasoning.text","text":"hm"}]}}]}\n\n'
        b'data: {"choices":[{"delta":{"content":"hi"},"finish_reason":"stop"}],"model":"x/y"}\n\n'
        b"data: [DONE]\n\n",
        thinking="hm",
        text="hi",
        model="x/y",
    ),
    Deviation(
        id="openrouter says its reasoning only in details",
        events=(
            delta(reasoning_details=[{"type": "reasoning.summary", "summary": "hm"}]),
            delta("stop", content="hi"),
            DONE,
        ),
        thinking="hm",
        text="hi",
    ),
    Deviation(
        id="groq counts in a corner of its own",
        events=(
            delta(reasoning="hm", channel="analysis"),
            delta("stop", content="hi", more={"x_groq": counted(5, 2)}),
            DONE,
        ),
        thinking="hm",
        text="hi",
        usage=Usage(input=5, output=2),
    ),
    Deviation(
        id="perplexity counts on every chunk, the last one holds",
        events=(delta(content="h", more=counted(5, 1)), delta("stop", content="i", more=counted(5, 2)), DONE),
        text="hi",
        usage=Usage(input=5, output=2),
    ),
    Deviation(
        id="snowflake never says why it ended",
        events=(delta(content="hi", refusal="", tool_calls=None), DONE),
        text="hi",
    ),
    Deviation(
        id="a small server never says that it ended",
        events=(delta(content=""), delta("stop", content="hi")),
        text="hi",
    ),
    Deviation(
        id="the last blank line is missing",
        raw=b'data: {"choices":[{"delta":{"content":"hi"},"finish_reason":"stop"}]}\n\ndata: [DONE]',
        text="hi",
    ),
    Deviation(
        id="moderation comes near the end",
        events=(delta("stop", content="hi"), {"choices": [], "moderation": {"flagged": False}}, DONE),
        text="hi",
    ),
    Deviation(
        id="a refusal is text", events=(delta(refusal="I cannot."), delta("stop"), DONE), text="I cannot."
    ),
    Deviation(
        id="an old server calls functions",
        events=(delta("function_call", tool_calls=[fragment("time", "", index=0)]), DONE),
        calls=(("time", {}),),
        reason=Reason.TOOLS,
    ),
    Deviation(
        id="mistral ends with an error of its own", events=(delta("error"), DONE), reason=Reason.FAILED
    ),
    Deviation(
        id="inline tags stay text where the operator says so",
        events=(delta("stop", content="<think>hm</think>hi"), DONE),
        text="<think>hm</think>hi",
        quirks={"think_tags": False},
    ),
    Deviation(
        id="inline tags are thinking",
        events=(
            *(
                delta(content=part)
                for part in ("\n<th", "ink>h", "m <", "/b> </thi", "nk>\n\nhi <think>", " there")
            ),
            delta("stop"),
            DONE,
        ),
        thinking="hm </b> ",
        text="hi <think> there",
    ),
    Deviation(
        id="an answer that only begins like a tag is all text",
        events=(delta(content="<"), delta(content="thanks"), delta("stop", content=">"), DONE),
        text="<thanks>",
    ),
    Deviation(
        id="what could have been a tag is said at the end",
        events=(delta("stop", content="<thi"), DONE),
        text="<thi",
    ),
)

IN_RESPONSES = (
    Deviation(
        id="no event lines, reasoning as it is, and a sentinel after the end",
        dialect=RESPONSES,
        events=(
            {"type": "response.reasoning_text.delta", "output_index": 0, "delta": "hm"},
            {"type": "response.output_text.delta", "output_index": 1, "delta": "hi"},
            {"type": "response.completed", "response": {"model": "x/y"}},
            DONE,
        ),
        thinking="hm",
        text="hi",
        model="x/y",
    ),
    Deviation(
        id="two messages and two thoughts are kept apart",
        dialect=RESPONSES,
        events=(
            {
                "type": "response.reasoning_summary_text.delta",
                "output_index": 0,
                "summary_index": 0,
                "delta": "one",
            },
            {
                "type": "response.reasoning_summary_text.delta",
                "output_index": 0,
                "summary_index": 1,
                "delta": "two",
            },
            {"type": "response.output_text.delta", "output_index": 1, "delta": "Look"},
            {"type": "response.output_text.delta", "output_index": 1, "delta": "ing."},
            {"type": "response.output_text.delta", "output_index": 2, "delta": "Found."},
            {"type": "response.completed", "response": {}},
        ),
        thinking="one\n\ntwo",
        text="Looking.\n\nFound.",
    ),
    Deviation(
        id="calls are taken whole, unknown events are passed over",
        dialect=RESPONSES,
        events=(
            {"type": "response.function_call_arguments.delta", "delta": "{"},
            {"type": "response.web_search_call.searching", "item_id": "ws_1"},
            {
                "type": "response.output_item.done",
                "item": {
                    "type": "function_call",
                    "call_id": "c1",
                    "name": "weather",
                    "arguments": "".join(HALVES),
                },
            },
            {"type": "response.output_item.done", "item": {"type": "web_search_call"}},
            {"type": "response.completed", "response": {}},
        ),
        calls=(("weather", SYDNEY),),
        reason=Reason.TOOLS,
    ),
    Deviation(
        id="a refusal is text in responses too",
        dialect=RESPONSES,
        events=(
            {"type": "response.refusal.delta", "output_index": 0, "delta": "I cannot."},
            {"type": "response.completed", "response": {}},
        ),
        text="I cannot.",
    ),
    Deviation(
        id="cut by the output limit",
        dialect=RESPONSES,
        events=(
            {
                "type": "response.incomplete",
                "response": {"incomplete_details": {"reason": "max_output_tokens"}},
            },
        ),
        reason=Reason.LENGTH,
    ),
    Deviation(
        id="cut by the filter",
        dialect=RESPONSES,
        events=(
            {"type": "response.incomplete", "response": {"incomplete_details": {"reason": "content_filter"}}},
        ),
        reason=Reason.FILTERED,
    ),
)

IN_MESSAGES = (
    Deviation(
        id="input counts come in three and are corrected later",
        dialect=ANTHROPIC,
        events=(
            opened(input_tokens=5, cache_read_input_tokens=3, cache_creation_input_tokens=2, output_tokens=1),
            spoken("hi"),
            *stopped("end_turn", input_tokens=6, output_tokens=9, cache_read_input_tokens=None),
        ),
        text="hi",
        model="claude-x",
        usage=Usage(input=11, cache_read=3, cache_write=2, output=9),
    ),
    Deviation(
        id="a start that is only repeated loses nothing",
        dialect=ANTHROPIC,
        events=(opened(), spoken("h"), opened(), claude("ping"), spoken("i"), *stopped("end_turn")),
        text="hi",
        model="claude-x",
    ),
    Deviation(
        id="another message makes the unseen first one void",
        dialect=ANTHROPIC,
        events=(
            opened("m1", input_tokens=5),
            claude(
                "content_block_start", index=0, content_block={"type": "tool_use", "id": "t1", "name": "time"}
            ),
            opened("m2", input_tokens=7),
            spoken("hi"),
            *stopped("end_turn", output_tokens=1),
        ),
        text="hi",
        model="claude-x",
        usage=Usage(input=7, output=1),
    ),
    Deviation(
        id="a block may start with text, a call may have no arguments, unknown blocks are passed over",
        dialect=ANTHROPIC,
        events=(
            opened(),
            claude("content_block_start", index=0, content_block={"type": "redacted_thinking", "data": "x"}),
            claude("content_block_start", index=1, content_block={"type": "text", "text": "h"}),
            spoken("i", 1),
            claude(
                "content_block_start",
                index=2,
                content_block={"type": "server_tool_use", "id": "s", "name": "web"},
            ),
            claude(
                "content_block_delta", index=2, delta={"type": "input_json_delta", "partial_json": '{"q":1}'}
            ),
            claude(
                "content_block_start",
                index=3,
                content_block={"type": "tool_use", "id": "t", "name": "time", "input": {}},
            ),
            claude("content_block_delta", index=3, delta={"type": "input_json_delta", "partial_json": ""}),
            *stopped("tool_use"),
        ),
        text="hi",
        calls=(("time", {}),),
        reason=Reason.TOOLS,
        model="claude-x",
    ),
    Deviation(
        id="a refusal explains itself",
        dialect=ANTHROPIC,
        events=(
            opened(),
            claude(
                "message_delta",
                delta={
                    "stop_reason": "refusal",
                    "stop_details": {"type": "refusal", "explanation": "Too risky."},
                },
            ),
            claude("message_stop"),
        ),
        reason=Reason.FILTERED,
        detail="Too risky.",
        model="claude-x",
    ),
    Deviation(
        id="another model goes on with the answer",
        dialect=ANTHROPIC,
        events=(
            opened(),
            claude(
                "content_block_start",
                index=0,
                content_block={
                    "type": "fallback",
                    "from": {"model": "claude-x"},
                    "to": {"model": "claude-y"},
                },
            ),
            spoken("hi", 1),
            *stopped("end_turn"),
        ),
        text="hi",
        model="claude-y",
    ),
    Deviation(
        id="a pause is a pause",
        dialect=ANTHROPIC,
        events=(opened(), spoken("hi"), *stopped("pause_turn")),
        text="hi",
        reason=Reason.PAUSED,
        model="claude-x",
    ),
    Deviation(
        id="a window that is full is a length",
        dialect=ANTHROPIC,
        events=(opened(), spoken("hi"), *stopped("model_context_window_exceeded")),
        text="hi",
        reason=Reason.LENGTH,
        model="claude-x",
    ),
)

IN_CONTENT = (
    Deviation(
        id="thoughts, signatures and empty texts",
        dialect=GEMINI,
        events=(
            candidate({"text": "hm", "thought": True}),
            candidate({"text": "hi"}),
            candidate(
                {"text": "", "thoughtSignature": "x"},
                finish="STOP",
                usageMetadata={"promptTokenCount": 5, "toolUsePromptTokenCount": 2, "thoughtsTokenCount": 4},
                modelVersion="gemini-x",
            ),
        ),
        thinking="hm",
        text="hi",
        usage=Usage(input=7, output=4, reasoning=4),
        model="gemini-x",
    ),
    Deviation(
        id="calls come whole and without ids",
        dialect=GEMINI,
        events=(
            candidate(
                {"functionCall": {"name": "weather", "args": SYDNEY}}, {"functionCall": {"name": "time"}}
            ),
            candidate(finish="STOP"),
        ),
        calls=(("weather", SYDNEY), ("time", {})),
        reason=Reason.TOOLS,
    ),
    Deviation(
        id="a blocked prompt has no candidates",
        dialect=GEMINI,
        events=({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 5}},),
        reason=Reason.FILTERED,
        usage=Usage(input=5),
    ),
    Deviation(id="an empty answer is an answer", dialect=GEMINI, events=(candidate(finish="STOP"),)),
    Deviation(
        id="safety ends an answer",
        dialect=GEMINI,
        events=(candidate({"text": "hi"}), candidate(finish="SAFETY")),
        text="hi",
        reason=Reason.FILTERED,
    ),
    Deviation(
        id="image safety too",
        dialect=GEMINI,
        events=(candidate(finish="IMAGE_PROHIBITED_CONTENT"),),
        reason=Reason.FILTERED,
    ),
    Deviation(
        id="a malformed call after text is the vendor's failure",
        dialect=GEMINI,
        events=(candidate({"text": "hi"}, finish="MALFORMED_FUNCTION_CALL"),),
        text="hi",
        reason=Reason.FAILED,
        unusual="MALFORMED_FUNCTION_CALL",
    ),
    Deviation(
        id="so is anything unknown",
        dialect=GEMINI,
        events=(candidate(finish="SOMETHING_NEW"),),
        reason=Reason.FAILED,
        unusual="SOMETHING_NEW",
    ),
)

DEVIATIONS = (*IN_CHAT, *IN_RESPONSES, *IN_MESSAGES, *IN_CONTENT)
