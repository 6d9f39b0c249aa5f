"""What the operator's file says about requests is what a vendor gets."""

from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

import pytest

from bot.domain.catalog import Model
from bot.domain.errors import SettingsError
from bot.domain.stream_parts import StreamPart, Text, Thinking
from bot.models.assembly import assemble
from bot.models.facts import Facts
from bot.settings.config_file import read_config
from tests.catalogue.connected import HELLO, plugged, provider
from tests.providers.fake import KEY, FakeVendor, Say, fake_vendor

ENVIRONMENT = {"HOUSE_KEY": KEY}
HOUSE = """
[providers.house]
dialect = "{dialect}"
base_url = "{url}/base"
api_key_env = "HOUSE_KEY"
"""


async def asked(vendor: FakeVendor, toml: str, name: str) -> list[StreamPart]:
    """One question to an entry of this file."""
    vendor.lenient = True
    async with plugged(ENVIRONMENT, toml) as endpoints:
        made = assemble(read_config(toml), endpoints.sources, {}, facts=Facts.bundled())
        model: Model = next(one for one in made.models if one.name == name)
        async with aclosing(provider(endpoints, model.provider).stream(model, HELLO)) as parts:
            return [part async for part in parts]


SENT: Mapping[str, Mapping[str, Any]] = {
    "openai-chat": {"reasoning_effort": "low", "temperature": 0.3, "max_tokens": 4_000},
    "openai-responses": {"reasoning": {"effort": "low"}, "temperature": 0.3, "max_output_tokens": 4_000},
    "anthropic": {"output_config": {"effort": "low"}, "temperature": 0.3, "max_tokens": 4_000},
    "gemini": {
        "generationConfig": {
            "temperature": 0.3,
            "maxOutputTokens": 4_000,
            "thinkingConfig": {"thinkingLevel": "LOW"},
        }
    },
}


@pytest.mark.parametrize("dialect", SENT)
async def test_how_a_model_is_to_answer_is_said_in_every_dialects_words(dialect: str) -> None:
    async with fake_vendor() as vendor:
        toml = HOUSE.format(dialect=dialect, url=vendor.url) + (
            '[[models]]\nname = "it"\nprovider = "house"\nmodel = "m-1"\neffort = "low"\ntemperature = 0.3\n'
            'max_output = 4000\nextra = { service_tier = "flex" }\n'
        )
        await asked(vendor, toml, "it")

    body = vendor.asked[0].body
    assert {name: body[name] for name in SENT[dialect]} == SENT[dialect]
    assert body["service_tier"] == "flex"


@pytest.mark.parametrize("dialect", SENT)
async def test_what_nobody_set_is_not_sent(dialect: str) -> None:
    async with fake_vendor() as vendor:
        toml = HOUSE.format(dialect=dialect, url=vendor.url)
        await asked(vendor, f'{toml}[[models]]\nname = "it"\nprovider = "house"\nmodel = "m-1"\n', "it")

    assert {"temperature", "reasoning_effort", "output_config", "generationConfig"}.isdisjoint(
        vendor.asked[0].body
    )


async def test_an_agent_answers_its_own_way_and_otherwise_as_its_model() -> None:
    async with fake_vendor() as vendor:
        toml = HOUSE.format(dialect="openai-chat", url=vendor.url) + (
            '[[models]]\nname = "it"\nprovider = "house"\nmodel = "m-1"\neffort = "low"\ntemperature = 0.3\n'
            '[[agents]]\nname = "counsel"\nmodel = "it"\neffort = "high"\nmax_output = 900\n'
        )
        await asked(vendor, toml, "counsel")

    body = vendor.asked[0].body
    assert (body["reasoning_effort"], body["temperature"], body["max_tokens"]) == ("high", 0.3, 900)


