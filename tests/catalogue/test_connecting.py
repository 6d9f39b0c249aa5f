"""Which endpoints a key, an address or an entry of the file brings, and how they are asked."""

from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from pydantic import SecretStr
from pytest_aiohttp.plugin import AiohttpServer

from bot.domain.catalog import FREE, Price
from bot.domain.errors import SettingsError
from bot.domain.listings import Listing
from bot.models.assembly import assemble
from bot.models.facts import Facts
from bot.models.sources import Flagship
from bot.settings import vendor_settings
from bot.settings.config_file import DialectName, read_config
from bot.settings.settings import KnownSettings
from providers.dialect import Quirks
from providers.endpoint import DIALECTS
from providers.listings import openai_listed
from providers.model_families import V
from providers.vendors import VENDORS, Vendor
from tests.catalogue.connected import answer, connection, plugged, provider
from tests.catalogue.fakes import FakeVendor


async def on(environ: dict[str, str], toml: str = "") -> list[str]:
    async with plugged(environ, toml) as connections:
        return list(connections.providers)


async def test_with_nothing_set_there_is_the_demo_and_whatever_runs_locally() -> None:
    assert await on({}) == ["ollama", "demo"]


async def test_a_key_brings_its_vendor_and_the_others_say_what_to_set() -> None:
    async with plugged({"XAI_API_KEY": "k"}) as connections:
        assert list(connections.providers) == ["xai", "ollama", "demo"]
        assert connection(connections, "mistral").source.off == "set MISTRAL_API_KEY"
        assert connection(connections, "foundry").source.off == "set FOUNDRY_ENDPOINT"


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8000/v1",
        "http://[::1]:8000/v1",
        "http://10.1.2.3/v1",
        "http://192.168.0.9/v1",
        "http://vllm:8000/v1",
        "http://gpu.default.svc/v1",
        "http://models.corp.internal/v1",
    ],
)
async def test_what_runs_on_the_operators_own_machines_costs_nothing(address: str) -> None:
    assert await charged("p", f'dialect = "openai-chat"\nbase_url = "{address}"') == FREE


@pytest.mark.parametrize(
    "address", ["https://api.example.com/v1", "http://8.8.8.8/v1", "https://internal.example.com"]
)
async def test_what_others_run_costs_what_somebody_says(address: str) -> None:
    assert await charged("p", f'dialect = "openai-chat"\nbase_url = "{address}"') is None
    free = f'dialect = "openai-chat"\nbase_url = "{address}"\nprice = "free"'
    assert await charged("p", free) == FREE


async def test_the_operator_says_what_a_gateway_on_their_own_machine_costs() -> None:
    gateway = 'dialect = "openai-chat"\nbase_url = "http://127.0.0.1:4000/v1"\nprice = { input = 1.0, output = 2.0 }'
    assert await charged("p", gateway) == Price(input=1.0, output=2.0)
    assert await charged("p", gateway, own="price = { input = 7.0, output = 8.0 }") == Price(
        input=7, output=8
    )


async def test_a_vendor_costs_as_much_through_a_proxy_and_ollama_only_where_it_is_elsewhere() -> None:
    assert await charged("openai", 'base_url = "http://127.0.0.1:4000/v1"') is None  # the price data knows
    assert await charged("ollama", "") == FREE
    assert await charged("ollama", 'base_url = "https://ollama.example.com"') is None


async def charged(provider: str, entry: str, *, own: str = "") -> Price | None:
    """The price in the catalogue of a configured model of that provider."""
    model = f'[[models]]\nname = "m"\nprovider = "{provider}"\nmodel = "x-1"\n{own}'
    toml = f"[providers.{provider}]\n{entry}\n{model}"
    async with plugged({}, toml) as connections:
        found = assemble(read_config(toml), connections.sources, {}, facts=Facts.bundled())
    return next(model.price for model in found.models if model.name == "m")


ROOT = Path(__file__).parents[2]


async def test_an_address_of_the_operators_own_needs_no_key() -> None:
    assert "openai" in await on({"OPENAI_BASE_URL": "http://127.0.0.1:8000/v1"})


