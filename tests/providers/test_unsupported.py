"""What a model does not take, and nobody wrote for it, is left out, and the person gets the answer."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.domain.errors import Overloaded, Rejected
from bot.domain.prompt import Prompt, PromptMessage, TextPart
from providers.credentials import ApiKey
from providers.dialect import Quirks
from providers.endpoint import Additions, Endpoint
from providers.transport import Transport
from tests.providers.fake import (
    HELLO,
    KEY,
    TICK,
    Answer,
    FakeVendor,
    Gate,
    Objection,
    Refuse,
    Say,
    fake_vendor,
)
from tests.providers.vendor import hear, model_of

ASKED = Prompt(
    system="Be kind.",
    messages=(PromptMessage(role="user", parts=(TextPart(text="hello"),)),),
    asker="a" * 32,
    conversation="c" * 32,
)
WITHOUT_SYSTEM = Prompt(system="", messages=(PromptMessage(role="user", parts=(TextPart(text="other"),)),))
PLACE = ("generationConfig", "thinkingConfig")


def openai(message: str, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}}


def at(body: Mapping[str, Any], *path: str) -> Any:
    value: Any = body
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def holds(*path: str) -> Callable[[dict[str, Any]], bool]:
    return lambda body: at(body, *path) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A vendor that does not take something of a request, and what it is asked in the end."""

    id: str
    dialect: str
    objection: Objection
    path: tuple[str, ...]
    asked: Any = None  # what stands at the path in the end
    model: dict[str, Any] = field(default_factory=dict)
    quirks: Quirks = field(default_factory=Quirks)


