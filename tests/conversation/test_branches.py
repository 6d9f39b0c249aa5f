"""Second answers and the branches that they begin: both stay, and a model sees the way to where it is asked."""

import asyncio
import re
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from bot.domain.errors import PlatformError
from bot.domain.events import Author, ButtonPressed, File, MessageDeleted, MessageEdited
from bot.domain.prompt import ImagePart
from bot.domain.replies import Action
from bot.domain.stream_parts import Closing, Finish, Reason, Text
from bot.domain.turns import Refusal
from tests.conversation.stage import ANN, GROK, THREAD, Heard, Stage, answer
from tests.conversation.tree_model import ModelTree, Node
from tests.examples import examples

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20
BOB = Author(id="U2", name="Bob")
WORDS = re.compile(r"\b(?:question|answer|aside|changed)\d+\b")
GO_ON = "Go on exactly where you stopped"
MODELS = ("grok", "claude", "gpt")


class Branching(RuleBasedStateMachine):
    """People ask, ask again, go on elsewhere, edit, delete and start over; every prompt is the model's path."""

    def __init__(self) -> None:
        super().__init__()
        self.stage = Stage()
        self.tree = ModelTree()
        self.shown: dict[str, Closing] = {}  # the quiet lines and buttons as people see them now
        self.number = 0

    def run(self, played: Coroutine[Any, Any, Heard]) -> Heard:
        heard = asyncio.run(played)
        for one in heard.rewritten:
            self.shown[one.messages[-1]] = one.closing
        return heard

    def word(self, kind: str) -> str:
        self.number += 1
        return f"{kind}{self.number}"

    def asked(self, node: Node, played: Coroutine[Any, Any, Heard], expected: list[str]) -> None:
        """Plays it; its prompt held these words, and its answer stands where the node does."""
        node.answer = self.word("answer")
        before = len(self.stage.one.asked) + len(self.stage.two.asked)
        self.stage.one.scripts, self.stage.two.scripts = [answer(node.answer)], [answer(node.answer)]
        known = {"one": len(self.stage.one.asked)}
        heard = self.run(played)
        assert len(self.stage.one.asked) + len(self.stage.two.asked) == before + 1
        provider = self.stage.one if len(self.stage.one.asked) > known["one"] else self.stage.two
        assert WORDS.findall("\n".join(provider.words())) == expected
        node.id = self.stage.turn_handle.id
        stored = [turn for turn in self.stage.history if turn.id == node.id]
        assert [turn.answer for turn in stored] == [node.answer]
        node.shown = stored[0].shown[0]
        assert heard.closing is not None
        self.shown[node.shown] = heard.closing

    def some(self, number: int) -> Node:
        questions = self.tree.questions
        return questions[number % len(questions)]

    @rule(named=st.sampled_from(("", *MODELS)))
    def ask(self, named: str) -> None:
        text = self.word("question")
        expected = [*self.tree.seen(self.tree.head), text]
        message = f"q{len(self.stage.outcomes) + 1}"
        node = Node("question", self.tree.head, message, text)
        self.asked(node, self.stage.says(f"{named}: {text}" if named else text), expected)
        self.tree.add(node)

    @rule()
    def overhear(self) -> None:
        text = self.word("aside")
        number = len(self.stage.outcomes) + 1
        self.run(self.stage.says(text, author=BOB, addressed=False, others=True))
        self.tree.add(Node("overheard", self.tree.head, f"q{number}", text))

    @precondition(lambda self: self.tree.questions)
    @rule(number=st.integers(0, 99), model=st.sampled_from(("", *MODELS)))
    def again(self, number: int, model: str) -> None:
        old = self.some(number)
        node = Node("question", None, old.message, old.text)
        action, value = (Action.ASK, f"{old.id} {model}") if model else (Action.AGAIN, old.id)
        expected = [*self.tree.seen(old.parent), old.text]
        self.asked(node, self.stage.presses(action, value), expected)
        self.tree.instead(old, node)

    @precondition(lambda self: self.tree.questions)
    @rule(number=st.integers(0, 99))
    def ask_in_other_words(self, number: int) -> None:
        old, text = self.some(number), self.word("question")
        node = Node("question", None, f"q{len(self.stage.outcomes) + 1}", text)
        expected = [*self.tree.seen(old.parent), text]
        self.asked(node, self.stage.says(text, anew=old.message), expected)
        newest_of_it = [one for one in self.tree.questions if one.message == old.message][-1]
        on_path = [
            one for one in self.tree.path_to_head if one.message == old.message and one.kind == "question"
        ]
        self.tree.instead(on_path[-1] if on_path else newest_of_it, node)

    @precondition(lambda self: self.tree.questions)
    @rule(number=st.integers(0, 99))
    def go_on(self, number: int) -> None:
        node = self.some(number)
        heard = self.run(self.stage.presses(Action.GO_ON, node.id))
        if node in self.tree.path_to_head:
            assert "already" in heard.replies[0].text
        else:
            assert node.text in heard.replies[0].text
            self.tree.go_on(node)

    @precondition(lambda self: self.tree.questions)
    @rule(number=st.integers(0, 99))
    def edit(self, number: int) -> None:
        node, text = self.some(number), self.word("changed")
        event = MessageEdited(
            id=f"x{self.number}", thread=THREAD, author=ANN, at=2.0, message=node.message, text=text
        )
        self.run(self.stage.plays(event))
        self.tree.change(node.message, text)

    @precondition(lambda self: self.tree.nodes)
    @rule(number=st.integers(0, 99))
    def delete(self, number: int) -> None:
        node = self.tree.nodes[number % len(self.tree.nodes)]
        if not node.message:
            return
        event = MessageDeleted(
            id=f"d{number}-{len(self.stage.outcomes)}",
            thread=THREAD,
            author=ANN,
            at=2.0,
            message=node.message,
        )
        self.run(self.stage.plays(event))
        self.tree.delete(node.message)
        self.shown = {}  # nobody rewrites for a deletion

    @rule()
    def reset(self) -> None:
        self.run(self.stage.says("/reset"))
        if self.tree.head is not None and (self.tree.seen(self.tree.head) or self.tree.since):
            self.tree.add(Node("reset", self.tree.head))

    @precondition(lambda self: self.tree.questions)
    @rule(number=st.integers(0, 99), up=st.booleans())
    def vote(self, number: int, up: bool) -> None:
        node = self.some(number)
        action = Action.UP if up else Action.DOWN
        self.run(self.stage.presses(action, node.id))
        (turn,) = [turn for turn in self.stage.history if turn.id == node.id]
        assert turn.vote == action.value

    def teardown(self) -> None:
        self.everybody_sees_where_they_are()

    @rule()
    def everybody_sees_where_they_are(self) -> None:
        on_path = set(map(id, self.tree.path_to_head))
        assert {turn.id for turn in self.stage.history if turn.is_question} == {
            node.id for node in self.tree.questions
        }
        for node in self.tree.questions:
            if (closing := self.shown.get(node.shown)) is None:
                continue
            offers = "Go on from this one" in [button.label for button in closing.buttons]
            assert offers == (id(node) not in on_path)
            place = re.search(r"\d+/\d+", closing.quiet)
            assert (place.group() if place else "") == self.tree.place(node)


