"""What vendors can read from their prompt caches is asked for, so that they do."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from bot.domain.catalog import Model
from bot.domain.prompt import Prompt, PromptMessage, TextPart
from bot.domain.turns import ChatMessage, Turn
from providers import foundry
from providers.dialect import Quirks
from providers.endpoint import DIALECTS
from providers.vendors import VENDORS
from tests.benchmarks.prompt_caching import MODELS, bill, in_blocks, sliding, thread
from tests.providers.caches import MarkedCache, blocks

ROWS = {vendor.name: vendor.dialects for vendor in VENDORS} | {"foundry": foundry.RESPONSES_FIRST}
CONVERSATION = "c" * 32


def bodies(vendor: str, dialect: str, model: str, turns: int = 12) -> list[dict[str, Any]]:
    asked = Model(name="it", provider=vendor, model=model, context=200_000)
    return [
        DIALECTS[dialect].request(asked, in_blocks(history, said, asked), ROWS[vendor][dialect]).body
        for history, said in thread(turns)
    ]


@pytest.mark.parametrize("vendor", ["openai", "foundry", "xai", "openrouter"])
@pytest.mark.parametrize("dialect", ["openai-responses", "openai-chat"])
def test_a_conversation_has_one_key_for_all_its_questions(vendor: str, dialect: str) -> None:
    keys = {body["prompt_cache_key"] for body in bodies(vendor, dialect, "m-1")}

    assert keys == {CONVERSATION}


def test_marks_stand_behind_the_system_text_and_the_last_two_questions() -> None:
    body = bodies("anthropic", "anthropic", "claude-1")[-1]
    questions = [at for at, message in enumerate(body["messages"]) if message["role"] == "user"]
    marked = [
        at
        for at, message in enumerate(body["messages"])
        if any("cache_control" in block for block in message["content"])
    ]

    assert "cache_control" in body["system"][-1]
    assert marked == questions[-2:]
    assert sum(block.marked for block in blocks(body)) == 3


def test_each_question_finds_all_that_was_sent_with_the_one_before_it() -> None:
    cache, sent = MarkedCache(), bodies("anthropic", "anthropic", "claude-1")
    read = [cache.read(body) for body in sent]

    assert all(
        later.cache_read == pytest.approx(earlier.cache_read + earlier.cache_write, abs=2)
        for earlier, later in pairwise(read)
        if earlier.cache_write
    )
    assert read[-1].cache_read > 0.8 * read[-1].input


@pytest.mark.parametrize(
    ("model", "marks"), [("anthropic/claude-sonnet-5-5", 3), ("qwen/qwen4", 3), ("openai/gpt-6-sol", 0)]
)
def test_openrouter_passes_marks_on_for_whoever_needs_them(model: str, marks: int) -> None:
    body = bodies("openrouter", "openai-chat", model)[-1]

    assert str(body["messages"]).count("'cache_control'") == marks
    assert isinstance(body["messages"][0]["content"], list if marks else str)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_does_not_go_on_is_not_kept(dialect: str) -> None:
    once = Prompt(system="Be kind.", messages=(PromptMessage(role="user", parts=(TextPart(text="hi"),)),))
    model = Model(name="it", provider="p", model="claude-1")
    body = DIALECTS[dialect].request(model, once, Quirks(cache_key=True, cache_marks="claude")).body

    assert "cache" not in str(body)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_long_thread_is_paid_a_fraction_of_what_it_was(model: Model) -> None:
    large, small = replace(model, context=200_000), replace(model, context=8_192)

    assert bill(large, 40, in_blocks).cost < 0.2 * bill(large, 40, sliding).cost
    assert bill(small, 40, in_blocks).cost < 0.5 * bill(small, 40, sliding).cost


def test_a_hundred_questions_go_on_from_what_was_sent_before_them() -> None:
    model = MODELS[0]

    assert bill(replace(model, context=200_000), 100, in_blocks).kept == 1.0
    assert bill(replace(model, context=8_192), 100, in_blocks).kept >= 0.8


def unhurried(pause: float) -> list[set[str]]:
    """How long each request of a thread asks Claude's cache to keep it."""
    asked = Model(name="it", provider="anthropic", model="claude-1", context=200_000)
    dialect, quirks = DIALECTS["anthropic"], ROWS["anthropic"]["anthropic"]
    asking = [
        dialect.request(asked, in_blocks(history, said, asked), quirks) for history, said in thread(4, pause)
    ]
    return [{str(block.lasts) for block in blocks(request.body) if block.marked} for request in asking]


def test_a_thread_whose_questions_are_minutes_apart_is_kept_for_an_hour() -> None:
    minutes, hour = {"300.0"}, {"3600.0"}

    assert unhurried(600) == [minutes, hour, hour, hour]
    assert unhurried(60) == [minutes] * 4
    assert unhurried(2 * 3_600) == [minutes] * 4


def test_an_hour_is_asked_only_of_whom_it_is_known() -> None:
    prompt = in_blocks(*list(thread(2, 600))[-1], replace(MODELS[0], context=200_000))
    model = Model(name="it", provider="p", model="claude-1")

    assert prompt.unhurried
    assert "'ttl'" not in str(DIALECTS["anthropic"].request(model, prompt, Quirks()).body)


def test_a_slow_thread_is_paid_a_fraction_of_what_short_caches_cost() -> None:
    claude = replace(next(model for model in MODELS if model.dialect == "anthropic"), context=200_000)

    def short(history: Sequence[Turn], asked: ChatMessage, model: Model) -> Prompt:
        return replace(in_blocks(history, asked, model), unhurried=False)

    assert bill(claude, 40, in_blocks, 600).cost < 0.3 * bill(claude, 40, short, 600).cost
