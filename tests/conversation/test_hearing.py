"""What the bot answers in a thread it takes part in, and what becomes of the rest."""

from dataclasses import replace
from typing import Any

import pytest

from bot.answers.limits import APP_QUESTIONS
from bot.conversation.hearing import HOPS, acknowledges
from bot.domain.claims import Outcome
from bot.domain.events import Author, File, MessageReceived, Quotation
from bot.domain.replies import Action
from bot.domain.turns import ChatMessage, Turn
from bot.settings.config_file import Policy
from tests.conversation.stage import ANN, THREAD, Heard, Stage

BOB = Author(id="U2", name="Bob")
CI = Author(id="B9", name="CI", app=True)


@pytest.fixture
def stage() -> Stage:
    return Stage()


async def aside(stage: Stage, text: str, *, by: Author = BOB, **more: Any) -> Heard:
    """Somebody writes into the thread without a mention."""
    return await stage.says(text, author=by, addressed=False, **more)


def asked(stage: Stage) -> int:
    return len(stage.one.asked) + len(stage.two.asked)


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("@Ann can you review this?", {"others": True}),
        ("thanks!", {}),
        ("ok", {}),
        ("lol :joy:", {}),
        ("👍👍", {}),
        (":+1::skin-tone-3:", {}),
        ("Vielen Dank!", {}),
        ("ありがとうございます", {}),
    ],
    ids=range(8),
)
async def test_what_people_say_to_each_other_is_not_answered_and_not_lost(
    stage: Stage, text: str, more: dict[str, Any]
) -> None:
    await stage.says("how high is the tide?")
    silent = await aside(stage, text, **more)
    await stage.says("and tomorrow?")

    assert (silent.text, silent.replies) == ("", [])
    assert asked(stage) == 2
    assert f"Bob: {text}" in stage.one.words()[-1]


@pytest.mark.parametrize("text", ["and at noon?", "ok but why?", "thanks, and what about Sunday", "no?"])
async def test_a_colleagues_question_is_answered(stage: Stage, text: str) -> None:
    await stage.says("how high is the tide?")
    await aside(stage, text)

    assert asked(stage) == 2


async def test_who_asked_may_thank_and_is_answered(stage: Stage) -> None:
    await stage.says("how high is the tide?")
    thanked = await aside(stage, "thanks", by=ANN)

    assert thanked.text


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("thanks", True),
        ("  Thank you!!  ", True),
        ("OK.", True),
        ("haha 😂", True),
        (":tada: :tada:", True),
        ("Danke\u2026", True),
        ("you\u2019re welcome", True),
        ("D'accord", True),
        ("?", False),
        ("ok?", False),
        ("thanks for nothing, it is wrong", False),
        ("no, the second one", False),
        ("grok", False),
        ("+1 to using Redis", False),
        ("x" * 100_000, False),
    ],
    ids=range(15),
)
def test_bare_acknowledgements(text: str, bare: bool) -> None:
    assert acknowledges(text) is bare


async def test_a_picture_beside_thanks_is_no_mere_thanks(stage: Stage) -> None:
    await stage.says("what is this?")
    stage.files["F"] = b"a tide table"
    await aside(stage, "ok", files=(File(id="F", name="a.txt", media_type="text/plain"),))

    assert asked(stage) == 2


async def test_where_a_mention_is_needed_the_next_one_shows_what_was_said_between() -> None:
    stage = Stage(policy=Policy(thread_replies="mention"))
    await stage.says("how high is the tide?")
    await aside(stage, "the pier closes at nine")
    await aside(stage, "build 7 failed", by=CI)
    await stage.says("when must we leave?")

    told = stage.one.words()[-1]
    assert asked(stage) == 2
    assert told.index("Bob: the pier closes at nine") < told.index("CI (an app): build 7 failed")
    assert told.endswith("Ann: when must we leave?")


async def test_what_was_overheard_counts_as_no_question(stage: Stage) -> None:
    await stage.says("one")
    await aside(stage, "thanks")
    memory = await stage.says("/memory")
    gone = await stage.says("/forget")

    assert "1 question " in memory.replies[0].text
    assert "Erased 1 question " in gone.replies[0].text


async def test_in_a_group_chat_without_threads_only_who_addresses_the_bot_is_answered(stage: Stage) -> None:
    await stage.says("hello", threaded=False)
    await aside(stage, "what shall we eat?", threaded=False)
    await stage.says("what did Bob ask?", threaded=False)

    assert asked(stage) == 2
    assert "Bob: what shall we eat?" in stage.one.words()[-1]