CASES = (
    Case(
        id="no summaries before the organisation is verified",
        dialect="openai-responses",
        objection=Objection(
            holds("reasoning", "summary"),
            openai(
                "Your organization must be verified to generate reasoning summaries.",
                "reasoning.summary",
                "unsupported_value",
            ),
        ),
        path=("reasoning",),
        model={"reasoning": True},
        quirks=Quirks(reasoning={"reasoning": {"summary": "auto"}}),
    ),
    Case(
        id="no adaptive thinking",
        dialect="anthropic",
        objection=Objection(
            holds("thinking"),
            {
                "type": "error",
                "error": {
                    "type": "invalid_request_error",
                    "message": "adaptive thinking is not supported on this model",
                },
            },
        ),
        path=("thinking",),
        model={"reasoning": True},
        quirks=Quirks(reasoning={"thinking": {"type": "adaptive"}}),
    ),
    Case(
        id="no thoughts of an older gemini",
        dialect="gemini",
        objection=Objection(
            holds(*PLACE),
            {
                "error": {
                    "code": 400,
                    "message": "Thinking is not enabled for models/gemini-flash",
                    "status": "INVALID_ARGUMENT",
                }
            },
        ),
        path=PLACE,
        model={"reasoning": True},
        quirks=Quirks(reasoning={"generationConfig": {"thinkingConfig": {"includeThoughts": True}}}),
    ),
    Case(
        id="a budget in place of a level",
        dialect="gemini",
        objection=Objection(
            holds(*PLACE, "thinkingLevel"),
            {
                "error": {
                    "code": 400,
                    "message": "Thinking level is not supported for this model.",
                    "status": "INVALID_ARGUMENT",
                }
            },
        ),
        path=(*PLACE, "thinkingBudget"),
        asked=8_192,
        model={"effort": "medium"},
    ),
    Case(
        id="usage is not to be asked for",
        dialect="openai-chat",
        objection=Objection(
            holds("stream_options"),
            {
                "detail": [
                    {
                        "type": "extra_forbidden",
                        "loc": ["body", "stream_options"],
                        "msg": "Extra inputs are not permitted",
                    }
                ]
            },
            422,
        ),
        path=("stream_options",),
    ),
    Case(
        id="no temperature",
        dialect="openai-chat",
        objection=Objection(
            holds("temperature"),
            openai(
                "Unsupported value: 'temperature' does not support 0.2 with this model.",
                "temperature",
                "unsupported_value",
            ),
        ),
        path=("temperature",),
        model={"temperature": 0.2},
    ),
    Case(
        id="temperature is what is wrong beside thinking",
        dialect="anthropic",
        objection=Objection(
            holds("temperature"),
            {
                "type": "error",
                "error": {
                    "type": "invalid_request_error",
                    "message": "`temperature` may only be set to 1 when thinking is enabled.",
                },
            },
        ),
        path=("thinking", "type"),
        asked="adaptive",
        model={"temperature": 0.2, "reasoning": True},
        quirks=Quirks(reasoning={"thinking": {"type": "adaptive"}}),
    ),
    Case(
        id="the limit's newer name",
        dialect="openai-chat",
        objection=Objection(
            holds("max_tokens"),
            openai(
                "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
                "max_tokens",
                "unsupported_parameter",
            ),
        ),
        path=("max_completion_tokens",),
        asked=4_000,
        model={"limit": 4_000},
    ),
    Case(
        id="the limit's older name",
        dialect="openai-chat",
        objection=Objection(
            holds("max_completion_tokens"),
            {
                "detail": [
                    {
                        "type": "extra_forbidden",
                        "loc": ["body", "max_completion_tokens"],
                        "msg": "Extra inputs are not permitted",
                        "input": 4_000,
                    }
                ]
            },
            422,
        ),
        path=("max_tokens",),
        asked=4_000,
        model={"limit": 4_000},
        quirks=Quirks(output_limit="max_completion_tokens"),
    ),
    Case(
        id="a limit above the maximum",
        dialect="anthropic",
        objection=Objection(
            lambda body: body["max_tokens"] > 128_000,
            {
                "type": "error",
                "error": {
                    "type": "invalid_request_error",
                    "message": "max_tokens: 200000 > 128000, which is the maximum allowed number of output tokens for claude-x-20250514",
                },
            },
        ),
        path=("max_tokens",),
        asked=128_000,
        model={"limit": 200_000},
    ),
    Case(
        id="a limit outside of a range",
        dialect="gemini",
        objection=Objection(
            lambda body: at(body, "generationConfig", "maxOutputTokens") > 65_536,
            {
                "error": {
                    "code": 400,
                    "message": "Unable to submit request because it has a maxOutputTokens value of 100000 but the supported range is from 1 (inclusive) to 65537 (exclusive).",
                    "status": "INVALID_ARGUMENT",
                }
            },
        ),
        path=("generationConfig", "maxOutputTokens"),
        asked=65_536,
        model={"limit": 100_000},
    ),
    *(
        Case(
            id=f"a limit above a maximum that is said alone: {said[:30]}",
            dialect="openai-chat",
            objection=Objection(
                lambda body: body.get("max_tokens", 0) > 8_192 or "max_completion_tokens" in body,
                openai(said),
            ),
            path=("max_tokens",),
            asked=8_192,
            model={"limit": 20_000},
        )
        for said in (
            "Invalid max_tokens value, the valid range of max_tokens is [1, 8192]",
            "<400> InternalError.Algo.InvalidParameter: Range of max_tokens should be [1, 8192]",
            "`max_tokens` must be less than or equal to `8192`, the maximum value for `max_tokens` is less than the "
            "`context_window` for this model",
        )
    ),
    Case(
        id="a limit above what a cloud lends",
        dialect="anthropic",
        objection=Objection(
            lambda body: body["max_tokens"] > 32_768,
            {"message": "The maximum tokens you requested exceeds the model limit of 32768"},
        ),
        path=("max_tokens",),
        asked=32_768,
        model={"limit": 64_000},
    ),
    Case(
        id="nothing about storing",
        dialect="openai-responses",
        objection=Objection(
            holds("store"), openai("Unknown parameter: 'store'.", "store", "unknown_parameter")
        ),
        path=("store",),
    ),
    Case(
        id="no system text, which a template says under 500",
        dialect="openai-chat",
        objection=Objection(
            lambda body: body["messages"][0]["role"] == "system",
            {
                "error": {
                    "code": 500,
                    "message": "While executing CallExpression at line 47: raise_exception('After the optional system "
                    "message, con... Error: Jinja Exception: After the optional system message, conversation roles must "
                    "alternate user and assistant roles",
                    "type": "server_error",
                }
            },
            500,
        ),
        path=("messages",),
        asked=[{"role": "user", "content": "Be kind.\n\nhello"}],
    ),
    Case(
        id="the nearest effort",
        dialect="openai-responses",
        objection=Objection(
            lambda body: at(body, "reasoning", "effort") == "low",
            openai(
                "Unsupported value: 'low' is not supported with the 'gpt-6-codex-max' model. Supported values are: 'medium', 'high', and 'xhigh'.",
                "reasoning.effort",
                "unsupported_value",
            ),
        ),
        path=("reasoning", "effort"),
        asked="medium",
        model={"effort": "low"},
    ),
    Case(
        id="the lower of two efforts as near",
        dialect="anthropic",
        objection=Objection(
            lambda body: at(body, "output_config", "effort") == "medium",
            {
                "type": "error",
                "error": {
                    "type": "invalid_request_error",
                    "message": "This model does not support effort level 'medium'. Supported levels: high, low, max.",
                },
            },
        ),
        path=("output_config", "effort"),
        asked="low",
        model={"effort": "medium"},
    ),
    Case(
        id="no effort at all",
        dialect="openai-chat",
        objection=Objection(
            holds("reasoning_effort"),
            {
                "code": "Client specified an invalid argument",
                "error": "Argument not supported on this model: reasoningEffort",
            },
        ),
        path=("reasoning_effort",),
        model={"effort": "high"},
    ),
    Case(
        id="no cache key",
        dialect="openai-chat",
        objection=Objection(
            holds("prompt_cache_key"), openai("Unrecognized request argument supplied: prompt_cache_key")
        ),
        path=("prompt_cache_key",),
        quirks=Quirks(cache_key=True),
    ),
    Case(
        id="no marks for a cache",
        dialect="anthropic",
        objection=Objection(
            lambda body: "cache_control" in str(body),
            {
                "type": "error",
                "error": {
                    "type": "invalid_request_error",
                    "message": "system.0.cache_control: Extra inputs are not permitted",
                },
            },
        ),
        path=("messages",),
        asked=[{"role": "user", "content": [{"type": "text", "text": "hello"}]}],
    ),
    Case(
        id="nobody's hash",
        dialect="openai-responses",
        objection=Objection(
            holds("safety_identifier"), openai("Unknown parameter: 'safety_identifier'.", "safety_identifier")
        ),
        path=("safety_identifier",),
        quirks=Quirks(asker=True),
    ),
    *(
        Case(
            id=f"no system text: {said[:30]}",
            dialect="openai-chat",
            objection=Objection(lambda body: body["messages"][0]["role"] == "system", openai(said)),
            path=("messages",),
            asked=[{"role": "user", "content": "Be kind.\n\nhello"}],
        )
        for said in (
            "System role not supported",
            "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
            "Conversation roles must alternate user/assistant/user/assistant/...",
            "Only user, assistant and tool roles are supported, got system.",
            "invalid params, chat content has invalid message role: system (2013)",
        )
    ),
    Case(
        id="no system text at google",
        dialect="gemini",
        objection=Objection(
            holds("systemInstruction"),
            {
                "error": {
                    "code": 400,
                    "message": "Developer instruction is not enabled for models/gemma-3-27b-it",
                    "status": "INVALID_ARGUMENT",
                }
            },
        ),
        path=("contents",),
        asked=[{"role": "user", "parts": [{"text": "Be kind."}, {"text": "hello"}]}],
    ),
)


