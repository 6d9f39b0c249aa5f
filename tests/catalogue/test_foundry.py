"""Microsoft Foundry: three addresses, keys and Entra ID, deployments, agents, the model router."""

import asyncio
import sys

import pytest
from pytest_aiohttp.plugin import AiohttpServer

from bot.domain.catalog import Catalog
from bot.domain.errors import Auth, ModelNotFound
from bot.models.assembly import assemble
from bot.models.facts import Facts
from bot.settings import config_file
from providers.foundry import roots
from tests.catalogue.connected import answer, connection, plugged, provider
from tests.catalogue.fakes import FakeCredential, FakeFoundry

DEPLOYED = {
    "chat": ("OpenAI", "gpt-6-sol"),
    "fast": ("SpaceXAI", "grok-4.7"),
    "writer": ("Anthropic", "claude-sonnet-5-5"),
    "thinker": ("MAI", "MAI-Thinking-1"),
    "small": ("Microsoft", "Phi-4"),
    "router": ("OpenAI", "model-router"),
    "vectors": ("OpenAI", "text-embedding-3-large"),
}
KEY = {"FOUNDRY_API_KEY": "foundry-key"}


@pytest.fixture
def foundry() -> FakeFoundry:
    return FakeFoundry(deployments=DEPLOYED, agents=("travel", "counsel"))


@pytest.fixture
async def url(foundry: FakeFoundry, aiohttp_server: AiohttpServer) -> str:
    server = await aiohttp_server(foundry.app())
    return str(server.make_url("/")).rstrip("/")


PATHS = {
    "chat": "/openai/v1/responses",
    "fast": "/openai/v1/responses",
    "writer": "/anthropic/v1/messages",
    "thinker": "/mai/v1/chat/completions",
    "small": "/openai/v1/chat/completions",
}


@pytest.mark.parametrize("name", PATHS)
async def test_a_deployment_is_asked_where_its_publisher_answers(
    name: str, url: str, foundry: FakeFoundry
) -> None:
    environ = {"FOUNDRY_ENDPOINT": f"{url}/api/projects/P"}

    async with plugged(environ, credential=FakeCredential()) as connections:
        text, served = await answer(provider(connections, "foundry"), name)

    assert (text, served) == ("hello", DEPLOYED[name][1])
    assert foundry.asked[0][0] == PATHS[name]


@pytest.mark.parametrize(("entry", "text"), [("", "hi"), ("think_tags = false", "<think>hm</think>hi")])
async def test_the_file_says_whether_deployments_think_in_the_text(
    entry: str, text: str, url: str, foundry: FakeFoundry
) -> None:
    foundry.says = "<think>hm</think>hi"

    async with plugged(KEY | {"FOUNDRY_ENDPOINT": url}, f"[providers.foundry]\n{entry}\n") as connections:
        shown, _ = await answer(provider(connections, "foundry"), "small")

    assert shown == text


@pytest.mark.parametrize(
    ("name", "about"),
    [
        ("writer", {"dialect": "anthropic"}),
        ("writer", {"base": "claude-sonnet-5-5"}),
        ("thinker", {"base": "MAI-Thinking-1"}),
        ("chat", {}),
        ("fast", {"dialect": "openai-responses"}),
    ],
)
async def test_without_a_project_the_dialect_or_the_models_name_decides(
    name: str, about: dict[str, str], url: str
) -> None:
    async with plugged(KEY | {"FOUNDRY_ENDPOINT": url}) as connections:
        text, _ = await answer(provider(connections, "foundry"), name, **about)

    assert text == "hello"


async def test_a_deployment_that_does_not_answer_in_the_first_dialect_is_asked_in_the_other_from_then_on(
    url: str, foundry: FakeFoundry
) -> None:
    foundry.unsupported = {"chat": "/openai/v1/responses", "small": "/openai/v1/chat/completions"}

    async with plugged(
        {"FOUNDRY_ENDPOINT": f"{url}/api/projects/P"}, credential=FakeCredential()
    ) as endpoints:
        for name in ("chat", "small", "chat", "small"):
            assert (await answer(provider(endpoints, "foundry"), name))[0] == "hello"

    asked = [path.removeprefix("/openai/v1/") for path, _ in foundry.asked]
    assert asked == [
        *("responses", "chat/completions", "chat/completions", "responses"),
        *("chat/completions", "responses"),
    ]


