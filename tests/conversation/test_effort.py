"""/effort: how long models may think, where it was chosen, and what a model is told of it."""

from dataclasses import replace

import pytest

from bot.conversation.command_parser import Ask, Command, parse_message
from bot.domain.catalog import Catalog
from bot.domain.replies import Action
from bot.settings.config_file import Policy
from tests.conversation.stage import CLAUDE, GROK, Stage

THINKER = replace(GROK, reasoning=True)


@pytest.fixture
def stage() -> Stage:
    return Stage(models=(THINKER, CLAUDE))


async def asked(stage: Stage) -> str:
    """The effort that the next question is asked with."""
    await stage.says("hello")
    return stage.one.asked[-1][1].effort


async def test_a_choice_counts_for_the_questions_after_it(stage: Stage) -> None:
    said = (await stage.says("/effort high")).replies[0].text

    assert said == "Models think with **high** effort in this thread from now on."
    assert await asked(stage) == "high"


@pytest.mark.parametrize("scope", ["me", "channel"])
async def test_a_choice_elsewhere_counts_until_the_thread_has_its_own(stage: Stage, scope: str) -> None:
    await stage.says(f"/effort low --{scope}")
    before = await asked(stage)
    await stage.says("/effort high --thread")

    assert (before, await asked(stage)) == ("low", "high")


async def test_what_is_chosen_where_another_choice_counts_says_so(stage: Stage) -> None:
    await stage.says("/effort high --thread")
    said = (await stage.says("/effort low --me")).replies[0].text

    assert said.endswith("grok thinks with **high** effort, as was chosen in this thread.")


async def test_a_choice_can_be_taken_back(stage: Stage) -> None:
    await stage.says("/effort high")
    said = (await stage.says("/effort default")).replies[0].text

    assert said == (
        "The choice in this thread is gone. grok thinks as long as its vendor lets it: nobody chose an effort."
    )
    assert await asked(stage) == ""


async def test_alone_it_says_what_is_in_force_and_offers_a_choice(stage: Stage) -> None:
    await stage.says("/effort low")
    reply = (await stage.says("/effort")).replies[0]
    pressed = (await stage.presses(Action.RUN, reply.buttons[2].value, threaded=True)).replies[0]

    assert (
        reply.text == "grok thinks with **low** effort, as was chosen in this thread. Choose in this thread:"
    )
    assert [button.label for button in reply.buttons] == ["Low", "Medium", "High", "As the model is"]
    assert pressed.text == "Models think with **high** effort in this thread from now on."
    assert await asked(stage) == "high"


async def test_what_is_no_effort_is_said_and_changes_nothing(stage: Stage) -> None:
    reply = (await stage.says("/effort *huge*")).replies[0]

    assert "is no effort" in reply.text
    assert "*huge*" not in reply.text
    assert reply.buttons
    assert await asked(stage) == ""


async def test_a_model_set_up_with_an_effort_has_it_until_somebody_chooses() -> None:
    stage = Stage(models=(replace(THINKER, effort="medium"),))
    reply = (await stage.says("/effort")).replies[0]

    assert reply.text.startswith("grok thinks with **medium** effort, as it is set up.")


async def test_a_model_that_does_not_think_is_said_to(stage: Stage) -> None:
    await stage.says("/model claude")
    said = (await stage.says("/effort high")).replies[0].text

    assert said.endswith("Here claude answers, which does not think first.")


async def test_why_names_the_effort_too(stage: Stage) -> None:
    await stage.says("/effort high --channel")
    said = (await stage.says("/model why")).replies[0].text

    assert said.endswith("grok thinks with **high** effort, as was chosen for this channel.")


async def test_only_administrators_choose_for_everybody() -> None:
    stage = Stage(models=(THINKER,), policy=Policy(admins=("U9",)))
    refused = (await stage.says("/effort high --workspace")).replies[0].text

    assert refused.startswith("Only people listed under `admins`")
    assert await asked(stage) == ""


async def test_forgetting_me_forgets_what_i_chose(stage: Stage) -> None:
    await stage.says("/effort high --me")
    await stage.says("/forget me")

    assert await asked(stage) == ""


@pytest.mark.parametrize(
    "typed", ["effort", "/effort high", "effort high", "Effort low --me", "effort default."]
)
def test_a_clear_form_is_a_command(typed: str) -> None:
    assert isinstance(parse_message(typed, Catalog((GROK,))), Command)


@pytest.mark.parametrize("typed", ["effort is everything", "effort high enough?", "low"])
def test_a_sentence_is_a_question(typed: str) -> None:
    assert isinstance(parse_message(typed, Catalog((GROK,))), Ask)