@asynccontextmanager
async def picky(
    objections: Sequence[Objection], dialect: str, quirks: Quirks, **added: Any
) -> AsyncIterator[tuple[FakeVendor, Endpoint]]:
    """A vendor that objects, and the endpoint that asks it."""
    async with fake_vendor() as vendor, Transport() as transport:
        vendor.objections = objections
        vendor.lenient = True
        yield (
            vendor,
            Endpoint(
                transport=transport,
                base_url=vendor.url,
                auth=ApiKey(scheme="bearer", secret=KEY),
                dialects={dialect: quirks},
                additions=Additions(**added),
            ),
        )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
async def test_what_a_model_refuses_is_taken_back_once_and_remembered(case: Case) -> None:
    model = model_of(case.dialect, **case.model)
    async with picky([case.objection], case.dialect, case.quirks) as (vendor, endpoint):
        answers = [await hear(endpoint, model, ASKED) for _ in range(2)]

    assert [heard.text.strip() for heard in answers] == [HELLO, HELLO]
    assert [at(asked.body, *case.path) for asked in vendor.asked] == [case.asked, case.asked]
    assert len(vendor.refused) == 1


WHOLE = {
    "openai-chat": {
        "id": "c-1",
        "model": "m-1-real",
        "choices": [{"message": {"role": "assistant", "content": HELLO}, "finish_reason": "stop"}],
    },
    "openai-responses": {
        "id": "r-1",
        "object": "response",
        "status": "completed",
        "model": "m-1-real",
        "output": [
            {
                "type": "message",
                "role": "assistant",
                "content": [{"type": "output_text", "text": HELLO}],
            }
        ],
    },
}