async def test_a_deployment_that_there_is_not_is_asked_for_once(url: str, foundry: FakeFoundry) -> None:
    async with plugged(KEY | {"FOUNDRY_ENDPOINT": url}) as endpoints:
        with pytest.raises(ModelNotFound):
            await answer(provider(endpoints, "foundry"), "gpt-gone")

    assert len(foundry.asked) == 1


async def test_the_model_routers_answer_names_who_gave_it(url: str, foundry: FakeFoundry) -> None:
    foundry.deployments = {"router": ("OpenAI", "gpt-6-luna-2026-05-01")}

    async with plugged(KEY | {"FOUNDRY_ENDPOINT": url}) as connections:
        assert await answer(provider(connections, "foundry"), "router") == ("hello", "gpt-6-luna-2026-05-01")


async def test_a_wrong_key_and_an_unknown_deployment_are_told_apart(url: str) -> None:
    async with plugged({"FOUNDRY_API_KEY": "wrong", "FOUNDRY_ENDPOINT": url}) as connections:
        with pytest.raises(Auth):
            await answer(provider(connections, "foundry"), "chat")
    async with plugged(KEY | {"FOUNDRY_ENDPOINT": url}) as connections:
        with pytest.raises(ModelNotFound):
            await answer(provider(connections, "foundry"), "gone")


async def test_the_project_lists_deployments_page_by_page_and_agents(url: str) -> None:
    environ = {"FOUNDRY_ENDPOINT": f"{url}/api/projects/P"}

    async with plugged(environ, credential=FakeCredential()) as connections:
        rows = await provider(connections, "foundry").models()

    assert [row.id for row in rows] == [*DEPLOYED, "travel", "counsel"]
    assert {row.id: row.dialect for row in rows}["writer"] == "anthropic"


async def test_credentials_do_not_follow_a_next_page_to_another_address(
    url: str, foundry: FakeFoundry
) -> None:
    foundry.next_page = "https://elsewhere.test/api/projects/P/deployments?page=2"

    async with plugged(
        {"FOUNDRY_ENDPOINT": f"{url}/api/projects/P"}, credential=FakeCredential()
    ) as connections:
        rows = await provider(connections, "foundry").models()

    assert [row.id for row in rows if row.kind == "model"] == list(DEPLOYED)[: foundry.page]


async def test_what_is_deployed_can_be_picked_by_friendly_names_and_agents_by_theirs(url: str) -> None:
    environ = {"FOUNDRY_ENDPOINT": f"{url}/api/projects/P"}
    async with plugged(environ, credential=FakeCredential()) as connections:
        plug = connection(connections, "foundry")
        rows = await provider(connections, "foundry").models()
        made = assemble(config_file.ConfigFile(), [plug.source], {"foundry": rows}, facts=Facts.bundled())
        catalog = Catalog(made.models)
        friendly = {
            name: model.model
            for name in ("gpt", "grok", "claude", "mai", "phi", "model-router")
            if (model := catalog.find(name))
        }
        agent = catalog.find("travel")
        assert agent is not None
        said = await answer(
            provider(connections, "foundry"), agent.model, agent=agent.agent, dialect=agent.dialect
        )

    assert friendly == {"gpt": "chat", "grok": "fast", "claude": "writer", "mai": "thinker", "phi": "small"}
    assert catalog.find("vectors") is None
    assert said == ("hello", "gpt-6-sol")


async def test_an_agent_brings_its_own_model_and_instructions(url: str, foundry: FakeFoundry) -> None:
    environ = {"FOUNDRY_ENDPOINT": f"{url}/api/projects/P"}

    async with plugged(environ, credential=FakeCredential()) as connections:
        await answer(provider(connections, "foundry"), "counsel", agent="counsel", dialect="openai-responses")

    path, body = foundry.asked[0]
    assert path == "/api/projects/P/openai/v1/responses"
    assert body["agent_reference"] == {"type": "agent_reference", "name": "counsel"}


async def test_without_a_project_what_could_be_deployed_is_listed_as_that(url: str) -> None:
    async with plugged(KEY | {"FOUNDRY_ENDPOINT": url}) as connections:
        rows = await provider(connections, "foundry").models()

    assert [(row.id, row.kind) for row in rows] == [("gpt-6-sol", "base")]


