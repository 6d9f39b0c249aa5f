"""Which models can search the web, and by what: the vendor, or the tool of the file."""

import pytest

from bot.domain.catalog import FREE, Model, Price
from bot.domain.errors import SettingsError
from bot.domain.stream_parts import Usage
from bot.models.assembly import assemble
from bot.models.facts import Facts
from bot.models.pricing import Prices
from bot.settings.config_file import read_config
from tests.catalogue.connected import plugged

VENDORS = {
    f"{name}_API_KEY": "k" for name in ("OPENAI", "XAI", "ANTHROPIC", "GEMINI", "OPENROUTER", "DEEPSEEK")
}
FOUNDRY = {"FOUNDRY_ENDPOINT": "https://r.services.ai.azure.com", "FOUNDRY_API_KEY": "k"}
TOOL = """
[tools.brave]
url = "https://mcp.example.com/mcp"
models = ["deep", "dumb", "dear"]

[search]
tool = "brave.web_search"
"""


def entry(provider: str, model: str = "m-1", *, name: str = "it", more: str = "") -> str:
    return f'[[models]]\nname = "{name}"\nprovider = "{provider}"\nmodel = "{model}"\n{more}\n'


async def found(environ: dict[str, str], toml: str, name: str = "it") -> Model:
    async with plugged(environ, toml) as connections:
        made = assemble(read_config(toml), connections.sources, {}, facts=Facts.bundled())
    return next(model for model in made.models if model.name == name)


@pytest.mark.parametrize(
    ("provider", "model", "more", "able"),
    [
        ("openai", "m-1", "", True),
        ("openai", "m-1", 'dialect = "openai-chat"', False),
        ("openai", "m-1", 'dialect = "openai-responses"', True),
        ("xai", "m-1", "", True),
        ("anthropic", "m-1", "", True),
        ("gemini", "m-1", "", True),
        ("openrouter", "vendor/m-1", "", True),
        ("openrouter", "vendor/m-1", 'dialect = "openai-responses"', True),
        ("deepseek", "m-1", "", False),
        ("ollama", "m-1", "", False),
        ("foundry", "gpt-6-sol", "", True),
        ("foundry", "DeepSeek-V4", "", False),
        ("foundry", "claude-sonnet-5-5", 'dialect = "anthropic"', False),
        ("openai", "m-1", "search = false", False),
    ],
)
async def test_who_can_search(provider: str, model: str, more: str, able: bool) -> None:
    made = await found(VENDORS | FOUNDRY, entry(provider, model, more=more))

    assert made.can_search is able
    assert made.search is (False if "false" in more else None)


@pytest.mark.parametrize("dialect", ["gemini", "anthropic"])
async def test_models_of_vertex_search_too(dialect: str) -> None:
    place = "https://aiplatform.googleapis.com/v1/projects/p/locations/global"
    table = f'[providers.vertex]\ndialect = "{dialect}"\nbase_url = "{place}"\n'

    assert (await found({}, table + entry("vertex"))).searches


async def test_an_endpoint_of_ones_own_searches_where_its_vendors_rules_say_so() -> None:
    own = '[providers.own]\nbase_url = "https://gate.example/v1"\n'
    like = f'{own}vendor = "openai"\n' + entry("own")
    plain = f'{own}dialect = "openai-responses"\n' + entry("own")

    assert (await found({}, like)).searches
    assert not (await found({}, plain)).can_search


async def test_an_agent_searches_as_its_model_does_or_as_its_own_entry_says() -> None:
    toml = entry("openai", more="search = true") + "".join(
        f'[[agents]]\nname = "{name}"\nmodel = "it"\n{more}\n'
        for name, more in (("a", ""), ("b", "search = false"))
    )

    assert (await found(VENDORS, toml, "a")).search is True
    assert not (await found(VENDORS, toml, "b")).can_search


async def test_the_tool_is_for_models_that_call_tools_and_may_use_it_and_cannot_search_otherwise() -> None:
    toml = TOOL + "".join(
        (
            entry("deepseek", "m-1", name="deep", more="tools = true"),
            entry("deepseek", "m-2", name="dumb", more="tools = false"),
            entry("deepseek", "m-3", name="other", more="tools = true"),
            entry("openai", "m-4", name="dear", more="tools = true"),
        )
    )
    tools = {
        name: (await found(VENDORS, toml, name)).search_tool for name in ("deep", "dumb", "other", "dear")
    }

    assert tools == {"deep": "brave.web_search", "dumb": "", "other": "", "dear": ""}


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ('[search]\ntool = "brave.web_search"', "there is no [tools.brave]"),
        ('[search]\ntool = "web_search"', "must be the full name of a tool"),
        ('[search]\ntool = ".x"', "must be the full name of a tool"),
        (entry("openai", more='search = "yes"'), "search"),
    ],
)
def test_what_an_operator_is_told(toml: str, says: str) -> None:
    with pytest.raises(SettingsError) as told:
        read_config(toml)

    assert says in str(told.value)


# --- what a search costs ----------------------------------------------------------------------------------

SEARCHED = Usage(input=1_000, output=1_000, searches=2)


@pytest.mark.parametrize(
    ("price", "costs"),
    [
        (Price(input=1.0, output=1.0, search=0.5), 1.002),
        (Price(input=1.0, output=1.0), 0.022),
        (FREE, 0.0),
    ],
    ids=["as it is set", "as its vendor charges", "nothing"],
)
def test_searches_are_paid_beside_tokens(price: Price, costs: float) -> None:
    model = Model(name="it", provider="openai", model="m-1", price=price)

    assert Prices({"openai": "openai"}).cost(model, SEARCHED) == pytest.approx(costs)


def test_a_search_at_an_unknown_vendor_costs_as_the_dearest() -> None:
    model = Model(name="it", provider="own", model="m-1")

    assert Prices({"own": ""}).per_search(model) == 0.02


def test_prices_of_the_price_data_have_searches_added() -> None:
    prices = Prices({"openai": "openai"})
    model = Model(name="it", provider="openai", model="gpt-4o")
    plain = prices.cost(model, Usage(input=1_000, output=1_000))
    searched = prices.cost(model, SEARCHED)

    assert plain
    assert searched == pytest.approx(plain + 0.02)


def test_the_file_says_what_a_search_costs() -> None:
    file = read_config(entry("openai", more="price = { input = 3.0, output = 15.0, search = 0.01 }"))
    (model,) = file.models

    assert model.price
    assert model.price.price == Price(input=3.0, output=15.0, search=0.01)
