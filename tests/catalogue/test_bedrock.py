"""Amazon Bedrock by an entry of the file: its ids are known, its thoughts stay hidden, its refusals are named."""

import tomllib
from pathlib import Path

import pytest
from pytest_aiohttp.plugin import AiohttpServer

from bot.domain.listings import Listing
from bot.domain.stream_parts import Usage
from bot.models.assembly import assemble
from bot.models.facts import Facts
from bot.models.pricing import Prices
from bot.settings.config_file import read_config
from tests.catalogue.connected import answer, connection, plugged, provider
from tests.catalogue.fakes import FakeVendor
from tests.ops.product import command

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
KEY = {"AWS_BEARER_TOKEN_BEDROCK": "canary"}


def entry(name: str) -> str:
    """An example of the README, from its `[providers.NAME]` on."""
    block = README[README.index(f"[providers.{name}]") :]
    return block[: block.index("```")]


def as_written(server: str) -> str:
    base = tomllib.loads(entry("bedrock"))["providers"]["bedrock"]["base_url"]
    return entry("bedrock").replace(base, f"{server}openai/v1")


async def test_the_readmes_example_is_asked_with_its_key_and_shows_no_thoughts(
    aiohttp_server: AiohttpServer, tmp_path: Path
) -> None:
    fake = FakeVendor(says="<reasoning>They greet me.</reasoning>Hello you.")
    server = await aiohttp_server(fake.app())
    (tmp_path / "switchboard.toml").write_text(as_written(str(server.make_url("/"))), encoding="utf-8")

    said = await command(tmp_path, "chat", stdin="oss: Are you there?", **KEY)

    assert "Hello you." in said.out
    assert "reasoning>" not in said.out
    assert fake.asked[-1].path == "/openai/v1/chat/completions"
    assert fake.bodies[-1]["model"] == "openai.gpt-oss-120b-1:0"


@pytest.mark.parametrize("pieces", [1, 3])
async def test_thoughts_in_the_text_are_told_apart_in_whatever_pieces_they_come(
    pieces: int, aiohttp_server: AiohttpServer
) -> None:
    whole = "<reasoning>One.</reasoning><reasoning>Two.</reasoning>Hello you."
    cut = '"}}]}\n\ndata: {"choices": [{"delta": {"content": "'
    fake = FakeVendor(says=cut.join(whole[at : at + pieces] for at in range(0, len(whole), pieces)))
    server = await aiohttp_server(fake.app())

    async with plugged(KEY, as_written(str(server.make_url("/")))) as connections:
        shown, _ = await answer(provider(connections, "bedrock"), "openai.gpt-oss-120b-1:0", reasoning=True)

    assert shown == "Hello you."


async def test_what_it_lists_is_known_by_its_own_vendors_name() -> None:
    rows = [Listing(id=name) for name in KNOWN]
    toml = entry("bedrock")

    async with plugged(KEY, toml) as connections:
        source = connection(connections, "bedrock").source
        made = assemble(read_config(toml), [source], {"bedrock": rows}, facts=Facts.bundled())

    found = {
        model.model: (model.vision, model.tools, model.reasoning, model.context) for model in made.models
    }
    assert {name: found.get(name) for name in KNOWN} == KNOWN


KNOWN = {
    "us.anthropic.claude-sonnet-4-20250514-v1:0": (True, True, False, 200_000),
    "anthropic.claude-3-5-sonnet-20240620-v1:0": (True, True, False, 200_000),
    "openai.gpt-oss-120b-1:0": (False, True, True, 131_072),
    "us.deepseek.r1-v1:0": (False, False, True, 64_000),
    "amazon.nova-pro-v1:0": (True, True, False, 300_000),
    "meta.llama3-3-70b-instruct-v1:0": (False, False, False, 128_000),
}


@pytest.mark.parametrize(
    ("address", "model", "usd"),
    [
        ("https://bedrock-runtime.us-west-2.amazonaws.com/openai/v1", "openai.gpt-oss-120b-1:0", 0.15),
        ("https://bedrock-mantle.us-west-2.api.aws/v1", "us.amazon.nova-lite-v1:0", 0.06),
        ("https://litellm.example.com/v1", "us.anthropic.claude-sonnet-4-20250514-v1:0", 3.0),
        (
            "https://europe-west4-aiplatform.googleapis.com/v1/projects/P/locations/L",
            "google/gemini-2.5-flash",
            0.3,
        ),
    ],
)
async def test_what_a_cloud_runs_has_a_price(address: str, model: str, usd: float) -> None:
    toml = (
        f'[providers.p]\ndialect = "openai-chat"\nbase_url = "{address}"\n'
        f'[[models]]\nname = "m"\nprovider = "p"\nmodel = "{model}"\n'
    )
    async with plugged({}, toml) as connections:
        made = assemble(read_config(toml), connections.sources, {}, facts=Facts.bundled())
        (asked,) = [each for each in made.models if each.name == "m"]
        cost = Prices(connections.markets).cost(asked, Usage(input=100_000))

    assert cost == pytest.approx(usd / 10)


async def test_a_wrong_key_is_told_on_the_command_line_with_its_variable(
    aiohttp_server: AiohttpServer, tmp_path: Path
) -> None:
    server = await aiohttp_server(FakeVendor().app())
    (tmp_path / "switchboard.toml").write_text(as_written(str(server.make_url("/"))), encoding="utf-8")

    said = await command(tmp_path, "check", AWS_BEARER_TOKEN_BEDROCK="wrong")

    assert said.code != 0
    assert "check AWS_BEARER_TOKEN_BEDROCK" in said.out