def test_a_row_is_all_it_takes_for_a_vendor_to_be_configured() -> None:
    row = Vendor(name="nova-labs", base_url="https://api.nova.example/v1", dialects={"openai-chat": Quirks()})
    known = KnownSettings(platforms={}, vendors=(*VENDORS, row))
    read = known.read({"NOVA_LABS_API_KEY": "k", "NOVA_LABS_BASE_URL": "http://127.0.0.1:1/v1"})

    assert {"NOVA_LABS_API_KEY", "NOVA_LABS_BASE_URL"} <= set(known.variables())
    assert read.vendors["nova-labs"].base_url == "http://127.0.0.1:1/v1"


@pytest.mark.parametrize("row", VENDORS, ids=lambda row: row.name)
def test_the_example_of_the_environment_says_of_every_vendor_what_its_row_says(row: Vendor) -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    keys = [at for at, line in enumerate(lines) if line.startswith(f"#{row.key_variable}=")]

    assert f"#{row.prefix}BASE_URL={row.base_url}" in lines
    assert [lines[at - 1] for at in keys] == ([] if row.keyless else [f"# {row.console}"])


@pytest.mark.parametrize("row", [row for row in VENDORS if not row.keyless], ids=lambda row: row.name)
async def test_each_vendor_is_asked_with_its_own_header_at_the_operators_address(
    row: Vendor, aiohttp_server: AiohttpServer
) -> None:
    header = {"bearer": "Authorization"}.get(row.auth, row.auth)
    fake = FakeVendor(header=lambda headers: headers.get(header, "").removeprefix("Bearer "))
    fake.listing = {
        "data": [{"id": "m-1"}],
        "models": [{"name": "models/m-1", "supportedGenerationMethods": ["generateContent"]}],
    }
    server = await aiohttp_server(fake.app())
    variable = row.name.upper()
    environ = {f"{variable}_API_KEY": "canary", f"{variable}_BASE_URL": str(server.make_url("/base"))}

    async with plugged(environ) as connections:
        rows = await provider(connections, row.name).models()

    assert [row.id for row in rows] == ["m-1"]
    assert all("canary" not in str(request.url) for request in fake.asked)


async def test_an_endpoint_of_the_file_is_asked_as_it_is_written(aiohttp_server: AiohttpServer) -> None:
    fake = FakeVendor(header=lambda headers: headers.get("api-key", ""))
    server = await aiohttp_server(fake.app())
    toml = f"""
        [providers.foundry-eu]
        dialect = "openai-chat"
        base_url = "{server.make_url("/openai/v1")}"
        api_key_env = "EU_KEY"
        auth = "api-key"
    """

    async with plugged({"EU_KEY": "canary"}, toml) as connections:
        assert await answer(provider(connections, "foundry-eu"), "our-gpt") == ("hello", "our-gpt")

    assert fake.asked[0].path == "/openai/v1/chat/completions"


async def test_an_endpoint_of_the_file_may_follow_a_vendors_rules(aiohttp_server: AiohttpServer) -> None:
    fake = FakeVendor(key="")
    server = await aiohttp_server(fake.app())
    toml = f'[providers.eu]\nvendor = "mistral"\nbase_url = "{server.make_url("/v1")}"\n'

    async with plugged({}, toml) as connections:
        await answer(provider(connections, "eu"), "m")

    assert "stream_options" not in fake.bodies[0]


@pytest.mark.parametrize(
    ("entry", "said", "text"),
    [
        ("", "<think>hm</think>hi", "hi"),
        ("think_tags = true", "<think>hm</think>hi", "hi"),
        ("think_tags = true", "hm</think>hi", "hi"),
        ("think_tags = false", "<think>hm</think>hi", "<think>hm</think>hi"),
    ],
)
async def test_an_endpoint_of_the_file_says_whether_its_models_think_in_the_text(
    entry: str, said: str, text: str, aiohttp_server: AiohttpServer
) -> None:
    fake = FakeVendor(key="", says=said)
    server = await aiohttp_server(fake.app())
    toml = f'[providers.own]\ndialect = "openai-chat"\nbase_url = "{server.make_url("/v1")}"\n{entry}\n'

    async with plugged({}, toml) as connections:
        shown, _ = await answer(provider(connections, "own"), "m", reasoning=True)

    assert shown == text


