"""What people see of auto: whom it chooses, why, and where it is no model."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.auto_entry import AutoChoice, AutoEntry
from bot.domain.catalog import Price
from bot.domain.errors import Overloaded
from bot.domain.events import File
from bot.domain.health import HealthState, ModelHealth
from bot.domain.question_kinds import QuestionKind
from bot.domain.replies import Action
from bot.settings.config_file import Policy, Rules
from bot.settings.money import BudgetEntry
from tests.conversation.stage import CLAUDE, GPT, GROK, Heard, Stage
from tests.doubles import FakeTurnHandle

AUTO = AutoEntry()
PICTURE = File(id="F1", name="cat.png", media_type="image/png", size=20)
CODE = "Why does this Python function raise a traceback?"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
DOWN = ModelHealth(state=HealthState.DOWN, since=1.0, until=9e9, why="overloaded")
SEEING = replace(CLAUDE, vision=True)


def stage(auto: AutoEntry = AUTO, **more: Any) -> Stage:
    return Stage(**{"auto": auto, "default": "auto", **more})


def footer(heard: Heard) -> str:
    assert heard.closing
    return heard.closing.footer


async def test_the_first_of_the_catalogue_answers_where_nothing_speaks_for_another() -> None:
    heard = await stage().says("What is the capital of France?")

    assert footer(heard) == "grok · auto"


@pytest.mark.parametrize("typed", ["auto: why?", "/ask auto why?", "auto : why?", "Auto: why?", "/auto why?"])
async def test_it_is_asked_for_one_question_like_a_model(typed: str) -> None:
    heard = await Stage(auto=AUTO).says(typed)

    assert footer(heard) == "grok · auto"
    assert heard.text == "answer 1"


@pytest.mark.parametrize(
    ("typed", "scope"),
    [("--me", "person:U1"), ("--channel", "channel:C"), ("--workspace", "default")],
)
async def test_it_is_picked_with_every_scope(typed: str, scope: str) -> None:
    play = Stage(auto=AUTO, policy=Policy(admins=("U1",)))
    said = await play.says(f"/model auto {typed}")
    heard = await play.says("And now?")

    assert "**auto** chooses who answers" in said.replies[0].text
    assert play.chosen_for == {scope: "auto"}
    assert footer(heard) == "grok · auto"


async def test_it_is_picked_for_a_thread_and_left_again() -> None:
    play = Stage(auto=AUTO)
    said = await play.says("/model auto")
    first = await play.says("And now?")
    gone = await play.says("/model default")
    then = await play.says("And then?")

    assert said.replies[0].text == "Ann switched: **auto** chooses who answers in this thread from now on."
    assert (footer(first), footer(then)) == ("grok · auto", "grok")
    assert gone.replies[0].text.startswith(
        "Ann switched: the choice in this thread is gone. **grok** answers now"
    )


async def test_pictures_go_to_a_model_that_sees() -> None:
    play = stage(models=(GROK, SEEING, GPT), files={"F1": PNG})
    heard = await play.says("What is this?", files=(PICTURE,))

    assert footer(heard) == "claude · auto: pictures"


async def test_a_picture_that_is_still_shown_keeps_the_conversation_with_a_model_that_sees() -> None:
    play = stage(models=(GROK, SEEING, GPT), files={"F1": PNG})
    await play.says("grok: what is this?", files=(PICTURE,))
    heard = await play.says("And its left ear?")

    assert footer(heard) == "claude · auto: pictures"


async def test_what_was_reset_is_not_looked_at() -> None:
    play = stage(models=(GROK, SEEING, GPT), files={"F1": PNG})
    await play.says("What is this?", files=(PICTURE,))
    await play.says("/reset")
    heard = await play.says("What is the capital of France?")

    assert footer(heard) == "grok · auto"


async def test_where_nobody_sees_somebody_answers_and_says_so() -> None:
    play = stage(files={"F1": PNG})
    heard = await play.says("What is this?", files=(PICTURE,))

    assert footer(heard) == "grok · auto"
    assert heard.closing
    assert "Pictures cannot be seen by grok" in heard.closing.notice


async def test_an_operators_wish_for_code_is_kept_and_the_conversation_stays_there() -> None:
    play = stage(AutoEntry(code=("gpt",), explore=1.0))
    first = await play.says(CODE)
    then = await play.says("Thanks. And where was its author born?")

    assert footer(first) == "gpt · auto: code"
    assert footer(then) == "gpt · auto: as before"


async def test_a_need_leads_away_from_whom_the_conversation_had() -> None:
    play = stage(AutoEntry(code=("gpt",)))
    first = await play.says("What is the capital of France?")
    then = await play.says(CODE)

    assert (footer(first), footer(then)) == ("grok · auto", "gpt · auto: code")


async def test_after_a_pause_it_chooses_anew() -> None:
    play = stage(AutoEntry(code=("gpt",)))
    await play.says(CODE, at=1_000.0)
    soon = await play.says("And where was its author born?", at=4_000.0)
    later = await play.says("What is the capital of France?", at=8_000.0)

    assert (footer(soon), footer(later)) == ("gpt · auto: as before", "grok · auto")


async def test_the_second_choice_for_a_need_is_asked_while_the_first_is_down() -> None:
    play = stage(AutoEntry(code=("gpt", "claude")), ill={GPT.key: DOWN})

    assert footer(await play.says(CODE)) == "claude · auto: code"


async def test_a_model_for_a_need_alone_is_asked_for_nothing_else() -> None:
    play = stage(AutoEntry(models=("grok", "claude"), code=("gpt",)))
    first = await play.says(CODE)
    then = await play.says("What is the capital of France?")

    assert (footer(first), footer(then)) == ("gpt · auto: code", "grok · auto")


@pytest.mark.parametrize("wish", [(), ("gpt",)])
async def test_what_is_longer_than_the_window_goes_to_a_wider_one(wish: tuple[str, ...]) -> None:
    wide = replace(GPT, context=900_000)
    play = stage(AutoEntry(long=wish), models=(GROK, CLAUDE, wide))
    long = await play.says("word " * 90_000)

    assert footer(long) == f"{'gpt' if wish else 'claude'} · auto: long"


async def test_a_follow_up_to_something_long_stays_where_it_was_read() -> None:
    play = stage(models=(replace(GROK, fallback=()), CLAUDE, GPT))
    await play.says("word " * 90_000)
    heard = await play.says("And in one line?")

    assert footer(heard) == "claude · auto: as before"


async def test_what_fits_nowhere_goes_to_the_widest() -> None:
    assert footer(await stage().says("word " * 400_000)) == "claude · auto: long"


async def test_a_search_goes_to_a_model_that_can() -> None:
    play = stage(models=(GROK, replace(CLAUDE, searches=True), GPT))

    assert footer(await play.says("/search tides")).startswith("claude · auto: search")


async def test_a_model_that_is_down_is_passed_over_and_named() -> None:
    play = stage(ill={GROK.key: DOWN})

    assert footer(await play.says("Why?")) == "claude · auto: grok is down"


async def test_where_all_are_down_the_first_is_asked() -> None:
    play = stage(ill={one.key: DOWN for one in (GROK, CLAUDE, GPT)})

    assert footer(await play.says("Why?")).startswith("grok")


async def test_above_the_price_a_cheaper_model_answers() -> None:
    cheap = replace(GPT, price=Price(input=0.1, output=0.4))
    play = stage(AutoEntry(usd_per_answer=0.05), models=(GROK, CLAUDE, cheap))

    assert footer(await play.says("Why?")) == "gpt · auto: price"


async def test_an_unknown_price_is_above_every_cap_and_free_is_below() -> None:
    models = (
        replace(GROK, price=None, model="unheard-of"),
        CLAUDE,
        replace(GPT, price=Price(input=0.0, output=0.0)),
    )
    play = stage(AutoEntry(usd_per_answer=0.0), models=models)

    assert footer(await play.says("Why?")) == "gpt · auto: price"


async def test_where_all_cost_more_the_cheapest_answers() -> None:
    play = stage(
        AutoEntry(usd_per_answer=0.001),
        models=(
            replace(GROK, price=None, model="unheard-of"),
            CLAUDE,
            replace(GPT, price=Price(input=1_000, output=8_000)),
        ),
    )

    assert footer(await play.says("Why?")) == "gpt · auto: price"


async def test_the_scoreboard_decides_among_equals_for_that_kind_of_question() -> None:
    play = stage(ratings={"gpt": 0.7, "grok": 0.2, "claude": -1.0})

    assert footer(await play.says(CODE)) == "gpt · auto: scoreboard"
    assert play.rated_for == [("test:W", QuestionKind.CODE)]


async def test_only_what_the_policy_allows_is_chosen() -> None:
    play = stage(policy=Policy(channels={"C": Rules(allow=("claude", "gpt"))}))

    assert footer(await play.says("Why?")) == "claude · auto"


async def test_where_one_model_is_allowed_auto_is_not_offered() -> None:
    play = stage(policy=Policy(allow=("gpt",)))
    menu = await play.says("/model")

    assert [option.label for option in menu.replies[0].choices[0].options] == ["gpt"]
    assert footer(await play.says("Why?")) == "gpt · auto"


async def test_whoever_steps_in_is_the_chosen_models_own_fallback() -> None:
    play = stage()
    play.one.scripts = [[Overloaded("busy")], [Overloaded("busy")], [Overloaded("busy")]]
    heard = await play.says("Why?")

    assert footer(heard) == "claude · because grok is overloaded · auto"


async def test_the_conversation_stays_with_whoever_answered_in_the_end() -> None:
    play = stage()
    play.one.scripts = [[Overloaded("busy")], [Overloaded("busy")], [Overloaded("busy")]]
    await play.says("Why?")

    assert footer(await play.says("And then?")) == "claude · auto: as before"


async def test_money_is_reserved_for_the_model_that_is_asked() -> None:
    play = stage(
        AutoEntry(code=("gpt",)),
        budgets=[BudgetEntry(scope="model", of="one:gpt-6", usd=0.0001)],
    )
    await play.says(CODE)
    refused = await play.says(CODE)
    await play.says("/reset")
    answered = await play.says("What is the capital of France?")

    assert "gpt" in refused.replies[0].text
    assert not refused.closing
    assert footer(answered) == "grok · auto"


# --- another attempt ---------------------------------------------------------------------------------------


async def test_another_attempt_asks_the_same_model_whatever_has_become_of_it() -> None:
    play = stage()
    first = await play.says("Why?")
    (choice,) = play.turn_handle.choices
    play.ill = {GROK.key: replace(DOWN, state=HealthState.SLOW)}
    play.ratings = {"gpt": 9.0}
    event, play.history = play.event, ()
    again = await play.plays(event, attempt=2, crashes=1, auto=choice)

    assert footer(again) == footer(first) == "grok · auto"
    assert not play.turn_handle.choices  # nothing was decided


async def test_the_choice_is_stored_before_anybody_is_asked() -> None:
    play = stage()
    play.one.scripts = [[]]
    asked_before: list[int] = []

    async def choose(self: FakeTurnHandle, choice: AutoChoice) -> None:
        asked_before.append(len(play.one.asked))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FakeTurnHandle, "choose", choose)
        await play.says("Why?")

    assert asked_before == [0]
    assert len(play.one.asked) == 1


async def test_an_attempt_whose_model_is_gone_chooses_again() -> None:
    play = stage()
    await play.says("Why?")
    event, play.history = play.event, ()
    again = await play.plays(event, attempt=2, crashes=1, auto=AutoChoice(model="gone", why="code"))

    assert footer(again) == "grok · auto"


async def test_a_share_of_the_questions_tries_others_and_every_attempt_the_same() -> None:
    tried: list[str] = []
    for number in range(200):
        play = stage(AutoEntry(explore=0.25))
        await play.says("Hello")
        event, play.history = play.event, ()
        chosen = []
        for attempt in (1, 2):
            play.history = ()
            heard = await play.plays(event, attempt=attempt, turn=f"turn-{number}")
            chosen.append(footer(heard))
        assert chosen[0] == chosen[1]
        tried.append(chosen[0])

    others = [one for one in tried if one != "grok · auto"]
    assert set(others) == {"claude · auto: trying another", "gpt · auto: trying another"}
    assert 30 <= len(others) <= 70


async def test_nothing_is_tried_inside_of_a_conversation() -> None:
    play = stage()
    await play.says("Hello")
    play.catalog.replace(play.models, default="auto", auto=AutoEntry(explore=1.0))

    assert footer(await play.says("And then?")) == "grok · auto: as before"


# --- buttons -----------------------------------------------------------------------------------------------


async def test_regenerate_asks_the_same_model_and_it_is_still_autos_choice() -> None:
    play = stage(AutoEntry(code=("gpt",)))
    await play.says(CODE)
    again = await play.presses(Action.AGAIN, "t1")
    then = await play.says("And its author?")

    assert footer(again) == "gpt · auto: code"
    assert footer(then) == "gpt · auto: as before"


async def test_another_model_may_be_chosen_by_auto_and_is_another_one() -> None:
    play = stage()
    await play.says("Why?")
    offered = await play.presses(Action.OTHER, "t1")
    other = await play.presses(Action.ASK, "t1 auto")

    labels = [option.label for option in offered.replies[0].choices[0].options]
    assert labels == ["auto", "claude", "gpt"]
    assert footer(other) == "claude · auto: another"


async def test_it_is_no_member_of_a_comparison_and_says_so() -> None:
    heard = await Stage(auto=AUTO).says("compare auto grok: why?")

    assert heard.replies[0].text.startswith("Auto is no model to compare")


# --- what is shown of it -----------------------------------------------------------------------------------


async def test_the_picker_shows_it_first_and_as_the_active_one() -> None:
    menu = (await stage().says("/model")).replies[0]

    choice = menu.choices[0]
    assert [option.label for option in choice.options] == ["auto", "grok", "gpt", "claude"]
    assert choice.options[0].hint == "chooses a model for each question"
    assert choice.selected == "thread auto"
    assert menu.text.startswith("**auto** chooses who answers here: it is the default.")


async def test_a_press_in_the_picker_picks_it() -> None:
    play = Stage(auto=AUTO)
    said = await play.presses(Action.PICK, "thread auto", threaded=True)

    assert said.replies[0].text.startswith(
        "Ann switched: **auto** chooses who answers in this thread from now on."
    )
    assert play.thread_model == "auto"


async def test_why_says_how_it_chooses_and_whom_it_chose_last() -> None:
    play = stage(AutoEntry(code=("gpt",)))
    before = (await play.says("/model why")).replies[0]
    await play.says(CODE)
    after = (await play.says("/model why")).replies[0]

    assert before.table
    assert ("→", "the default", "auto", "") in before.table.rows
    assert "For each question it passes over who cannot do what is needed" in before.text
    assert after.text.endswith("Here it chose **gpt** last: it is asked about code.")


async def test_a_mistyped_auto_is_recognised() -> None:
    heard = await Stage(auto=AUTO).says("/model atuo")

    assert "Did you mean `auto`?" in heard.replies[0].text


async def test_without_a_second_model_there_is_no_auto() -> None:
    heard = await Stage(models=(GROK,)).says("/model auto")

    assert "is not a model I know" in heard.replies[0].text


async def test_effort_memory_tools_and_help_speak_of_whom_it_chooses() -> None:
    thinks = replace(CLAUDE, reasoning=True)
    play = stage(models=(GROK, thinks, GPT))
    effort = (await play.says("/effort high")).replies[0].text
    shown = (await play.says("/effort")).replies[0].text
    await play.says("Why?")
    memory = (await play.says("/memory", direct=True)).replies[0].text
    helped = (await play.says("/help")).replies[0].text

    assert effort == "Models think with **high** effort in this thread from now on."
    assert "Whoever auto chooses thinks with **high** effort" in shown
    assert "**auto** chooses who answers here" in memory
    assert "of 200k tokens" in memory
    assert "**auto** chooses who answers here" in helped


async def test_a_preference_for_it_waits_while_there_is_nothing_to_choose_from() -> None:
    play = Stage(auto=AUTO, thread_model="auto")
    play.catalog.replace([GROK], default="grok")
    heard = await play.says("Why?")

    assert footer(heard) == "grok · auto is not in the catalogue any more"
