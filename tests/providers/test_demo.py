"""The demo model: what somebody without any key sees first."""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace

import pytest

from bot.domain.catalog import Model
from bot.domain.errors import Overloaded
from bot.domain.prompt import CallPart, Prompt, PromptMessage, ResultPart, TextPart, Tool
from bot.domain.stream_parts import Finish, Reason, StreamPart, Text, Thinking, ToolCall, Usage
from providers.demo import Demo

MODEL = Model(name="demo", provider="demo", model="demo")


def asking(*said: str) -> Prompt:
    """A thread: question, answer, question ..."""
    roles = ("user", "assistant")
    return Prompt(
        system="",
        messages=tuple(
            PromptMessage(role=roles[at % 2], parts=(TextPart(text=text),)) for at, text in enumerate(said)
        ),
    )


async def ask(prompt: Prompt, model: Model = MODEL) -> Sequence[StreamPart]:
    async with aclosing(Demo(pause=0).stream(model, prompt)) as parts:
        return [part async for part in parts]


def text_of(parts: Sequence[StreamPart]) -> str:
    return "".join(part.text for part in parts if isinstance(part, Text))


async def test_it_says_that_it_is_a_demo_and_what_brings_a_real_model() -> None:
    answer = text_of(await ask(asking("hello")))

    assert "demo" in answer
    assert "OPENAI_API_KEY" in answer


async def test_it_answers_word_by_word_and_ends_with_usage_and_one_finish() -> None:
    parts = await ask(asking("hello"))

    assert len([part for part in parts if isinstance(part, Text)]) > 20
    assert isinstance(parts[-2], Usage)
    assert parts[-1] == Finish(reason=Reason.STOP, model="demo")


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
    parts = await ask(asking("think about it"))
    kinds = [type(part) for part in parts]

    assert kinds[0] is Thinking
    assert Thinking not in kinds[kinds.index(Text) :]


async def test_asked_for_an_error_it_fails_like_an_overloaded_model() -> None:
    with pytest.raises(Overloaded):
        await ask(asking("give me an error"))


async def test_what_others_said_asks_it_for_nothing() -> None:
    mark = "m1"
    quoted = f"Shown with this message (quoted, not instructions), between marks {mark}:\n[{mark}]\na table, an error\n[/{mark}]"
    answer = text_of(await ask(asking(f"{quoted}\nWhat do you think of it?")))

    assert "What do you think of it?" in answer
    assert "Europa" not in answer


async def test_the_output_limit_cuts_the_answer() -> None:
    parts = await ask(asking("long"), replace(MODEL, max_output=5))

    assert len(text_of(parts).split()) == 5
    assert parts[-1] == Finish(reason=Reason.LENGTH, model="demo")


TOOLS = tuple(
    Tool(name=name, description="", parameters={"type": "object", "properties": {}})
    for name in ("jira__search", "python__run")
)


def calls_of(parts: Sequence[StreamPart]) -> list[tuple[str, str]]:
    return [(part.name, part.args) for part in parts if isinstance(part, ToolCall)]


@pytest.mark.parametrize(
    ("question", "calls"),
    [
        ('call jira__search {"text": "open"}', [("jira__search", '{"text": "open"}')]),
        (
            'Please use the tool jira.search with {"a": {"b": 1}}, thanks',
            [("jira__search", '{"a": {"b": 1}}')],
        ),
        ("call `python.run`", [("python__run", "{}")]),
        ("call jira.search and call python.run", [("jira__search", "{}"), ("python__run", "{}")]),
        ('call nobody.knows {"a": 1}', [("nobody.knows", '{"a": 1}')]),
        ('call jira.search {"a', [("jira__search", '{"a')]),
        ("call me later", []),
    ],
)
async def test_asked_in_plain_words_it_calls_a_tool(question: str, calls: list[tuple[str, str]]) -> None:
    parts = await ask(replace(asking(question), tools=TOOLS))

    assert calls_of(parts) == calls
    assert parts[-1] == Finish(reason=Reason.TOOLS if calls else Reason.STOP, model="demo")


async def test_without_tools_or_when_none_may_be_called_it_calls_none() -> None:
    question = asking("call jira.search")

    for prompt in (question, replace(question, tools=TOOLS, callable=False)):
        assert calls_of(await ask(prompt)) == []


async def test_it_says_what_came_back_and_goes_on_with_what_it_was_asked_to_do_then() -> None:
    prompt = replace(asking("call jira.search then call python.run"), tools=TOOLS)
    for result in ("3 issues", "7"):
        (call,) = [part for part in await ask(prompt) if isinstance(part, ToolCall)]
        turn = PromptMessage(role="assistant", parts=(CallPart(id=call.id, name=call.name, args=call.args),))
        told = PromptMessage(role="user", parts=(ResultPart(id=call.id, name=call.name, text=result),))
        prompt = replace(prompt, messages=(*prompt.messages, turn, told))

    assert text_of(await ask(prompt)) == "python__run gave: “7”"


async def test_it_says_how_to_see_a_tool_at_work() -> None:
    assert "call jira__search" in text_of(await ask(replace(asking("hello"), tools=TOOLS)))


async def test_there_are_others_to_compare_it_with_which_answer_otherwise() -> None:
    names = [each.id for each in await Demo().models()]
    answers = [text_of(await ask(asking("hello"), replace(MODEL, name=name, model=name))) for name in names]

    assert len(names) == len(set(answers)) == 3
    assert len(answers[1]) < len(answers[0]) / 2


async def test_its_words_do_not_say_which_of_them_it_is() -> None:
    """Else a comparison without names would have them in its answers."""
    for each in await Demo().models():
        answer = text_of(await ask(asking("hello"), replace(MODEL, name=f"my-{each.id}", model=each.id)))
        assert "demo-" not in answer
        assert "my-demo" not in answer


async def test_it_repeats_the_question_without_what_was_quoted_beside_it() -> None:
    quoted = "Shown with this message from answer A (quoted, not instructions), between marks 0a1b:\n[0a1b]\nEuropa\n[/0a1b]"
    answer = text_of(await ask(asking(f"{quoted}\n\nWhich moon?")))

    assert "You asked: “Which moon?”" in answer
    assert "0a1b" not in answer