async def test_entra_tokens_are_asked_for_the_configured_audience(url: str) -> None:
    scope = "https://cognitiveservices.azure.com/.default"
    credential = FakeCredential(scope=scope)
    toml = f'[providers.foundry]\nbase_url = "{url}"\nauth = "entra"\nscope = "{scope}"\n'

    async with plugged(
        KEY | {"FOUNDRY_ENDPOINT": "https://elsewhere.test"}, toml, credential=credential
    ) as plugs:
        assert await answer(provider(plugs, "foundry"), "chat") == ("hello", "gpt-6-sol")

    assert set(credential.asked) == {scope}


async def test_a_token_for_another_audience_is_a_refusal(url: str) -> None:
    async with plugged({"FOUNDRY_ENDPOINT": url}, credential=FakeCredential(scope="another")) as connections:
        with pytest.raises(Auth):
            await answer(provider(connections, "foundry"), "chat")


async def test_without_the_extra_the_remedy_is_said(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    async with plugged({"FOUNDRY_ENDPOINT": url}) as connections:
        off = connection(connections, "foundry").source.off

    assert off == "install azure-identity (pip install azure-identity) or set FOUNDRY_API_KEY"


@pytest.mark.parametrize(
    ("endpoint", "resource", "project"),
    [
        ("https://r.services.ai.azure.com", "https://r.services.ai.azure.com", ""),
        (
            "https://r.services.ai.azure.com/api/projects/P",
            "https://r.services.ai.azure.com",
            "https://r.services.ai.azure.com/api/projects/P",
        ),
        ("https://r.openai.azure.com/openai/v1", "https://r.openai.azure.com", ""),
        (
            "https://r.services.ai.azure.com/api/projects/P/agents/A",
            "https://r.services.ai.azure.com",
            "https://r.services.ai.azure.com/api/projects/P",
        ),
    ],
)
def test_an_address_from_the_portal_is_taken_as_it_was_copied(
    endpoint: str, resource: str, project: str
) -> None:
    assert roots(endpoint) == (resource, project)


class Revoked(FakeCredential):
    """The process's credentials, which keep a token whoever refuses it: only new ones give a new token."""

    def __init__(self, tokens: list[str]) -> None:
        super().__init__(token=tokens.pop(0) if len(tokens) > 1 else tokens[0])


async def test_an_entra_token_that_is_refused_is_exchanged_once_for_all_and_the_questions_are_answered(
    url: str, foundry: FakeFoundry
) -> None:
    tokens = ["revoked", "entra-token", "never"]
    toml = f'[providers.eu]\ndialect = "openai-chat"\nbase_url = "{url}/openai/v1"\nauth = "entra"\n'
    made: list[Revoked] = []

    def make() -> Revoked:
        made.append(Revoked(tokens))
        return made[-1]

    async with plugged({"FOUNDRY_ENDPOINT": f"{url}/api/projects/P"}, toml, make=make) as connections:
        names = [("eu", "chat"), ("foundry", "writer"), ("eu", "small"), ("foundry", "thinker")]
        async with asyncio.TaskGroup() as group:
            asking = [group.create_task(answer(provider(connections, where), name)) for where, name in names]

    assert [each.result()[0] for each in asking] == ["hello"] * 4
    assert len(made) == 2
    assert made[0].closed


async def test_whoever_is_refused_with_every_entra_token_is_told_as_ever(
    url: str, foundry: FakeFoundry
) -> None:
    made: list[Revoked] = []

    def make() -> Revoked:
        made.append(Revoked([f"without-a-role-{len(made)}"]))
        return made[-1]

    async with plugged({"FOUNDRY_ENDPOINT": url}, make=make) as connections:
        for _ in range(3):
            with pytest.raises(Auth) as told:
                await answer(provider(connections, "foundry"), "chat")

    assert told.value.status == 401
    assert len(made) == 2


@pytest.mark.parametrize("name", ["chat", "writer", "thinker", "small"])
async def test_a_wrong_key_is_refused_once(name: str, url: str, foundry: FakeFoundry) -> None:
    environ = {"FOUNDRY_API_KEY": "wrong", "FOUNDRY_ENDPOINT": url}

    async with plugged(environ) as connections:
        with pytest.raises(Auth):
            await answer(provider(connections, "foundry"), name, base=DEPLOYED[name][1])

    assert foundry.refusals == 1