async def test_a_vendors_key_is_never_sent_to_an_endpoint_of_another_name(
    aiohttp_server: AiohttpServer,
) -> None:
    fake = FakeVendor(key="")
    server = await aiohttp_server(fake.app())
    toml = f'[providers.eu]\nvendor = "mistral"\nbase_url = "{server.make_url("/v1")}"\n'

    async with plugged({"MISTRAL_API_KEY": "canary"}, toml) as connections:
        await answer(provider(connections, "eu"), "m")

    assert "Authorization" not in fake.asked[0].headers


async def test_an_entry_for_a_built_in_vendor_overrides_what_it_says(aiohttp_server: AiohttpServer) -> None:
    fake = FakeVendor()
    server = await aiohttp_server(fake.app())
    toml = f"""
        [providers.xai]
        dialect = "openai-chat"
        base_url = "{server.make_url("/v1")}"
        api_key_env = "OTHER_KEY"
    """

    async with plugged({"XAI_API_KEY": "wrong", "OTHER_KEY": "canary"}, toml) as connections:
        assert await answer(provider(connections, "xai"), "grok-4.7") == ("hello", "grok-4.7")


async def test_ollama_is_asked_below_v1_whether_or_not_that_was_written(
    aiohttp_server: AiohttpServer,
) -> None:
    fake = FakeVendor(key="", listing={"data": [{"id": "llama3.2:latest"}]})
    server = await aiohttp_server(fake.app())

    for path in ("", "/v1"):
        async with plugged({"OLLAMA_BASE_URL": str(server.make_url("/")).rstrip("/") + path}) as connections:
            await provider(connections, "ollama").models()

    assert [request.path for request in fake.asked] == ["/v1/models", "/v1/models"]


async def test_a_key_that_is_named_but_not_set_switches_the_endpoint_off() -> None:
    toml = '[providers.eu]\ndialect = "anthropic"\nbase_url = "https://eu.test"\napi_key_env = "EU_KEY"\n'

    async with plugged({}, toml) as connections:
        assert connection(connections, "eu").source.off == "set EU_KEY"


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('[providers.eu]\nbase_url = "http://h"', "[providers.eu] dialect is missing: add it"),
        ('[providers.eu]\ndialect = "gemini"', "[providers.eu] base_url is missing: add it"),
        (
            '[providers.eu]\nvendor = "mistrall"\nbase_url = "http://h"',
            '[providers.eu] vendor = "mistrall" is not known. Did you mean "mistral"?',
        ),
    ],
)
async def test_an_endpoint_that_cannot_be_reached_as_written_stops_the_start(toml: str, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        async with plugged({}, toml):
            pass

    assert str(refused.value).startswith(said)


def test_the_file_takes_every_dialect_there_is() -> None:
    assert set(get_args(DialectName)) == {*DIALECTS, "demo"}


async def test_a_new_vendor_of_a_known_dialect_is_one_row(aiohttp_server: AiohttpServer) -> None:
    fake = FakeVendor(listing={"data": [{"id": "nova-2", "created": 7}]})
    server = await aiohttp_server(fake.app())
    row = Vendor(
        name="nova",
        base_url=str(server.make_url("/v3")),
        dialects={"openai-chat": Quirks(output_limit="max_completion_tokens")},
        flagships=(Flagship(name="nova", patterns=(rf"nova-{V}",)),),
    )
    known = {"nova": vendor_settings.VendorSettings(api_key=SecretStr("canary"), base_url="")}

    async with plugged({}, table=(*VENDORS, row), vendors=known) as connections:
        nova = provider(connections, "nova")
        assert list(await nova.models()) == [Listing(id="nova-2", created=7)]
        assert await answer(nova, "nova-2") == ("hello", "nova-2")
        assert connection(connections, "nova").source.flagships[0].pick(await nova.models())

    async with plugged(
        {}, table=(*VENDORS, replace(row, name="nova")), vendors={"x": known["nova"]}
    ) as others:
        assert connection(others, "nova").source.off == "set NOVA_API_KEY"


def test_openrouters_prices_are_read_from_its_listing() -> None:
    pricing = {"prompt": "0.000003", "completion": "0.000015", "input_cache_read": "0.0000003"}
    page = openai_listed(
        {"data": [{"id": "a/b", "pricing": pricing}, {"id": "auto", "pricing": {"prompt": "-1"}}]}
    )

    priced, router = page.listings
    assert priced.price is not None
    assert (priced.price.input, priced.price.output, priced.price.cached) == (3.0, 15.0, 0.3)
    assert router.price is None
