"""Which models can be picked, under which names, and what is known about them."""

from collections.abc import Mapping, Sequence

import pytest

from bot.domain.catalog import Catalog, Model, Price
from bot.domain.errors import SettingsError
from bot.domain.listings import Listing
from bot.models import references
from bot.models.assembly import LOADING, PATIENT, Assembled, assemble
from bot.models.facts import Fact, Facts
from bot.models.sources import Flagship, ModelSource
from bot.settings import config_file

GROK = Flagship(name="grok", patterns=(r"grok-(\d+(?:\.\d+)?)",), model="grok-latest")
GPT = Flagship(
    name="gpt",
    patterns=(r"gpt-(\d+(?:\.\d+)?)-sol", r"gpt-(\d+(?:\.\d+)?)"),
    model="gpt-6-sol",
    aliases=("chatgpt",),
)
DEMO = ModelSource(
    name="demo", flagships=(Flagship(name="demo", patterns=("demo",), model="demo"),), stopgap=True
)
XAI = ModelSource(name="xai", flagships=(GROK,))
OPENAI = ModelSource(name="openai", flagships=(GPT,))
OLLAMA = ModelSource(name="ollama", local=True)
FOUNDRY = ModelSource(name="foundry", flagships=(GPT, GROK))
FACTS = Facts(
    [(r"grok-5", Fact(context=500_000, max_output=32_000, vision=True, tools=True, reasoning=True))]
)


def made(
    sources: Sequence[ModelSource], listings: Mapping[str, Sequence[Listing]] | None = None, toml: str = ""
) -> Assembled:
    return assemble(config_file.read_config(toml), sources, listings or {}, facts=FACTS)


def picked(assembled: Assembled, name: str) -> Model:
    model = Catalog(assembled.models, default=assembled.default).find(name)
    assert model is not None
    return model


def ids(*names: str) -> list[Listing]:
    return [Listing(id=name) for name in names]


def test_before_any_listing_a_vendor_offers_its_well_known_names_unverified() -> None:
    grok = picked(made([XAI, DEMO]), "grok")

    assert (grok.model, grok.verified) == ("grok-latest", False)


def test_a_listing_gives_the_friendly_name_to_the_newest_version() -> None:
    gpt = picked(made([OPENAI], {"openai": ids("gpt-6-sol", "gpt-6.1-sol", "gpt-6.1", "gpt-5")}), "chatgpt")

    assert (gpt.name, gpt.model, gpt.verified) == ("gpt", "gpt-6.1-sol", True)


def test_the_vendors_own_pointer_to_its_newest_wins() -> None:
    assert picked(made([XAI], {"xai": ids("grok-5", "grok-latest")}), "grok").model == "grok-latest"


def test_a_name_that_the_listing_does_not_explain_stays_but_is_not_the_default() -> None:
    assembled = made([XAI], {"xai": ids("some-gateway-model")})

    assert picked(assembled, "grok").model == "grok-latest"
    assert picked(assembled, "grok").verified is False
    assert assembled.default == "some-gateway-model"


def test_what_is_listed_is_found_by_its_id_and_the_friendly_names_come_first() -> None:
    assembled = made([OPENAI, XAI], {"openai": ids("gpt-5", "gpt-6"), "xai": ids("grok-5")})

    assert [model.name for model in assembled.models] == ["gpt", "grok", "gpt-5"]
    assert picked(assembled, "openai:gpt-6").name == "gpt"


@pytest.mark.parametrize("name", ["text-embedding-3", "gpt-image-2", "whisper-1", "omni-moderation-latest"])
def test_models_that_do_not_chat_are_left_out(name: str) -> None:
    assembled = made([OPENAI], {"openai": ids("gpt-6", name)})

    assert [model.model for model in assembled.models] == ["gpt-6"]


def test_a_listing_that_says_what_chats_is_believed() -> None:
    rows = [Listing(id="olive-image-talker", chat=True), Listing(id="plain", chat=False)]

    assert [model.name for model in made([OLLAMA], {"ollama": rows}).models] == ["olive-image-talker"]


def test_the_same_id_at_two_endpoints_is_told_apart_by_the_endpoints_name() -> None:
    assembled = made([XAI, OLLAMA], {"xai": ids("grok-5", "kimi"), "ollama": ids("kimi")})

    assert picked(assembled, "kimi").provider == "xai"
    assert picked(assembled, "ollama:kimi").provider == "ollama"


def test_local_tags_become_names_people_can_type() -> None:
    assembled = made([OLLAMA], {"ollama": ids("llama3.2:latest", "qwen3:8b")})

    assert [model.name for model in assembled.models] == ["llama3.2", "qwen3-8b"]
    assert picked(assembled, "ollama:llama3.2").model == "llama3.2:latest"


