"""What a model gets to see, in the neutral form that every dialect translates from.

Pure: one conversation may use models of all vendors, so each request gets a new prompt made for its model,
and stored turns never change.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.domain.approvals import Decision
from bot.domain.attached import (
    DOCUMENT_TOKENS,
    IMAGE_TOKENS,
    IMAGES,
    PDF,
    FilesRead,
    expected_tokens,
    file_words,
    refused_words,
    shown_kind,
)
from bot.domain.catalog import Model
from bot.domain.events import File
from bot.domain.formatting import clip
from bot.domain.quoted import (
    BYTES_PER_TOKEN,
    beside_answer,
    gathered,
    heard_text,
    mark_of,
    several_people,
    shown_text,
    speaker,
)
from bot.domain.turns import ChatMessage, Turn, since_reset
from bot.domain.window import first_shown


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPart:
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePart:
    """An image as bytes; `media_type` is image/png, image/jpeg, image/gif or image/webp. `file` is the file's id."""

    name: str
    media_type: str
    data: bytes
    file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePart:
    """A document as bytes, for models that read it themselves (application/pdf). `file` is the file's id."""

    name: str
    media_type: str
    data: bytes
    file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPart:
    """A tool call of the assistant. `id` is canonical: nine letters or digits. `args` is JSON text."""

    id: str
    name: str
    args: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultPart:
    """What a tool answered to the call with this id."""

    id: str
    name: str
    text: str
    failed: bool = False


Part = TextPart | ImagePart | FilePart | CallPart | ResultPart


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptMessage:
    """One entry of a prompt. `role` is "user" or "assistant"; results travel in a user message, first."""

    role: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool the model may call. `parameters` is a plain JSON Schema object."""

    name: str
    description: str
    parameters: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A whole request, valid for every dialect: roles alternate, the first and the last message are the
    user's, no part is empty, every call has its result in the next message.
    """

    system: str
    messages: tuple[PromptMessage, ...]
    tools: tuple[Tool, ...] = ()
    max_output: int | None = None  # tokens; None: the model's own default
    asker: str = ""  # hash of the person, for vendors that want one; never an id
    effort: str = ""  # low, medium or high, as people chose; "" leaves it to the model
    decision: Decision | None = None  # what the last answer waited for: it goes on from there
    conversation: str = ""  # the conversation's digest: a key for vendors' prompt caches
    unhurried: bool = (
        False  # its questions are minutes apart, so that a cache of five minutes is gone by the next one
    )


# --- building one -----------------------------------------------------------------------------------------

MINUTES, HOUR = (
    300.0,
    3_600.0,
)  # seconds between two questions: longer than a short cache lasts, shorter than a long one
PER_MESSAGE = 4
ANSWER_PART = 4  # a prompt leaves this part of the window free for the answer, or less where that is shorter
LEFT_OUT = PromptMessage(
    role="user", parts=(TextPart(text="(What was said before this does not fit and is left out.)"),)
)


def tokens(text: str) -> int:
    """An estimate without a tokenizer: vendors' own differ by a third, so no table would be exact either."""
    return math.ceil(share(text))


def share(text: str) -> float:
    """The same of a piece of a text, not rounded: pieces add up."""
    return (len(text) if text.isascii() else len(text.encode("utf-8", "replace"))) / BYTES_PER_TOKEN


def weigh(message: PromptMessage) -> int:
    """The estimated tokens of one message."""
    return PER_MESSAGE + sum(_weigh(part) for part in message.parts)


def size(prompt: Prompt) -> int:
    """The estimated tokens of a whole prompt."""
    return tokens(prompt.system) + sum(weigh(message) for message in prompt.messages)


def expected_size(
    history: Sequence[Turn],
    asked: ChatMessage,
    model: Model,
    *,
    system: int,
    heard: Sequence[ChatMessage] = (),
) -> int:
    """The estimated tokens of a prompt whose files have not been fetched. `system`: those of what precedes it."""
    prompt = build(history, asked, model, system="", heard=heard)
    turns, before = gathered(since_reset(history), heard, asked)
    said = (asked, *before, *(one for turn in turns for one in (turn.asked, *turn.heard)))
    files = sum(expected_tokens(file, model) for message in said for file in message.files)
    return min(system + size(prompt) + files, model.context)