async def test_what_an_endpoint_wants_besides_goes_with_every_request() -> None:
    async with fake_vendor() as vendor:
        house = HOUSE.format(dialect="openai-chat", url=vendor.url) + (
            'headers = { "x-team" = "42" }\nquery = { api-version = "2024-10-21", zone = "a b" }\n'
            "extra = { user = 'switchboard', top_p = 0.5 }\n"
        )
        toml = (
            f'{house}[[models]]\nname = "it"\nprovider = "house"\nmodel = "m-1"\nextra = {{ top_p = 0.9 }}\n'
        )
        await asked(vendor, toml, "it")
        async with plugged(ENVIRONMENT, toml) as endpoints:
            rows = await provider(endpoints, "house").models()

    question = vendor.asked[0]
    assert question.path == "/base/chat/completions?api-version=2024-10-21&zone=a+b"
    assert question.headers["x-team"] == "42"
    assert (question.body["user"], question.body["top_p"]) == ("switchboard", 0.9)
    assert [row.id for row in rows] == ["m-1"]
    assert vendor.listed[-1].path_qs == "/base/models?api-version=2024-10-21&zone=a+b"
    assert vendor.listed[-1].headers["x-team"] == "42"


async def test_a_query_goes_behind_what_a_dialect_asks_for_itself() -> None:
    async with fake_vendor() as vendor:
        house = HOUSE.format(dialect="gemini", url=vendor.url) + 'query = { zone = "eu" }\n'
        await asked(vendor, f'{house}[[models]]\nname = "it"\nprovider = "house"\nmodel = "m-1"\n', "it")

    assert vendor.asked[0].path == "/base/v1beta/models/m-1:streamGenerateContent?alt=sse&zone=eu"


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('effort = "maximal"', "[[models]] it: effort must be one of low, medium, high"),
        ("temperature = 3.0", "[[models]] it: temperature must be less than or equal to 2"),
        ("max_output = 0", "[[models]] it: max_output must be greater than 0"),
        ("extra = { day = 2026-01-01 }", "[[models]] it: extra must hold what JSON can"),
    ],
)
def test_what_cannot_be_meant_stops_the_start(line: str, complaint: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_config(f'[[models]]\nname = "it"\nprovider = "openai"\nmodel = "m"\n{line}\n')

    assert complaint in str(refused.value)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (
            'headers = { Authorization = "Bearer sk-secret" }',
            'headers must not hold "Authorization": set a variable and name it in api_key_env',
        ),
        (
            'headers = { Proxy-Authorization = "Basic sk-secret" }',
            'headers must not hold "Proxy-Authorization": set a variable',
        ),
        (
            'headers = { Content-Length = "3" }',
            'headers must not hold "Content-Length": Switchboard sets it itself',
        ),
        (
            'headers = { transfer-encoding = "chunked" }',
            'headers must not hold "transfer-encoding": Switchboard sets it itself',
        ),
        ('headers = { "x team" = "1" }', '"x team" must be a header'),
        ('headers = { "x-team" = "a\\nb" }', '"x-team" must be a header'),
        ("extra = { odds = nan }", "extra must hold what JSON can"),
        ('think_tags = "yes"', "think_tags must be true or false"),
    ],
)
def test_an_addition_that_cannot_be_sent_stops_the_start(line: str, complaint: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_config(f'[providers.house]\ndialect = "openai-chat"\nbase_url = "http://h.test"\n{line}\n')

    assert complaint in str(refused.value)
    assert "sk-secret" not in str(refused.value)


@pytest.mark.parametrize(
    "line",
    [
        "extra = " + "{ a = " * 3_000 + "1" + " }" * 3_000,
        "[providers.house.extra" + ".a" * 3_000 + "]\nb = 1",
    ],
    ids=["inline", "dotted"],
)
def test_what_is_nested_without_measure_stops_the_start_in_words(line: str) -> None:
    with pytest.raises(SettingsError, match="nested too deep"):
        read_config(f'[providers.house]\ndialect = "openai-chat"\nbase_url = "http://h.test"\n{line}\n')


async def test_what_its_models_think_inline_is_thinking_where_the_operator_says_so() -> None:
    async with fake_vendor() as vendor:
        vendor.plays["hello"] = [Say("<think>Hm.</think>Hello.")]
        house = HOUSE.format(dialect="openai-chat", url=vendor.url) + "think_tags = true\n"
        parts = await asked(
            vendor, f'{house}[[models]]\nname = "it"\nprovider = "house"\nmodel = "m-1"\n', "it"
        )

    assert "".join(part.text for part in parts if isinstance(part, Text)).strip() == "Hello."
    assert "".join(part.text for part in parts if isinstance(part, Thinking)).strip() == "Hm."
