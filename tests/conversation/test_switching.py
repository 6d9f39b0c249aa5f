"""Switching the model: what a conversation loses, who is told, and how it is taken back."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.capabilities import PlatformCapabilities
from bot.domain.events import Author, ButtonPressed, File
from bot.domain.health import HealthState, ModelHealth
from bot.domain.replies import Action, Reply
from bot.domain.turns import ChatMessage, Step, Turn
from bot.settings.config_file import Policy
from tests.conversation.stage import ANN, CLAUDE, GROK, THREAD, Stage

BOB = Author(id="U2", name="Bob")
SEES = replace(GROK, vision=True, documents=True, tools=True, searches=True, reasoning=True)
TINY = replace(CLAUDE, name="tiny", model="tiny", context=2_000, max_output=200)


def asked(number: int, text: str = "why?", *, files: tuple[File, ...] = (), answer: str = "so") -> Turn:
    said = ChatMessage(author=ANN, text=text, message=f"m{number}", at=number / 1_000, files=files)
    return Turn(id=f"turn-{number}", asked=said, answer=answer, model="grok", at=number / 1_000)


def picture(number: int) -> File:
    return File(id=f"p{number}", name=f"{number}.png", media_type="image/png")


async def switched(stage: Stage, typed: str = "/model claude", **more: Any) -> Reply:
    (reply,) = (await stage.says(typed, **more)).replies
    return reply


async def test_where_nothing_is_lost_nothing_is_said_but_that() -> None:
    stage = Stage(history=(asked(1),))

    assert (await switched(stage)).text == (
        "Ann switched: **claude** answers in this thread from now on. It sees what was said in this conversation."
    )


async def test_pictures_that_it_cannot_see_are_counted_each_once() -> None:
    both = (picture(1), picture(2))
    stage = Stage(models=(SEES, CLAUDE), history=(asked(1, files=both), asked(2, files=both[:1])))

    assert "It cannot see the 2 pictures above." in (await switched(stage)).text


async def test_pictures_that_are_not_sent_any_more_are_no_loss() -> None:
    stage = Stage(models=(SEES, CLAUDE), history=(asked(0, files=(picture(1),)), *map(asked, range(1, 9))))

    assert "picture" not in (await switched(stage)).text


async def test_of_a_pdf_the_text_is_left() -> None:
    paper = File(id="f", name="a.pdf", media_type="application/pdf")
    stage = Stage(models=(SEES, CLAUDE), history=(asked(1, files=(paper,)),))

    assert "Of the PDF above it gets the text only, not the pages." in (await switched(stage)).text


async def test_what_a_smaller_window_leaves_out_is_counted_as_it_will_be_left_out() -> None:
    history = tuple(asked(number, f"q{number}", answer="word " * 400) for number in range(12))
    stage = Stage(models=(GROK, TINY), history=history)
    reply = await switched(stage, "/model tiny")
    await stage.says("and now?")

    seen = sum("word word" in text for text in stage.two.words())
    assert 0 < seen < 12
    assert (
        f"Its window is smaller (2k tokens), so the oldest {12 - seen} questions of this conversation will not be seen."
        in reply.text
    )


async def test_no_more_is_read_than_the_windows_hold() -> None:
    history = tuple(asked(number, "word " * 800) for number in range(300))
    small = replace(GROK, context=8_000, max_output=500)
    stage = Stage(models=(small, TINY), history=history)
    reply = await switched(stage, "/model tiny")

    assert len(stage.read.turns) < 30
    assert "only the newest " in reply.text


@pytest.mark.parametrize(
    ("turn", "said"),
    [
        pytest.param(
            replace(asked(1), steps=(Step(id="a", name="time.now", args="{}"),)),
            "It takes no tools.",
            id="tools",
        ),
        pytest.param(replace(asked(1), searched=True), "It cannot search the web.", id="search"),
    ],
)
async def test_what_was_used_here_and_it_cannot_is_said(turn: Turn, said: str) -> None:
    with_it = Stage(models=(SEES, CLAUDE), history=(turn,))
    without = Stage(models=(SEES, CLAUDE), history=(asked(1),))

    assert said in (await switched(with_it)).text
    assert said not in (await switched(without)).text


async def test_an_effort_that_changes_nothing_any_more_is_said() -> None:
    stage = Stage(models=(SEES, CLAUDE), history=(asked(1),), thread_effort="high")

    assert "It does not think first, so effort high changes nothing." in (await switched(stage)).text


async def test_a_model_that_is_down_says_so_and_who_steps_in() -> None:
    stage = Stage(thread_model="claude")
    stage.ill = {GROK.key: ModelHealth(state=HealthState.DOWN, since=1_000_000_000.0, why="quota")}

    assert "Until it answers again, `claude` steps in." in (await switched(stage, "/model grok")).text


async def test_what_is_not_allowed_is_refused_with_what_to_pick_instead() -> None:
    stage = Stage(policy=Policy(allow=("grok", "gpt")), thread_model="gpt")
    reply = await switched(stage)

    assert reply.text == "“claude” is not allowed here. Pick one that is: `grok` or `gpt`."
    assert [(button.action, button.value) for button in reply.buttons] == [
        (Action.PICK, "thread grok"),
        (Action.PICK, "thread gpt"),
    ]
    assert stage.thread_model == "gpt"


# --- taking it back -----------------------------------------------------------------------------------------


async def test_one_press_takes_a_switch_back_to_what_was_chosen_before() -> None:
    stage = Stage(thread_model="gpt")
    (undo,) = (await switched(stage)).buttons
    (back,) = (await stage.presses(undo.action, undo.value, threaded=True, message="card")).replies

    assert (undo.action, undo.label, stage.thread_model) == (Action.UNDO, "Undo", "gpt")
    assert back.text == "Ann took the switch back: **gpt** answers here again: it was picked in this thread."
    assert (back.replaces, back.buttons) == ("card", ())


@pytest.mark.parametrize("scope", ["me", "channel", "workspace"])
async def test_it_does_in_every_scope(scope: str) -> None:
    stage = Stage(policy=Policy(admins=(ANN.id,)))
    (undo,) = (await switched(stage, f"/model claude --{scope}")).buttons
    chosen = dict(stage.chosen_for)
    await stage.presses(undo.action, undo.value, threaded=True)

    assert list(chosen.values()) == ["claude"]
    assert list(stage.chosen_for.values()) == [""]


async def test_a_switch_that_changes_nothing_has_nothing_to_take_back() -> None:
    stage = Stage(thread_model="claude")

    assert (await switched(stage)).buttons == ()


@pytest.mark.parametrize("later", ["/model gpt", "/model default", "/model claude"])
async def test_after_a_later_switch_it_says_so_and_changes_nothing(later: str) -> None:
    stage = Stage()
    (undo,) = (await switched(stage)).buttons
    await stage.says("/model gpt")
    await stage.says(later)
    chosen = stage.thread_model
    (reply,) = (await stage.presses(undo.action, undo.value, threaded=True)).replies

    assert reply.text.startswith("That was changed again since, so there is nothing to take back.")
    assert stage.thread_model == chosen
    assert f"**{chosen or 'grok'}** answers here now" in reply.text


async def test_what_was_forgotten_since_is_not_brought_back() -> None:
    stage = Stage(thread_model="gpt")
    (undo,) = (await switched(stage)).buttons
    await stage.says("/forget")
    await stage.presses(undo.action, undo.value, threaded=True)

    assert stage.thread_model == ""


async def test_only_who_switched_and_administrators_take_it_back() -> None:
    stage = Stage(policy=Policy(admins=("U9",)))
    (undo,) = (await switched(stage)).buttons
    (refused,) = (await stage.presses(undo.action, undo.value, author=BOB, threaded=True)).replies
    kept = stage.thread_model
    await stage.presses(undo.action, undo.value, author=Author(id="U9", name="Root"), threaded=True)

    assert refused.text == "Only whoever switched, or an administrator, can take it back."
    assert refused.private
    assert (kept, stage.thread_model) == ("claude", "")


@pytest.mark.parametrize("value", ["", "thread", "planet t1", "thread t999", "me t1"])
async def test_a_made_up_value_takes_nothing_back(value: str) -> None:
    stage = Stage(thread_model="gpt")
    (reply,) = (await stage.presses(Action.UNDO, value, threaded=True)).replies

    assert reply.text.startswith("That was changed again since")
    assert stage.thread_model == "gpt"


@pytest.mark.parametrize("scope", ["thread", "channel"])
async def test_a_switch_that_is_handled_again_after_a_crash_is_confirmed_and_can_be_taken_back(
    scope: str,
) -> None:
    """Its worker died after the choice was in force and before anybody was told."""
    stage = Stage(thread_model="gpt", chosen_for={"channel:C": "gpt"})
    await stage.says(f"/model claude --{scope}")
    died = stage.outcomes.pop()
    (again,) = (await stage.plays(stage.event, attempt=2)).replies
    (undo,) = again.buttons
    await stage.presses(undo.action, undo.value, threaded=True)

    assert "**claude** answers" in again.text
    assert (stage.thread_model, stage.chosen_for["channel:C"]) == ("gpt", "gpt")
    assert died == stage.outcomes[-2]


async def test_an_undo_that_is_handled_again_after_a_crash_is_confirmed() -> None:
    stage = Stage(thread_model="gpt")
    (undo,) = (await switched(stage)).buttons
    await stage.presses(undo.action, undo.value, threaded=True)
    stage.outcomes.pop()
    (again,) = (await stage.plays(stage.event, attempt=2)).replies

    assert again.text.endswith("**gpt** answers here again: it was picked in this thread.")
    assert stage.thread_model == "gpt"


# --- who is told --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "more", "private", "announced"),
    [
        pytest.param("/model claude", {"threaded": True}, False, False, id="in a thread: all who are there"),
        pytest.param("/model claude --me", {"threaded": True}, True, False, id="for me: nobody else"),
        pytest.param(
            "/model claude --channel", {"threaded": False, "private": True}, False, True, id="slash, channel"
        ),
        pytest.param("/model claude", {"threaded": False, "private": True}, True, False, id="slash, for me"),
        pytest.param("/model claude --me", {"direct": True}, False, False, id="a direct message"),
        pytest.param(
            "/model claude --channel", {"direct": True, "private": True}, False, False, id="slash, direct"
        ),
    ],
)
async def test_whom_it_concerns_is_told(
    typed: str, more: dict[str, bool], private: bool, announced: bool
) -> None:
    reply = await switched(Stage(), typed, **more)

    assert (reply.private, reply.announced) == (private, announced)
    assert reply.text.startswith("Ann switched: ") == (not private and not more.get("direct", False))


async def test_a_pick_from_a_menu_names_who_pressed() -> None:
    stage = Stage()
    event = ButtonPressed(
        id="e", thread=THREAD, author=BOB, at=1.0, action=Action.PICK, value="thread claude", message="menu"
    )
    (reply,) = (await stage.plays(replace(event, threaded=True))).replies

    assert reply.text.startswith("Bob switched: **claude** answers in this thread")
    assert (reply.replaces, reply.private) == ("menu", False)


async def test_a_name_that_is_markup_stays_words() -> None:
    stage = Stage()
    mallory = Author(id="U3", name="*<@U1>* [x](http://e.vil)")
    reply = await switched(stage, author=mallory)

    assert "\\<\\@U1\\>" in reply.text
    assert "](" not in reply.text


async def test_where_there_is_nobody_else_nobody_is_named() -> None:
    stage = Stage(capabilities=PlatformCapabilities(mention="", slash=True, threads=False, private=False))

    assert (await switched(stage, direct=True)).text.startswith("**Claude") is False
    assert (await switched(stage, "/model gpt", direct=True)).text.startswith("**gpt** answers")
