"""How answers end, word by word: what the person reads, and what can be pressed."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from bot.domain.errors import ModelError, RateLimit
from bot.domain.stream_parts import Reason
from tests.conversation.stage import Stage
from tests.providers.deviations import (
    ANTHROPIC,
    CHAT,
    GEMINI,
    RESPONSES,
    candidate,
    delta,
    opened,
    spoken,
    stopped,
)
from tests.providers.vendor import heard_from, sse

BROKEN = "The answer broke off. Press Continue to go on, or ask another model."
LONG = "The answer reached the length limit. Press Continue to go on."
FILTER = "grok stopped because of a content filter. Put the question differently and ask again."
PAUSE = "grok paused. Press Continue to go on."


def odd(word: str) -> str:
    return f"grok ended unusually ({word}). Press Continue to go on, or ask another model."


@dataclass(frozen=True, slots=True)
class WordedEnding:
    """The last word of an answer that has said something."""

    dialect: str
    word: str
    reason: Reason
    told: str


ENDINGS = tuple(
    WordedEnding(*row)
    for row in (
        (CHAT, "stop", Reason.STOP, ""),
        (CHAT, "end_turn", Reason.STOP, ""),  # Claude behind a gateway
        (CHAT, "STOP", Reason.STOP, ""),  # Gemini behind a gateway
        (CHAT, "eos", Reason.STOP, ""),  # Text Generation Inference
        (CHAT, "eos_token", Reason.STOP, ""),
        (CHAT, "stop_sequence", Reason.STOP, ""),
        (CHAT, "COMPLETE", Reason.STOP, ""),  # Cohere
        (CHAT, "length", Reason.LENGTH, LONG),
        (CHAT, "max_tokens", Reason.LENGTH, LONG),
        (CHAT, "MAX_TOKENS", Reason.LENGTH, LONG),
        (CHAT, "max_output_tokens", Reason.LENGTH, LONG),
        (CHAT, "model_length", Reason.LENGTH, LONG),  # Mistral
        (CHAT, "model_context_window_exceeded", Reason.LENGTH, LONG),  # Z.ai
        (CHAT, "content_filter", Reason.FILTERED, FILTER),
        (CHAT, "sensitive", Reason.FILTERED, FILTER),  # Z.ai
        (CHAT, "SAFETY", Reason.FILTERED, FILTER),
        (CHAT, "RECITATION", Reason.FILTERED, FILTER),
        (CHAT, "refusal", Reason.FILTERED, FILTER),
        (CHAT, "content_filtered", Reason.FILTERED, FILTER),  # Bedrock
        (CHAT, "guardrail_intervened", Reason.FILTERED, FILTER),
        (CHAT, "network_error", Reason.BROKEN, BROKEN),  # Z.ai
        (CHAT, "error", Reason.BROKEN, BROKEN),  # Mistral
        (CHAT, "abort", Reason.BROKEN, BROKEN),  # vLLM
        (CHAT, "repetition_truncation", Reason.BROKEN, odd("repetition_truncation")),
        (CHAT, "OTHER", Reason.BROKEN, odd("OTHER")),
        (CHAT, "<b>odd</b> word", Reason.BROKEN, odd("bodd/b word")),  # never markup
        (RESPONSES, "max_output_tokens", Reason.LENGTH, LONG),
        (RESPONSES, "content_filter", Reason.FILTERED, FILTER),
        (RESPONSES, "max_messages", Reason.PAUSED, PAUSE),
        (RESPONSES, "", Reason.BROKEN, odd("incomplete")),
        (RESPONSES, "out_of_luck", Reason.BROKEN, odd("out_of_luck")),
        (RESPONSES, "response.cancelled", Reason.STOPPED, "Stopped."),
        (ANTHROPIC, "end_turn", Reason.STOP, ""),
        (ANTHROPIC, "stop_sequence", Reason.STOP, ""),
        (ANTHROPIC, "max_tokens", Reason.LENGTH, LONG),
        (ANTHROPIC, "model_context_window_exceeded", Reason.LENGTH, LONG),
        (ANTHROPIC, "refusal", Reason.FILTERED, FILTER),
        (ANTHROPIC, "something_new", Reason.BROKEN, odd("something_new")),
        (GEMINI, "STOP", Reason.STOP, ""),
        (GEMINI, "MAX_TOKENS", Reason.LENGTH, LONG),
        (GEMINI, "SAFETY", Reason.FILTERED, FILTER),
        (GEMINI, "RECITATION", Reason.FILTERED, FILTER),
        (GEMINI, "BLOCKLIST", Reason.FILTERED, FILTER),
        (GEMINI, "SPII", Reason.FILTERED, FILTER),
        (GEMINI, "IMAGE_SAFETY", Reason.FILTERED, FILTER),
        (GEMINI, "CONTINUATION", Reason.PAUSED, PAUSE),
        (GEMINI, "MALFORMED_FUNCTION_CALL", Reason.BROKEN, odd("MALFORMED_FUNCTION_CALL")),
        (GEMINI, "OTHER", Reason.BROKEN, odd("OTHER")),
    )
)

BUTTONS = {
    Reason.STOP: ["Ask another model", "Regenerate", "\U0001f44d", "\U0001f44e"],
    Reason.FILTERED: [],
    Reason.LENGTH: ["Continue", "Ask another model", "Regenerate"],
    Reason.PAUSED: ["Continue", "Ask another model", "Regenerate"],
    Reason.BROKEN: ["Continue", "Ask another model", "Regenerate"],
    Reason.STOPPED: ["Continue", "Ask another model", "Regenerate"],
}


def events(dialect: str, word: Any) -> tuple[Any, ...]:
    if dialect == CHAT:
        return delta(content="Half of it"), delta(word), "[DONE]"
    if dialect == ANTHROPIC:
        return opened(), spoken("Half of it"), *stopped(word)
    if dialect == GEMINI:
        return candidate({"text": "Half of it"}), candidate(finish=word)
    said = {"type": "response.output_text.delta", "output_index": 0, "delta": "Half of it"}
    if isinstance(word, str) and word.startswith("response."):
        return said, {"type": word, "response": {}}
    return said, {"type": "response.incomplete", "response": {"incomplete_details": {"reason": word}}}


async def ends(ending: WordedEnding) -> tuple[Stage, ModelError | None]:
    said = (
        each if isinstance(each, str) else json.dumps(each) for each in events(ending.dialect, ending.word)
    )
    got = await heard_from(ending.dialect, sse(*said))
    stage = Stage()
    stage.one.scripts = [tuple(got.parts)]
    return stage, got.error


@pytest.mark.parametrize("ending", [pytest.param(row, id=f"{row.dialect} {row.word}") for row in ENDINGS])
async def test_every_ending_is_told_and_what_was_said_is_kept(ending: WordedEnding) -> None:
    stage, error = await ends(ending)

    heard = await stage.says("hi")

    assert error is None
    assert heard.closing
    assert (heard.text, heard.closing.reason, heard.closing.notice) == (
        "Half of it",
        ending.reason,
        ending.told,
    )
    assert [button.label for button in heard.closing.buttons] == BUTTONS[ending.reason]
    assert stage.two.asked == []
    assert stage.reports == [("one:grok-4.7", None)]


@pytest.mark.parametrize("dialect", [CHAT, RESPONSES, ANTHROPIC, GEMINI])
@pytest.mark.parametrize("word", [3, {"type": "content_filter"}, ["stop"]], ids=str)
async def test_an_ending_that_is_no_word_is_no_good_one(dialect: str, word: Any) -> None:
    stage, error = await ends(WordedEnding(dialect, word, Reason.BROKEN, odd("unknown")))

    heard = await stage.says("hi")

    assert error is None
    assert heard.closing
    assert (heard.text, heard.closing.reason, heard.closing.notice) == (
        "Half of it",
        Reason.BROKEN,
        odd("unknown"),
    )


@pytest.mark.parametrize("before", [(), (delta(content="Half of it"),)], ids=["at once", "after text"])
async def test_an_error_within_a_choice_is_of_its_class(before: tuple[Any, ...]) -> None:
    failed = delta("error")
    failed["choices"][0]["error"] = {"code": 429, "message": "Slow."}

    got = await heard_from(CHAT, sse(*map(json.dumps, (*before, failed)), "[DONE]"))

    assert isinstance(got.error, RateLimit)


@pytest.mark.parametrize("word", ["network_error", "error", "abort", "who_knows"])
async def test_a_bad_end_before_anything_was_said_is_tried_again_and_then_by_another(word: str) -> None:
    got = await heard_from(CHAT, sse(json.dumps(delta(word)), "[DONE]"))
    stage = Stage()
    stage.one.scripts = [tuple(got.parts)] * 2

    heard = await stage.says("hi")

    assert heard.closing
    assert heard.closing.footer == "claude \u00b7 because grok had an error of its own"
