"""A model that calls tools, asked round after round over HTTP: every dialect keeps every rule of its vendors."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from bot.domain.catalog import Model
from bot.domain.errors import ServerError
from bot.domain.prompt import (
    CallPart,
    ImagePart,
    Prompt,
    PromptMessage,
    ResultPart,
    TextPart,
    Tool,
    size,
    weigh_tools,
)
from bot.domain.stream_parts import Finish, Reason, Remark, Usage
from providers.credentials import ApiKey
from providers.dialect import Quirks
from providers.endpoint import DIALECTS, Endpoint
from providers.transport import Transport
from tests.providers import rules
from tests.providers.fake import KEY, Answer, FakeVendor, Objection, Step, fake_vendor
from tests.providers.tool_speech import TOOL_SPEECHES, Call, ToolSpeech
from tests.providers.vendor import Heard, hear, heard_from, model_of, sse

HEADERS = {"content-type": "text/event-stream"}
SEARCH = Tool(
    name="jira__search",
    description="Finds issues.",
    parameters={"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
)
ADD = Tool(name="sum-up", description="", parameters={"type": "object", "properties": {}})
ASKED = Prompt(
    system="Be kind.",
    messages=(PromptMessage(role="user", parts=(TextPart(text="How many issues are open?"),)),),
    tools=(SEARCH, ADD),
    conversation="c" * 32,
)
PIXEL = ImagePart(name="chart.png", media_type="image/png", data=b"\x89PNG\r\n\x1a\n")
THINKS = {
    "anthropic": {"thinking": {"type": "adaptive"}},
    "openai-responses": {"reasoning": {"summary": "auto"}},
}


class ScriptedVendor(FakeVendor):
    """Gives its answers one after the other, whatever is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.script: list[bytes] = []

    def steps(self, dialect: str, question: str) -> Sequence[Step]:
        return (Answer(200, HEADERS, self.script.pop(0)),)


@dataclass
class Talk:
    """One model, and what it is asked."""

    dialect: str
    vendor: ScriptedVendor
    endpoint: Endpoint
    model: Model
    speech: ToolSpeech
    heard: list[Heard] = field(default_factory=list)

    async def ask(self, prompt: Prompt, *, model: Model | None = None) -> Heard:
        self.heard.append(await hear(self.endpoint, model or self.model, prompt))
        return self.heard[-1]

    @property
    def sent(self) -> dict[str, Any]:
        return self.vendor.asked[-1].body

    def says(self, *calls: Call, **said: str) -> None:
        self.vendor.script.append(self.speech.answer(*calls, **said))


def went_on(prompt: Prompt, heard: Heard, *results: str, **result: Any) -> Prompt:
    """The next round: what was said and called, and what came of it."""
    calls = [CallPart(id=one.id, name=one.name, args=one.args, carry=one.carry) for one in heard.calls]
    told = [
        ResultPart(id=one.id, name=one.name, text=text, **result)
        for one, text in zip(calls, results, strict=True)
    ]
    words = (TextPart(text=heard.text),) if heard.text else ()
    turn = PromptMessage(role="assistant", parts=(*words, *calls))
    return replace(prompt, messages=(*prompt.messages, turn, PromptMessage(role="user", parts=tuple(told))))


def without_carries(prompt: Prompt, carry: str = "") -> Prompt:
    def bare(message: PromptMessage) -> PromptMessage:
        parts = (replace(one, carry=carry) if isinstance(one, CallPart) else one for one in message.parts)
        return replace(message, parts=tuple(parts))

    return replace(prompt, messages=tuple(map(bare, prompt.messages)))


@pytest.fixture(params=TOOL_SPEECHES)
async def talk(request: pytest.FixtureRequest) -> AsyncIterator[Talk]:
    dialect = request.param
    async with fake_vendor(ScriptedVendor()) as vendor, Transport() as transport:
        assert isinstance(vendor, ScriptedVendor)
        endpoint = Endpoint(
            transport=transport,
            base_url=vendor.url,
            auth=ApiKey(scheme="bearer", secret=KEY),
            dialects={dialect: Quirks(reasoning=THINKS.get(dialect, {}))},
        )
        model = Model(name="it", provider="fake", model="m-1", dialect=dialect, reasoning=True)
        yield Talk(dialect, vendor, endpoint, model, TOOL_SPEECHES[dialect])


TWO = (Call("jira__search", '{"text": "open"}', "call_1"), Call("sum-up", "", "call_2"))
ONE = (Call("jira__search", '{"text": "closed"}', "call_3"),)