async def test_mute_lasts_until_a_mention_and_loses_nothing(stage: Stage) -> None:
    await stage.says("one")
    said = await stage.says("/mute")
    await aside(stage, "what do you think, Ann?")
    await aside(stage, "and the costs?")
    assert asked(stage) == 1

    await stage.says("sum it up")
    await aside(stage, "and on Sunday?")

    assert "silent" in said.replies[0].text
    assert "Bob: and the costs?" in stage.one.words(1)[-1]
    assert asked(stage) == 3


async def test_unmute_follows_the_thread_again(stage: Stage) -> None:
    await stage.says("one")
    not_muted = await stage.says("/unmute")
    await stage.says("/mute")
    await stage.says("/unmute")
    await aside(stage, "what do you think?")

    assert "not muted" in not_muted.replies[0].text
    assert asked(stage) == 2


async def test_the_reaction_mutes_and_only_who_reacted_is_told(stage: Stage) -> None:
    await stage.says("one")
    told = await stage.presses(Action.RUN, "/mute", threaded=True)
    await aside(stage, "what do you think?")

    assert told.replies[0].private
    assert asked(stage) == 1


async def test_a_thread_in_which_the_bot_was_only_muted_is_read_when_it_is_asked(stage: Stage) -> None:
    stage.before = [ChatMessage(author=BOB, text="the pier is closed", message="m0", at=0.5)]
    await stage.says("/mute", late=True)
    await stage.says("what is closed?", late=True)
    await stage.says("and now?", late=True)

    assert stage.read_after == [0.0]
    assert "Bob: the pier is closed" in stage.one.words(0)[-1]


@pytest.mark.parametrize("typed", ["/mute", "stop"])
async def test_outside_of_threads_mute_says_where_it_works(stage: Stage, typed: str) -> None:
    outside = await stage.says(typed, threaded=False)
    group = await stage.says(typed, threaded=False, thread=replace(THREAD, thread=""))
    alone = await stage.says(typed, threaded=False, direct=True)

    assert "In a thread that I follow, write `@Switchboard mute`" in outside.replies[0].text
    assert group.replies[0].text == "I only answer here when I am mentioned."
    assert alone.replies[0].text.startswith("Here I answer everything you write.")
    assert all(told.replies[0].private for told in (outside, group, alone))
    assert stage.outcomes[-1] == Outcome()


async def test_stop_is_mute(stage: Stage) -> None:
    await stage.says("how high is the tide?")
    told = await stage.says("Stop!")
    silent = await aside(stage, "and at noon?")

    assert told.replies[0].text == "I stay silent in this thread until somebody mentions me."
    assert (silent.text, silent.replies) == ("", [])


async def test_a_group_chat_without_threads_is_not_followed() -> None:
    stage = Stage()
    group: dict[str, Any] = {"thread": replace(THREAD, thread=""), "threaded": False}
    await stage.says("how high is the tide?", **group)
    silent = await aside(stage, "and at noon?", **group)
    again = await stage.says("and now?", **group)

    assert (silent.text, silent.replies) == ("", [])
    assert again.text
    assert "and at noon?" in stage.one.words()[-1]


async def test_other_apps_are_never_answered_unless_they_are_listed() -> None:
    stage = Stage()
    silent = await stage.says("what is up?", author=CI)
    listed = Stage(policy=Policy(apps=("b9",)))
    answered = await listed.says("what is up?", author=CI)
    unasked = await listed.says("done", author=CI, addressed=False)

    assert (silent.text, asked(stage)) == ("", 0)
    assert answered.text
    assert (unasked.text, asked(listed)) == ("", 1)


async def test_two_bots_do_not_talk_for_ever() -> None:
    stage = Stage(policy=Policy(apps=("*",)))
    for _ in range(HOPS + 3):
        await stage.says("again", author=CI)
    assert asked(stage) == HOPS

    await stage.says("and you?")
    await stage.says("again", author=CI)
    assert asked(stage) == HOPS + 2


async def test_bots_that_open_ever_new_threads_end_without_a_word() -> None:
    stage = Stage(policy=Policy(apps=("*",)))
    for _ in range(APP_QUESTIONS):
        stage.history = ()
        await stage.says("again", author=CI, threaded=False)
    stage.history = ()
    silent = await stage.says("again", author=CI, threaded=False)

    assert asked(stage) == APP_QUESTIONS
    assert (silent.text, silent.replies) == ("", [])


async def test_guests_are_told_privately_where_they_may_not_ask() -> None:
    stage = Stage(policy=Policy(guests=False))
    stage.guests = {"U2"}
    told = await stage.says("hello", author=BOB)
    compared = await stage.says("/compare grok claude: hello", author=BOB)

    assert asked(stage) == 0
    assert [
        (one.replies[0].private, "Guests may not ask" in one.replies[0].text) for one in (told, compared)
    ] == [(True, True)] * 2


