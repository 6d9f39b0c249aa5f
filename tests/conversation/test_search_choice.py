"""/search on and off, and the choices beside the models in the picker."""

from dataclasses import replace

import pytest

from bot.conversation.command_parser import Command, parse_message
from bot.domain.catalog import Catalog
from bot.domain.health import ModelHealth
from bot.domain.prompt import Search
from bot.domain.replies import Action
from bot.settings.config_file import Policy
from tests.conversation.stage import CLAUDE, GROK, Stage

ABLE = replace(GROK, searches=True)
EAGER = replace(ABLE, search=True)


async def searches(stage: Stage) -> Search:
    await stage.says("hello")
    return stage.one.asked[-1][1].search


async def test_on_lets_models_search_whenever_they_want_to() -> None:
    stage = Stage(models=(ABLE, CLAUDE))
    before = await searches(stage)
    (said,) = (await stage.says("/search on")).replies

    assert said.text == "Models may search the web whenever it helps in this thread from now on."
    assert (before, await searches(stage)) == (Search.NO, Search.MAY)


async def test_off_keeps_a_model_from_it_that_is_set_up_to_until_somebody_asks() -> None:
    stage = Stage(models=(EAGER, CLAUDE))
    before = await searches(stage)
    await stage.says("search off")
    quiet = await searches(stage)
    await stage.says("/search the tides")

    assert (before, quiet, stage.one.asked[-1][1].search) == (Search.MAY, Search.NO, Search.MUST)


@pytest.mark.parametrize("scope", ["me", "channel"])
async def test_a_choice_elsewhere_counts_until_the_thread_has_its_own(scope: str) -> None:
    stage = Stage(models=(ABLE,))
    await stage.says(f"/search on --{scope}")
    before = await searches(stage)
    await stage.says("/search off --thread")
    (told,) = (await stage.says(f"/search on --{scope}")).replies

    assert (before, await searches(stage)) == (Search.MAY, Search.NO)
    assert "Here another choice comes first: models search the web only when" in told.text


async def test_a_choice_is_taken_back_and_forgotten_with_me() -> None:
    stage = Stage(models=(ABLE,))
    await stage.says("/search on")
    (said,) = (await stage.says("/search default")).replies
    back = await searches(stage)
    await stage.says("/search on --me")
    await stage.says("/forget me")

    assert (
        said.text
        == "The choice in this thread is gone. Here models search the web only when somebody writes `/search`."
    )
    assert (back, await searches(stage)) == (Search.NO, Search.NO)


async def test_where_the_model_cannot_search_that_is_said() -> None:
    (said,) = (await Stage().says("/search on")).replies

    assert said.text.endswith("Here grok answers, which cannot search the web.")


async def test_only_administrators_choose_for_everybody() -> None:
    stage = Stage(models=(ABLE,), policy=Policy(admins=("U9",)))
    (refused,) = (await stage.says("/search on --workspace")).replies

    assert refused.text.startswith("Only people listed under `admins`")
    assert await searches(stage) is Search.NO


@pytest.mark.parametrize(
    "typed", ["search on", "Search off.", "search on --me", "/search off", "search off —me"]
)
def test_a_clear_form_is_a_choice(typed: str) -> None:
    meant = parse_message(typed, Catalog((GROK,)))

    assert isinstance(meant, Command)
    assert meant.rest.split()[0] in {"on", "off"}


async def test_switching_a_server_off_keeps_the_search_choice() -> None:
    stage = Stage(models=(ABLE,))
    await stage.says("/search on")
    stage.thread_tools = replace(stage.thread_tools, off=frozenset({"github"}))
    kept = type(stage.thread_tools).read(stage.thread_tools.dump())

    assert (kept.search, kept.off) == ("on", frozenset({"github"}))


async def test_the_picker_offers_effort_and_search_where_the_model_can() -> None:
    stage = Stage(models=(replace(EAGER, reasoning=True), CLAUDE), thread_effort="low")
    (able,) = (await stage.says("/model")).replies
    _, effort, search = able.choices
    await stage.presses(effort.action, "/effort high --thread", threaded=True)
    await stage.presses(search.action, search.options[1].value, threaded=True)
    await stage.says("/model claude")
    (unable,) = (await stage.says("/model")).replies

    assert (effort.action, effort.selected) == (Action.RUN, "/effort low --thread")
    assert [option.label for option in search.options] == [
        "Whenever it helps",
        "Only with /search",
        "Usual",
    ]
    assert search.selected == "/search default --thread"
    assert (stage.thread_effort, stage.thread_tools.search) == ("high", "off")
    assert len(unable.choices) == 1


async def test_beside_each_model_stands_how_it_is_just_now() -> None:
    stage = Stage(models=(replace(EAGER, vision=True, description="Quick wit"), CLAUDE))
    stage.ill = {ABLE.key: ModelHealth(first_word=0.84, answers=9, errors=2)}
    (menu,) = (await stage.says("/model")).replies

    assert menu.choices[0].options[0].hint == (
        "100k context · images · web · $$$ · first word 0.8 s · 2 errors in 10 min · Quick wit"
    )
