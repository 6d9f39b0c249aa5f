"""/model search: one of hundreds of models, found by a word."""

from dataclasses import replace

import pytest

from bot.conversation.command_parser import Command, parse_message
from bot.domain.catalog import Catalog, Model
from bot.domain.health import HealthState, ModelHealth
from bot.domain.replies import Action
from bot.settings.config_file import Policy
from tests.conversation.stage import CLAUDE, GROK, Stage
from tests.stopwatch import assert_quick

MANY = tuple(
    Model(
        name=f"maker{n % 30}/llama-{n}-chat",
        provider="router",
        model=f"maker{n % 30}/llama-{n}-chat",
        featured=False,
        vision=n % 2 == 0,
    )
    for n in range(900)
)


def stage(**more: object) -> Stage:
    found = Stage(models=(GROK, CLAUDE), **more)  # type: ignore[arg-type]
    found.catalog.replace((GROK, CLAUDE, *MANY), default="grok")
    return found


@pytest.mark.parametrize(
    "typed", ["/model search llama-77", "model search llama-77", "Model search LLAMA 77"]
)
async def test_a_word_finds_models_that_the_picker_does_not_show(typed: str) -> None:
    on = stage()

    (reply,) = (await on.says(typed)).replies
    (choice,) = reply.choices

    assert choice.options[0].label == "maker17/llama-77-chat"
    assert choice.action is Action.PICK
    assert " of 902 models match “" in reply.text
    await on.presses(choice.action, choice.options[0].value, threaded=True)
    assert on.thread_model == "maker17/llama-77-chat"


async def test_a_result_says_what_the_picker_says() -> None:
    on = stage()
    on.ill = {"one:grok-4.7": ModelHealth(state=HealthState.DOWN, since=1_000_000_000.0, why="overloaded")}

    (reply,) = (await on.says("/model search grok")).replies
    (option,) = reply.choices[0].options

    assert option.label == "grok"
    assert option.hint == "down since 01:46 UTC: is overloaded · 100k context · $$$"


async def test_many_matches_are_cut_with_a_word() -> None:
    (reply,) = (await stage().says("/model search llama")).replies

    assert len(reply.choices[0].options) == 25
    assert "900 of 902 models match" in reply.text
    assert "another word finds fewer" in reply.text


async def test_every_word_has_to_match_and_the_nearest_names_are_said_where_none_does() -> None:
    on = stage()
    (both,) = (await on.says("/model search chat maker3/")).replies
    (none,) = (await on.says("/model search cluade")).replies
    (empty,) = (await on.says("/model search")).replies

    assert all("maker3/" in option.label for option in both.choices[0].options)
    assert "None of 902 models matches “cluade”. Did you mean `claude`?" in none.text
    assert "`/model search WORD`" in empty.text


async def test_only_what_may_be_used_here_is_found() -> None:
    (reply,) = (
        await stage(policy=Policy(allow=("grok", "maker1/*"))).says("/model search llama-31-")
    ).replies

    assert [option.label for option in reply.choices[0].options] == ["maker1/llama-31-chat"]
    assert "1 of 31 models matches" in reply.text


async def test_a_scope_is_kept_through_the_search() -> None:
    on = stage()
    (reply,) = (await on.says("/model search claude --me")).replies

    await on.presses(Action.PICK, reply.choices[0].options[0].value)

    assert on.chosen_for == {"person:U1": "claude"}


async def test_the_picker_says_that_there_is_more_and_how_to_find_it() -> None:
    (many,) = (await stage().says("/model")).replies
    (few,) = (await Stage().says("/model")).replies

    assert "`/model search WORD`" in many.text
    assert (many.choices[0].search, few.choices[0].search) == ("thread", "")


@pytest.mark.parametrize("typed", ["search for the model", "model searching is fun", "model search"])
def test_a_sentence_is_not_taken_for_a_models_search(typed: str) -> None:
    meant = parse_message(typed, Catalog((GROK,)))

    assert not (isinstance(meant, Command) and meant.name == "model" and meant.rest)


def test_a_version_is_found_however_it_is_written() -> None:
    sonnet = replace(CLAUDE, name="claude-sonnet-4-5", model="anthropic/claude-sonnet-4.5", aliases=())
    catalog = Catalog((GROK, sonnet))

    for typed in ("sonnet 4.5", "Claude 4-5", "claude-sonnet-4.5"):
        assert catalog.search(typed, among=catalog.models) == (sonnet,)


def test_what_is_called_just_so_comes_first() -> None:
    names = ("x-phi", "phi-4-mini", "phi", "my-phi-4")
    catalog = Catalog([Model(name=name, provider="p", model=name) for name in names])

    found = [model.name for model in catalog.search("phi", among=catalog.models)]

    assert found == ["phi", "phi-4-mini", "x-phi", "my-phi-4"]


def test_thousands_are_searched_in_a_moment() -> None:
    catalog = Catalog(
        [replace(MANY[0], name=f"m-{n}", model=f"m-{n}", description="x" * 500) for n in range(5_000)]
    )

    assert len(catalog.search("m " * 5_000, among=catalog.models)) == 5_000
    assert_quick(lambda: catalog.search("m " * 5_000, among=catalog.models))
