"""Finding a model by what somebody typed."""

import pytest

from bot.domain.catalog import Catalog, Model, allows
from bot.domain.errors import SettingsError

GROK = Model(
    name="grok", provider="xai", model="grok-4.7", aliases=("g",), fallback=("claude", "gone", "grok")
)
CLAUDE = Model(name="claude", provider="anthropic", model="claude-sonnet-5-5", aliases=("sonnet",))
COUNSEL = Model(name="counsel", provider="anthropic", model="claude-sonnet-5-5", instructions="Review.")
DEEP = Model(name="deepseek-v4-pro", provider="deepseek", model="deepseek-v4-pro", featured=False)
CATALOG = Catalog([GROK, CLAUDE, COUNSEL, DEEP])


@pytest.mark.parametrize(
    "text", ["grok", " GROK ", "g", "xai:grok-4.7", "XAI:Grok-4.7", "grok-4.7", "Grok 4.7", "grok_4.7"]
)
def test_a_model_is_found_by_name_alias_id_and_both_parts_however_they_are_spelt(text: str) -> None:
    assert CATALOG.find(text) is GROK


def test_an_id_means_the_plain_model_and_not_an_agent_that_uses_it() -> None:
    assert CATALOG.find("claude-sonnet-5-5") is CLAUDE
    assert CATALOG.find("counsel") is COUNSEL


def test_a_name_wins_over_another_models_id() -> None:
    catalog = Catalog([Model(name="a", provider="p", model="b"), Model(name="b", provider="p", model="c")])

    found = catalog.find("b")

    assert found is not None
    assert found.model == "c"


@pytest.mark.parametrize("text", ["", "   ", "!!", "nothing like it"])
def test_what_is_not_there_is_not_found(text: str) -> None:
    assert CATALOG.find(text) is None


def test_two_models_that_read_alike_are_told_apart_by_exact_spelling_only() -> None:
    old, new = (Model(name=name, provider="p", model=name) for name in ("m-1.1", "m-11"))
    catalog = Catalog([old, new])

    assert catalog.find("m-1.1") is old
    assert catalog.find("m 1 1") is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("gork", "grok"),
        ("cluade", "claude"),
        ("claud", "claude"),
        ("sonet", "claude"),
        ("v4", ""),
        ("v4-pro", "deepseek-v4-pro"),
    ],
)
def test_a_near_miss_gets_the_nearest_names(text: str, name: str) -> None:
    assert (CATALOG.near(text) or ("",))[0] == name


def test_suggestions_stay_inside_what_is_allowed() -> None:
    assert CATALOG.near("gork", among=[CLAUDE]) == ()


def test_fallbacks_are_those_that_exist_and_are_another_model() -> None:
    assert CATALOG.fallbacks(GROK) == (CLAUDE,)


def test_the_default_is_the_first_unless_named() -> None:
    assert CATALOG.default is GROK
    assert Catalog([GROK, CLAUDE], default="Sonnet").default is CLAUDE


def test_an_unknown_default_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(SettingsError, match=r'default = "gpt": no such model. Write one of: grok, claude'):
        Catalog([GROK, CLAUDE], default="gpt")


def test_an_empty_catalogue_says_what_to_set() -> None:
    empty = Catalog([])

    assert (empty.default, empty.models, empty.find("grok")) == (None, (), None)
    assert "sets a vendor's key" in empty.absent


def test_a_picker_shows_the_featured_ones_or_else_everything() -> None:
    assert DEEP not in CATALOG.featured
    assert Catalog([DEEP]).featured == (DEEP,)


def test_replacing_swaps_everything_at_once() -> None:
    catalog = Catalog([GROK])

    catalog.replace([CLAUDE, DEEP], default="deepseek-v4-pro")

    assert catalog.find("grok") is None
    assert catalog.default is DEEP
    assert catalog.models == (CLAUDE, DEEP)


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        (["*"], {"grok", "claude", "counsel", "deepseek-v4-pro"}),
        (["anthropic:*"], {"claude", "counsel"}),
        (["G", "COUNSEL"], {"grok", "counsel"}),
        ([], set()),
    ],
)
def test_an_allow_list_admits_by_name_alias_and_provider(patterns: list[str], names: set[str]) -> None:
    assert {model.name for model in CATALOG.models if allows(patterns, model)} == names
