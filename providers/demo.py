"""A model without key and network, so that everything can be tried, shown and tested before a real model is
set up.

It is deterministic: the same thread gives the same answer. It knows the thread as real models do, from the
prompt alone. Single words in a question ask for the kinds of text a chat has to show.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from textwrap import shorten

from bot.domain.catalog import Model
from bot.domain.errors import Overloaded
from bot.domain.listings import Listing
from bot.domain.prompt import FilePart, ImagePart, Prompt, PromptMessage, TextPart
from bot.domain.stream_parts import Finish, Reason, StreamPart, Text, Thinking, Usage
from providers.demo_tools import demo_calls, demo_results, given

KEYS = "`OPENAI_API_KEY`, `ANTHROPIC_API_KEY`, `GEMINI_API_KEY`, `XAI_API_KEY` or `FOUNDRY_ENDPOINT`"
TRY = "Try me with one of these words: table, code, list, long, slow, think, error."

TABLE = """Three moons and what they are known for:

| Moon | Planet | Diameter in km | Known for |
| --- | --- | ---: | --- |
| Europa | Jupiter | 3122 | an ocean under ice |
| Titan | Saturn | 5150 | lakes of methane |
| Triton | Neptune | 2707 | going round backwards |
"""

CODE = """A function that adds up the even numbers:

```python
def even_sum(numbers: list[int]) -> int:
    return sum(n for n in numbers if n % 2 == 0)


print(even_sum([1, 2, 3, 4]))  # 6
```

It reads the list once and keeps nothing.
"""

LIST = """Before a trip:

1. Charge the phone.
2. Pack the bag:
   - **passport**
   - tickets
   - something to read
3. Water the plants.
"""

BRIEF, CALM = "demo-brief", "demo-calm"
"""One says less, one takes its time: so that there is something to compare before there is a key."""

SENTENCES = (
    "A switchboard once joined two voices by hand.",
    "The operator heard a name, found the jack and pushed the plug in.",
    "A lamp showed who was waiting and another who had hung up.",
    "Nobody had to know which cable carried the words.",
    "When a line was down, the operator took another and said so.",
    "At night one person could serve a whole town.",
)


class Demo:
    """Answers every question at once and in order, one word at a time, `pause` seconds apart."""

    def __init__(
        self, *, pause: float = 0.02, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._pause = pause
        self._sleep = sleep

    async def models(self) -> Sequence[Listing]:
        return tuple(
            Listing(id=name, context=32_000, max_output=8_192, tools=True, vision=False)
            for name in ("demo", BRIEF, CALM)
        )

    async def stream(self, model: Model, prompt: Prompt) -> AsyncGenerator[StreamPart, None]:
        """Raises Overloaded when asked for an error; otherwise always finishes."""
        asked = _words(prompt.messages[-1])
        if asked & {"error", "fail"}:
            raise Overloaded("the demo was asked for an error", status=529, code="overloaded_error")
        pause = self._pause * (15 if "slow" in asked else 4 if model.model == CALM else 1)
        if asked & {"think", "thinking"}:
            for word in _parts(_thoughts(prompt)):
                await self._sleep(pause)
                yield Thinking(word)
        if calls := demo_calls(prompt):
            for call in calls:
                yield call
            yield Usage(input=_size(prompt), output=len(calls), estimated=True)
            yield Finish(reason=Reason.TOOLS, model=model.model)
            return
        limit, count, reason = prompt.max_output or model.max_output, 0, Reason.STOP
        for word in _parts(_answer(model, prompt, asked)):
            if count == limit:
                reason = Reason.LENGTH
                break
            await self._sleep(pause)
            yield Text(word)
            count += 1
        yield Usage(input=_size(prompt), output=count, estimated=True)
        yield Finish(reason=reason, model=model.model)


def _parts(text: str) -> Iterator[str]:
    return (match.group() for match in re.finditer(r"\S+\s*", text))


QUOTED = re.compile(
    r"^[^\n]*\(quoted, not instructions\), between marks (\S+):\n\[\1\]\n.*?\n\[/\1\]",
    re.DOTALL | re.MULTILINE,
)
"""What others said, with what stands around it: nobody asked the demo for any of it."""

MEMBERS = re.compile(
    r"^[^\n]* from answer [A-Z] \(quoted, not instructions\), between marks (\S+):\n\[\1\]\n.*?\n\[/\1\]",
    re.DOTALL | re.MULTILINE,
)
"""What a chair is shown of a council. All else that is quoted may be repeated: it shows what reached the model."""


def _text(message: PromptMessage) -> str:
    return "\n".join(part.text for part in message.parts if isinstance(part, TextPart)).strip()


def _words(message: PromptMessage) -> set[str]:
    return set(re.findall(r"[a-z]+", QUOTED.sub("", _text(message)).lower()))


def _size(prompt: Prompt) -> int:
    return len(prompt.system.split()) + sum(len(_text(message).split()) for message in prompt.messages)


def _thoughts(prompt: Prompt) -> str:
    return (
        f"The question has {len(_text(prompt.messages[-1]).split())} words. "
        f"The thread has {len(prompt.messages)} messages. I can answer that."
    )


def _quoted(text: str) -> str:
    return f"“{shorten(text, width=200, placeholder='…')}”"


def _answer(model: Model, prompt: Prompt, asked: set[str]) -> str:
    if results := demo_results(prompt.messages[-1]):
        return "\n\n".join(
            f"{one.name} {'failed' if one.failed else 'gave'}: {_quoted(given(one.text))}" for one in results
        )
    for word, text in (("table", TABLE), ("code", CODE), ("list", LIST)):
        if word in asked:
            return text
    if asked & {"long", "slow"}:
        return _essay(paragraphs=40 if "long" in asked else 3)
    return _echo(model, prompt)


def _essay(*, paragraphs: int) -> str:
    count = len(SENTENCES)
    lines = (
        f"{number + 1}. " + " ".join(SENTENCES[(number + step) % count] for step in range(3))
        for number in range(paragraphs)
    )
    return "\n\n".join(lines)


def _echo(model: Model, prompt: Prompt) -> str:
    """The question and those before it, to show that the history works."""
    questions = [
        text
        for message in prompt.messages
        if message.role == "user" and (text := MEMBERS.sub("", _text(message)).strip())
    ] or [""]
    if model.model == BRIEF:
        return f"In short: no real model is behind this, and you asked {_quoted(questions[-1])}"
    slowly = "Let us see, one thing after another. " if model.model == CALM else ""
    lines = [f"{slowly}This is a demo without a real model behind it. You asked: {_quoted(questions[-1])}"]
    if len(questions) > 1:
        lines.append(f"You asked before: {_quoted(questions[-2])}")
    files = [part.name for part in prompt.messages[-1].parts if isinstance(part, ImagePart | FilePart)]
    if files:
        lines.append(f"You attached: {', '.join(files)}.")
    if prompt.tools and prompt.callable:
        lines.append(f'To see a tool at work, write: call {prompt.tools[0].name} {{"key": "value"}}')
    lines.append(f"Set {KEYS} and start again to get a real model. {TRY}")
    return "\n\n".join(lines)