@pytest.mark.parametrize(
    ("action", "value"),
    [
        (Action.AGAIN, "{turn}"),
        (Action.ASK, "{turn} claude"),
        (Action.CONTINUE, "{turn}"),
        (Action.RUN, "what is a relay?"),
    ],
)
async def test_guests_who_may_not_ask_get_no_answer_by_a_button_either(action: Action, value: str) -> None:
    stage = Stage(policy=Policy(guests=False))
    stage.guests = {"U2"}
    await stage.says("hello")
    pressed = value.format(turn=stage.history[-1].id)
    told = await stage.presses(action, pressed, author=BOB)
    again = await stage.presses(action, pressed)

    assert ["Guests may not ask" in one.text for one in told.replies] == [True]
    assert told.replies[0].private
    assert again.text
    assert asked(stage) == 2


async def test_where_guests_may_not_ask_who_is_not_known_may_not_either() -> None:
    stage = Stage(policy=Policy(guests=False))
    stage.capabilities = replace(stage.capabilities, guests_right="users:read")
    stage.known = False
    told = await stage.says("hello")
    elsewhere = Stage()
    elsewhere.known = False
    answered = await elsewhere.says("hello")

    assert asked(stage) == 0
    assert "users:read" in told.replies[0].text
    assert answered.text


async def test_what_cannot_be_read_is_said_instead_of_invented(stage: Stage) -> None:
    stage.obstacle = "I am not in #general."
    told = await stage.says("summarize this channel")

    assert asked(stage) == 0
    assert [(reply.text, reply.private) for reply in told.replies] == [("I am not in #general.", True)]


async def test_a_forward_without_a_word_is_a_question_about_it(stage: Stage) -> None:
    quote = Quotation(text="The pier is closed.", source="Bob in #harbour", link="https://x.slack.com/1")
    await stage.says("", quotes=(quote,))

    told = stage.one.words()[-1]
    assert "from Bob in #harbour (https://x.slack.com/1)" in told
    assert "The pier is closed." in told


async def test_names_stand_before_what_is_said_once_a_second_person_speaks(stage: Stage) -> None:
    await stage.says("one")
    await stage.says("two", author=BOB)

    assert stage.one.words(0) == ["one"]
    assert stage.one.words(1) == ["Ann: one", "answer 1", "Bob: two"]


async def test_a_question_that_comes_again_as_a_mention_is_not_answered_twice(stage: Stage) -> None:
    await stage.says("one")
    first = await aside(stage, "and at noon?", message="q7", reply={"channel": "C"})
    again = await stage.says("and at noon, @bot?", author=BOB, message="q7", reply={"channel": "C"})

    assert first.text
    assert asked(stage) == 2
    assert [button.label for button in again.replies[0].buttons] == ["Answer again"]


async def test_what_was_only_overheard_is_answered_once_it_is_a_mention() -> None:
    stage = Stage(policy=Policy(thread_replies="mention"))
    await stage.says("one")
    await aside(stage, "and at noon?", message="q7")
    answered = await stage.says("and at noon, @bot?", author=BOB, message="q7")

    assert answered.text
    assert stage.one.words()[-1] == "Bob: and at noon, @bot?"


async def test_a_deleted_question_is_not_asked(stage: Stage) -> None:
    event = MessageReceived(
        id="e", thread=THREAD, author=ANN, at=1.0, text="one", message="q1", threaded=True
    )
    silent = await stage.plays(event, withdrawn=True)

    assert (silent.text, asked(stage)) == ("", 0)


async def test_what_a_thread_holds_from_before_it_was_erased_is_not_read(stage: Stage) -> None:
    event = MessageReceived(
        id="e", thread=THREAD, author=ANN, at=9.0, text="one", message="q1", threaded=True, late=True
    )
    await stage.plays(event, erased=5.0)
    await stage.plays(replace(event, id="f", message="q2", gaps=True), erased=5.0)

    assert stage.read_after == [5.0, 9.0]


async def test_an_answer_that_is_there_is_shown_though_nothing_can_be_read_any_more(stage: Stage) -> None:
    stage.obstacle = "Slack does not answer just now."
    event = MessageReceived(
        id="e", thread=THREAD, author=ANN, at=1.0, text="one", message="q1", threaded=True
    )
    final = Turn(
        id="t1", asked=ChatMessage(author=ANN, text="one", message="q1"), answer="It is high.", model="grok"
    )
    shown = await stage.plays(event, final=final, attempt=2)

    assert (shown.text, shown.replies) == ("It is high.", [])