async def two_rounds(talk: Talk) -> Prompt:
    talk.says(*TWO, thought="I look it up.", text="Let me see.", id="a-1")
    first = went_on(ASKED, await talk.ask(ASKED), "3", "7")
    talk.says(*ONE, thought="And the closed ones.", id="a-2")
    return went_on(first, await talk.ask(first), "4")


async def test_rounds_go_on_to_an_answer_and_the_model_sees_its_thoughts_again(talk: Talk) -> None:
    last = await two_rounds(talk)
    talk.says(text="There are 3.", id="a-3")
    heard = await talk.ask(last)

    assert [one.error for one in talk.heard] == [None, None, None]
    first, second, third = talk.heard
    assert [(one.name, json.loads(one.args)) for one in first.calls] == [
        ("jira__search", {"text": "open"}),
        ("sum-up", {}),
    ]
    assert [one.finish and one.finish.reason for one in talk.heard] == [
        Reason.TOOLS,
        Reason.TOOLS,
        Reason.STOP,
    ]
    assert (heard.text, third.calls) == ("There are 3.", [])
    assert first.calls[0].args == '{"text": "open"}'
    assert len({one.id for heard in (first, second) for one in heard.calls}) == 3
    said = json.dumps(talk.sent)
    for thought in ("I look it up.", "And the closed ones."):
        name = json.dumps("jira__search") if talk.dialect == "gemini" else thought
        assert rules.signed(talk.dialect, name) in said or (talk.dialect == "openai-chat" and thought in said)
    assert ("thinking" in talk.sent) == (talk.dialect == "anthropic")


@pytest.mark.parametrize("change", ["none", "another model", "another dialect", "damaged"])
async def test_without_its_own_thoughts_the_request_is_legal_all_the_same(talk: Talk, change: str) -> None:
    last = await two_rounds(talk)
    model = talk.model
    match change:
        case "none":
            last = without_carries(last)
        case "another model":
            model = replace(model, model="m-2")
        case "another dialect":
            last = without_carries(last, json.dumps(["tape", model.key, [{"type": "text", "text": "alien"}]]))
        case "damaged":
            last = without_carries(last, '["' + talk.dialect)
    talk.says(text="There are 3.")
    heard = await talk.ask(last, model=model)

    assert (heard.error, heard.text) == (None, "There are 3.")
    said = json.dumps(talk.sent)
    assert "sig-" not in said
    assert "alien" not in said
    assert "thinking" not in talk.sent


async def test_in_the_last_round_tools_are_told_and_forbidden(talk: Talk) -> None:
    last = replace(await two_rounds(talk), callable=False)
    talk.says(text="There are 3.")
    heard = await talk.ask(last)

    assert heard.error is None
    assert talk.sent["tools"]
    said = json.dumps(talk.sent.get("tool_choice") or talk.sent.get("toolConfig"))
    assert "none" in said.lower()


async def test_arguments_that_cannot_be_read_reach_the_one_who_runs_tools(talk: Talk) -> None:
    talk.says(Call("jira__search", '{"text": "op', "call_1"), thought="Hm.")
    heard = await talk.ask(ASKED)

    assert [(one.name, one.args) for one in heard.calls] == [("jira__search", '{"text": "op')]

    talk.says(text="Sorry.")
    again = await talk.ask(went_on(ASKED, heard, "These arguments are no JSON.", failed=True))

    assert (again.error, again.text) == (None, "Sorry.")


@pytest.mark.parametrize(
    "calls",
    [
        pytest.param((Call("", "{}", "call_1"),), id="no name"),
        pytest.param((Call("functions.search it!", '{"a": 1}', "call_1"),), id="a name nobody has"),
        pytest.param((Call("sum-up", '{"a": 1}', ""), Call("sum-up", '{"a": 2}', "")), id="no ids"),
        pytest.param((Call("sum-up", '{"a": 1}', "x"), Call("sum-up", '{"a": 2}', "x")), id="one id for two"),
        pytest.param((Call("sum-up", '{"a": 1}', "functions.sum:0"),), id="an id with other characters"),
    ],
)
async def test_calls_as_no_vendor_should_make_them_can_be_answered(
    talk: Talk, calls: tuple[Call, ...]
) -> None:
    talk.says(*calls, id="a-1")
    heard = await talk.ask(ASKED)

    assert [(one.name, json.loads(one.args)) for one in heard.calls] == [
        (one.name, json.loads(one.args)) for one in calls
    ]
    assert len({one.id for one in heard.calls}) == len(calls)

    prompt = went_on(ASKED, heard, *("done" for _ in calls))
    talk.says(*calls, id="a-1")  # the same once more: its ids too
    again = await talk.ask(prompt)
    talk.says(text="Done.")
    last = await talk.ask(went_on(prompt, again, *("done" for _ in calls)))

    assert (again.error, last.error, last.text) == (None, None, "Done.")


