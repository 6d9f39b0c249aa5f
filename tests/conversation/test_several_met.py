"""Comparisons and councils where they meet edits, branches, Stop, models that are gone, and whoever keeps what."""

from dataclasses import replace

import pytest

from bot.domain.capabilities import PlatformCapabilities
from bot.domain.errors import Fenced, Filtered
from bot.domain.events import Author, MessageEdited
from bot.domain.replies import Action
from bot.domain.stream_parts import Finish, Reason, Searching, Source, Text, Thinking, Usage
from bot.domain.turns import SavedColumn, TurnRecord
from bot.settings.config_file import Policy
from bot.settings.council import CouncilEntry
from tests.conversation.stage import ANN, THREAD, Heard, Stage, answer

THREE = CouncilEntry(models=("grok", "claude", "gpt"), chair="claude")
BOB = Author(id="U2", name="Bob")
PAGE = PlatformCapabilities(
    mention="@Switchboard", slash=True, threads=True, private=True, keeps_messages=True
)
LOOKED_UP = Source(number=1, title="Tides", address="https://search.vendor.example/redirect/1")


async def edits(stage: Stage, text: str) -> Heard:
    """Changes the newest question."""
    message = stage.history[-1].asked.message
    event = MessageEdited(
        id=f"e{len(stage.outcomes) + 1}",
        thread=THREAD,
        author=ANN,
        at=2.0,
        text=text,
        message=message,
        reply={"channel": "C"},
    )
    return await stage.plays(event)


def asked(stage: Stage) -> list[str]:
    return [model.name for model, _ in (*stage.one.asked, *stage.two.asked)]


@pytest.mark.parametrize(
    "typed",
    [
        "/compare grok claude: why?",
        "/compare --blind grok claude: why?",
        "/council why?",
        "/ask claude why?",
        "/ask claude: why?",
    ],
)
async def test_an_edited_question_is_remembered_without_its_command(typed: str) -> None:
    stage = Stage(council=THREE)
    await stage.says(typed)
    await edits(stage, typed.replace("why", "how"))

    assert stage.history[0].asked.text == "how?"


async def test_a_changed_comparison_is_compared_again_in_its_place() -> None:
    stage = Stage()
    await stage.says("/compare --blind grok claude: why?")
    offer = (await edits(stage, "/compare --blind grok claude: how?")).replies[0].buttons[0]
    again = await stage.presses(offer.action, offer.value, threaded=True)
    await stage.says("and then?")

    assert len(again.columns) == 2
    assert again.replies[0].text.startswith("how?")
    assert [one.blind for one in stage.history if one.is_question] == [True, True, False]
    assert stage.one.words()[0] == "how?"
    assert len(stage.one.words()) == 3  # the other way is none of it


async def test_compared_again_it_needs_two_of_its_models() -> None:
    stage = Stage()
    await stage.says("/compare grok claude: why?")
    stage.policy = Policy(allow=("grok", "gpt"))
    stage.__post_init__()
    again = await stage.presses(Action.AGAIN, stage.history[0].id)

    assert "Fewer than two of those models" in again.replies[0].text
    assert len(stage.history) == 1


async def test_another_model_alone_may_answer_what_was_compared() -> None:
    stage = Stage()
    await stage.says("/compare grok claude: why?")
    again = await stage.presses(Action.AGAIN, f"{stage.history[0].id} gpt", threaded=True)

    assert again.closing is not None
    assert again.closing.position == "2/2"
    assert stage.one.asked[-1][0].name == "gpt"


async def test_of_a_changed_question_a_council_asks_its_members_again() -> None:
    stage = Stage(council=THREE)
    await stage.says("/council why?")
    offer = (await edits(stage, "/council how?")).replies[0].buttons[0]
    again = await stage.presses(offer.action, offer.value, threaded=True)

    assert len(again.columns) == 3
    assert sorted(asked(stage)) == sorted(["grok", "gpt", "claude", "claude"] * 2)
    assert all("why?" not in text for text in stage.two.words())


