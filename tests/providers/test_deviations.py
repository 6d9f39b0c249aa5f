"""Every documented deviation is taken, in whatever pieces its bytes arrive."""

import json

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import errors
from bot.domain.stream_parts import Finish
from providers.credentials import ApiKey
from providers.dialect import Quirks
from providers.endpoint import DIALECTS, Endpoint
from providers.lenient_json import load_events
from providers.transport import Transport
from tests.examples import examples
from tests.providers.deviations import (
    ANTHROPIC,
    CHAT,
    DEVIATIONS,
    DONE,
    Deviation,
    delta,
    opened,
    spoken,
    stopped,
)
from tests.providers.recordings import in_pieces
from tests.providers.vendor import EVENTS, Chunks, Heard, hear, heard_from, model_of, sse


async def heard(deviation: Deviation, size: int) -> Heard:
    def respond(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers=EVENTS, stream=Chunks(in_pieces(deviation.body, size)))

    async with Transport(wire=httpx.MockTransport(respond)) as transport:
        endpoint = Endpoint(
            transport=transport,
            base_url="https://vendor.test",
            auth=ApiKey(scheme="none"),
            dialects={deviation.dialect: Quirks(**deviation.quirks)},
        )
        return await hear(endpoint, model_of(deviation.dialect, reasoning=True))


@pytest.mark.parametrize("size", [1, 7, 4096])
@pytest.mark.parametrize("deviation", [pytest.param(case, id=case.id) for case in DEVIATIONS])
async def test_a_deviation_is_taken(deviation: Deviation, size: int) -> None:
    got = await heard(deviation, size)

    assert got.error is None
    assert got.text == deviation.text
    assert got.thinking == deviation.thinking
    assert tuple((call.name, json.loads(call.args)) for call in got.calls) == deviation.calls
    assert len({call.id for call in got.calls}) == len(deviation.calls)
    assert got.usage == deviation.usage
    assert got.parts[-1] == Finish(
        reason=deviation.reason, model=deviation.model, detail=deviation.detail, unusual=deviation.unusual
    )


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_body_that_ends_before_the_answer_does_is_a_broken_stream(dialect: str) -> None:
    got = await heard_from(dialect, [b": nothing here\n\n"])

    assert isinstance(got.error, errors.Connection)
    assert got.parts == []


async def test_an_answer_that_begins_anew_after_text_was_shown_is_not_shown_twice() -> None:
    events = [opened("m1"), spoken("first"), opened("m2"), spoken("second"), *stopped("end_turn")]

    got = await heard_from(ANTHROPIC, sse(*map(json.dumps, events)))

    assert got.text == "first"
    assert isinstance(got.error, errors.ServerError)


async def test_a_vendor_out_of_resources_is_unavailable_not_done() -> None:
    got = await heard_from(CHAT, sse(json.dumps(delta("insufficient_system_resource")), DONE))

    assert isinstance(got.error, errors.Unavailable)


async def test_what_was_said_before_an_error_in_the_stream_is_kept() -> None:
    failure = json.dumps({"error": {"message": "busy", "code": 503}})

    got = await heard_from(CHAT, sse(json.dumps(delta(content="hi")), failure))

    assert got.text == "hi"
    assert isinstance(got.error, errors.Overloaded)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    [
        "type",
        "choices",
        "delta",
        "content",
        "tool_calls",
        "function",
        "arguments",
        "index",
        "finish_reason",
        "usage",
        "error",
        "response",
        "item",
        "message",
        "content_block",
        "candidates",
        "parts",
        "text",
        "functionCall",
        "usageMetadata",
        "promptFeedback",
        "details",
        "prompt_tokens",
    ]
)
KINDS = st.sampled_from(
    [
        "response.completed",
        "response.failed",
        "response.output_text.delta",
        "response.output_item.done",
        "error",
        "message_start",
        "message_delta",
        "content_block_start",
        "content_block_delta",
        "message_stop",
        "text",
        "tool_use",
        "fallback",
    ]
)
events = st.recursive(
    json_values | KINDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)


@pytest.mark.parametrize("dialect", DIALECTS)
@settings(max_examples=examples(50), deadline=None)
@given(stream=st.lists(events, max_size=5))
def test_no_event_whatever_is_in_it_breaks_a_decoder(dialect: str, stream: list[object]) -> None:
    decoder = DIALECTS[dialect].decoder(model_of(dialect), Quirks())

    try:
        for event in load_events(json.dumps(stream)):
            list(decoder.feed(event))
            if decoder.done:
                return
        list(decoder.end())
    except errors.ModelError:
        return
    assert decoder.done