def test_a_model_sees_the_way_to_where_it_is_asked_and_people_what_stands_where() -> None:
    run_state_machine_as_test(
        Branching,
        settings=settings(
            max_examples=examples(60),
            stateful_step_count=14,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
            report_multiple_bugs=False,
        ),
    )


# --- one at a time -----------------------------------------------------------------------------------------


@pytest.fixture
def stage() -> Stage:
    return Stage()


def quiet(heard: Heard) -> str:
    assert heard.closing is not None
    return heard.closing.quiet


def rewritten(heard: Heard) -> list[tuple[str, str, str]]:
    """By message: its quiet line and its first button."""
    return [(one.messages[0], one.closing.quiet, one.closing.buttons[0].label) for one in heard.rewritten]


async def test_both_answers_stay_and_say_which_they_are(stage: Stage) -> None:
    await stage.says("q")
    heard = await stage.presses(Action.ASK, "t1 claude")

    assert quiet(heard) == "claude · 2/2"
    assert [turn.model for turn in stage.history] == ["grok", "claude"]
    assert rewritten(heard) == [
        ("m0", "grok · 1/2 · the conversation goes on from another answer", "Go on from this one")
    ]


async def test_another_answer_to_an_older_question_sees_what_stood_before_it_and_changes_nothing(
    stage: Stage,
) -> None:
    await stage.says("one")
    await stage.says("two")
    await stage.says("three")
    heard = await stage.presses(Action.ASK, "t2 claude")
    await stage.says("four")

    assert stage.two.words() == ["one", "answer 1", "two"]
    assert quiet(heard) == "claude · 2/2 · the conversation goes on from another answer"
    assert rewritten(heard) == [("m1", "grok · 1/2", "Ask another model")]
    assert stage.one.words() == ["one", "answer 1", "two", "answer 2", "three", "answer 3", "four"]