async def test_a_council_in_which_nobody_answered_asks_its_members_again() -> None:
    stage = Stage(council=THREE)
    stage.one.scripts, stage.two.scripts = [(Filtered(),)] * 2, [(Filtered(),)]
    heard = await stage.says("/council why?")
    assert heard.closing is not None
    offer = heard.closing.buttons[0]
    again = await stage.presses(offer.action, offer.value, threaded=True)

    assert offer.label == "Try again"
    assert again.text == "answer 3"
    assert len(again.columns) == 3


@pytest.mark.parametrize("private", [True, False])
async def test_nothing_of_a_blind_column_but_its_words_is_shown(private: bool) -> None:
    stage = Stage()
    told = (Thinking("I am Vendor's"), Searching("tides"), Text("The Moon [1]."), LOOKED_UP)
    stage.one.scripts = [(*told, Usage(input=1, output=1), Finish(reason=Reason.STOP))]
    heard = await stage.says("/compare --blind grok claude: why?", private=private)
    file = await stage.says("/file")
    seen = repr(replace(heard, columns={})) + repr(heard.columns) + repr(file)

    assert "The Moon" in seen
    assert "vendor.example" not in seen
    assert "Searching" not in seen
    kept = await stage.presses(Action.KEEP, f"{stage.history[0].id} A", private=private)
    shown = [one.address for part in kept.rewritten for one in part.sources]
    assert shown == [] if private else [LOOKED_UP.address]
    assert (LOOKED_UP.address in repr(kept.replies)) == private


async def test_after_a_crash_a_blind_column_shows_no_sources_either() -> None:
    first = Stage()
    first.one.scripts = [(Text("The Moon."), LOOKED_UP, Finish(reason=Reason.STOP))]
    await first.says("/compare --blind grok claude: why?")
    stage = Stage(resumed=dict(enumerate(first.history[0].candidates, start=1)))
    heard = await stage.says("/compare --blind grok claude: why?")

    assert asked(stage) == []
    assert [one.sources for one in heard.columns.values()] == [[], []]


async def test_keeping_a_model_that_is_gone_does_not_promise_that_it_answers() -> None:
    stage = Stage()
    await stage.says("/compare grok claude: why?")
    stage.policy = Policy(allow=("grok",))
    stage.__post_init__()
    kept = await stage.presses(Action.KEEP, f"{stage.history[0].id} claude", threaded=True)

    assert "**claude** cannot be asked here any more" in kept.replies[0].text
    assert "from now on" not in kept.replies[0].text
    assert (stage.history[0].kept, stage.thread_model) == ("claude", "")


async def test_keeping_lets_the_conversation_go_on_from_a_comparison_that_it_had_left() -> None:
    stage = Stage()
    await stage.says("first")
    await stage.says("/compare --blind grok claude: why?")
    compared = stage.history[1]
    await stage.presses(Action.AGAIN, stage.history[0].id, threaded=True)
    await stage.presses(Action.GO_ON, "t3", threaded=True)
    kept = await stage.presses(Action.KEEP, f"{compared.id} A", threaded=True)
    await stage.says("then?")

    assert "The conversation goes on from there." in kept.replies[0].text
    words = (stage.one if stage.thread_model == "grok" else stage.two).words()
    assert [words[0], *words[2:3], words[-1]] == ["first", "why?", "then?"]
    assert {one.messages[-1] for one in kept.rewritten} >= {"m0"}  # the first answer is current again


async def test_what_was_kept_of_before_a_reset_is_said_to_be_out_of_sight() -> None:
    stage = Stage()
    await stage.says("/compare grok claude: why?")
    compared = stage.history[0]
    await stage.says("/reset")
    kept = await stage.presses(Action.KEEP, f"{compared.id} claude", threaded=True)
    await stage.says("next")

    assert "models do not see it" in kept.replies[0].text
    assert "goes on from there" not in kept.replies[0].text
    assert stage.two.words() == ["next"]


async def test_two_people_keep_one_after_the_other_and_the_last_one_counts() -> None:
    stage = Stage()
    await stage.says("/compare --blind grok claude: why?")
    turn = stage.history[0]
    await stage.presses(Action.KEEP, f"{turn.id} A", threaded=True)
    second = await stage.presses(Action.KEEP, f"{turn.id} B", threaded=True, author=BOB)

    assert stage.history[0].kept == turn.candidates[1].model
    assert second.rewritten == []
    assert f"Kept **{turn.candidates[1].model}**'s answer" in second.replies[0].text


