"""What a model gets to see, in the neutral form that every dialect translates from.

Pure: one conversation may use models of all vendors, so each request gets a new prompt made for its model,
and stored turns never change.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.catalog import Model
from bot.domain.events import File
from bot.domain.formatting import clip
from bot.domain.quoted import (
    BYTES_PER_TOKEN,
    gathered,
    heard_text,
    mark_of,
    several_people,
    shown_text,
    speaker,
)
from bot.domain.turns import ChatMessage, Turn, since_reset


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPart:
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePart:
    """An image as bytes; `media_type` is image/png, image/jpeg, image/gif or image/webp."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePart:
    """A document as bytes, for models that read it themselves (application/pdf)."""

    name: str
    media_type: str
    data: bytes


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
    conversation: str = ""  # the conversation's digest: a key for vendors' prompt caches


# --- building one -----------------------------------------------------------------------------------------

IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
PDF = "application/pdf"
TEXTS = ("text/", "application/json", "application/xml", "application/x-yaml", "application/javascript")
STARTS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"%PDF-", PDF),
)
FILE_CHARACTERS = 200_000  # of one text file; in small windows at most two per token, about half the window
IMAGE_TOKENS = 1_500
DOCUMENT_TOKENS = 3_000
PDF_BYTES = 30  # of a document for each token, where it is long
PER_MESSAGE = 4
LEFT_OUT = PromptMessage(
    role="user", parts=(TextPart(text="(What was said before this does not fit and is left out.)"),)
)


def tokens(text: str) -> int:
    """An estimate without a tokenizer: vendors' own differ by a third, so no table would be exact either."""
    return math.ceil(share(text))


def share(text: str) -> float:
    """The same of a piece of a text, not rounded: pieces add up."""
    return len(text.encode("utf-8", "replace")) / BYTES_PER_TOKEN


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
    said = (asked, *(turn.asked for turn in since_reset(history)))
    files = sum(_expected(file, model) for message in said for file in message.files)
    return min(system + size(prompt) + files, model.context)


def _expected(file: File, model: Model) -> int:
    if file.media_type.startswith("image/"):
        return IMAGE_TOKENS if model.vision else 0
    if file.media_type == PDF:
        return max(DOCUMENT_TOKENS, file.size // PDF_BYTES) if model.documents else 0
    return (
        min(file.size, FILE_CHARACTERS, 2 * model.context) * 2 // 7
        if file.media_type.startswith(TEXTS)
        else 0
    )


def build(
    history: Sequence[Turn],
    asked: ChatMessage,
    model: Model,
    *,
    system: str,
    heard: Sequence[ChatMessage] = (),
    files: Mapping[str, bytes] | None = None,
    correction: float = 1.0,
    share: float = 0.85,
    conversation: str = "",
) -> Prompt:
    """The newest turns that fit the model's window, translated into what every dialect accepts.

    `files` holds the bytes of attachments by file id. `correction` is real over estimated tokens, as seen for
    this model; `share` is how much of the window may be filled (smaller after a ContextTooLong). Nothing that
    is stored is changed.
    """
    bytes_of = files or {}
    turns, before = gathered(since_reset(history), heard, asked)
    named = several_people(turns, before, asked)
    room = (model.context - min(model.max_output, model.context // 4)) * share / max(correction, 0.1)
    room -= tokens(system) + weigh(LEFT_OUT)
    own = _question(asked, model, bytes_of, named=named)
    room -= weigh(PromptMessage(role="user", parts=own))
    said = _heard(before, asked, room / 2)
    room -= sum(map(_weigh, said))
    kept: list[PromptMessage] = [PromptMessage(role="user", parts=(*said, *own))]
    for turn in reversed(turns):
        pair = _turn(turn, model, bytes_of, named=named, room=room / 2)
        room -= sum(weigh(message) for message in pair)
        if room < 0:
            kept.insert(0, LEFT_OUT)
            break
        kept[:0] = pair
    asker = hashlib.sha256(f"{conversation}/{asked.author.id}".encode()).hexdigest()[:32]
    return Prompt(system=system, messages=_merged(kept), asker=asker, conversation=conversation)


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


def _turn(
    turn: Turn, model: Model, files: Mapping[str, bytes], *, named: bool, room: float
) -> list[PromptMessage]:
    """Finished tool calls become text: a model without tools refuses tool calls in the history."""
    question = _question(turn.asked, model, files, named=named)
    asked = PromptMessage(role="user", parts=(*_heard(turn.heard, turn.asked, room), *question))
    used = "".join(f"[used {step.name}: {step.result or 'cancelled'}]\n" for step in turn.steps)
    answer = (used + turn.answer).strip()
    return [asked, PromptMessage(role="assistant", parts=(TextPart(text=answer),))] if answer else [asked]


def _question(
    said: ChatMessage, model: Model, files: Mapping[str, bytes], *, named: bool = False
) -> tuple[Part, ...]:
    parts: list[Part] = [_attached(file, model, files.get(file.id), mark_of(said)) for file in said.files]
    if shown := shown_text(said):
        parts.append(TextPart(text=shown))
    if text := said.text.strip():
        parts.append(TextPart(text=f"{speaker(said.author)}: {text}" if named else text))
    return tuple(parts) or (TextPart(text="(this message was deleted)"),)


def _attached(file: File, model: Model, data: bytes | None, mark: str) -> Part:
    name = clip(file.name)
    if file.text:  # its platform told what it says
        return TextPart(text=f"[file: {name}, between marks {mark}]\n[{mark}]\n{file.text}\n[/{mark}]")
    if data is None:
        return TextPart(text=f"[file: {name}, not at hand any more]")
    kind = _kind(file, data)
    if kind in IMAGES:
        if model.vision:
            return ImagePart(name=name, media_type=kind, data=data)
        return TextPart(text=f"[image: {name}, not shown to this model]")
    if kind == PDF and model.documents:
        return FilePart(name=name, media_type=PDF, data=data)
    if kind.startswith(TEXTS):
        most = min(FILE_CHARACTERS, 2 * model.context)
        text = data[: 4 * most + 4].decode("utf-8", "replace")  # a character has four bytes at most
        cut = f", only its first {most:,} characters" if len(text) > most else ""
        return TextPart(text=f"[file: {name}{cut}, between marks {mark}]\n[{mark}]\n{text[:most]}\n[/{mark}]")
    return TextPart(text=f"[file: {name}, which this model cannot read]")


def _kind(file: File, data: bytes) -> str:
    """A file's media type, from its first bytes if known: platforms only say "image/*" or guess by name."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in STARTS if data.startswith(start)), file.media_type)


def _heard(heard: Sequence[ChatMessage], asked: ChatMessage, room: float) -> tuple[Part, ...]:
    text = heard_text(heard, asked, room=room)
    return (TextPart(text=text),) if text else ()


def _merged(messages: Sequence[PromptMessage]) -> tuple[PromptMessage, ...]:
    """Roles alternate: neighbours of one role become one message."""
    merged: list[PromptMessage] = []
    for message in messages:
        if merged and merged[-1].role == message.role:
            merged[-1] = PromptMessage(role=message.role, parts=merged[-1].parts + message.parts)
        else:
            merged.append(message)
    return tuple(merged)
