"""How the demo calls tools: where a question says so in plain words.

`call NAME {"key": "value"}` and `use the tool NAME with {"key": "value"}`, both without the braces too; several at once with
"and", one after the other with "then". NAME is a tool's name as people or as models know it.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Final

from bot.domain.prompt import Prompt, PromptMessage, ResultPart, TextPart
from bot.domain.stream_parts import ToolCall
from providers.tool_calls import canonical_id

ASKED: Final = re.compile(
    r"\b(?:call|use the tool)\s+`?(?P<name>[\w.-]+)`?(?:\s+with)?\s*(?P<args>\{)?", re.IGNORECASE
)
NEXT: Final = re.compile(r"\bthen\b", re.IGNORECASE)
DECODER: Final = json.JSONDecoder()


def demo_calls(prompt: Prompt) -> Sequence[ToolCall]:
    """The calls that the question asks for in this round."""
    if not prompt.tools or not prompt.callable:
        return ()
    rounds = 0
    for message in reversed(prompt.messages):
        if demo_results(message):
            rounds += 1
        elif message.role == "user":
            steps = NEXT.split(_said(message))
            return list(_calls(steps[rounds], prompt, rounds)) if rounds < len(steps) else ()
    return ()


def demo_results(message: PromptMessage) -> Sequence[ResultPart]:
    return [part for part in message.parts if isinstance(part, ResultPart)]


def given(text: str) -> str:
    """A result without the marks around it."""
    first, _, rest = text.partition("\n")
    inside, end, _ = rest.rpartition(f"\n[/{first.strip('[]')}]")
    return inside if end else text


def _said(message: PromptMessage) -> str:
    return "\n".join(part.text for part in message.parts if isinstance(part, TextPart))


def _calls(step: str, prompt: Prompt, rounds: int) -> Iterator[ToolCall]:
    known = {_plain(tool.name): tool.name for tool in prompt.tools}
    for number, match in enumerate(ASKED.finditer(step)):
        name = known.get(_plain(match["name"]), "")
        if name or match["args"]:  # a name nobody has is called only where it is clear that a call is meant
            args = _args(step, match.start("args")) if match["args"] else "{}"
            yield ToolCall(canonical_id(f"demo:{rounds}:{number}"), name or match["name"], args)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _args(said: str, at: int) -> str:
    """The JSON from there on, or the rest as it is where it is none: so a model fails, too."""
    try:
        return said[at : DECODER.raw_decode(said, at)[1]]
    except (ValueError, RecursionError):
        return said[at:]
