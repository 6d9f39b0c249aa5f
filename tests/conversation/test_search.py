"""What people see of /search: who searches, what is said meanwhile and afterwards, and what it costs."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.conversation.command_parser import Ask, Command, Meaning, parse_message
from bot.domain.catalog import Catalog, Model, Price
from bot.domain.errors import Overloaded
from bot.domain.events import MessageEdited, MessageReceived
from bot.domain.prompt import Search
from bot.domain.replies import Action
from bot.domain.stream_parts import Finish, Reason, SearchFailed, Searching, Source, Text, Usage
from bot.models.pricing import Corrections
from bot.settings.config_file import Policy
from bot.settings.money import BudgetEntry
from tests.conversation.stage import CLAUDE, GPT, GROK, Script, Stage, answer

ABLE = replace(CLAUDE, searches=True)
FOUND = Source(number=1, title="Tides", address="https://sea.example/tides")


def found(*, searches: int = 2) -> Script:
    return (
        Searching(""),
        Searching("tides today"),
        Text("Twice a day [1]."),
        FOUND,
        Usage(input=10, output=5, searches=searches),
        Finish(reason=Reason.STOP),
    )


def wanted(stage: Stage, request: int = -1) -> tuple[Search, str]:
    _, prompt = [*stage.one.asked, *stage.two.asked][request]
    return prompt.search, prompt.search_tool


async def test_the_model_that_answers_here_searches_if_it_can() -> None:
    stage = Stage(models=(replace(GROK, searches=True), ABLE))
    stage.one.scripts = [found()]
    heard = await stage.says("/search how do tides work?")

    assert wanted(stage) == (Search.MUST, "")
    assert stage.one.words() == ["how do tides work?"]
    assert heard.statuses == ["Searching the web", "Searching the web: tides today"]
    assert heard.text == "Twice a day [1]."
    assert heard.sources == [FOUND]
    assert heard.closing
    assert heard.closing.footer == "grok"


@pytest.mark.parametrize("typed", ["/search: tides", "/search :tides", "/search tides"])
async def test_a_colon_after_the_command_is_no_part_of_the_question(typed: str) -> None:
    stage = Stage(models=(replace(GROK, searches=True),))
    await stage.says(typed)

    assert stage.one.words() == ["tides"]


async def test_a_fallback_that_can_search_answers_instead_and_it_is_said_why() -> None:
    stage = Stage(models=(GROK, ABLE, GPT))
    stage.two.scripts = [found()]
    heard = await stage.says("/search how do tides work?")

    assert wanted(stage) == (Search.MUST, "")
    assert heard.closing
    assert heard.closing.footer == "claude · grok cannot search the web"


async def test_without_one_a_model_that_is_marked_does() -> None:
    stage = Stage(models=(replace(GROK, fallback=()), CLAUDE, replace(GPT, searches=True, search=True)))
    stage.one.scripts = [found()]
    heard = await stage.says("/search how do tides work?")

    assert heard.closing
    assert heard.closing.footer == "gpt · grok cannot search the web"


async def test_the_tool_that_is_set_comes_before_another_model() -> None:
    stage = Stage(models=(replace(GROK, tools=True, search_tool="brave.web_search"), ABLE))
    heard = await stage.says("/search how do tides work?")

    assert wanted(stage) == (Search.MUST, "brave.web_search")
    assert heard.closing
    assert heard.closing.footer.startswith("grok · answered without searching the web: brave")


@pytest.mark.parametrize(
    ("models", "says"),
    [
        (
            (GROK, CLAUDE),
            "no other model here can. Whoever runs Switchboard adds a model whose vendor searches",
        ),
        (
            (replace(GROK, fallback=()), ABLE),
            "Pick one that can with /model (claude), or whoever runs Switchboard sets search = true",
        ),
        (
            (replace(GROK, searches=True, search=False),),
            "grok cannot search the web, and no other model here can",
        ),
    ],
    ids=["nobody can", "nobody is marked", "it is switched off"],
)
async def test_where_nobody_may_search_it_is_said_what_to_do(models: Sequence[Model], says: str) -> None:
    stage = Stage(models=models)
    heard = await stage.says("/search how do tides work?")

    assert says in heard.replies[0].text.replace("\\", "")
    assert stage.one.asked == stage.two.asked == []


async def test_a_model_that_is_not_allowed_here_does_not_step_in() -> None:
    stage = Stage(models=(GROK, replace(ABLE, search=True)), policy=Policy(allow=("grok",)))
    heard = await stage.says("/search how do tides work?")

    assert "cannot search the web" in heard.replies[0].text
    assert stage.two.asked == []


async def test_only_those_that_search_step_in_for_one_that_fails() -> None:
    stage = Stage(models=(replace(GROK, searches=True, fallback=("gpt", "claude")), ABLE, GPT))
    stage.one.scripts = [[Overloaded("busy")]] * 3
    stage.two.scripts = [found()]
    heard = await stage.says("/search how do tides work?")

    assert heard.closing
    assert heard.closing.footer.startswith("claude · because grok")
    assert {model.name for model, _ in stage.one.asked} == {"grok"}


async def test_a_model_that_is_marked_may_always_search_and_others_never_unasked() -> None:
    stage = Stage(models=(replace(GROK, searches=True, search=True), ABLE))
    await stage.says("how do tides work?")
    await stage.says("claude: and the moon?")

    assert wanted(stage, 0) == (Search.MAY, "")
    assert wanted(stage, 1) == (Search.NO, "")


async def test_regenerating_searches_again() -> None:
    stage = Stage(models=(replace(GROK, searches=True), ABLE))
    await stage.says("/search how do tides work?")
    await stage.presses(Action.AGAIN, stage.history[-1].id)

    assert [prompt.search for _, prompt in stage.one.asked] == [Search.MUST, Search.MUST]


async def test_a_search_that_is_edited_is_asked_again_without_the_command() -> None:
    stage = Stage(models=(replace(GROK, searches=True), ABLE))
    await stage.says("/search how do tides work?", message="q1")
    said = stage.event
    assert isinstance(said, MessageReceived)
    changed = MessageEdited(
        id="e9",
        thread=said.thread,
        author=said.author,
        at=2.0,
        message="q1",
        text="/search how does the moon work?",
        reply={"channel": "C"},
    )
    heard = await stage.plays(changed)
    await stage.presses(Action.AGAIN, heard.replies[0].buttons[0].value)

    assert stage.one.words() == ["how does the moon work?"]
    assert wanted(stage) == (Search.MUST, "")


async def test_what_was_not_searched_is_said_in_the_quiet_line() -> None:
    stage = Stage(models=(replace(GROK, searches=True),))
    stage.one.scripts = [(SearchFailed("a search of the web failed"), *answer("So."))]
    heard = await stage.says("/search how do tides work?")
    assert heard.closing
    assert heard.closing.footer == "grok · a search of the web failed"

    heard = await stage.says("/search and the moon?")
    assert heard.closing
    assert heard.closing.footer == "grok · it chose not to search the web"


async def test_a_search_without_a_question_says_how_it_is_done() -> None:
    stage = Stage(models=(replace(GROK, searches=True),))
    heard = await stage.says("/search")

    assert "`/search question`" in heard.replies[0].text
    assert stage.one.asked == []


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("/search tides", Command(name="search", rest="tides")),
        ("search: tides", Command(name="search", rest="tides")),
        ("search for tides today", Command(name="search", rest="search for tides today")),
        ("Search who won", Command(name="search", rest="Search who won")),
        ("search engines are slow", Ask(text="search engines are slow")),
        ("search queries cost money", Ask(text="search queries cost money")),
        ("search my notes for it", Ask(text="search my notes for it")),
        ("search is broken", Ask(text="search is broken")),
        ("search", Ask(text="search")),
        ("searching helps", Ask(text="searching helps")),
    ],
    ids=str,
)
def test_without_the_slash_only_what_is_clearly_a_search_is_one(typed: str, meant: Meaning) -> None:
    assert parse_message(typed, Catalog((GROK,), default="grok")) == meant


# --- money ------------------------------------------------------------------------------------------------

PAID = Price(input=1.0, output=1.0, search=0.02)


async def test_each_search_is_paid() -> None:
    stage = Stage(models=(replace(GROK, searches=True, price=PAID),))
    stage.one.scripts = [found(searches=3)]
    await stage.says("/search how do tides work?")

    assert stage.history[-1].cost == pytest.approx(0.06, abs=0.0001)


async def test_a_budget_that_has_no_room_for_searches_refuses_them_and_not_the_question() -> None:
    model = replace(GROK, searches=True, price=replace(PAID, search=1.0), fallback=())
    stage = Stage(models=(model,), budgets=[BudgetEntry(scope="person", usd=2.0)])
    await stage.says("how do tides work?")
    heard = await stage.says("/search how do tides work?")
    assert "$2" in heard.replies[0].text
    await stage.says("how do tides work?")

    assert [prompt.search for _, prompt in stage.one.asked] == [Search.NO, Search.NO]


def test_what_was_found_teaches_nothing_about_the_size_of_prompts() -> None:
    """It is counted as read, and every prompt would look as if it were many times as long."""
    corrections = Corrections()
    corrections.learn(GROK, estimated=1_000, usage=Usage(input=20_000, searches=1))

    assert corrections.of(GROK) == 1.0