async def test_the_conversation_goes_on_from_the_answer_that_somebody_picks(stage: Stage) -> None:
    stage.two.scripts = [answer("Claude's.")]
    await stage.says("one")
    await stage.says("two")
    await stage.presses(Action.ASK, "t1 claude")
    picked = await stage.presses(Action.GO_ON, "t3")
    again = await stage.presses(Action.GO_ON, "t3")
    await stage.says("three")

    assert "**claude**'s answer to “one” (2/2)" in picked.replies[0].text
    assert {message: line for message, line, _ in rewritten(picked)} == {
        "m0": "grok · 1/2 · the conversation goes on from another answer",
        "m1": "grok · the conversation goes on from another answer",
        "m2": "claude · 2/2",
    }
    assert again.replies[0].text == "The conversation goes on from that answer already."
    assert stage.one.words() == ["one", "Claude's.", "three"]


async def test_what_people_say_meanwhile_comes_along(stage: Stage) -> None:
    await stage.says("one")
    await stage.says("the first was better", author=BOB, addressed=False, others=True)
    await stage.presses(Action.AGAIN, "t1")
    await stage.presses(Action.GO_ON, "t1")
    await stage.says("and?")

    assert stage.one.words()[:2] == ["Ann: one", "answer 1"]
    assert "the first was better" in stage.one.words()[2]


async def test_a_message_that_cannot_be_changed_costs_nothing(stage: Stage) -> None:
    stage.unchangeable = PlatformError("too old", code="cant_update")
    await stage.says("one")
    heard = await stage.presses(Action.AGAIN, "t1")
    await stage.presses(Action.GO_ON, "t1")
    await stage.says("two")

    assert quiet(heard) == "grok · 2/2"
    assert stage.one.words() == ["one", "answer 1", "two"]


async def test_an_answer_that_was_finished_before_its_worker_died_is_in_the_record_once(stage: Stage) -> None:
    await stage.says("one")
    await stage.says("two")
    press = ButtonPressed(id="p", thread=THREAD, author=ANN, at=1.0, action=Action.AGAIN, value="t1")
    await stage.plays(press)
    (done,) = stage.outcomes[-1].append[:1]
    stage.history = stage.history[:2]  # nothing was committed
    heard = await stage.plays(press, final=done, attempt=2)

    assert heard.text == done.answer
    assert len(stage.one.asked) == 3
    assert [turn.answer for turn in stage.history if turn.is_question] == ["answer 1", "answer 2", "answer 3"]
    assert quiet(heard) == "grok · 2/2 · the conversation goes on from another answer"


async def test_reset_hides_what_is_before_it_on_its_own_way_alone(stage: Stage) -> None:
    await stage.says("one")
    await stage.presses(Action.AGAIN, "t1")
    await stage.says("/reset")
    await stage.says("two")
    assert stage.one.words() == ["two"]
    await stage.presses(Action.GO_ON, "t1")
    await stage.says("three")

    assert stage.one.words() == ["one", "answer 1", "three"]


async def test_silence_outlives_another_answer(stage: Stage) -> None:
    await stage.says("one")
    await stage.says("/mute")
    await stage.presses(Action.AGAIN, "t1")
    await stage.says("and?", addressed=False)
    assert len(stage.one.asked) == 2
    await stage.presses(Action.GO_ON, "t1")
    await stage.says("and?", addressed=False)
    assert len(stage.one.asked) == 2

    await stage.says("and?")
    await stage.says("more?", addressed=False)
    assert len(stage.one.asked) == 4


