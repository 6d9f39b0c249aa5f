"""What stands before every prompt."""

from dataclasses import replace

import pytest

from bot.answers.instructions import instructions
from bot.domain.replies import Action
from bot.settings.config_file import Policy
from tests.conversation.stage import GROK, Stage

NOON = 1_795_780_800.0  # Friday, 27 November 2026, 12:00 UTC


@pytest.mark.parametrize(
    ("time_zone", "at", "says"),
    [
        ("", NOON, "Today is Friday, 27 November 2026 (UTC)."),
        ("Europe/Berlin", NOON, "Today is Friday, 27 November 2026 (Europe/Berlin)."),
        ("Pacific/Auckland", NOON, "Today is Saturday, 28 November 2026 (Pacific/Auckland)."),
        (
            "America/Los_Angeles",
            NOON - 6 * 3600,
            "Today is Thursday, 26 November 2026 (America/Los_Angeles).",
        ),
        ("Mars/Olympus", NOON, "Today is Friday, 27 November 2026 (UTC)."),
        ("../../etc/passwd", NOON, "Today is Friday, 27 November 2026 (UTC)."),
    ],
    ids=range(6),
)
def test_the_day_is_the_askers_own(time_zone: str, at: float, says: str) -> None:
    assert says in instructions(GROK, company="", place="", time_zone=time_zone, at=at)


def test_the_text_is_the_same_all_day_so_that_prompt_caches_hold() -> None:
    texts = {
        instructions(
            GROK, company="x", place="the channel #a", time_zone="Europe/Berlin", at=NOON + hours * 3600
        )
        for hours in (-11, 0, 10)
    }

    assert len(texts) == 1


async def test_company_agent_place_and_day_reach_the_model() -> None:
    counsel = replace(GROK, name="counsel", instructions="You review contracts.")
    stage = Stage(models=(GROK, counsel), policy=Policy(system="You work for Example Ltd."))
    stage.place, stage.time_zone = "the channel #legal", "Europe/Berlin"
    await stage.says("counsel: is this valid?")
    (_, prompt), said = stage.one.asked[-1], stage.one.words()

    assert said == ["is this valid?"]
    assert prompt.system.startswith("You work for Example Ltd.")
    assert "You review contracts." in prompt.system
    assert prompt.system.endswith("(Europe/Berlin). This is the channel #legal.")


async def test_what_stands_before_a_prompt_is_the_same_when_it_is_asked_again() -> None:
    stage = Stage()
    stage.place, stage.time_zone = "the channel #legal", "Europe/Berlin"
    await stage.says("one")
    await stage.presses(Action.AGAIN, stage.history[0].id)

    assert stage.one.asked[0][1].system == stage.one.asked[1][1].system


async def test_a_comparison_is_told_the_same() -> None:
    stage = Stage()
    stage.place = "the channel #legal"
    await stage.says("/compare grok claude: one")

    assert all("#legal" in prompt.system for _, prompt in (*stage.one.asked, *stage.two.asked))
