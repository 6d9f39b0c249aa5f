"""What an operator is told about vendors and models on the command line."""

import re
from dataclasses import replace

import pytest

from bot.domain.catalog import Catalog, Model, Price
from bot.domain.check import CheckResult, CheckStatus
from bot.domain.errors import (
    Auth,
    Forbidden,
    ModelError,
    ModelNotFound,
    Overloaded,
    Quota,
    RegionBlocked,
    Timeout,
)
from bot.domain.errors import Connection as Unreachable
from bot.domain.health import HealthState, ModelHealth
from bot.domain.listings import Listing
from bot.models.estimates import check_prices
from bot.models.listing import render_models
from bot.models.pricing import Prices
from bot.models.sources import ModelSource
from bot.settings import config_file
from providers.check import check_endpoints
from providers.connecting import ConnectedEndpoint
from tests.catalogue.fakes import FakeProvider

DOWN_SINCE = "down since 01:46 UTC: is overloaded"
XAI = ConnectedEndpoint(
    source=ModelSource(name="xai"),
    provider=FakeProvider(rows=[Listing(id="grok-4.7"), Listing(id="grok-4.6")]),
    address="https://api.x.ai/v1",
    key="XAI_API_KEY",
)


async def one(connection: ConnectedEndpoint, toml: str = "") -> list[CheckResult]:
    return list(await check_endpoints([connection], config_file.read_config(toml)))


async def test_an_endpoint_that_answers_says_how_much_it_has() -> None:
    assert await one(XAI) == [CheckResult(about="xai", status=CheckStatus.GOOD, text="2 models listed")]


async def test_a_model_that_is_to_search_and_cannot_is_named() -> None:
    wanted = '[[models]]\nname = "grok"\nprovider = "xai"\nmodel = "grok-4.7"\nsearch = true\n'
    tool = '[tools.brave]\nurl = "https://mcp.example.com/mcp"\n[search]\ntool = "brave.web_search"\n'
    able = replace(XAI, source=replace(XAI.source, searching={"": ""}))

    _, told = await one(XAI, wanted)
    assert (told.about, told.status) == ("grok", CheckStatus.DOUBT)
    assert "xai does not search the web" in told.text
    assert len(await one(able, wanted)) == len(await one(XAI, wanted + tool)) == 1


async def test_an_endpoint_that_is_off_says_what_to_set() -> None:
    off = ConnectedEndpoint(source=ModelSource(name="xai", off="set XAI_API_KEY"), provider=None)

    assert await one(off) == [CheckResult(about="xai", status=CheckStatus.OFF, text="set XAI_API_KEY")]


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (Auth(status=401), CheckStatus.BAD, "https://api.x.ai/v1 refused the key (401): check XAI_API_KEY"),
        (
            Forbidden(status=403),
            CheckStatus.BAD,
            "https://api.x.ai/v1 refused access (403): check XAI_API_KEY, and what stands between",
        ),
        (
            RegionBlocked(status=403),
            CheckStatus.BAD,
            "https://api.x.ai/v1 does not answer from here (403): allow this network, or a region it serves",
        ),
        (
            Auth("Entra ID is not possible here: install it", code="entra_missing"),
            CheckStatus.BAD,
            "Entra ID is not possible here: install it",
        ),
        (Quota(), CheckStatus.BAD, "the account has no credit left: top it up in the vendor's console"),
        (
            ModelNotFound(status=404),
            CheckStatus.DOUBT,
            "https://api.x.ai/v1 has no listing: check the address, and name its models under [[models]]",
        ),
        (
            Unreachable(),
            CheckStatus.BAD,
            "https://api.x.ai/v1 cannot be reached: check the address, the network and the proxy",
        ),
        (
            Overloaded(status=529),
            CheckStatus.DOUBT,
            "https://api.x.ai/v1 is overloaded (HTTP 529): try again in a minute",
        ),
    ],
    ids=["key", "access", "place", "no entra", "quota", "no listing", "unreachable", "overloaded"],
)
async def test_what_is_wrong_is_one_line_with_the_remedy(
    error: ModelError, status: CheckStatus, text: str
) -> None:
    wrong = replace(XAI, provider=FakeProvider(error=error))

    assert await one(wrong) == [CheckResult(about="xai", status=status, text=text)]


