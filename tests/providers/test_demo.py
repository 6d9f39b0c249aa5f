"""The demo model: what somebody without any key sees first."""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace

import pytest

from bot.domain.catalog import Model
from bot.domain.errors import Overloaded
from bot.domain.prompt import Message, Prompt, TextPart
from bot.domain.stream_parts import Finish, Piece, Reason, Text, Thinking, Usage
from providers.demo import Demo

MODEL = Model(name="demo", provider="demo", model="demo")


def asking(*said: str) -> Prompt:
    """A thread: question, answer, question ..."""
    roles = ("user", "assistant")
    return Prompt(
        system="",
        messages=tuple(
            Message(role=roles[at % 2], parts=(TextPart(text=text),)) for at, text in enumerate(said)
        ),
    )


async def ask(prompt: Prompt, model: Model = MODEL) -> Sequence[Piece]:
    async with aclosing(Demo(pause=0).stream(model, prompt)) as pieces:
        return [piece async for piece in pieces]


def text_of(pieces: Sequence[Piece]) -> str:
    return "".join(piece.text for piece in pieces if isinstance(piece, Text))


async def test_it_says_that_it_is_a_demo_and_what_brings_a_real_model() -> None:
    answer = text_of(await ask(asking("hello")))

    assert "demo" in answer
    assert "OPENAI_API_KEY" in answer


async def test_it_answers_word_by_word_and_ends_with_usage_and_one_finish() -> None:
    pieces = await ask(asking("hello"))

    assert len([piece for piece in pieces if isinstance(piece, Text)]) > 20
    assert isinstance(pieces[-2], Usage)
    assert pieces[-1] == Finish(reason=Reason.STOP, model="demo")


async def test_it_remembers_what_was_asked_before() -> None:
    answer = text_of(await ask(asking("my cat is called Flo", "noted", "and now?")))

    assert "You asked before: “my cat is called Flo”" in answer


@pytest.mark.parametrize(
    ("question", "shown"),
    [
        ("a table, please", "| --- |"),
        ("show me code", "```python"),
        ("make a list", "1. Charge"),
        ("a long answer", "40. "),
        ("a slow answer", "3. "),
    ],
)
async def test_single_words_ask_for_a_shape(question: str, shown: str) -> None:
    assert shown in text_of(await ask(asking(question)))


async def test_asked_to_think_it_thinks_before_it_answers() -> None:
    pieces = await ask(asking("think about it"))
    kinds = [type(piece) for piece in pieces]

    assert kinds[0] is Thinking
    assert Thinking not in kinds[kinds.index(Text) :]


async def test_asked_for_an_error_it_fails_like_an_overloaded_model() -> None:
    with pytest.raises(Overloaded):
        await ask(asking("give me an error"))


async def test_the_output_limit_cuts_the_answer() -> None:
    pieces = await ask(asking("long"), replace(MODEL, max_output=5))

    assert len(text_of(pieces).split()) == 5
    assert pieces[-1] == Finish(reason=Reason.LENGTH, model="demo")
