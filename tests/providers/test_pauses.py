"""A turn that Anthropic pauses goes on by itself: one visible answer, and one bill."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from bot.domain.catalog import Deadlines, Model
from bot.domain.errors import Overloaded, Timeout
from bot.domain.prompt import CallPart, PromptMessage, ResultPart, TextPart
from bot.domain.stream_parts import Finish, Reason, Source, Usage
from bot.models.pricing import Corrections
from providers.endpoint import Endpoint
from providers.transport import Transport
from tests.providers.deviations import ANTHROPIC
from tests.providers.fake import Answer, FakeVendor, Hang, Raw, Refuse, fake_vendor
from tests.providers.speech import event
from tests.providers.test_transport import endpoint
from tests.providers.vendor import HELLO, hear, model_of

HEADERS = {"content-type": "text/event-stream"}
SEARCHED = {"type": "web_search_result", "url": "https://example.com", "encrypted_content": "opaque"}


def piece(index: int, block: Mapping[str, Any], *deltas: Mapping[str, Any]) -> bytes:
    begun = event({"type": "content_block_start", "index": index, "content_block": block})
    grown = (event({"type": "content_block_delta", "index": index, "delta": delta}) for delta in deltas)
    return begun + b"".join(grown) + event({"type": "content_block_stop", "index": index})


def thought(index: int, text: str) -> bytes:
    return piece(
        index,
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "thinking_delta", "thinking": text},
        {"type": "signature_delta", "signature": "signed"},
    )


def text(index: int, *said: str) -> bytes:
    return piece(
        index, {"type": "text", "text": ""}, *({"type": "text_delta", "text": each} for each in said)
    )


def search(index: int, query: str) -> bytes:
    asked = json.dumps({"query": query})
    return piece(
        index,
        {"type": "server_tool_use", "id": f"srv_{index}", "name": "web_search", "input": {}},
        {"type": "input_json_delta", "partial_json": asked[:7]},
        {"type": "input_json_delta", "partial_json": asked[7:]},
    )


def found(index: int) -> bytes:
    result = {"type": "web_search_tool_result", "tool_use_id": f"srv_{index - 1}", "content": [SEARCHED]}
    return piece(index, result)


def turn(*pieces: bytes, stop: str, id: str = "msg_1") -> Answer:
    usage = {"input_tokens": 100, "cache_read_input_tokens": 20, "output_tokens": 1}
    opened = event({"type": "message_start", "message": {"id": id, "model": "claude-x", "usage": usage}})
    ended = event(
        {"type": "message_delta", "delta": {"stop_reason": stop}, "usage": {"output_tokens": 30}}
    ) + event({"type": "message_stop"})
    return Answer(status=200, headers=HEADERS, body=opened + b"".join(pieces) + ended)


@pytest.fixture
async def vendor() -> AsyncIterator[FakeVendor]:
    async with fake_vendor() as running:
        yield running


@pytest.fixture
async def claude(vendor: FakeVendor) -> AsyncIterator[Endpoint]:
    async with Transport() as transport:
        yield endpoint(transport, vendor.url, ANTHROPIC)


MODEL: Model = model_of(ANTHROPIC)
LOOKED_UP = json.dumps({"type": "web_search_tool_result", "tool_use_id": "srv_2", "content": [SEARCHED]})
PAUSED = (thought(0, "Hm."), text(1, "Let me ", "look. "), search(2, "tides"), found(3))


async def test_a_paused_turn_is_sent_back_as_it_is_and_goes_on_as_one_answer(
    vendor: FakeVendor, claude: Endpoint
) -> None:
    vendor.plays["hello"] = [turn(*PAUSED, stop="pause_turn")]
    vendor.plays[LOOKED_UP] = [turn(text(0, "Twice a day."), stop="end_turn", id="msg_2")]

    heard = await hear(claude, MODEL)

    assert heard.error is None
    assert heard.text == "Let me look. Twice a day."
    assert [part for part in heard.parts if isinstance(part, Finish)] == [
        Finish(reason=Reason.STOP, model="claude-x")
    ]
    first, second = vendor.asked
    assert second.body["messages"][:-1] == first.body["messages"]
    assert {key: value for key, value in second.body.items() if key != "messages"} == {
        key: value for key, value in first.body.items() if key != "messages"
    }
    assert second.body["messages"][-1] == {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "Hm.", "signature": "signed"},
            {"type": "text", "text": "Let me look. "},
            {"type": "server_tool_use", "id": "srv_2", "name": "web_search", "input": {"query": "tides"}},
            {"type": "web_search_tool_result", "tool_use_id": "srv_2", "content": [SEARCHED]},
        ],
    }


def resting(index: int, said: str, *addresses: str) -> bytes:
    """Text with its citations."""
    cited = (
        {"type": "web_search_result_location", "url": address, "title": address[-1]} for address in addresses
    )
    deltas = ({"type": "citations_delta", "citation": one} for one in cited)
    return piece(index, {"type": "text", "text": ""}, *deltas, {"type": "text_delta", "text": said})


async def test_its_sources_are_numbered_as_one_answers(vendor: FakeVendor, claude: Endpoint) -> None:
    one, two = "https://example.com/1", "https://example.com/2"
    vendor.plays["hello"] = [turn(resting(0, "Twice", one), search(1, "x"), found(2), stop="pause_turn")]
    again = json.dumps({"type": "web_search_tool_result", "tool_use_id": "srv_1", "content": [SEARCHED]})
    vendor.plays[again] = [turn(resting(0, " a day", two, one), stop="end_turn", id="msg_2")]

    heard = await hear(claude, MODEL)

    assert heard.text == "Twice [1] a day [2][1]"
    assert [part.address for part in heard.parts if isinstance(part, Source)] == [one, two]


async def test_what_it_cost_is_added_up_and_told_once(vendor: FakeVendor, claude: Endpoint) -> None:
    vendor.plays["hello"] = [turn(*PAUSED, stop="pause_turn")]
    vendor.plays[LOOKED_UP] = [turn(text(0, "Twice a day."), stop="end_turn", id="msg_2")]

    heard = await hear(claude, MODEL)

    assert [part for part in heard.parts if isinstance(part, Usage)] == [
        Usage(input=240, cache_read=40, output=60, requests=2)
    ]
    assert isinstance(heard.parts[-2], Usage)


async def test_a_prompt_that_was_read_twice_is_not_twice_as_long() -> None:
    corrections = Corrections()
    corrections.learn(MODEL, estimated=1_000, usage=Usage(input=2_000, requests=2))

    assert corrections.of(MODEL) == 1.0


async def test_a_turn_paused_twice_goes_back_in_one_piece(vendor: FakeVendor, claude: Endpoint) -> None:
    vendor.plays["hello"] = [turn(*PAUSED, stop="pause_turn")]
    vendor.plays[LOOKED_UP] = [turn(text(0, "Still "), search(1, "moon"), stop="pause_turn", id="msg_2")]
    moon = {"type": "server_tool_use", "id": "srv_1", "name": "web_search", "input": {"query": "moon"}}
    vendor.plays[json.dumps(moon)] = [turn(text(0, "there."), stop="end_turn", id="msg_3")]

    heard = await hear(claude, MODEL)

    assert heard.text == "Let me look. Still there."
    last = vendor.asked[-1].body["messages"]
    assert [message["role"] for message in last] == ["user", "assistant"]
    assert [block["type"] for block in last[-1]["content"]] == [
        "thinking",
        "text",
        "server_tool_use",
        "web_search_tool_result",
        "text",
        "server_tool_use",
    ]


async def test_a_vendor_that_only_pauses_is_left_after_a_few_times(
    vendor: FakeVendor, claude: Endpoint
) -> None:
    vendor.plays["hello"] = [turn(*PAUSED, stop="pause_turn")]
    vendor.plays[LOOKED_UP] = [turn(*PAUSED, stop="pause_turn")]

    heard = await hear(claude, MODEL)

    assert len(vendor.asked) == 5
    assert heard.finish == Finish(reason=Reason.PAUSED, model="claude-x")


async def test_an_error_after_a_pause_keeps_what_was_said_and_what_it_cost(
    vendor: FakeVendor, claude: Endpoint
) -> None:
    vendor.plays["hello"] = [turn(*PAUSED, stop="pause_turn")]
    vendor.plays[LOOKED_UP] = [Refuse(529, "overloaded_error")]

    heard = await hear(claude, MODEL)

    assert isinstance(heard.error, Overloaded)
    assert heard.text == "Let me look. "
    assert heard.usage == Usage(input=120, cache_read=20, output=30)


async def test_a_pause_gives_no_more_time_than_the_answer_had(vendor: FakeVendor, claude: Endpoint) -> None:
    vendor.plays["hello"] = [turn(*PAUSED, stop="pause_turn")]
    vendor.plays[LOOKED_UP] = [Raw(b": thinking\n\n"), Hang()]

    heard = await hear(claude, replace(MODEL, deadlines=Deadlines(first=30, idle=30, total=0.5)))

    assert isinstance(heard.error, Timeout)
    assert heard.text == "Let me look. "


async def test_a_pause_with_nothing_to_send_back_is_the_end(vendor: FakeVendor, claude: Endpoint) -> None:
    vendor.plays["hello"] = [turn(stop="pause_turn")]

    heard = await hear(claude, MODEL)

    assert len(vendor.asked) == 1
    assert heard.finish == Finish(reason=Reason.PAUSED, model="claude-x")


async def test_a_turn_that_calls_a_tool_after_a_pause_goes_back_whole(
    vendor: FakeVendor, claude: Endpoint
) -> None:
    called = piece(
        0,
        {"type": "tool_use", "id": "toolu_1", "name": "add", "input": {}},
        {"type": "input_json_delta", "partial_json": '{"a": 1}'},
    )
    vendor.plays["hello"] = [turn(*PAUSED, stop="pause_turn")]
    vendor.plays[LOOKED_UP] = [turn(called, stop="tool_use", id="msg_2")]
    heard = await hear(claude, MODEL)
    (call,) = heard.calls

    shown = CallPart(id=call.id, name=call.name, args=call.args, carry=call.carry)
    told = (
        PromptMessage(role="assistant", parts=(TextPart(text=heard.text), shown)),
        PromptMessage(role="user", parts=(ResultPart(id=call.id, name=call.name, text="2"),)),
    )
    await hear(claude, MODEL, replace(HELLO, messages=(*HELLO.messages, *told)))

    blocks = vendor.asked[-1].body["messages"][1]["content"]
    paused = vendor.asked[1].body["messages"][1]["content"]
    assert blocks[:-1] == paused
    assert blocks[-1] == {"type": "tool_use", "id": call.id, "name": "add", "input": {"a": 1}}