async def test_going_on_after_a_cut_answer_follows_that_answer(stage: Stage) -> None:
    stage.one.scripts = [
        (Text("Once upon"), Finish(reason=Reason.LENGTH)),
        answer("other"),
        answer("Else."),
        answer("a time."),
    ]
    await stage.says("a story")
    await stage.presses(Action.AGAIN, "t1")
    await stage.says("next")
    heard = await stage.presses(Action.CONTINUE, "t1")
    stage.one.scripts = [answer("End.")]
    await stage.says("last")

    assert stage.one.words(3) == ["a story", "Once upon", GO_ON + ". Do not repeat anything."]
    assert quiet(heard) == "grok · the conversation goes on from another answer"
    assert stage.one.words() == ["a story", "other", "next", "Else.", "last"]


async def test_a_question_asked_in_other_words_stands_beside_the_old_one(stage: Stage) -> None:
    await stage.says("one")
    await stage.says("two")
    heard = await stage.says("two, but short", anew="q2")
    await stage.says("three")

    assert stage.one.words(2) == ["one", "answer 1", "two, but short"]
    assert quiet(heard) == "grok · 2/2"
    assert stage.one.words() == ["one", "answer 1", "two, but short", "answer 3", "three"]


@pytest.mark.parametrize("action", [Action.AGAIN, Action.ASK, Action.GO_ON, Action.CONTINUE])
async def test_a_press_on_what_is_gone_says_so(stage: Stage, action: Action) -> None:
    await stage.says("one")
    await stage.says("two")
    await stage.presses(Action.AGAIN, "t1")
    await stage.plays(MessageDeleted(id="d", thread=THREAD, author=ANN, at=2.0, message="q1"))
    deleted = await stage.presses(action, "t3 claude")
    await stage.says("/forget")
    forgotten = await stage.presses(action, "t2 claude")
    unknown = await stage.says("two?", anew="q2")

    for heard in (deleted, forgotten):
        assert "not in memory any more" in heard.replies[0].text
    assert unknown.replies[0].text.startswith("The question that you changed is not in memory any more.")
    assert len(stage.one.asked) == 3
    assert stage.history == ()


async def test_what_two_people_press_at_once_is_answered_twice_and_the_second_says_where_it_stands(
    stage: Stage,
) -> None:
    await stage.says("one")
    first = await stage.presses(Action.AGAIN, "t1")
    second = await stage.presses(Action.AGAIN, "t1", author=BOB)

    assert quiet(first) == "grok · 2/2"
    assert quiet(second) == "grok · 3/3 · the conversation goes on from another answer"
    assert [(message, line) for message, line, _ in rewritten(second)] == [
        ("m1", "grok · 2/3"),
        ("m0", "grok · 1/3 · the conversation goes on from another answer"),
    ]


async def test_what_is_erased_counts_questions_and_not_their_answers(stage: Stage) -> None:
    await stage.says("one")
    await stage.presses(Action.AGAIN, "t1")
    heard = await stage.says("/forget")

    assert heard.replies[0].text.startswith("Erased 1 question with the answers.")


async def test_a_file_that_a_model_refused_on_another_branch_is_not_sent_to_it_again() -> None:
    seeing = replace(GROK, vision=True)
    stage = Stage(models=(seeing,), files={"F1": PNG})
    picture = File(id="F1", name="a.png", media_type="image/png", size=len(PNG))
    await stage.says("one", files=(picture,))
    await stage.presses(Action.AGAIN, "t1")
    refused = (Refusal(model=seeing.key, file="F1"),)
    stage.history = (stage.history[0], replace(stage.history[1], refused=refused))
    await stage.presses(Action.GO_ON, "t1")
    await stage.says("what is in it?")

    shown = [
        sum(isinstance(part, ImagePart) for message in prompt.messages for part in message.parts)
        for _, prompt in stage.one.asked
    ]
    assert shown == [1, 1, 0]