async def test_a_local_server_that_does_not_run_is_no_fault() -> None:
    ollama = ConnectedEndpoint(
        source=ModelSource(name="ollama", local=True, by_chance=True),
        provider=FakeProvider(error=Timeout()),
        address="http://127.0.0.1:11434",
    )

    (result,) = await one(ollama)
    assert (result.status, result.text) == (
        CheckStatus.OFF,
        "nothing answers at http://127.0.0.1:11434: start it, or set its address",
    )


async def test_an_endpoint_that_was_set_up_and_has_no_model_is_told() -> None:
    empty = replace(XAI, provider=FakeProvider())

    (result,) = await one(empty)
    assert (result.status, result.text) == (
        CheckStatus.DOUBT,
        "https://api.x.ai/v1 lists no model: load one there, or name one under [[models]]",
    )


async def test_the_demo_rests_beside_a_vendor() -> None:
    demo = ConnectedEndpoint(
        source=ModelSource(name="demo", stopgap=True), provider=FakeProvider(rows=[Listing(id="demo")])
    )
    alone = await check_endpoints([demo], config_file.read_config(""))
    among = await check_endpoints([XAI, demo], config_file.read_config(""))

    assert alone == [CheckResult(about="demo", status=CheckStatus.GOOD, text="1 model listed")]
    assert among[-1] == CheckResult(
        about="demo", status=CheckStatus.OFF, text="answers only while nothing else is set up"
    )


async def test_a_configured_model_that_is_not_listed_is_named_with_the_nearest() -> None:
    toml = '[[models]]\nname = "g"\nprovider = "xai"\nmodel = "grok-47"\n'

    assert (await one(XAI, toml))[1] == CheckResult(
        about="g", status=CheckStatus.DOUBT, text='xai does not list "grok-47". Did you mean "grok-4.7"?'
    )


def test_the_list_of_models_shows_what_each_can_do_costs_and_how_it_is() -> None:
    grok = Model(
        name="grok",
        provider="xai",
        model="grok-4.7",
        aliases=("g",),
        vision=True,
        tools=True,
        context=500_000,
        price=Price(input=3, output=15),
        note="configured",
    )
    local = Model(name="qwen3-8b", provider="ollama", model="qwen3:8b", note="listed by ollama")
    old = replace(
        grok, name="grok-3", model="grok-3", aliases=(), featured=False, price=None, note="listed by xai"
    )
    down = ModelHealth(state=HealthState.DOWN, since=1_000_000_000.0, until=1_000_000_300.0, why="overloaded")

    shown = render_models(
        Catalog([grok, local, old]), Prices({"ollama": None, "xai": None}), {"xai:grok-4.7": down}
    )

    assert [re.split(r"  +", line) for line in shown.splitlines()] == [
        ["NAME", "PROVIDER:MODEL", "CAN", "CONTEXT", "USD/M IN", "OUT", "HEALTH", "FROM"],
        ["grok*, g", "xai:grok-4.7", "vision tools", "500k", "3", "15", DOWN_SINCE, "configured"],
        ["qwen3-8b", "ollama:qwen3:8b", "text", "32k", "-", "-", "up", "listed by ollama"],
        [""],
        ["Found by name, not shown in pickers (1):"],
        ["grok-3", "xai:grok-3", "vision tools", "500k", "-", "-", "up", "listed by xai"],
    ]


def test_what_nobody_reached_is_not_called_up() -> None:
    one, two, three = (Model(name=name, provider=name, model=name) for name in ("one", "two", "three"))
    guess = replace(three, name="guess", model="guess", verified=False)
    catalog = Catalog([one, two, three, guess], reach={"one": "not reached", "two": "key refused"})

    shown = render_models(catalog, Prices({}), {})

    words = [re.split(r"  +", line.strip())[-1] for line in shown.splitlines()[1:]]
    assert words == ["not reached", "key refused", "up", "not reached"]


def test_models_that_budgets_can_only_guess_at_are_named_with_what_to_set() -> None:
    priced = Model(name="a", provider="one", model="a", price=Price(input=1, output=2))
    unknown = [Model(name=f"m{n}", provider="two", model=f"m{n}") for n in range(7)]
    (found,) = check_prices(Catalog([priced, *unknown]), Prices({}))

    assert found.status is CheckStatus.DOUBT
    assert found.text == (
        "no price is known for m0, m1, m2, m3, m4 and 2 more: they count as the dearest model. Set "
        "price = { input = ..., output = ... } under their [[models]] or [providers.two], "
        'or price = "free"'
    )
    assert check_prices(Catalog([priced]), Prices({})) == []
