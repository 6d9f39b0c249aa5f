"""Several models side by side: each grows in a place of its own, blind where somebody wants that, and one can be kept."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.domain.errors import Auth, Filtered, Overloaded, PlatformBusy
from bot.domain.replies import Action
from bot.domain.stream_parts import Finish, Reason, Source, Text, Usage
from bot.domain.turns import Candidate, Turn
from tests.conversation.stage import CLAUDE, GPT, GROK, Heard, Stage, answer

NAMES = ("grok", "claude", "gpt", "grok-4.7", "claude-5", "gpt-6", "secret-vendor")


def blind_stage() -> Stage:
    stage = Stage()
    stage.one.scripts = [answer("One.", model="secret-vendor-1")] * 4
    stage.two.scripts = [answer("Two.", model="secret-vendor-2")] * 4
    return stage


def everything(heard: Heard) -> str:
    """All that anybody could see of it, buttons' values included."""
    shown = [repr(replace(one, column=False, columns={})) for one in (heard, *heard.columns.values())]
    return " ".join(shown)


def in_order(heard: Heard) -> list[Heard]:
    return [heard.columns[number] for number in sorted(heard.columns)]


async def test_each_column_ends_with_a_quiet_line_and_the_board_has_a_table() -> None:
    stage = Stage()
    heard = await stage.says("/compare grok claude gpt: why?")

    waiting, board = heard.replies
    assert [button.label for button in waiting.buttons] == ["Stop"]
    assert [one.closing.footer for one in in_order(heard) if one.closing] == [
        f"{name} · first word 0.0 s · 0.0 s · 10 tokens in, 5 out · about $0.50"
        for name in ("grok", "claude", "gpt")
    ]
    assert board.table is not None
    assert board.table.header == ("model", "first word", "time", "tokens", "cost")
    assert board.table.rows[0] == ("grok", "0.0 s", "0.0 s", "10 in, 5 out", "$0.50")
    assert [button.value.split()[1] for button in board.buttons] == ["grok", "claude", "gpt"]
    assert "why?" in board.text


async def test_one_that_fails_says_what_to_do_and_holds_no_other_up() -> None:
    stage = Stage()
    stage.one.scripts = [(Overloaded(),)] * 3
    heard = await stage.says("/compare grok claude: why?")

    grok, claude = in_order(heard)
    assert grok.closing is not None
    assert "grok is overloaded" in grok.closing.notice
    assert claude.text == "**claude**\n\nanswer 1"
    assert stage.history[0].model == "claude"


async def test_stop_ends_all_and_what_was_written_stays() -> None:
    stage = Stage(stop_at="answer")
    heard = await stage.says("/compare grok claude: why?")

    assert [one.closing.notice for one in in_order(heard) if one.closing] == ["Stopped."] * 2


async def test_nothing_of_a_blind_comparison_betrays_a_model() -> None:
    stage = blind_stage()
    heard = await stage.says("/compare --blind grok claude gpt: why?")
    seen = everything(heard)

    assert [one.text.split("\n")[0] for one in in_order(heard)] == ["**A**", "**B**", "**C**"]
    assert [name for name in NAMES if name in seen] == []
    assert "$" not in seen
    assert [button.label for button in heard.replies[-1].buttons] == ["Keep A", "Keep B", "Keep C"]


@pytest.mark.parametrize("error", [Overloaded(), Filtered("claude says no"), Auth("bad grok key")])
async def test_a_failure_betrays_no_model_either(error: Exception) -> None:
    stage = blind_stage()
    stage.one.scripts = [(error,)] * 4  # type: ignore[list-item]
    stage.two.scripts = [(Text("Two"), Finish(reason=Reason.FILTERED, detail="claude refuses"))]
    heard = await stage.says("/compare --blind grok claude: why?")
    seen = everything(heard)

    assert [name for name in NAMES if name in seen] == []
    assert all(one.closing and one.closing.notice for one in in_order(heard))


async def test_the_order_of_a_blind_comparison_depends_on_the_turn_alone() -> None:
    orders = set()
    stage = blind_stage()
    for _ in range(20):
        await stage.says("/compare --blind grok claude: why?")
        turn = stage.history[-1]
        orders.add(tuple(one.model for one in turn.candidates))
        stage.one.scripts, stage.two.scripts = [], []

    assert orders == {("grok", "claude"), ("claude", "grok")}


async def test_keeping_one_of_a_blind_comparison_tells_all_names() -> None:
    stage = blind_stage()
    await stage.says("/compare --blind grok claude: why?")
    turn = stage.history[0]
    second = turn.candidates[1]
    kept = await stage.presses(Action.KEEP, f"{turn.id} B", threaded=True)

    assert (stage.history[0].model, stage.history[0].answer) == (second.model, second.answer)
    assert (stage.history[0].kept, stage.history[0].blind) == (second.model, True)
    assert stage.thread_model == second.model
    assert [one.text.split("\n")[0].replace("\\", "") for one in kept.rewritten] == [
        f"**{label}: {one.model}**" for label, one in zip("AB", turn.candidates, strict=True)
    ]
    assert [one.messages for one in kept.rewritten] == [one.shown for one in turn.candidates]
    board = kept.replies[0]
    assert board.replaces == turn.shown[0]
    assert f"B is **{second.model}**" in board.text
    assert board.table is not None


async def test_a_models_name_typed_into_a_button_tells_nothing_of_a_blind_comparison() -> None:
    stage = blind_stage()
    await stage.says("/compare --blind grok claude: why?")
    pressed = await stage.presses(Action.KEEP, f"{stage.history[0].id} grok")

    assert stage.history[0].kept == ""
    assert "not in memory" in pressed.replies[0].text