async def test_a_kept_answer_of_a_blind_comparison_is_named_only_then() -> None:
    """Another answer stands beside it, and the conversation goes on from the comparison again."""
    stage = Stage(capabilities=PAGE)
    await stage.says("/compare --blind grok claude: why?")
    turn = stage.history[0]
    await stage.presses(Action.AGAIN, f"{turn.id} gpt", threaded=True)
    heard = await stage.presses(Action.GO_ON, turn.id, threaded=True)

    assert "from **A**'s answer" in heard.replies[0].text
    assert [one.place.current for one in heard.rewritten if one.column and one.place] == [True, True]
    columns = [one for one in heard.rewritten if one.column]
    assert [name for name in ("grok", "claude") if name in repr(columns)] == []


async def test_the_chairs_words_stay_where_a_members_answer_is_kept() -> None:
    stage = Stage(council=THREE)
    stage.one.scripts = [answer("From grok."), answer("From gpt.")]
    stage.two.scripts = [answer("From claude."), answer("The chair's.")]
    await stage.says("/council why?")
    turn = stage.history[0]
    await stage.presses(Action.KEEP, f"{turn.id} grok", threaded=True)
    await stage.presses(Action.KEEP, f"{turn.id} gpt", threaded=True)
    again = await stage.presses(Action.AGAIN, turn.id, threaded=True)

    assert [one.text for one in again.rewritten] == ["The chair's."]
    assert again.closing is not None
    assert again.closing.footer.startswith("claude, chair of 3")
    assert stage.history[0].answer == "From gpt."


async def test_a_kept_member_that_is_deleted_leaves_the_chairs_answer() -> None:
    stage = Stage(council=THREE)
    stage.one.scripts = [answer("From grok."), answer("From gpt.")]
    stage.two.scripts = [answer("From claude."), answer("The chair's.")]
    await stage.says("/council why?")
    turn = stage.history[0]
    await stage.presses(Action.KEEP, f"{turn.id} grok", threaded=True)
    await stage.deletes(turn.candidates[1].shown[0])
    other = stage.history[0]
    await stage.deletes(turn.candidates[0].shown[0])

    assert (other.answer, other.kept) == ("From grok.", "grok")
    assert (stage.history[0].answer, stage.history[0].model) == ("The chair's.", "claude")
    assert (stage.history[0].kept, stage.history[0].chair) == ("", None)


async def test_nothing_of_a_council_stays_when_the_chairs_message_is_deleted() -> None:
    stage = Stage(council=THREE)
    stage.one.scripts = [answer("From grok."), answer("From gpt.")]
    await stage.says("/council why?")
    turn = stage.history[0]
    await stage.presses(Action.KEEP, f"{turn.id} grok", threaded=True)
    await stage.deletes(turn.shown[0])

    assert "From" not in repr(stage.history)
    assert "answer" not in repr([one.answer for one in stage.history])


async def test_a_councils_file_begins_with_the_chairs_answer() -> None:
    stage = Stage(council=THREE)
    stage.one.scripts = [answer("From grok."), answer("From gpt.")]
    stage.two.scripts = [answer("From claude."), answer("The chair's.")]
    await stage.says("/council why?")
    file = await stage.says("/file")

    assert file.files[0].data.decode().split("\n\n")[:2] == ["The chair's.", "## grok"]


async def test_whoever_has_lost_the_turn_learns_just_that() -> None:
    """Each column finds out; a group of errors would be taken for a failure and told in the chat."""
    stage = Stage(refuses=Fenced("another has it"))

    with pytest.raises(Fenced):
        await stage.says("/compare grok claude: why?")


def test_a_turn_one_of_whose_columns_is_saved_was_let_in() -> None:
    assert TurnRecord(id="t", columns=(SavedColumn(),)).begun
    assert TurnRecord(id="t", ref={}).begun
    assert not TurnRecord(id="t").begun
