"""The one seam for what looks at every turn: what it sees, in which order, and what it can change."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace

import pytest

from bot.context import Context, Response
from bot.domain.errors import Overloaded
from bot.domain.prompt import Part, Prompt, TextPart
from bot.domain.replies import Reply
from bot.domain.stream_parts import StreamPart, Text
from bot.interceptor import Ask, Interceptor, ModelRequest, Plan
from tests.conversation.stage import Stage, answer


@dataclass
class Notes(Interceptor):
    """Writes down what it sees."""

    name: str
    log: list[str] = field(default_factory=list)

    async def admit(self, context: Context, *, plan: Plan) -> Response | None:
        self.log.append(f"{self.name} admits {len(plan.models)}")
        return None

    async def ask(self, request: ModelRequest, proceed: Ask) -> AsyncGenerator[StreamPart, None]:
        self.log.append(f"{self.name} asks {request.model.name} for {request.context.event.author.name}")
        async with aclosing(proceed(request)) as parts:
            async for part in parts:
                if isinstance(part, Text):
                    self.log.append(f"{self.name} sees {part.text}")
                yield part

    def refused(self, context: Context, response: Response) -> None:
        self.log.append(f"{self.name} is told: {response.reply.text if response.reply else ''}")


class Masking(Interceptor):
    """Data-loss prevention in small: a number neither leaves nor comes back."""

    async def ask(self, request: ModelRequest, proceed: Ask) -> AsyncGenerator[StreamPart, None]:
        masked = replace(request, prompt=_masked(request.prompt))
        async with aclosing(proceed(masked)) as parts:
            async for part in parts:
                yield Text(part.text.replace("4711", "[number]")) if isinstance(part, Text) else part


def _masked(prompt: Prompt) -> Prompt:
    def clean(part: Part) -> Part:
        return TextPart(text=part.text.replace("4711", "[number]")) if isinstance(part, TextPart) else part

    return replace(
        prompt,
        messages=tuple(replace(one, parts=tuple(map(clean, one.parts))) for one in prompt.messages),
    )


@dataclass
class Closed(Interceptor):
    """Lets nobody ask."""

    async def admit(self, context: Context, *, plan: Plan) -> Response | None:
        return Response(reply=Reply(text="Closed today."))


async def test_the_first_in_the_list_is_the_outermost() -> None:
    log: list[str] = []
    stage = Stage(interceptors=(Notes("one", log), Notes("two", log)))
    await stage.says("hello")

    assert log == [
        "one admits 1",
        "two admits 1",
        "one asks grok for Ann",
        "two asks grok for Ann",
        "two sees answ",
        "one sees answ",
        "two sees er 1",
        "one sees er 1",
    ]


async def test_a_model_that_steps_in_is_asked_through_the_same_list() -> None:
    notes = Notes("n")
    stage = Stage(interceptors=(notes,))
    stage.one.scripts = [(Overloaded(),), (Overloaded(),)]
    await stage.says("hello")

    assert [line for line in notes.log if "asks" in line] == [
        "n asks grok for Ann",
        "n asks grok for Ann",
        "n asks claude for Ann",
    ]


async def test_a_comparison_asks_every_model_through_the_same_list() -> None:
    notes = Notes("n")
    await Stage(interceptors=(notes,)).says("/compare grok claude: why?")

    assert notes.log[0] == "n admits 2"
    assert {line for line in notes.log if "asks" in line} == {"n asks grok for Ann", "n asks claude for Ann"}


async def test_a_prompt_and_an_answer_can_be_changed_on_their_way() -> None:
    stage = Stage(interceptors=(Masking(),))
    stage.one.scripts = [answer("It is 4711.")]
    heard = await stage.says("What is 4711?")

    assert stage.one.words()[-1] == "What is [number]?"
    assert "4711" not in heard.text + stage.history[-1].answer


@pytest.mark.parametrize("typed", ["hello", "/ask claude hello", "/compare grok claude: hello"])
async def test_a_refusal_is_said_told_to_all_and_asks_nobody(typed: str) -> None:
    first, last = Notes("first"), Notes("last")
    stage = Stage(interceptors=(first, Closed(), last))
    heard = await stage.says(typed)

    assert [reply.text for reply in heard.replies] == ["Closed today."]
    assert (stage.one.asked, stage.two.asked) == ([], [])
    assert first.log[-1] == "first is told: Closed today."
    assert last.log == ["last is told: Closed today."]
