"""Calls and results as every dialect can tell them, whatever a model or a server made of them."""

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.domain.catalog import Model
from bot.domain.prompt import CallPart, ImagePart, Part, Prompt, PromptMessage, ResultPart, TextPart
from providers.tool_calls import canonical_args, canonical_id

NOTHING_SAID = "(no output)"
NAMELESS = "unnamed"  # a call has to have a name to be shown again, also one that came without
LONGEST_NAME = 63


def sound_messages(model: Model, prompt: Prompt) -> Sequence[PromptMessage]:
    """The prompt's messages. Ids are canonical and no two calls have the same, names are legal, arguments are objects, results
    stand first and in the order of their calls; pictures only where the model sees.
    """
    if not any(isinstance(part, CallPart | ResultPart) for one in prompt.messages for part in one.parts):
        return prompt.messages
    taken: set[str] = set()
    called: list[tuple[str, str]] = []  # of the last message: an id as it came, and the one in its place
    messages = []
    for message in prompt.messages:
        if message.role == "assistant":
            calls = [part for part in message.parts if isinstance(part, CallPart)]
            called = [(call.id, _free(call.id, taken)) for call in calls]
            told: list[Part] = [part for part in message.parts if not isinstance(part, CallPart)]
            told += [_call(call, id) for call, (_, id) in zip(calls, called, strict=True)]
        else:
            told = _answered(message, called, model)
        messages.append(replace(message, parts=tuple(told)))
    return messages


def without_calls(prompt: Prompt) -> Prompt:
    """The same for a model that takes no tools: what was called and what came of it stand in the text."""
    return replace(
        prompt,
        tools=(),
        callable=True,
        messages=tuple(
            replace(one, parts=tuple(_in_words(part) for part in one.parts)) for one in prompt.messages
        ),
    )


def _in_words(part: Part) -> Part:
    match part:
        case CallPart():
            return TextPart(text=f"[used {part.name}]")
        case ResultPart():
            return TextPart(text=f"[{part.name} {'failed' if part.failed else 'gave'}: {part.text}]")
    return part


def _free(id: str, taken: set[str]) -> str:
    free, number = canonical_id(id), 1
    while free in taken:
        number += 1
        free = canonical_id(f"{id}:{number}")
    taken.add(free)
    return free


def _call(call: CallPart, id: str) -> CallPart:
    return replace(call, id=id, name=legal_name(call.name), args=canonical_args(call.args))


def legal_name(name: str) -> str:
    """A name that every vendor takes; that of a tool which is offered is one already."""
    legal = re.sub(r"[^A-Za-z0-9_-]", "_", name)[:LONGEST_NAME] or NAMELESS
    return legal if legal[0].isalpha() or legal[0] == "_" else f"_{legal}"[:LONGEST_NAME]


def _answered(message: PromptMessage, called: Sequence[tuple[str, str]], model: Model) -> list[Part]:
    left = [part for part in message.parts if isinstance(part, ResultPart)]
    told: list[Part] = []
    for came, id in called:
        result = next((one for one in left if one.id == came), None)
        if result is not None:
            left.remove(result)
            told.append(_result(result, id, model))
    rest = [part for part in message.parts if not isinstance(part, ResultPart)]
    return [*told, *rest]


def _result(result: ResultPart, id: str, model: Model) -> ResultPart:
    text = result.text if result.text.strip() else NOTHING_SAID
    unseen = () if model.vision else result.pictures
    for picture in unseen:
        text += f"\n[image: {picture.name}, not shown to this model]"
    pictures: tuple[ImagePart, ...] = result.pictures if model.vision else ()
    return replace(result, id=id, name=legal_name(result.name), text=text, pictures=pictures)


def shown_pictures(results: Sequence[ResultPart]) -> list[Part]:
    """The results' pictures with a word where they are from, for dialects whose results are text."""
    shown: list[Part] = []
    for result in results:
        if result.pictures:
            shown += [TextPart(text=f"[what {result.name} showed:]"), *result.pictures]
    return shown
