"""What people see on the scoreboard, and what of their doings counts there."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.answers.scores import LASTS, Scores
from bot.conversation.observing import observed
from bot.domain.claims import Outcome
from bot.domain.errors import Overloaded, StorageUnavailable
from bot.domain.events import Author, ButtonPressed, PersonForgotten
from bot.domain.observations import Observation, Observed
from bot.domain.question_kinds import QuestionKind
from bot.domain.replies import Action, Reply
from bot.domain.stream_parts import Finish, Reason, Text
from bot.domain.turns import Candidate, ChatMessage, Turn
from bot.settings.config_file import Policy
from tests.contracts.scores import HERE, seen
from tests.conversation.stage import ANN, THREAD, Stage, answer
from tests.doubles import FakeScores

BOB = Author(id="U2", name="Bob")
W = "test:W"
HELLO = ChatMessage(author=ANN, text="hello")
CODE = "Why does my Python script raise a KeyError?"


async def kept(stage: Stage) -> list[Observation]:
    return list(await stage.scores.observations(W))


async def board(stage: Stage, rest: str = "", **more: Any) -> Reply:
    heard = await stage.says(f"/scoreboard {rest}".strip(), **more)
    return heard.replies[0]


def cells(said: Reply) -> list[tuple[str, ...]]:
    assert said.table
    return [tuple(cell.replace("\xa0", " ") for cell in row) for row in said.table.rows]


def fill(stage: Stage, *observations: Observation) -> None:
    for one in observations:
        stage.scores.kept[W, one.id] = one


def keeps(winner: str, loser: str, count: int, *, blind: int = 0, start: int = 0) -> list[Observation]:
    return [
        seen(f"c{start + number}", what=Observed.KEPT, model=winner, over=(loser,), blind=number < blind)
        for number in range(count)
    ]


# --- what counts --------------------------------------------------------------------------------------------


async def test_an_answer_counts_once_with_its_kind_its_time_and_its_cost() -> None:
    stage = Stage()
    await stage.says(CODE)
    (one,) = await kept(stage)

    assert (one.what, one.model, one.kind, one.person) == ("answered", "grok", QuestionKind.CODE, "U1")
    assert one.cost == pytest.approx(0.5)
    assert not one.stopped
    assert one.turn == stage.history[-1].id


async def test_commands_and_what_is_overheard_count_nothing() -> None:
    stage = Stage()
    await stage.says("/help")
    await stage.says("lunch?", addressed=False, others=True, author=BOB)

    assert await kept(stage) == []


async def test_an_answer_that_failed_says_nothing_of_the_model() -> None:
    stage = Stage(models=(replace(Stage().models[0], fallback=()),))
    stage.one.scripts = [[Overloaded()]] * 5
    await stage.says("hello")

    assert await kept(stage) == []


async def test_whoever_steps_in_is_who_answered() -> None:
    stage = Stage()
    stage.one.scripts = [[Overloaded()]] * 5
    await stage.says("hello")

    assert [one.model for one in await kept(stage)] == ["claude"]


async def test_a_stopped_answer_counts_as_stopped() -> None:
    stage = Stage(stop_at="answ")
    stage.one.scripts = [[Text("answ"), Text("er"), Finish(reason=Reason.STOP)]]
    await stage.says("hello")

    assert [(one.what, one.stopped) for one in await kept(stage)] == [("answered", True)]


async def test_votes_count_one_for_each_person_and_the_last_one_stands() -> None:
    stage = Stage()
    await stage.says("hello")
    turn = stage.history[-1].id
    await stage.presses(Action.UP, turn)
    await stage.presses(Action.UP, turn, author=BOB)
    await stage.presses(Action.DOWN, turn)
    votes = [one for one in await kept(stage) if one.what is Observed.VOTED]

    assert {(one.person, one.liked) for one in votes} == {("U1", False), ("U2", True)}
    assert {one.model for one in votes} == {"grok"}


async def test_a_vote_about_what_is_gone_counts_nothing() -> None:
    stage = Stage()
    await stage.presses(Action.UP, "nothing")

    assert await kept(stage) == []


async def test_a_new_answer_counts_against_the_one_it_replaces() -> None:
    stage = Stage()
    await stage.says("hello")
    turn = stage.history[-1]
    await stage.presses(Action.AGAIN, turn.id, message=turn.shown[0])
    again = [one for one in await kept(stage) if one.what is Observed.ASKED_AGAIN]

    assert [(one.turn, one.model) for one in again] == [(turn.id, "grok")]
    assert len(await kept(stage)) == 3


async def test_a_new_answer_to_a_changed_question_counts_against_nobody() -> None:
    """Its button is in another message than the answer."""
    stage = Stage()
    await stage.says("hello")
    await stage.presses(Action.AGAIN, stage.history[-1].id, message="offer")

    assert [one.what for one in await kept(stage)] == ["answered", "answered"]


async def test_a_kept_answer_wins_over_the_others_that_came() -> None:
    stage = Stage()
    stage.two.scripts = [answer("Claude's")]
    await stage.says("/compare grok claude gpt: hello")
    await stage.presses(Action.KEEP, f"{stage.history[-1].id} claude")
    *answers, last = await kept(stage)

    assert [one.model for one in answers] == ["grok", "claude", "gpt"]
    assert (last.what, last.model, last.over, last.blind) == ("kept", "claude", ("grok", "gpt"), False)


@pytest.mark.parametrize(("pressed", "blind"), [("B", True), ("claude", False)])
def test_an_answer_is_kept_blindly_as_long_as_its_button_has_no_name(pressed: str, blind: bool) -> None:
    both = tuple(Candidate(model=name, answer=f"{name}'s") for name in ("grok", "claude"))
    before = Turn(id="t1", asked=HELLO, model="grok", answer="grok's", candidates=both, blind=True)
    event = ButtonPressed(
        id="e1", thread=THREAD, author=ANN, at=1.0, action=Action.KEEP, value=f"t1 {pressed}"
    )
    after = Outcome(replace=(replace(before, model="claude", answer="claude's"),))

    (one,) = observed(event, (before,), after)
    assert (one.model, one.over, one.blind) == ("claude", ("grok",), blind)
    assert observed(event, (before,), Outcome()) == ()


def test_an_answer_that_is_made_of_others_counts_for_nobody() -> None:
    both = tuple(Candidate(model=name, answer=f"{name}'s") for name in ("grok", "claude"))
    turn = Turn(id="t1", asked=HELLO, model="grok", answer="they agree", candidates=both)
    event = ButtonPressed(id="e1", thread=THREAD, author=ANN, at=1.0, action=Action.UP, value="t1")

    assert observed(event, (), Outcome(append=(turn,), counted=turn)) == ()
    assert observed(event, (turn,), Outcome()) == ()


async def test_whoever_changes_their_mind_has_kept_one() -> None:
    stage = Stage()
    await stage.says("/compare grok claude: hello")
    turn = stage.history[-1].id
    for model in ("grok", "claude"):
        await stage.presses(Action.KEEP, f"{turn} {model}")

    assert [one.model for one in await kept(stage) if one.what is Observed.KEPT] == ["claude"]


async def test_nobody_wins_over_an_answer_that_did_not_come() -> None:
    stage = Stage()
    stage.two.scripts = [[Overloaded()]] * 5
    await stage.says("/compare grok claude: hello")
    await stage.presses(Action.KEEP, f"{stage.history[-1].id} grok")

    assert [(one.what, one.model) for one in await kept(stage)] == [("answered", "grok")]


async def test_what_is_done_again_after_a_crash_counts_once() -> None:
    stage = Stage()
    await stage.says("hello")
    first = await kept(stage)
    event, final = stage.event, stage.history[-1]
    stage.history = ()
    stage.outcomes.pop()
    await stage.plays(event, final=final, attempt=2, crashes=1)

    assert await kept(stage) == first


async def test_no_words_of_anybody_are_kept() -> None:
    stage = Stage()
    stage.one.scripts = [answer("a secret answer")]
    await stage.says("a secret question")
    await stage.presses(Action.DOWN, stage.history[-1].id, comment="a secret comment")

    assert len(await kept(stage)) == 2
    assert "secret" not in str(await kept(stage))


# --- who counts ---------------------------------------------------------------------------------------------


async def test_whoever_leaves_counts_no_more_and_what_counted_is_erased() -> None:
    stage = Stage()
    await stage.says("hello")
    said = await board(stage, "leave")
    await stage.says("hello again")
    await stage.says("hello", author=BOB)

    assert said.text == (
        "Done: nothing you do counts on the scoreboard from now on, and 1 thing that counted is erased. "
        "`scoreboard join` brings you back."
    )
    assert said.private
    assert [one.person for one in await kept(stage)] == ["U2"]


async def test_whoever_joins_counts_again() -> None:
    stage = Stage()
    assert (await board(stage, "join")).text == "What you do counts on the scoreboard already."
    await board(stage, "leave")
    assert (await board(stage, "join")).text == "What you do counts on the scoreboard again, from now on."
    await stage.says("hello")

    assert len(await kept(stage)) == 1


async def test_forget_me_erases_what_counted_of_me() -> None:
    stage = Stage()
    await stage.says("hello")
    await stage.says("hello", author=BOB)
    heard = await stage.says("/forget me")

    assert "what the scoreboard counts of you" in heard.replies[0].text
    assert [one.person for one in await kept(stage)] == ["U2"]


async def test_forget_me_also_erases_what_was_added_meanwhile_elsewhere() -> None:
    stage = Stage()
    await stage.says("hello")
    await stage.plays(PersonForgotten(id="p", thread=THREAD, author=ANN, at=2.0))

    assert await kept(stage) == []


async def test_forget_leaves_the_numbers_and_says_so() -> None:
    stage = Stage()
    await stage.says("hello")
    heard = await stage.says("/forget")

    assert "Only the numbers under `usage` and `scoreboard` stay" in heard.replies[0].text
    assert len(await kept(stage)) == 1


# --- what is shown ------------------------------------------------------------------------------------------


async def test_where_nothing_counts_that_is_said() -> None:
    said = await board(Stage())

    assert said.text.startswith("Nothing counts here yet")
    assert said.table is None
    assert said.chart is None


async def test_few_numbers_carry_no_statement() -> None:
    stage = Stage()
    await stage.says("hello")
    await stage.presses(Action.UP, stage.history[-1].id)
    said = await board(stage)

    assert cells(said) == [("grok", "none", "none", "1 of 1, too few", "1", "too few", "too few", "0", "0")]
    assert said.chart is None
    assert "No model is clearly ahead." in said.text


async def test_the_table_has_whole_counts_and_ranges() -> None:
    stage = Stage()
    fill(stage, *keeps("claude", "grok", 12, blind=3), *keeps("grok", "claude", 2, start=20))
    fill(stage, *(seen(f"v{number}", model="grok", liked=number > 0) for number in range(9)))
    answers = [
        seen(
            f"a{number}",
            person=f"U{number % 2}",
            what=Observed.ANSWERED,
            model="claude",
            first=0.5 + number,
            cost=0.02,
        )
        for number in range(10)
    ]
    fill(stage, *answers)
    said = await board(stage)

    assert cells(said) == [
        (
            "claude",
            "12 of 14, 3 blind",
            "69% (54 to 81%)",
            "none",
            "10",
            "5.0 s / 8.5 s",
            "$0.0200",
            "0",
            "0",
        ),
        ("grok", "2 of 14", "31% (19 to 46%)", "8 of 9 (57 to 98%)", "0", "too few", "too few", "0", "0"),
    ]
    assert "Clearly preferred to the average model: `claude`." in said.text
    assert "14 comparisons (3 without names, which count double)" in said.text
    assert said.chart
    assert said.chart.categories == ("claude", "grok")
    assert [series.name for series in said.chart.series] == ["preferred", "liked"]
    assert said.chart.told == (
        "preferred: claude 69% (54% to 81%), grok 31% (19% to 46%). liked: grok 89% (57% to 98%)."
    )


async def test_each_kind_has_its_own_and_is_said_to_be_sorted_by_a_rule() -> None:
    stage = Stage()
    await stage.says(CODE)
    code, writing = await board(stage, "code"), await board(stage, "Writing.")

    assert code.title == "Scoreboard: code"
    assert "sorted by a local rule" in code.text
    assert code.table
    assert writing.table is None
    assert [button.value for button in code.buttons] == [
        "/scoreboard",
        "/scoreboard data",
        "/scoreboard writing",
        "/scoreboard facts",
        "/scoreboard other",
    ]


async def test_where_nothing_of_a_kind_counts_no_other_is_offered() -> None:
    assert (await board(Stage(), "data")).buttons == ()


async def test_an_unknown_kind_gets_the_known_ones() -> None:
    said = await board(Stage(), "poems_")

    assert said.text == (
        "“poems\\_” is no kind of question. Write `scoreboard`, or one of `code`, `data`, `writing`, `facts` or `other` behind it."
    )


async def test_everybody_sees_it_but_people_of_other_organisations() -> None:
    stage = Stage()
    await stage.says("hello")

    assert (await board(stage, author=BOB)).table
    outsider = await board(stage, author=Author(id="U9", external=True))
    assert outsider.table is None
    assert outsider.private


async def test_what_was_done_in_another_workspace_is_not_shown() -> None:
    stage = Stage()
    stage.scores.kept["test:other", "x"] = seen("canary", model="canary")
    stage.scores.kept["other:W", "x"] = seen("canary", model="canary")
    await stage.says("hello")

    assert "canary" not in str(await board(stage))


async def test_a_models_name_becomes_no_markup() -> None:
    stage = Stage(models=(*Stage().models, replace(Stage().models[0], name="[x](http://evil)`", aliases=())))
    fill(stage, *keeps("[x](http://evil)`", "gpt", 40))
    shown = await board(stage)

    assert "Clearly preferred" in shown.text
    assert "](http" not in shown.text


async def test_of_models_that_somebody_may_not_use_nothing_is_shown() -> None:
    stage = Stage(policy=Policy(allow=("grok", "gpt")))
    fill(stage, *keeps("canary", "grok", 9), *keeps("grok", "gpt", 9, start=50))
    shown = await board(stage)

    assert [row[0] for row in cells(shown)] == ["grok", "gpt"]
    assert "canary" not in str(shown)
    assert "claude" not in str(shown)


# --- for whoever chooses ------------------------------------------------------------------------------------


class CountedScores(FakeScores):
    reads = 0
    down = False

    async def observations(self, workspace: str) -> list[Observation]:
        if self.down:
            raise StorageUnavailable("down")
        self.reads += 1
        return list(await super().observations(workspace))


def scores_of(store: FakeScores, now: list[float]) -> Scores:
    for one in (*keeps("claude", "grok", 8), *keeps("grok", "claude", 1, start=50)):
        store.kept[HERE, one.id] = one
    return Scores(store, clock=lambda: now[0])


async def test_strengths_are_remembered_for_some_seconds() -> None:
    store, now = CountedScores(), [0.0]
    scores = scores_of(store, now)
    found = await asyncio.gather(*(scores.strengths(HERE, QuestionKind.CODE) for _ in range(5)))

    assert found[0]["claude"] > 0 > found[0]["grok"]
    assert store.reads == 1
    now[0] = LASTS
    await scores.strengths(HERE, QuestionKind.CODE)
    assert store.reads == 2
    assert await scores.strengths(HERE, QuestionKind.DATA) == {}
    assert await scores.strengths("test:other", QuestionKind.CODE) == {}


async def test_words_are_short_and_empty_where_little_is_known() -> None:
    scores = scores_of(FakeScores(kept={(HERE, "x"): seen("x", model="demo")}), [0.0])

    assert await scores.words(HERE) == {
        "claude": "wins 8 of 9 comparisons",
        "grok": "wins 1 of 9 comparisons",
        "demo": "",
    }


async def test_a_storage_that_is_away_keeps_nobody_from_choosing() -> None:
    store, now = CountedScores(), [0.0]
    scores = scores_of(store, now)
    before = await scores.strengths(HERE, QuestionKind.CODE)
    store.down, now[0] = True, LASTS

    assert await scores.strengths(HERE, QuestionKind.CODE) == before
    assert await scores.words(HERE) == {}
