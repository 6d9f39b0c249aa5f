"""Searches by the vendors themselves: how they are asked for, what is told while they run, what they cost, and what is said
where there is none.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from bot.domain.catalog import Model
from bot.domain.prompt import CallPart, Prompt, PromptMessage, ResultPart, Search, TextPart, Tool
from bot.domain.stream_parts import Reason, SearchFailed, Searching, Source, Usage
from providers.credentials import ApiKey
from providers.endpoint import Endpoint
from providers.transport import Transport
from providers.vendors import VENDORS
from providers.web_search import FAILED, FIRST, UNSEARCHED, USED_UP
from tests.providers import rules
from tests.providers.deviations import (
    ANTHROPIC,
    CHAT,
    GEMINI,
    RESPONSES,
    candidate,
    claude,
    delta,
    opened,
    spoken,
    stopped,
)
from tests.providers.fake import HELLO, KEY, FakeVendor, InPieces, Objection, Step, fake_vendor
from tests.providers.framings import completed, event, growing, sent
from tests.providers.test_sources import named, told
from tests.providers.vendor import Heard, hear, model_of

QUESTION = PromptMessage(role="user", parts=(TextPart(text="how high?"),))
MAY = Prompt(system="Be kind.", messages=(QUESTION,), search=Search.MAY)
MUST = replace(MAY, search=Search.MUST)
LOOKUP = Tool(name="lookup", description="Looks up", parameters={"type": "object", "properties": {}})
A = "https://a.example/tides"


@dataclass
class Searches:
    """One vendor at its rules."""

    vendor: FakeVendor
    transport: Transport

    async def ask(self, name: str, prompt: Prompt, *, dialect: str = "", **model: Any) -> Heard:
        row = next(row for row in VENDORS if row.name == name)
        endpoint = Endpoint(
            transport=self.transport,
            base_url=self.vendor.url,
            auth=ApiKey(scheme="bearer", secret=KEY),
            dialects=row.dialects,
        )
        return await hear(endpoint, model_of(dialect or next(iter(row.dialects)), **model), prompt)

    def plays(self, body: bytes, size: int = 4096) -> None:
        steps: Sequence[Step] = [InPieces(body, size)]
        self.vendor.plays["how high?"] = steps

    @property
    def body(self) -> dict[str, Any]:
        return self.vendor.asked[-1].body


@pytest.fixture
async def at() -> AsyncIterator[Searches]:
    async with fake_vendor() as vendor, Transport() as transport:
        vendor.chat_rules = rules.OPENROUTER
        yield Searches(vendor, transport)


ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "openai": (RESPONSES, {"type": "web_search"}),
    "xai": (RESPONSES, {"type": "web_search"}),
    "anthropic": (ANTHROPIC, {"type": "web_search_20250305", "name": "web_search", "max_uses": 5}),
    "gemini": (GEMINI, {"google_search": {}}),
    "openrouter": (CHAT, {"type": "openrouter:web_search", "parameters": {}}),
}


@pytest.mark.parametrize("name", ASKED)
async def test_each_vendor_is_offered_its_own_search(name: str, at: Searches) -> None:
    dialect, tool = ASKED[name]
    heard = await at.ask(name, MAY, dialect=dialect)

    assert heard.error is None
    assert heard.text == f"{HELLO} "
    assert at.body["tools"] == [tool]
    assert "tool_choice" not in at.body
    assert FIRST not in str(at.body)
    assert not [part for part in heard.parts if isinstance(part, SearchFailed)]


@pytest.mark.parametrize("name", ASKED)
async def test_who_asks_for_a_search_has_the_model_told_so(name: str, at: Searches) -> None:
    heard = await at.ask(name, MUST, dialect=ASKED[name][0])

    assert heard.error is None
    assert FIRST in str(at.body)
    assert at.body.get("tool_choice") == ({"type": "web_search"} if name == "openai" else None)


@pytest.mark.parametrize("name", ASKED)
async def test_nobody_is_offered_one_who_did_not_ask(name: str, at: Searches) -> None:
    await at.ask(name, replace(MAY, search=Search.NO), dialect=ASKED[name][0])

    assert "tools" not in at.body


async def test_a_tool_that_is_named_for_it_takes_the_vendors_place(at: Searches) -> None:
    await at.ask("openai", replace(MUST, search_tool="brave.web_search", tools=(LOOKUP,)))

    assert [tool["type"] for tool in at.body["tools"]] == ["function"]
    assert FIRST in at.body["instructions"]
    assert "tool_choice" not in at.body


@pytest.mark.parametrize("name", [name for name in ASKED if name != "gemini"])
async def test_it_stands_beside_functions(name: str, at: Searches) -> None:
    dialect, tool = ASKED[name]
    heard = await at.ask(name, replace(MAY, tools=(LOOKUP,)), dialect=dialect)

    assert heard.error is None
    assert at.body["tools"][-1] == tool
    assert len(at.body["tools"]) == 2


async def test_gemini_has_functions_or_the_search_and_the_search_only_where_somebody_asks_for_it(
    at: Searches,
) -> None:
    both = replace(MAY, tools=(LOOKUP,))
    await at.ask("gemini", both)
    assert list(at.body["tools"][0]) == ["functionDeclarations"]

    await at.ask("gemini", replace(both, search=Search.MUST))
    assert at.body["tools"] == [{"google_search": {}}]


async def test_an_answer_that_goes_on_after_a_tool_is_not_forced_to_search_again(at: Searches) -> None:
    called = PromptMessage(role="assistant", parts=(CallPart(id="abcdefghi", name="lookup", args="{}"),))
    result = PromptMessage(role="user", parts=(ResultPart(id="abcdefghi", name="lookup", text="done"),))
    first = replace(MUST, tools=(LOOKUP,))
    await at.ask("openai", first)
    words = at.body["instructions"]
    await at.ask("openai", replace(first, messages=(QUESTION, called, result)))

    assert "tool_choice" not in at.body
    assert at.body["instructions"] == words  # what comes before it stays the same


# --- what is told -----------------------------------------------------------------------------------------


def called(id: str, query: str = "", *, status: str = "completed", kind: str = "search") -> dict[str, Any]:
    action = {"action": {"type": kind, "query": query}} if query else {}
    return {"type": "web_search_call", "id": id, "status": status, **action}


def responses(*items: dict[str, Any], usage: dict[str, Any] | None = None) -> bytes:
    end = completed(*items, told("So.", named("Tides", A)))
    end["response"]["usage"] = {"input_tokens": 9_000, "output_tokens": 20, **(usage or {})}
    return sent(
        *(
            each
            for at, item in enumerate(items)
            for each in (
                event(
                    "output_item.added", item={**item, "status": "in_progress", "action": {}}, output_index=at
                ),
                event("web_search_call.searching", item_id=item["id"], output_index=at),
                event("output_item.done", item=item, output_index=at),
            )
        ),
        growing("So."),
        event("output_text.annotation.added", annotation=named("Tides", A), output_index=0, content_index=0),
        end,
    )


def searched(query: str, index: int = 0) -> tuple[dict[str, Any], ...]:
    use = {"type": "server_tool_use", "id": f"s{index}", "name": "web_search", "input": {}}
    grown = [{"type": "input_json_delta", "partial_json": piece} for piece in ('{"que', f'ry": "{query}"}}')]
    return (
        claude("content_block_start", index=index, content_block=use),
        *(claude("content_block_delta", index=index, delta=piece) for piece in grown),
        claude("content_block_stop", index=index),
    )


def result(content: Any, index: int = 1) -> tuple[dict[str, Any], ...]:
    block = {"type": "web_search_tool_result", "tool_use_id": f"s{index - 1}", "content": content}
    return (
        claude("content_block_start", index=index, content_block=block),
        claude("content_block_stop", index=index),
    )


FOUND = [{"type": "web_search_result", "url": A, "title": "Tides", "encrypted_content": "opaque"}]
REQUESTS = {"server_tool_use": {"web_search_requests": 2}}
CITED = {"type": "web_search_result_location", "url": A, "title": "Tides", "cited_text": "so"}


def messages(*blocks: dict[str, Any], **usage: Any) -> bytes:
    cite = claude("content_block_delta", index=7, delta={"type": "citations_delta", "citation": CITED})
    return sent(
        opened(input_tokens=5),
        *blocks,
        claude("content_block_start", index=7, content_block={"type": "text", "text": ""}),
        cite,
        spoken("So.", 7),
        claude("content_block_stop", index=7),
        *stopped("end_turn", output_tokens=20, **usage),
    )


def grounded(*queries: str, version: str = "gemini-3-pro") -> bytes:
    metadata = {"webSearchQueries": list(queries), "groundingChunks": [{"web": {"uri": A, "title": "Tides"}}]}
    first = candidate({"text": "So."})
    last = candidate(finish="STOP")
    last["candidates"][0]["groundingMetadata"] = metadata
    last["modelVersion"] = version
    last["usageMetadata"] = {"promptTokenCount": 5, "candidatesTokenCount": 2}
    return sent(first, last)


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """`body` is an answer of the vendor `name`; what is told of its searches, and how many are paid."""

    id: str
    name: str
    body: bytes
    queries: tuple[str, ...]
    searches: int
    troubles: tuple[str, ...] = ()
    addresses: tuple[str, ...] = (A,)


ROUTED = {
    "usage": {"prompt_tokens": 9, "completion_tokens": 2, "server_tool_use": {"web_search_requests": 1}}
}
TELLINGS = (
    Telling(
        id="a query that comes when the item is done",
        name="openai",
        body=responses(called("ws_1", "tides today"), called("ws_2", "tides Brest")),
        queries=("", "tides today", "", "tides Brest"),
        searches=2,
    ),
    Telling(
        id="opened pages are no searches",
        name="openai",
        body=responses(called("ws_1", "tides"), called("ws_2", "x", kind="open_page")),
        queries=("", "tides", ""),
        searches=1,
    ),
    Telling(
        id="a search that failed",
        name="openai",
        body=responses(called("ws_1", "tides", status="failed")),
        queries=("", "tides"),
        searches=1,
        troubles=(FAILED,),
    ),
    Telling(
        id="xAI counts by itself",
        name="xai",
        body=responses(
            called("ws_1", "tides"), usage={"server_side_tool_usage_details": {"web_search_calls": 3}}
        ),
        queries=("", "tides"),
        searches=3,
    ),
    Telling(
        id="an answer in one piece",
        name="openai",
        body=sent(
            completed(called("ws_1", "tides"), told("So.", named("Tides", A)))["response"]
            | {"object": "response"}
        ),
        queries=("tides",),
        searches=1,
    ),
    Telling(
        id="Claude's words grow",
        name="anthropic",
        body=messages(*searched("tides today"), *result(FOUND), **REQUESTS),
        queries=("tides today",),
        searches=2,
    ),
    Telling(
        id="Claude searched too often",
        name="anthropic",
        body=messages(
            *searched("tides"),
            *result({"type": "web_search_tool_result_error", "error_code": "max_uses_exceeded"}),
            **REQUESTS,
        ),
        queries=("tides",),
        searches=2,
        troubles=(USED_UP,),
    ),
    Telling(
        id="Claude's search is out of order",
        name="anthropic",
        body=messages(
            *searched("tides"),
            *result({"type": "web_search_tool_result_error", "error_code": "too_many_requests"}),
            server_tool_use={"web_search_requests": 0},
        ),
        queries=("tides",),
        searches=0,
        troubles=(f"{FAILED} (too many requests)",),
    ),
    Telling(
        id="Google's suggestions are shown",
        name="gemini",
        body=grounded("tides today", "tides & moon"),
        queries=("tides today", "tides moon"),
        searches=2,
        addresses=(
            A,
            "https://www.google.com/search?q=tides+today",
            "https://www.google.com/search?q=tides+%26+moon",
        ),
    ),
    Telling(
        id="Google bills older models by the answer",
        name="gemini",
        body=grounded("tides", "moon", version="gemini-2.5-flash"),
        queries=("tides", "moon"),
        searches=1,
        addresses=(A, "https://www.google.com/search?q=tides", "https://www.google.com/search?q=moon"),
    ),
    Telling(
        id="OpenRouter's count",
        name="openrouter",
        body=sent(
            delta(
                content="So.",
                annotations=[{"type": "url_citation", "url_citation": {"url": A, "title": "Tides"}}],
            ),
            delta("stop", more=ROUTED),
            "[DONE]",
        ),
        queries=(),
        searches=1,
    ),
)


@pytest.mark.parametrize("size", [7, 4096])
@pytest.mark.parametrize("telling", TELLINGS, ids=lambda telling: telling.id)
async def test_what_a_vendor_tells_of_its_searches(telling: Telling, size: int, at: Searches) -> None:
    at.plays(telling.body, size)
    heard = await at.ask(telling.name, MAY)

    assert heard.error is None
    assert heard.finish
    assert heard.finish.reason is Reason.STOP
    assert heard.text.startswith("So.")
    assert tuple(part.query for part in heard.parts if isinstance(part, Searching)) == telling.queries
    assert tuple(part.trouble for part in heard.parts if isinstance(part, SearchFailed)) == telling.troubles
    sources = {part.number: part.address for part in heard.parts if isinstance(part, Source)}
    assert tuple(sources.values()) == telling.addresses
    if telling.id != "an answer in one piece":  # which tells no usage
        assert heard.usage
        assert heard.usage.searches == telling.searches


async def test_a_query_is_one_short_line(at: Searches) -> None:
    at.plays(
        grounded("tides\n# **now**\x1b[31m <!channel> @all [x](https://evil.example) `y` " + "x" * 5_000)
    )
    heard = await at.ask("gemini", MAY)
    (said,) = (part.query for part in heard.parts if isinstance(part, Searching))

    assert said.startswith("tides now")
    assert len(said) <= 120
    assert said.isprintable()
    assert not set(said) & set("<>[]()*_`@#!/:&|~\\")


@pytest.mark.parametrize("address", ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x"])
async def test_only_addresses_of_the_web_become_links(address: str, at: Searches) -> None:
    at.plays(responses(called("ws_1", "tides")).replace(A.encode(), address.encode()))
    heard = await at.ask("openai", MAY)

    assert {part.address for part in heard.parts if isinstance(part, Source)} <= {""}


# --- where there is none ----------------------------------------------------------------------------------


def refusal(message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "code": None, **more}}


REFUSALS = {
    "openai": refusal("Hosted tool 'web_search' is not supported with m-1.", param="tools"),
    "xai": refusal("Invalid value: 'web_search'. Supported values are: 'function'.", param="tools[0].type"),
    "anthropic": {
        "type": "error",
        "error": {
            "type": "invalid_request_error",
            "message": "'m-1' does not support tool types: web_search_20250305.",
        },
    },
    "gemini": {
        "error": {"code": 400, "message": "Search Grounding is not supported.", "status": "INVALID_ARGUMENT"}
    },
    "openrouter": refusal("openrouter:web_search: unknown server tool", code=400),
}


@pytest.mark.parametrize("prompt", [MAY, MUST], ids=["may", "must"])
@pytest.mark.parametrize("name", REFUSALS)
async def test_a_search_that_is_refused_is_taken_back_once_and_said(
    name: str, prompt: Prompt, at: Searches
) -> None:
    at.vendor.objections = [Objection(lambda body: "tools" in body, REFUSALS[name])]
    row = next(row for row in VENDORS if row.name == name)
    endpoint = Endpoint(
        transport=at.transport,
        base_url=at.vendor.url,
        auth=ApiKey(scheme="bearer", secret=KEY),
        dialects=row.dialects,
    )
    model: Model = model_of(ASKED[name][0])
    for _ in range(2):
        heard = await hear(endpoint, model, prompt)
        assert heard.error is None
        assert [part.trouble for part in heard.parts if isinstance(part, SearchFailed)] == [UNSEARCHED]
        assert FIRST not in str(at.body)

    assert len(at.vendor.refused) == 1
    plain = await hear(endpoint, model, replace(prompt, search=Search.NO))
    assert not [part for part in plain.parts if isinstance(part, SearchFailed)]


async def test_a_choice_that_is_refused_leaves_the_search(at: Searches) -> None:
    said = refusal("Tool choice 'web_search' is not supported.", param="tool_choice")
    at.vendor.objections = [Objection(lambda body: "tool_choice" in body, said)]
    heard = await at.ask("openai", MUST)

    assert heard.error is None
    assert at.body["tools"] == [{"type": "web_search"}]
    assert not [part for part in heard.parts if isinstance(part, SearchFailed)]


async def test_a_dialect_without_one_answers_and_says_so(at: Searches) -> None:
    at.vendor.chat_rules = rules.OPENAI
    heard = await at.ask("openai", MUST, dialect=CHAT)

    assert heard.error is None
    assert [part.trouble for part in heard.parts if isinstance(part, SearchFailed)] == [UNSEARCHED]
    assert "tools" not in at.body


async def test_nothing_is_said_of_a_try_that_fails(at: Searches) -> None:
    at.plays(b"")
    heard = await at.ask("deepseek", MUST, dialect=CHAT)

    assert heard.error
    assert not [part for part in heard.parts if isinstance(part, SearchFailed)]


async def test_the_searches_of_a_turn_that_was_paused_are_added_up(at: Searches) -> None:
    once = {"server_tool_use": {"web_search_requests": 1}}
    paused = sent(
        opened(input_tokens=5),
        *searched("tides"),
        *result(FOUND),
        *stopped("pause_turn", output_tokens=1, **once),
    )
    at.plays(paused)
    at.vendor.plays[str(FOUND)] = []
    steps = {"n": 0}

    def by_turn(dialect: str, question: str) -> Sequence[Step]:
        steps["n"] += 1
        return [
            InPieces(paused if steps["n"] == 1 else messages(*searched("moon"), *result(FOUND), **once), 4096)
        ]

    at.vendor.steps = by_turn  # type: ignore[method-assign]
    heard = await at.ask("anthropic", MAY)

    assert heard.error is None
    assert [part.query for part in heard.parts if isinstance(part, Searching)] == ["tides", "moon"]
    assert isinstance(heard.usage, Usage)
    assert heard.usage.searches == 2