@pytest.mark.parametrize("vision", [True, False])
async def test_pictures_of_results_go_to_models_that_see(talk: Talk, vision: bool) -> None:
    talk.says(*TWO)
    prompt = went_on(ASKED, await talk.ask(ASKED), "A chart.", "", pictures=(PIXEL,))
    talk.says(text="It rises.")
    heard = await talk.ask(prompt, model=replace(talk.model, vision=vision))

    assert (heard.error, heard.text) == (None, "It rises.")
    said = json.dumps(talk.sent)
    assert said.count("iVBORw0KGgo=") == (2 if vision else 0)
    assert ("chart.png, not shown" in said) is not vision


REFUSALS: Mapping[str, dict[str, Any]] = {
    "openai-chat": {"error": {"message": "registry.local/gemma does not support tools", "code": None}},
    "openai-responses": {"error": {"message": "Unknown parameter: 'tools'.", "param": "tools"}},
    "anthropic": {
        "type": "error",
        "error": {"type": "invalid_request_error", "message": "Tool use is not supported."},
    },
    "gemini": {"error": {"code": 400, "message": "Function calling is not enabled for models/gemma"}},
}


async def test_a_model_that_takes_no_tools_answers_without_and_says_so(talk: Talk) -> None:
    prompt = await two_rounds(talk)
    talk.vendor.objections = [Objection(lambda body: "tools" in body, REFUSALS[talk.dialect])]
    talk.says(text="About 3.")
    talk.says(text="About 4.")
    first, second = await talk.ask(prompt), await talk.ask(prompt)

    assert (first.error, first.text, second.text) == (None, "About 3.", "About 4.")
    for heard in (first, second):
        assert [one.text for one in heard.parts if isinstance(one, Remark)] == [
            "answered without tools: this model takes none"
        ]
        assert isinstance(heard.parts[-1], Finish)
    assert len(talk.vendor.refused) == 1  # it is remembered
    assert "jira__search gave: 3" in json.dumps(talk.sent)


SCHEMA_REFUSALS: Mapping[str, dict[str, Any]] = {
    "openai-chat": {
        "error": {"message": "Invalid schema for function 'sum-up': no.", "param": "tools[1].function"}
    },
    "openai-responses": {
        "error": {"message": "Invalid schema for function 'sum-up'", "param": "tools[1].parameters"}
    },
    "anthropic": {
        "type": "error",
        "error": {
            "type": "invalid_request_error",
            "message": "tools.1.custom.input_schema: JSON schema is invalid",
        },
    },
    "gemini": {
        "error": {"code": 400, "message": "Invalid value at 'tools[0].function_declarations[1].parameters'"}
    },
}


async def test_one_tool_whose_schema_is_refused_does_not_take_the_others_with_it(talk: Talk) -> None:
    odd = replace(ADD, parameters={"type": "object", "properties": {"odd": {"type": "string"}}})
    prompt = replace(ASKED, tools=(SEARCH, odd))
    talk.vendor.objections = [
        Objection(lambda body: '"odd": {' in json.dumps(body["tools"]), SCHEMA_REFUSALS[talk.dialect])
    ]
    talk.says(*TWO)
    heard = await talk.ask(prompt)

    assert [one.name for one in heard.calls] == ["jira__search", "sum-up"]
    said = json.dumps(talk.sent["tools"])
    assert "fits this JSON Schema" in said
    assert '"text": {' in said


async def test_a_thought_that_is_not_taken_back_is_left_out(talk: Talk) -> None:
    prompt = await two_rounds(talk)
    words = "messages.1.content.0: Invalid `signature`, reasoning items are bound to a different conversation"
    error = {"type": "invalid_request_error", "message": words, "code": 400}
    talk.vendor.objections = [
        Objection(
            lambda body: "look it up" in json.dumps(body) or "sig-" in json.dumps(body), {"error": error}
        )
    ]
    talk.says(text="There are 3.")
    heard = await talk.ask(prompt)

    assert (heard.error, heard.text) == (None, "There are 3.")