def test_local_models_are_given_time_to_load_and_a_small_window() -> None:
    model = picked(made([OLLAMA], {"ollama": ids("qwen3:8b")}), "qwen3-8b")

    assert model.deadlines.first == LOADING
    assert (model.context, model.tools, model.vision) == (8_192, False, False)


def test_each_property_comes_from_the_file_then_the_listing_then_what_is_known() -> None:
    toml = '[[models]]\nname = "g"\nprovider = "xai"\nmodel = "grok-5"\nvision = false\nmax_output = 1000\n'
    row = Listing(id="grok-5", context=300_000, max_output=9_000, price=Price(input=1, output=2))

    model = picked(made([XAI], {"xai": [row]}, toml), "g")

    assert (model.vision, model.max_output) == (False, 1000)
    assert (model.context, model.price) == (300_000, Price(input=1, output=2))
    assert (model.tools, model.reasoning) == (True, True)
    assert model.deadlines.first == PATIENT


def test_what_nobody_knows_is_assumed_cautiously() -> None:
    model = picked(made([OPENAI], {"openai": ids("mystery")}), "mystery")

    assert (model.vision, model.tools, model.documents, model.context) == (False, False, False, 32_000)


def test_an_entry_of_the_file_takes_a_friendly_name_over() -> None:
    toml = '[[models]]\nname = "grok"\nprovider = "foundry"\nmodel = "our-grok"\n'
    assembled = made([XAI, FOUNDRY], {"xai": ids("grok-5")}, toml)

    assert picked(assembled, "grok").key == "foundry:our-grok"
    assert picked(assembled, "grok-5").key == "xai:grok-5"


def test_an_entry_for_a_flagship_answers_to_the_friendly_name_too() -> None:
    toml = '[[models]]\nname = "smart"\nprovider = "xai"\nmodel = "grok-5"\n'

    assert picked(made([XAI], {"xai": ids("grok-5")}, toml), "grok").name == "smart"


def test_a_deployment_is_known_by_the_model_behind_it() -> None:
    rows = [Listing(id="blue", base="grok-5", dialect="openai-chat")]
    grok = picked(made([FOUNDRY], {"foundry": rows}), "grok")

    assert (grok.model, grok.base, grok.dialect, grok.vision) == ("blue", "grok-5", "openai-chat", True)
    assert picked(made([FOUNDRY], {"foundry": rows}), "blue") == grok


def test_a_model_that_may_not_be_deployed_is_not_offered_as_a_sure_thing() -> None:
    rows = [Listing(id="grok-5", kind="base"), Listing(id="other", kind="base")]
    assembled = made([FOUNDRY], {"foundry": rows})

    assert picked(assembled, "grok").verified is False
    assert [model.name for model in assembled.models if model.featured] == ["gpt", "grok"]


def test_an_agent_of_an_endpoint_is_picked_like_a_model() -> None:
    rows = [*ids("gpt-6"), Listing(id="travel-desk", kind="agent", base="gpt-6", description="Books trips")]
    agent = picked(made([FOUNDRY], {"foundry": rows}), "travel-desk")

    assert (agent.agent, agent.dialect, agent.description) == (
        "travel-desk",
        "openai-responses",
        "Books trips",
    )


def test_an_agent_of_the_file_is_its_model_with_a_job() -> None:
    toml = """
        [[models]]
        name = "best"
        provider = "xai"
        model = "grok-5"
        fallback = ["gpt"]
        [[agents]]
        name = "counsel"
        model = "best"
        instructions = "Be strict."
        prompts = ["Review: "]
    """
    assembled = made([OPENAI, XAI], {"xai": ids("grok-5"), "openai": ids("gpt-6")}, toml)
    counsel = picked(assembled, "counsel")

    assert (counsel.key, counsel.vision, counsel.fallback) == ("xai:grok-5", True, ("gpt",))
    assert [model.name for model in assembled.models[:2]] == ["best", "counsel"]
    (stand_in,) = Catalog(assembled.models).fallbacks(counsel)
    assert (stand_in.name, stand_in.instructions) == ("gpt", "Be strict.")


def test_an_agents_name_is_not_given_to_anything_discovered() -> None:
    toml = '[[agents]]\nname = "grok"\nmodel = "gpt"\ninstructions = "Joke."\n'

    assert picked(made([OPENAI, XAI], {}, toml), "grok").provider == "openai"


def test_the_demo_is_offered_only_while_there_is_nothing_else() -> None:
    local = ModelSource(name="ollama", local=True, by_chance=True)
    alone, silent = made([DEMO]), made([local, DEMO])
    among = made([local, DEMO], {"ollama": ids("qwen3")})

    assert (alone.default, silent.default) == ("demo", "demo")
    assert [model.name for model in among.models] == ["qwen3"]


