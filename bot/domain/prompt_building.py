"""Builds what a model gets to see of a conversation: the newest turns that fit its window. Pure.

What was made of a turn is remembered with it, so that a question in a long thread costs no more than one in a short one.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.approvals import Decision
from bot.domain.attached import (
    IMAGES,
    PDF,
    FilesRead,
    expected_tokens,
    file_words,
    refused_words,
    shown_kind,
)
from bot.domain.catalog import Model
from bot.domain.events import Author, File
from bot.domain.formatting import clip
from bot.domain.memo import Memo
from bot.domain.prompt import (
    ANSWER_PART,
    PER_MESSAGE,
    SIZES,
    FilePart,
    ImagePart,
    Part,
    Prompt,
    PromptMessage,
    TextPart,
    size,
    tokens,
    weigh,
    weigh_part,
    weigh_tools,
)
from bot.domain.quoted import (
    beside_answer,
    gathered,
    heard_text,
    mark_of,
    room_for,
    several_people,
    shown_text,
    speaker,
)
from bot.domain.turns import RESET, ChatMessage, Turn, since_reset
from bot.domain.window import first_shown
from bot.domain.work import ToolWork, work_messages

MINUTES, HOUR = (
    300.0,
    3_600.0,
)  # seconds between two questions: longer than a short cache lasts, shorter than a long one
SHARE = 0.85  # of a window, since tokens are estimates
LEFT_OUT = PromptMessage(
    role="user", parts=(TextPart(text="(What was said before this does not fit and is left out.)"),)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTurn:
    """A turn in a prompt, with its estimated tokens."""

    messages: tuple[PromptMessage, ...]
    asked: int  # of the question
    whole: int
    least: float = 0.0  # tokens of room in which nothing of it is cut


NOTHING_READ = FilesRead()
NO_WORK = ToolWork()
SHOWN: Memo[Turn, ShownTurn] = Memo()


def fills(newest: Sequence[Turn], room: float) -> bool:
    """Whether no older turns than these can be shown in so many tokens."""
    for turn in reversed(newest):
        room -= tokens(turn.asked.text) + tokens(turn.answer)
        if turn.reason == RESET or room <= 0:
            return True
    return False


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


def prompt_room(model: Model, *, correction: float = 1.0, share: float = SHARE) -> float:
    """Estimated tokens that a prompt may have, so that the answer fits as well."""
    answer = min(model.max_output, model.context // ANSWER_PART)
    return (model.context - answer) * share / max(correction, 0.1)


def build(
    history: Sequence[Turn],
    asked: ChatMessage,
    model: Model,
    *,
    system: str,
    heard: Sequence[ChatMessage] = (),
    files: FilesRead = NOTHING_READ,
    correction: float = 1.0,
    share: float = SHARE,
    conversation: str = "",
    effort: str = "",
    decision: Decision | None = None,
    work: ToolWork = NO_WORK,
) -> Prompt:
    """The newest turns that fit the model's window. What a vendor has read before costs a tenth, as long as the prompt begins
    with the same bytes: the oldest turns leave a full window in blocks, and what is shown of one does not depend on later ones.
    `heard` is what others said since the last turn, `files` what was read of everybody's files, `work` what the answer did
    with tools so far. `correction` is real over estimated tokens; `share` is how much of the window may be filled (smaller
    after a ContextTooLong). What does not fit is left out and marked.
    """
    turns, before = gathered(since_reset(history), heard, asked)
    turns = turns[(gone := _began(turns, model)) :]
    named = several_people(turns, before, asked)
    done, room = _done(work, model, asked, _room(model, system, share=share, correction=correction))
    question = _asked(asked, before, model, files, named=named, room=room)
    shown = _shown(turns, model, files, named=named, room=room)
    first = first_shown([*((one.asked, one.whole) for one in shown), (weigh(question), 0)], room)
    tail = [question, *done]
    rest = [LEFT_OUT] if gone or first else []
    kept = [*rest, *(message for one in shown[first:] for message in one.messages), *tail]
    prompt = Prompt(
        system=system,
        messages=_merged(kept),
        asker=_nameless(conversation, asked.author),
        conversation=conversation,
        shown_from=turns[first].id if first < len(turns) else "",
        effort=effort,
        decision=decision,
        tools=work.tools,
        callable=work.callable,
        unhurried=bool(turns) and MINUTES < asked.at - turns[-1].asked.at < HOUR,
    )
    return _weighed(prompt, sum(one.whole for one in shown[first:]), [*rest, *tail], apart=len(kept))


def _nameless(conversation: str, author: Author) -> str:
    return hashlib.sha256(f"{conversation}/{author.id}".encode()).hexdigest()[:32]


def _done(work: ToolWork, model: Model, asked: ChatMessage, room: float) -> tuple[list[PromptMessage], float]:
    """What follows the question, and the room that it and the tools leave."""
    room -= weigh_tools(work.tools)
    done = work_messages(work, model, asked, room)
    return done, room - sum(map(weigh, done))


def _weighed(prompt: Prompt, turns: int, others: Sequence[PromptMessage], *, apart: int) -> Prompt:
    """Notes what its messages weigh, so that they need not be weighed again: so much, while they were so many."""
    weight = turns + sum(map(weigh, others))
    once = PER_MESSAGE * (apart - len(prompt.messages))  # counted twice for neighbours that became one
    SIZES.of(prompt, lambda: tokens(prompt.system) + weight - once)
    return prompt


def _room(model: Model, system: str, *, share: float, correction: float) -> float:
    """Estimated tokens for everything but the system text."""
    return prompt_room(model, correction=correction, share=share) - tokens(system) - weigh(LEFT_OUT)


def _began(turns: Sequence[Turn], model: Model) -> int:
    """The index of the turn that this model's last prompt began with: it was the oldest that fitted, in whole blocks. 0 where
    that is not known any more.
    """
    name = next(
        (turn.shown_from for turn in reversed(turns) if turn.shown_from and turn.model == model.name), ""
    )
    return next((index for index, turn in enumerate(turns) if turn.id == name), 0) if name else 0


def _shown(
    turns: Sequence[Turn], model: Model, files: FilesRead, *, named: bool, room: float
) -> list[ShownTurn]:
    return [
        known
        if (known := SHOWN.known(turn, named)) is not None and room >= known.least
        else _new(turn, model, files, named=named, room=room)
        for turn in turns
    ]


def _new(turn: Turn, model: Model, files: FilesRead, *, named: bool, room: float) -> ShownTurn:
    """Remembered where it is the same for every model: without files, and when nothing has to be cut."""
    if turn.asked.files or any(one.files for one in turn.heard):
        return _made(turn, model, files, named=named, room=room)
    whole = SHOWN.of(turn, lambda: _made(turn, model, files, named=named, room=math.inf), named)
    return whole if room >= whole.least else _made(turn, model, files, named=named, room=room)


def _made(turn: Turn, model: Model, files: FilesRead, *, named: bool, room: float) -> ShownTurn:
    messages = _turn(turn, model, files, named=named, room=room)
    weights = [weigh(message) for message in messages]
    least = 0.0
    if turn.heard:
        own = sum(map(weigh_part, _question(turn.asked, model, files, named=named)))
        least = own + 2 * room_for(turn.heard, turn.asked)
    return ShownTurn(messages=tuple(messages), asked=weights[0], whole=sum(weights), least=least)


def _turn(turn: Turn, model: Model, files: FilesRead, *, named: bool, room: float) -> list[PromptMessage]:
    """What came with the answer, the calls of its tools too, is told in words: not every model takes calls in the history."""
    asked = _asked(turn.asked, turn.heard, model, files, named=named, room=room)
    shown = [("assistant", turn.answer.strip()), ("user", beside_answer(turn, shared=named))]
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
    left = room - sum(map(weigh_part, own))
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
            room -= weigh_part(part) + weigh_part(whose)
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