@pytest.mark.parametrize("dialect", WHOLE)
async def test_a_model_that_may_not_be_streamed_is_asked_for_the_whole_answer(dialect: str) -> None:
    said = "Your organization must be verified to stream this model."
    objections = [
        Objection(lambda body: body["stream"], openai(said, "stream", "unsupported_value")),
        Objection(
            holds("stream_options"),
            openai("The 'stream_options' parameter is only allowed when 'stream' is enabled."),
        ),
    ]
    async with picky(objections, dialect, Quirks()) as (vendor, endpoint):
        body = json.dumps(WHOLE[dialect]).encode()
        vendor.plays["hello"] = [Answer(200, {"content-type": "application/json"}, body)]
        heard = await hear(endpoint, model_of(dialect), ASKED)

    assert heard.error is None
    assert heard.text == HELLO


async def test_several_refusals_one_after_another_are_all_met() -> None:
    objections = [
        Objection(holds(key), openai(f"Unknown parameter: '{key}'.", key))
        for key in ("stream_options", "temperature", "prompt_cache_key")
    ]
    async with picky(objections, "openai-chat", Quirks(cache_key=True)) as (vendor, endpoint):
        heard = await hear(endpoint, model_of("openai-chat", temperature=1.0), ASKED)

    assert heard.text.strip() == HELLO
    assert len(vendor.refused) == 3


async def test_what_two_questions_learn_at_once_is_all_remembered() -> None:
    slow, quick, opened = model_of("openai-chat"), model_of("openai-chat", temperature=1.0), asyncio.Event()
    objections = [
        Objection(lambda body: body["messages"][0]["role"] == "system", openai("System role not supported")),
        Objection(holds("temperature"), openai("temperature is not supported", "temperature")),
    ]
    async with picky(objections, "openai-chat", Quirks()) as (vendor, endpoint):
        vendor.plays["Be kind.\n\nhello"] = [Gate(opened), Say(HELLO)]
        async with asyncio.TaskGroup() as group:
            group.create_task(hear(endpoint, slow, ASKED))
            while not vendor.asked:  # noqa: ASYNC110 - what it waits for is in the vendor
                await asyncio.sleep(TICK)
            await hear(endpoint, quick, WITHOUT_SYSTEM)
            opened.set()
        refused = len(vendor.refused)
        await hear(endpoint, quick, ASKED)

    assert len(vendor.refused) == refused


async def test_another_model_of_the_endpoint_is_asked_as_before() -> None:
    objection = Objection(
        lambda body: "temperature" in body and body["model"] == "old", openai("temperature")
    )
    async with picky([objection], "openai-chat", Quirks()) as (vendor, endpoint):
        for name in ("old", "new"):
            await hear(endpoint, model_of("openai-chat", model=name, temperature=0.5), ASKED)

    assert [asked.body.get("temperature") for asked in vendor.asked] == [None, 0.5]


@pytest.mark.parametrize("written", ["provider", "model"])
async def test_what_the_operator_wrote_is_not_taken_back_and_the_refusal_is_told(written: str) -> None:
    own = {"temperature": 0.2}
    objection = Objection(holds("temperature"), openai("temperature is not supported", "temperature"))
    added = {"extra": own} if written == "provider" else {}
    model = model_of("openai-chat", **({} if added else {"extra": own}))
    async with picky([objection], "openai-chat", Quirks(), **added) as (vendor, endpoint):
        heard = await hear(endpoint, model, ASKED)

    assert isinstance(heard.error, Rejected)
    assert "temperature is not supported" in str(heard.error)
    assert len(vendor.refused) == 1


async def test_a_refusal_that_nothing_helps_against_is_told_in_its_first_words_and_nothing_is_forgotten() -> (
    None
):
    objections = [
        Objection(lambda body: "bad" in str(body), openai("temperature: I do not like this question"))
    ]
    model = model_of("openai-chat", temperature=0.5)
    bad = Prompt(system="", messages=(PromptMessage(role="user", parts=(TextPart(text="bad"),)),))
    async with picky(objections, "openai-chat", Quirks()) as (vendor, endpoint):
        heard = await hear(endpoint, model, bad)
        await hear(endpoint, model, ASKED)

    assert "I do not like this question" in str(heard.error)
    assert vendor.asked[-1].body["temperature"] == 0.5


async def test_an_error_of_another_kind_after_a_refusal_is_the_one_that_is_told() -> None:
    objection = Objection(holds("stream_options"), openai("Unknown parameter: 'stream_options'."))
    async with picky([objection], "openai-chat", Quirks()) as (vendor, endpoint):
        vendor.plays["hello"] = [Refuse(529, "overloaded_error")]
        heard = await hear(endpoint, model_of("openai-chat"), ASKED)

    assert isinstance(heard.error, Overloaded)
