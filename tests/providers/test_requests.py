"""Whatever was said by whomever, every dialect's request keeps every rule of its vendors."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.catalog import Model
from bot.domain.events import Author
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
from bot.domain.prompt_building import build
from bot.domain.stream_parts import Reason
from bot.domain.turns import ChatMessage, Step, Turn
from providers.dialect import Quirks
from providers.endpoint import DIALECTS
from providers.request_body import RequestBody
from providers.tool_calls import canonical_args, canonical_id
from providers.vendors import VENDORS
from tests.examples import examples
from tests.providers import rules

REQUESTS = settings(max_examples=examples(25), deadline=None)
ROWS = {vendor.name: vendor.dialects for vendor in VENDORS}
CHAT_VENDORS = {
    "openai": rules.OPENAI,
    "xai": rules.OPENAI,
    "deepseek": rules.DEEPSEEK,
    "mistral": rules.MISTRAL,
    "openrouter": rules.OPENROUTER,
    "ollama": rules.GENERIC,
}
PIXEL = b"\x89PNG\r\n\x1a\n"

texts = st.text(min_size=1).filter(lambda said: bool(said.strip())).map(lambda said: TextPart(text=said))
images = st.builds(
    ImagePart,
    name=st.just("a.png"),
    media_type=st.sampled_from(["image/png", "image/jpeg"]),
    data=st.just(PIXEL),
)
files = st.builds(
    FilePart, name=st.just("a.pdf"), media_type=st.just("application/pdf"), data=st.just(b"%PDF")
)
calls = st.builds(
    CallPart,
    id=st.text(min_size=1).map(canonical_id),
    name=st.from_regex(rules.NAME, fullmatch=True),
    args=st.one_of(st.text(), st.dictionaries(st.text(), st.integers()).map(json.dumps)).map(canonical_args),
)
kinds = st.sampled_from(
    [
        {"type": "string", "title": "T", "pattern": "^a"},
        {"$ref": "#/$defs/node"},
        {"$ref": "https://example.com/elsewhere.json"},
        {"anyOf": [{"const": 1}, {"type": ["integer", "null"], "exclusiveMinimum": 0}]},
        {"type": "array", "items": {"allOf": [{"$ref": "#/$defs/node"}]}, "uniqueItems": True},
        {"type": "object", "additionalProperties": {"type": "string", "default": ""}},
    ]
)
NODE = {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}, "required": ["next"]}
schemas = st.fixed_dictionaries(
    {"properties": st.dictionaries(st.text(min_size=1, max_size=9), kinds, max_size=3)},
    optional={
        "type": st.just("object"),
        "additionalProperties": st.just(False),
        "required": st.just(["gone", "a"]),
        "oneOf": st.just([{"required": ["a"]}, {"properties": {"b": True}}]),
        "$defs": st.just({"node": NODE}),
    },
)
tools = st.builds(
    Tool,
    name=st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,62}", fullmatch=True),
    description=st.text(),
    parameters=schemas,
)


@st.composite
def prompts(draw: st.DrawFn, *, media: bool = True) -> Prompt:
    """Any legal prompt: roles alternate, calls are answered in the next message, nothing is empty."""
    said = st.lists(st.one_of(texts, images, files) if media else texts, min_size=1, max_size=3)
    messages: list[PromptMessage] = []
    open_calls: list[CallPart] = []
    for _ in range(draw(st.integers(0, 4))):
        messages.append(_heard(draw, open_calls, said, media=media))
        open_calls = draw(st.lists(calls, max_size=3, unique_by=lambda call: call.id))
        answer = draw(st.lists(texts, min_size=0 if open_calls else 1, max_size=2))
        messages.append(PromptMessage(role="assistant", parts=(*answer, *open_calls)))
    messages.append(_heard(draw, open_calls, said, media=media))
    return Prompt(
        system=draw(st.sampled_from(["", "Be kind."])),
        messages=tuple(messages),
        tools=tuple(draw(st.lists(tools, max_size=2, unique_by=lambda tool: tool.name))),
        callable=draw(st.booleans()),
        max_output=draw(st.sampled_from([None, 1000])),
        asker="a" * 32,
        conversation="c" * 32,
    )


def _heard(draw: st.DrawFn, open_calls: Sequence[CallPart], said: Any, *, media: bool) -> PromptMessage:
    results = [
        ResultPart(
            id=call.id,
            name=call.name,
            text=draw(st.text()),
            failed=draw(st.booleans()),
            pictures=tuple(draw(st.lists(images, max_size=1))) if media else (),
        )
        for call in open_calls
    ]
    rest: list[Part] = draw(said) if not results or draw(st.booleans()) else []
    return PromptMessage(role="user", parts=(*results, *rest))


def request(dialect: str, prompt: Prompt, quirks: Quirks, **model: Any) -> dict[str, Any]:
    body = (
        DIALECTS[dialect]
        .request(Model(**{"name": "it", "provider": "vendor", "model": "m-1", **model}), prompt, quirks)
        .body
    )
    sent: dict[str, Any] = json.loads(b"".join(RequestBody(body)))
    return sent


SPOKEN = [
    (vendor, dialect) for vendor, spoken in ROWS.items() for dialect in spoken if dialect != "openai-chat"
]


@pytest.mark.parametrize(("vendor", "dialect"), SPOKEN)
@REQUESTS
@given(prompt=prompts(), reasoning=st.booleans())
def test_every_prompt_becomes_a_legal_request(
    vendor: str, dialect: str, prompt: Prompt, reasoning: bool
) -> None:
    body = request(dialect, prompt, ROWS[vendor][dialect], reasoning=reasoning, vision=reasoning)

    assert list(rules.RULES[dialect](body)) == []


@pytest.mark.parametrize("vendor", CHAT_VENDORS)
@REQUESTS
@given(prompt=prompts(), reasoning=st.booleans())
def test_every_vendor_of_the_chat_dialect_is_asked_its_own_way(
    vendor: str, prompt: Prompt, reasoning: bool
) -> None:
    body = request("openai-chat", prompt, ROWS[vendor]["openai-chat"], reasoning=reasoning, vision=reasoning)

    assert list(rules.chat(body, CHAT_VENDORS[vendor])) == []


def test_no_vendor_of_the_chat_dialect_is_left_out() -> None:
    assert {vendor for vendor, spoken in ROWS.items() if "openai-chat" in spoken} == set(CHAT_VENDORS)


@REQUESTS
@given(prompt=prompts(media=False))
def test_a_model_that_takes_only_text_and_few_keys_is_asked_within_them(prompt: Prompt) -> None:
    quirks = Quirks(
        output_limit="max_completion_tokens", stream_usage=False, extra={"reasoning_display": "encrypted"}
    )

    assert list(rules.chat(request("openai-chat", prompt, quirks), rules.MAI)) == []


@REQUESTS
@given(prompt=prompts())
def test_an_agent_brings_its_own_model_instructions_and_tools(prompt: Prompt) -> None:
    body = request("openai-responses", prompt, Quirks(), agent="counsel")

    assert body["agent_reference"] == {"type": "agent_reference", "name": "counsel"}
    assert list(rules.responses(body)) == []


steps = st.builds(
    Step,
    id=st.text(),
    name=st.from_regex(rules.NAME, fullmatch=True),
    args=st.text(),
    result=st.one_of(st.none(), st.text()),
)
sayings = st.builds(
    ChatMessage,
    author=st.builds(Author, id=st.text(min_size=1, max_size=5)),
    text=st.text(max_size=60),
    message=st.text(max_size=5),
)
turns = st.builds(
    Turn,
    id=st.text(max_size=5),
    asked=sayings,
    heard=st.lists(sayings, max_size=2).map(tuple),
    steps=st.lists(steps, max_size=2).map(tuple),
    answer=st.text(max_size=60),
    model=st.sampled_from(["grok", "claude", "gemini", "gpt"]),
    reason=st.sampled_from([str(reason) for reason in Reason]),
)


@pytest.mark.parametrize("dialect", DIALECTS)
@REQUESTS
@given(history=st.lists(turns, max_size=5), asked=sayings, context=st.sampled_from([400, 2_000, 100_000]))
def test_any_turns_of_any_models_cut_anywhere_become_a_legal_request(
    dialect: str, history: list[Turn], asked: ChatMessage, context: int
) -> None:
    model = Model(name="it", provider="vendor", model="m-1", context=context, max_output=100)

    prompt = build(history, asked, model, system="Be kind.", conversation="c")

    assert list(rules.RULES[dialect](request(dialect, prompt, Quirks()))) == []


def test_reasoning_is_asked_for_only_where_a_model_reasons() -> None:
    prompt = Prompt(system="", messages=(PromptMessage(role="user", parts=(TextPart(text="hi"),)),))
    quirks = Quirks(reasoning={"generationConfig": {"thinkingConfig": {"includeThoughts": True}}})

    plain = request("gemini", prompt, quirks)
    thinking = request("gemini", prompt, quirks, reasoning=True)

    assert "generationConfig" not in plain
    assert thinking["generationConfig"] == {"thinkingConfig": {"includeThoughts": True}}


EFFORT = {
    ("openai", "openai-responses"): ("reasoning", "effort"),
    ("xai", "openai-responses"): ("reasoning", "effort"),
    ("openai", "openai-chat"): ("reasoning_effort",),
    ("deepseek", "openai-chat"): ("reasoning_effort",),
    ("mistral", "openai-chat"): ("reasoning_effort",),
    ("ollama", "openai-chat"): ("reasoning_effort",),
    ("openrouter", "openai-chat"): ("reasoning", "effort"),
    ("anthropic", "anthropic"): ("output_config", "effort"),
    ("gemini", "gemini"): ("generationConfig", "thinkingConfig", "thinkingLevel"),
}


@pytest.mark.parametrize(("vendor", "dialect"), EFFORT)
def test_what_people_choose_goes_to_models_that_think_and_before_their_own_setting(
    vendor: str, dialect: str
) -> None:
    said = (PromptMessage(role="user", parts=(TextPart(text="hi"),)),)
    chosen, quirks = Prompt(system="", messages=said, effort="high"), ROWS[vendor][dialect]

    def sent(prompt: Prompt, **model: Any) -> str:
        value: Any = request(dialect, prompt, quirks, **model)
        for name in EFFORT[vendor, dialect]:
            value = value.get(name, {})
        return str(value or "").lower()

    assert sent(chosen, reasoning=True, effort="low") == "high"
    assert sent(replace(chosen, effort=""), reasoning=True, effort="low") == "low"
    assert sent(chosen) == ""
    assert sent(replace(chosen, effort=""), reasoning=True) == ""


def test_what_a_vendor_wants_besides_is_laid_over_the_request_without_losing_anything() -> None:
    prompt = Prompt(
        system="", messages=(PromptMessage(role="user", parts=(TextPart(text="hi"),)),), max_output=9
    )
    quirks = Quirks(extra={"generationConfig": {"responseMimeType": "text/plain"}})

    body = request("gemini", prompt, quirks)

    assert body["generationConfig"] == {"maxOutputTokens": 9, "responseMimeType": "text/plain"}


@pytest.mark.parametrize("original", ["call_1", "functions.f:0", "toolu_01" * 8, "", "äöü", "\ud800"])
def test_any_vendors_call_id_becomes_one_that_every_vendor_takes(original: str) -> None:
    canonical = canonical_id(original)

    assert rules.NINE.fullmatch(canonical)
    assert canonical_id(canonical) == canonical == canonical_id(original)