async def test_a_call_that_gemini_could_not_read_itself_is_asked_for_again() -> None:
    """With nothing shown yet, it is an error that is tried again; what was counted of it is told."""
    body = b'data: {"candidates":[{"finishReason":"MALFORMED_FUNCTION_CALL"}],"usageMetadata":{"promptTokenCount":5}}\n\n'

    heard = await heard_from("gemini", [body])

    assert isinstance(heard.error, ServerError)
    assert heard.error.retry
    assert heard.usage == Usage(input=5)


@pytest.mark.parametrize("reason", ["length", "content_filter"])
async def test_calls_that_were_cut_off_or_filtered_are_not_made(reason: str) -> None:
    call = {"index": 0, "id": "c", "function": {"name": "sum-up", "arguments": '{"a": "x'}}
    chunk = {"choices": [{"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": reason}]}

    heard = await heard_from("openai-chat", sse(json.dumps(chunk), "[DONE]"))

    assert heard.calls == []
    assert heard.finish
    assert heard.finish.reason in {Reason.LENGTH, Reason.FILTERED}


@pytest.mark.parametrize(
    ("deltas", "calls"),
    [
        pytest.param(
            [
                {"function_call": {"name": "add", "arguments": ""}},
                {"function_call": {"arguments": '{"a":1}'}},
            ],
            [("add", {"a": 1})],
            id="the older form",
        ),
        pytest.param(
            [
                {
                    "tool_calls": [
                        {
                            "index": 0,
                            "id": f"c{at}",
                            "function": {"name": "add", "arguments": f'{{"a":{at}}}'},
                        }
                    ]
                }
                for at in (1, 2)
            ],
            [("add", {"a": 1}), ("add", {"a": 2})],
            id="all numbered 0",
        ),
        pytest.param(
            [
                {"tool_calls": [{"index": 0, "id": "c", "function": {"name": "add", "arguments": part}}]}
                for part in ('{"a"', ":1}")
            ],
            [("add", {"a": 1})],
            id="the name with every fragment",
        ),
        pytest.param(
            [{"tool_calls": [{"id": "c", "function": {"name": "add", "arguments": {"a": 1}}}]}],
            [("add", {"a": 1})],
            id="an object instead of text",
        ),
    ],
)
async def test_calls_in_the_forms_that_servers_of_the_chat_dialect_have(
    deltas: list[dict[str, Any]], calls: list[tuple[str, Any]]
) -> None:
    chunks = [json.dumps({"choices": [{"index": 0, "delta": delta}]}) for delta in deltas]

    heard = await heard_from("openai-chat", sse(*chunks, '{"choices":[{"finish_reason":"stop"}]}', "[DONE]"))

    assert [(one.name, json.loads(one.args)) for one in heard.calls] == calls
    assert heard.finish
    assert heard.finish.reason is Reason.TOOLS


async def test_more_calls_than_any_answer_has_are_an_error() -> None:
    many = [
        {"index": at, "id": f"c{at}", "function": {"name": "add", "arguments": "{}"}} for at in range(200)
    ]
    chunk = {"choices": [{"index": 0, "delta": {"tool_calls": many}, "finish_reason": "tool_calls"}]}

    heard = await heard_from("openai-chat", sse(json.dumps(chunk), "[DONE]"))

    assert isinstance(heard.error, ServerError)
    assert heard.calls == []


async def test_what_openrouter_reasoned_goes_back_whole_and_signed() -> None:
    def detail(**said: Any) -> dict[str, Any]:
        return {"reasoning_details": [{"type": "reasoning.text", "index": 0, **said}]}

    call = {"index": 0, "id": "c", "function": {"name": "add", "arguments": "{}"}}
    signed = {"extra_content": {"google": {"thought_signature": "opaque"}}}
    deltas = [
        detail(text="I "),
        detail(text="add."),
        detail(signature="sealed"),
        {"tool_calls": [{**call, **signed}]},
    ]
    chunks = [json.dumps({"choices": [{"index": 0, "delta": delta}]}) for delta in deltas]
    heard = await heard_from("openai-chat", sse(*chunks, "[DONE]"))

    model = model_of("openai-chat")
    turn = DIALECTS["openai-chat"].request(model, went_on(ASKED, heard, "3"), Quirks()).body["messages"][2]

    assert turn["reasoning_details"] == [
        {"type": "reasoning.text", "index": 0, "text": "I add.", "signature": "sealed"}
    ]
    assert turn["tool_calls"][0]["extra_content"] == {"google": {"thought_signature": "opaque"}}


def test_what_tools_are_told_of_counts_in_the_size_of_a_prompt() -> None:
    bare = replace(ASKED, tools=())

    assert size(ASKED) - size(bare) == weigh_tools(ASKED.tools) > 20