async def test_memory_and_files_hide_a_blind_comparisons_names() -> None:
    stage = blind_stage()
    await stage.says("/compare --blind grok claude: why?")
    memory = await stage.says("/memory")
    file = await stage.says("/file")

    assert memory.replies[0].table is not None
    assert memory.replies[0].table.rows[0][1] == "hidden"
    assert b"## A" in file.files[0].data
    assert b"grok" not in file.files[0].data


async def test_a_finished_model_is_not_asked_again_after_a_crash() -> None:
    stage = Stage()
    done = Candidate(model="grok", answer="Done before.", seconds=1.0, usage=Usage(input=1, output=1))
    stage.resumed = {1: done}
    heard = await stage.says("/compare grok claude: why?")

    assert [model.name for model, _ in (*stage.one.asked, *stage.two.asked)] == ["claude"]
    assert heard.columns[1].text == "**grok**\n\nDone before."
    assert [one.answer for one in stage.history[0].candidates] == ["Done before.", "answer 1"]


async def test_a_place_that_is_busy_for_one_column_lets_the_others_end_first() -> None:
    stage = Stage(refuses=PlatformBusy("busy"))
    with pytest.raises(PlatformBusy):
        await stage.says("/compare grok claude: why?")

    assert stage.two.open == stage.one.open == 0


async def test_a_private_comparison_is_one_reply_with_all_answers() -> None:
    stage = Stage()
    heard = await stage.says("/compare grok claude: why?", private=True)

    assert heard.columns == {}
    assert [(one.title, one.text) for one in heard.replies[-1].sections] == [
        ("grok", "answer 1"),
        ("claude", "answer 1"),
    ]
    assert heard.replies[-1].buttons == ()
    assert heard.replies[-1].sections[0].buttons[0].label == "Keep grok"


async def test_hostile_words_of_a_model_stay_words() -> None:
    stage = Stage()
    source = Source(number=1, title="*x*](https://evil.example)", address="https://sea.example/")
    stage.one.scripts = [(Text("<!channel> **B**"), source, Finish(reason=Reason.STOP, model="<@U1>[x](y)"))]
    heard = await stage.says("/compare grok claude: <!channel> [x](https://evil.example)")

    assert "<!channel>" not in heard.replies[-1].text
    assert "](https" not in heard.replies[-1].text
    footer = heard.columns[1].closing
    assert footer is not None
    assert "<@" not in footer.footer


@pytest.mark.parametrize("typed", ["/compare set team grok claude", "/compare set team: grok, claude"])
async def test_a_saved_set_is_asked_by_its_name(typed: str) -> None:
    stage = Stage()
    saved = await stage.says(typed)
    listed = await stage.says("compare sets")
    heard = await stage.says("/compare Team: why?")
    blind = await stage.says("/compare --blind team: why?")
    dropped = await stage.says("/compare drop team")
    gone = await stage.says("/compare team: why?")

    assert "`/compare team: question`" in saved.replies[0].text
    assert "`team` `grok` and `claude`" in listed.replies[0].text
    assert (len(heard.columns), len(blind.columns)) == (2, 2)
    assert "Dropped" in dropped.replies[0].text
    assert "not a model I can ask" in gone.replies[0].text


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("/compare set grok claude gpt", "no model's name"),
        ("/compare set team grok", "two to four models"),
        ("/compare set team grok nobody", "“nobody” is not a model"),
        ("/compare set <b> grok claude", "one word"),
        ("/compare sets", "no saved sets"),
        ("/compare drop team", "There is no set"),
    ],
)
async def test_a_set_that_cannot_be_saved_says_why(typed: str, told: str) -> None:
    stage = Stage()
    heard = await stage.says(typed)

    assert told in heard.replies[0].text
    assert stage.chosen_for == {}


async def test_sets_belong_to_their_channel() -> None:
    stage = Stage()
    await stage.says("/compare set team grok claude")

    assert json.loads(stage.chosen_for["compare:C"]) == {"team": ["grok", "claude"]}


async def test_a_picker_leads_to_what_to_type() -> None:
    stage = Stage()
    await stage.says("/compare set team grok claude")
    first = await stage.says("/compare")
    chosen = await stage.presses(Action.RUN, first.replies[0].choices[0].options[0].value)
    then = await stage.presses(Action.RUN, chosen.replies[0].choices[0].options[0].value)
    team = await stage.presses(Action.RUN, first.replies[0].buttons[0].value)

    assert "which other" in chosen.replies[0].text
    assert "`/compare grok claude: question`" in then.replies[0].text
    assert "`/compare team: question`" in team.replies[0].text
    assert stage.one.asked == []


async def test_where_nothing_can_be_compared_it_says_so() -> None:
    heard = await Stage(models=(GROK,)).says("/compare")

    assert "not two models here" in heard.replies[0].text


async def test_a_question_about_comparing_sets_is_a_question() -> None:
    stage = Stage()
    await stage.says("compare set theory and logic")

    assert stage.one.words() == ["compare set theory and logic"]


def models_of(turns: Sequence[Turn]) -> list[str]:
    return [turn.model for turn in turns]


async def test_deleting_one_column_takes_only_its_answer() -> None:
    stage = Stage(models=(GROK, CLAUDE, GPT))
    await stage.says("/compare grok claude: why?")
    turn = stage.history[0]
    await stage.deletes(turn.candidates[0].shown[0])

    assert [one.model for one in stage.history[0].candidates] == ["claude"]
    assert models_of(stage.history) == ["claude"]