@pytest.mark.parametrize(
    ("sources", "toml"),
    [
        ([ModelSource(name="foundry")], ""),
        ([ModelSource(name="lab")], '[providers.lab]\ndialect = "openai-chat"\nbase_url = "http://lab/v1"'),
        ([ModelSource(name="ollama", by_chance=True)], "[providers.ollama]\nthink_tags = true"),
        (
            [ModelSource(name="xai", flagships=(GROK,), off="set XAI_API_KEY")],
            '[[models]]\nname = "g"\nprovider = "xai"\nmodel = "grok-5"',
        ),
    ],
    ids=["no listing yet", "own endpoint", "named in the file", "key missing"],
)
def test_the_demo_is_not_there_where_anything_was_set_up(sources: list[ModelSource], toml: str) -> None:
    assert made([*sources, DEMO], {"demo": ids("demo")}, toml) == Assembled(models=(), default="")


def test_the_demo_answers_for_those_who_set_it_up_themselves() -> None:
    toml = '[[models]]\nname = "toy"\nprovider = "demo"\nmodel = "demo"'

    assert [model.name for model in made([XAI, DEMO], {}, toml).models] == ["toy", "grok"]


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        (
            '[[models]]\nname = "g"\nprovider = "xia"\nmodel = "m"',
            '[[models]] g: provider "xia" is not known. Did you mean "xai"?',
        ),
        (
            '[[models]]\nname = "g"\nprovider = "xai"\nmodel = "m"\nfallback = ["gtp"]',
            '[[models]] g: fallback "gtp": no such model. Did you mean "gpt"?',
        ),
        (
            '[tools.jira]\nurl = "https://x.example/mcp"\n[[agents]]\nname = "a"\nmodel = "gpt"\ntools = ["jirra"]',
            '[[agents]] a: tools "jirra": there is no such tool server. Did you mean "jira"?',
        ),
        (
            '[[agents]]\nname = "a"\nmodel = "nothing-like-it"',
            '[[agents]] a: model "nothing-like-it": no such model. '
            'A model that only a listing names is written "provider:model".',
        ),
        ('default = "grop"', 'default = "grop": no such model. Did you mean "grok"?'),
        ('default = "gpt"', 'default = "gpt": set OPENAI_API_KEY.'),
        ('default = "a"\n[[agents]]\nname = "a"\nmodel = "gpt"', 'default = "a": set OPENAI_API_KEY.'),
    ],
)
def test_a_reference_that_leads_nowhere_stops_the_start(toml: str, said: str) -> None:
    sources = [ModelSource(name="openai", flagships=(GPT,), off="set OPENAI_API_KEY"), XAI]
    with pytest.raises(SettingsError) as refused:
        references.check_references(config_file.read_config(toml), sources)

    assert str(refused.value) == f"switchboard.toml: {said}"


@pytest.mark.parametrize(
    ("toml", "place"),
    [
        ('default = "Demo"', "default ="),
        ('[[agents]]\nname = "a"\nmodel = "demo"', "[[agents]] a: model"),
        (
            '[[models]]\nname = "g"\nprovider = "xai"\nmodel = "m"\nfallback = ["demo"]',
            "[[models]] g: fallback",
        ),
    ],
)
def test_nothing_may_lead_to_the_demo_beside_a_vendor(toml: str, place: str) -> None:
    with pytest.raises(SettingsError) as refused:
        references.check_references(config_file.read_config(toml), [XAI, DEMO])

    assert str(refused.value).startswith(f"switchboard.toml: {place} ")
    assert "it answers only while nothing else is set up. Name one of your models." in str(refused.value)
    references.check_references(config_file.read_config('default = "demo"'), [DEMO])


def test_a_default_that_several_keys_would_bring_names_them_all() -> None:
    sources = [ModelSource(name=name, flagships=(GPT,), off=f"set {name}_KEY") for name in ("A", "B")]
    with pytest.raises(SettingsError, match=r"set A_KEY or B_KEY\."):
        references.check_references(config_file.read_config('default = "gpt"'), sources)


def test_models_that_only_listings_know_are_referred_to_with_their_provider() -> None:
    references.check_references(config_file.read_config('default = "ollama:qwen3"'), [OLLAMA, DEMO])

    toml = 'default = "ollama:qwen3"'
    assert made([XAI, OLLAMA], {}, toml).default == "grok"
    assert made([XAI, OLLAMA], {"ollama": ids("qwen3")}, toml).default == "qwen3"


def test_the_bundled_facts_know_the_models_people_ask_for() -> None:
    facts = Facts.bundled()

    assert facts.about("gpt-6-sol").vision is True
    assert facts.about("anthropic/claude-sonnet-5-5").documents is True
    assert facts.about("claude-sonnet-4-5-20250929").context == 200_000
    assert facts.about("DeepSeek-V4-Pro") == Fact(
        context=1_000_000, max_output=384_000, vision=False, documents=False, tools=True, reasoning=True
    )
    assert facts.about("MAI-Thinking-1").reasoning is True
    assert facts.about("unheard-of") == Fact()