def build(
    history: Sequence[Turn],
    asked: ChatMessage,
    model: Model,
    *,
    system: str,
    heard: Sequence[ChatMessage] = (),
    files: FilesRead | None = None,
    correction: float = 1.0,
    share: float = 0.85,
    conversation: str = "",
) -> Prompt:
    """The newest turns that fit the model's window, translated into what every dialect accepts.

    What a vendor has read before costs a tenth, as long as the prompt begins with the same bytes. So the oldest turns leave
    a full window in blocks, and what is shown of a turn does not depend on the turns after it.

    `heard` is what others said since the last turn, `files` what was read of everybody's files. `correction` is real over
    estimated tokens, as seen for this model; `share` is how much of the window may be filled (smaller after a
    ContextTooLong). What does not fit is left out and marked. Nothing that is stored is changed.
    """
    read = files or FilesRead()
    turns, before = gathered(since_reset(history), heard, asked)
    named = several_people(turns, before, asked)
    answer = min(model.max_output, model.context // ANSWER_PART)
    room = (model.context - answer) * share / max(correction, 0.1) - tokens(system) - weigh(LEFT_OUT)
    question = _asked(asked, before, model, read, named=named, room=room)
    pairs = [_turn(turn, model, read, named=named, room=room) for turn in turns]
    weights = [[weigh(message) for message in pair] for pair in [*pairs, [question]]]
    first = first_shown([(pair[0], sum(pair)) for pair in weights], room)
    kept = [LEFT_OUT] if first else []
    kept += [message for pair in pairs[first:] for message in pair]
    kept.append(question)
    asker = hashlib.sha256(f"{conversation}/{asked.author.id}".encode()).hexdigest()[:32]
    prompt = Prompt(system=system, messages=_merged(kept), asker=asker, conversation=conversation)
    return replace(prompt, unhurried=bool(turns) and MINUTES < asked.at - turns[-1].asked.at < HOUR)


def _weigh(part: Part) -> int:
    match part:
        case TextPart(text=text) | ResultPart(text=text):
            return tokens(text)
        case CallPart(name=name, args=args):
            return tokens(name + args)
        case ImagePart():
            return IMAGE_TOKENS
        case FilePart():
            return DOCUMENT_TOKENS


def _turn(turn: Turn, model: Model, files: FilesRead, *, named: bool, room: float) -> list[PromptMessage]:
    """Finished tool calls become text: a model without tools refuses tool calls in the history."""
    asked = _asked(turn.asked, turn.heard, model, files, named=named, room=room)
    used = "".join(f"[used {step.name}: {step.result or 'cancelled'}]\n" for step in turn.steps)
    shown = [("assistant", (used + turn.answer).strip()), ("user", beside_answer(turn))]
    return [asked, *(PromptMessage(role=role, parts=(TextPart(text=text),)) for role, text in shown if text)]


def _asked(
    asked: ChatMessage,
    heard: Sequence[ChatMessage],
    model: Model,
    files: FilesRead,
    *,
    named: bool,
    room: float,
) -> PromptMessage:
    """A question with what was said before it: the same when it is asked and in every prompt after it."""
    own = _question(asked, model, files, named=named)
    if not heard:
        return PromptMessage(role="user", parts=own)
    left = room - sum(map(_weigh, own))
    return PromptMessage(role="user", parts=(*_heard(heard, asked, model, files, left / 2), *own))


def _question(said: ChatMessage, model: Model, files: FilesRead, *, named: bool = False) -> tuple[Part, ...]:
    parts: list[Part] = [_attached(file, model, files, mark_of(said)) for file in said.files]
    if shown := shown_text(said):
        parts.append(TextPart(text=shown))
    if text := said.text.strip():
        parts.append(TextPart(text=f"{speaker(said.author)}: {text}" if named else text))
    return tuple(parts) or (TextPart(text="(this message was deleted)"),)


def _attached(file: File, model: Model, files: FilesRead, mark: str) -> Part:
    data = files.bytes_of.get(file.id)
    kind = shown_kind(file, data)
    seen = data is not None and ((kind in IMAGES and model.vision) or (kind == PDF and model.documents))
    if seen and file.id in files.refused and file.id not in files.texts:
        return TextPart(text=refused_words(clip(file.name), kind))
    if data is not None and seen and file.id not in files.refused:
        part = FilePart if kind == PDF else ImagePart
        return part(name=clip(file.name), media_type=kind, data=data, file=file.id)
    return TextPart(text=file_words(file, model, files, mark))


def _heard(
    heard: Sequence[ChatMessage], asked: ChatMessage, model: Model, files: FilesRead, room: float
) -> tuple[Part, ...]:
    """What was said, and the newest of the files that came with it, as far as they fit."""
    text = heard_text(heard, asked, room=room)
    parts: list[Part] = []
    room -= tokens(text)
    for said in reversed(heard):
        for file in said.files:
            if not file.text and file.id not in files.bytes_of and file.id not in files.texts:
                continue  # its line names it
            part = _attached(file, model, files, mark_of(asked))
            whose = TextPart(text=f"[{speaker(said.author)} showed {clip(file.name)}:]")
            room -= _weigh(part) + _weigh(whose)
            if room < 0:
                return (TextPart(text=text), *parts)
            parts[:0] = [whose, part]
    return (TextPart(text=text), *parts) if text else ()


def _merged(messages: Sequence[PromptMessage]) -> tuple[PromptMessage, ...]:
    """Roles alternate: neighbours of one role become one message."""
    merged: list[PromptMessage] = []
    for message in messages:
        if merged and merged[-1].role == message.role:
            merged[-1] = PromptMessage(role=message.role, parts=merged[-1].parts + message.parts)
        else:
            merged.append(message)
    return tuple(merged)
