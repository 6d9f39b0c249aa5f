"""Commands about conversations other than the one they are typed in, and what is erased with a person."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.claims import Outcome
from bot.domain.events import Author, MessageDeleted, MessageEdited, MessageReceived, PersonForgotten
from bot.domain.replies import Action
from tests.conversation.stage import ANN, THREAD, Heard, Stage

BOB = Author(id="U2", name="Bob")


@pytest.fixture
def stage() -> Stage:
    return Stage()


async def slash(stage: Stage, text: str, **more: Any) -> Heard:
    """A slash command: seen by the asker alone, and in no thread."""
    where = type(THREAD)(platform="test", workspace="T", channel=THREAD.channel, thread="/U1")
    return await stage.says(text, private=True, threaded=False, thread=where, **more)


@pytest.mark.parametrize("command", ["forget", "memory", "reset"])
async def test_in_a_direct_message_a_slash_command_offers_my_threads_there(
    stage: Stage, command: str
) -> None:
    told = (await slash(stage, f"/{command}", direct=True)).replies[0]
    (choice,) = told.choices
    here = replace(THREAD, thread="/U1")
    await stage.presses(Action.THERE, choice.options[0].value, reply={"response_url": "x"}, thread=here)
    (event,) = stage.handed_on

    assert choice.options[0].label == "An earlier question"
    assert isinstance(event, MessageReceived)
    assert (event.thread, event.text, event.private) == (THREAD, f"/{command}", True)
    assert event.reply == {"response_url": "x"}


@pytest.mark.parametrize("command", ["forget", "memory", "reset"])
async def test_in_a_channel_it_says_where_it_works(stage: Stage, command: str) -> None:
    told = (await slash(stage, f"/{command}")).replies[0]

    stage.capabilities = replace(stage.capabilities, slash_in_threads=False)
    inside = (await slash(stage, f"/{command}")).replies[0]

    assert f"For what everybody here sees write `@Switchboard {command}`" in told.text
    assert f"type it inside the thread: `@Switchboard {command}`" in inside.text
    assert told.private


@pytest.mark.parametrize("elsewhere", [True, False], ids=["of mine, elsewhere", "not mine"])
async def test_a_conversation_that_is_not_mine_here_is_not_reached(stage: Stage, elsewhere: bool) -> None:
    digest = THREAD.digest if elsewhere else "0123456789abcdef0123456789abcdef"
    where = replace(THREAD, channel="D9" if elsewhere else THREAD.channel, thread="/U1")
    told = await stage.presses(Action.THERE, f"memory {digest}", thread=where)

    assert stage.handed_on == []
    assert "not among your latest" in told.replies[0].text


async def test_forget_me_reaches_every_conversation_and_gives_a_receipt(stage: Stage) -> None:
    stage.chosen_for["person:U1"] = "claude"
    receipt = (await slash(stage, "/forget me")).replies[0]
    (event,) = stage.handed_on

    assert isinstance(event, PersonForgotten)
    assert event.thread == THREAD
    assert stage.chosen_for["person:U1"] == ""
    assert "1 conversation" in receipt.text
    assert receipt.private


async def test_what_others_asked_and_answers_to_them_stay(stage: Stage) -> None:
    await stage.says("my secret")
    await stage.says("unrelated", author=BOB)
    await stage.says("thanks", addressed=False, author=Author(id="U3", name="Eve"))
    await stage.plays(PersonForgotten(id="x", thread=THREAD, author=ANN, at=2.0))

    assert [turn.asked.text for turn in stage.history] == ["unrelated", "thanks"]
    assert not stage.outcomes[-1].forget


async def test_a_conversation_of_nobody_else_goes_as_a_whole(stage: Stage) -> None:
    await stage.says("my secret")
    await stage.plays(PersonForgotten(id="x", thread=THREAD, author=ANN, at=2.0))

    assert stage.history == ()
    assert stage.outcomes[-1].forget
    assert stage.outcomes[-1].unread


async def test_the_receipt_of_forgetting_a_thread_says_what_was_only_heard(stage: Stage) -> None:
    await stage.says("thanks", addressed=False, author=BOB)
    told = (await stage.says("/forget")).replies[0]

    assert told.text.startswith("Erased what I heard here.")
    assert stage.outcomes[-1].unread


async def test_an_edited_question_offers_a_new_answer_that_sees_the_edit(stage: Stage) -> None:
    await stage.says("grok: Capital of Frence?")
    edit = MessageEdited(
        id="x",
        thread=THREAD,
        author=ANN,
        at=2.0,
        message="q1",
        text="grok: Of France?",
        reply={"channel": "C"},
    )
    (offer,) = (await stage.plays(edit)).replies
    (button,) = offer.buttons
    again = await stage.presses(button.action, button.value)

    assert (button.label, offer.private) == ("Answer again", True)
    assert again.text
    assert stage.one.words() == ["Of France?"]
    assert [turn.asked.text for turn in stage.history] == ["Of France?", "Of France?"]
    assert again.closing is not None
    assert again.closing.quiet == "grok · 2/2"


@pytest.mark.parametrize("text", ["one", "/model grok"], ids=["the same", "never answered"])
async def test_nothing_is_offered_where_nothing_changed(stage: Stage, text: str) -> None:
    await stage.says("one")
    message = "q1" if text == "one" else "q9"
    edit = MessageEdited(
        id="x", thread=THREAD, author=ANN, at=2.0, message=message, text=text, reply={"channel": "C"}
    )

    assert (await stage.plays(edit)).replies == []
    assert stage.outcomes[-1] == Outcome()


async def test_a_deleted_question_takes_its_answer_along(stage: Stage) -> None:
    await stage.says("my password is hunter2")
    await stage.says("and?")
    await stage.plays(MessageDeleted(id="x", thread=THREAD, author=ANN, at=2.0, message="q1"))

    assert [(turn.asked.text, turn.answer) for turn in stage.history] == [("and?", "answer 2")]


async def test_a_deleted_answer_leaves_its_question(stage: Stage) -> None:
    await stage.says("one")
    (shown,) = stage.history[0].shown
    await stage.plays(MessageDeleted(id="x", thread=THREAD, author=Author(id=""), at=2.0, message=shown))
    await stage.says("two")

    assert stage.one.words() == ["one\ntwo"]


async def test_what_was_overheard_and_deleted_is_not_shown(stage: Stage) -> None:
    await stage.says("one")
    await stage.says("thanks for the password hunter2, @carl", addressed=False, others=True, author=BOB)
    await stage.plays(MessageDeleted(id="x", thread=THREAD, author=BOB, at=2.0, message="q2"))
    await stage.says("two")

    assert "hunter2" not in "".join(stage.one.words())
