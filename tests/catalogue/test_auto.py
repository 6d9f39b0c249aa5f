"""Where `auto` comes from: the operator's file, and at least two models to choose from."""

from collections.abc import Mapping, Sequence

import pytest

from bot.domain.auto_entry import AutoEntry
from bot.domain.catalog import Catalog
from bot.domain.errors import SettingsError
from bot.domain.health import ModelHealth
from bot.domain.listings import Listing
from bot.models.assembly import assemble
from bot.models.auto_line import auto_line
from bot.models.facts import Facts
from bot.models.listing import render_models
from bot.models.pricing import Prices
from bot.models.references import check_references
from bot.models.sources import Flagship, ModelSource
from bot.settings.config_file import read_config

XAI = ModelSource(name="xai", flagships=(Flagship(name="grok", patterns=("grok",), model="grok-latest"),))
OPENAI = ModelSource(name="openai", flagships=(Flagship(name="gpt", patterns=("gpt",), model="gpt-6"),))
PROXY = ModelSource(name="proxy")


def catalog(
    toml: str = "",
    sources: Sequence[ModelSource] = (XAI, OPENAI),
    listings: Mapping[str, Sequence[Listing]] | None = None,
) -> Catalog:
    made = assemble(read_config(toml), sources, listings or {}, facts=Facts([]))
    return Catalog(made.models, default=made.default, auto=made.auto)


def test_two_models_are_enough_for_it() -> None:
    assert catalog().auto == AutoEntry(explore=0.1)
    assert catalog(sources=[XAI]).auto is None


def test_it_is_found_by_its_name_and_is_no_model() -> None:
    found = catalog()

    assert found.entry(" Auto ") is found.auto
    assert found.find("auto") is None
    assert found.entry("grok") is found.find("grok")


def test_it_can_be_the_default_and_the_first_model_still_is_what_can_be_asked() -> None:
    found = catalog('default = "auto"')

    assert found.default_name == "auto"
    assert found.default
    assert found.default.name == "grok"


def test_as_the_default_it_gives_way_where_there_is_one_model() -> None:
    assert catalog('default = "auto"', [XAI]).default_name == "grok"


def test_the_rules_are_read_one_name_or_several() -> None:
    auto = catalog(
        '[auto]\nvision = "gpt"\ncode = ["grok", "gpt"]\nmodels = ["gpt", "grok"]\nusd_per_answer = 0.05\nexplore = 0'
    ).auto

    assert auto == AutoEntry(
        vision=("gpt",), code=("grok", "gpt"), models=("gpt", "grok"), usd_per_answer=0.05, explore=0
    )


def test_it_chooses_in_the_order_that_is_written_and_leaves_out_what_has_a_job() -> None:
    written = catalog('[auto]\nmodels = ["gpt", "grok"]')
    told = '[[agents]]\nname = "counsel"\nmodel = "grok"'
    usual = catalog(told)

    assert written.auto
    assert usual.auto
    assert [model.name for model in auto_line(written.auto, written)] == ["gpt", "grok"]
    assert [model.name for model in auto_line(usual.auto, usual)] == ["grok", "gpt"]


@pytest.mark.parametrize(
    "toml",
    [
        '[[models]]\nname = "Auto"\nprovider = "xai"\nmodel = "grok-5"',
        '[[models]]\nname = "g"\naliases = ["auto"]\nprovider = "xai"\nmodel = "grok-5"',
        '[[agents]]\nname = "auto"\nmodel = "grok"',
    ],
)
def test_an_operators_own_name_wins_and_is_told(toml: str) -> None:
    found = catalog(toml)

    assert found.auto is None
    assert found.entry("auto") is found.find("auto") is not None
    assert "so none is chosen for each question. Rename it to have that, too." in read_config(toml).no_auto


def test_a_listed_model_of_that_name_is_found_beside_it() -> None:
    found = catalog("", [XAI, PROXY], {"proxy": [Listing(id="auto"), Listing(id="other")]})

    assert found.entry("auto") is found.auto is not None
    listed = found.find("proxy:auto")
    assert listed
    assert (listed.name, listed.model) == ("proxy:auto", "auto")


@pytest.mark.parametrize(
    ("toml", "complaint"),
    [
        ('[auto]\ncode = "gork"', '[auto] code "gork": no such model. Did you mean "grok"?'),
        (
            '[auto]\nmodels = ["grok", "auto"]',
            '[auto] models "auto": it is no model, it chooses one for each question.',
        ),
        ('[[agents]]\nname = "a"\nmodel = "auto"', '[[agents]] a: model "auto": it is no model'),
        ('default = "auto"\n[auto]\nvision = ["nope"]', '[auto] vision "nope": no such model.'),
    ],
)
def test_a_name_that_is_no_model_stops_the_start(toml: str, complaint: str) -> None:
    with pytest.raises(SettingsError) as error:
        check_references(read_config(toml), [XAI, OPENAI])

    assert complaint in str(error.value)


@pytest.mark.parametrize(
    ("toml", "complaint"),
    [
        ("[auto]\ncode = 5", "[auto] code must be a model's name in quotes, or a list of names"),
        ("[auto]\nmodels = [5]", "[auto] models must be a model's name in quotes, or a list of names"),
        (
            '[auto]\nusd_per_answer = "5"',
            "[auto] usd_per_answer must be a number without quotes, such as 5.0",
        ),
        ("[auto]\nexplore = 2", "[auto] explore must be less than or equal to 1"),
        ('[auto]\nvison = "grok"', '[auto] unknown key "vison". Did you mean "vision"?'),
    ],
)
def test_what_cannot_be_meant_is_said_with_its_key(toml: str, complaint: str) -> None:
    with pytest.raises(SettingsError) as error:
        read_config(toml)

    assert complaint in str(error.value)


def test_a_default_that_chooses_is_a_valid_reference() -> None:
    check_references(read_config('default = "auto"'), [XAI, OPENAI])


def test_the_operators_list_shows_it_and_from_whom_it_chooses() -> None:
    found = catalog('default = "auto"\n[auto]\ncode = "gpt"')
    conditions = {model.key: ModelHealth() for model in found.models}
    first = render_models(found, Prices({}), conditions).splitlines()[1]

    assert first.split("  ")[0] == "auto*"
    assert first.endswith("chooses from grok, gpt; code: gpt")
