"""Second answers and the branches that they begin: both stay, and a model sees the way to where it is asked."""

import asyncio
import re
from collections.abc import Coroutine
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from bot.domain.events import Author, MessageDeleted, MessageEdited
from bot.domain.replies import Action
from bot.domain.stream_parts import Closing
from tests.conversation.stage import ANN, THREAD, Heard, Stage, answer
from tests.conversation.tree_model import ModelTree, Node
from tests.examples import examples

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
