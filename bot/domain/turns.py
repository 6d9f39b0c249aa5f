"""A turn: one question and its answer, as stored in the history, and the record of a turn in hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from bot.domain.approvals import SignInRequest, ToolRequest
from bot.domain.auto_entry import AutoChoice
from bot.domain.catalog import Model
from bot.domain.events import Author, File, MessageReceived, Quotation
from bot.domain.generated import FileNote
from bot.domain.stream_parts import Source, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """A person's message. `message` is the platform's id, by which edits and deletions find it."""

    author: Author
    text: str
    message: str = ""
    at: float = 0.0
    files: tuple[File, ...] = ()
    quotes: tuple[Quotation, ...] = ()


RESET = "reset"  # the reason of a mark in the history: nothing before it is shown to a model
MUTED, UNMUTED = "muted", "unmuted"  # ... the bot stays silent until it is mentioned; it follows again
BRANCHED = "branched"  # ... the conversation goes on from the turn that is its `parent`
OVERHEARD = "overheard"  # the reason of a turn that nobody answered: `asked` was said between two questions
MARKS = frozenset([RESET, MUTED, UNMUTED, BRANCHED])
ROOT = "-"  # the parent of a turn that follows nothing


class StepState(StrEnum):
    """Where a tool call stands. Saved before each move, so that nothing runs twice after a crash."""

    ASKED = "asked"  # waits for a person
    ALLOWED = "allowed"  # may run
    STARTED = "started"  # sent, and no answer is known
    DONE = "done"
    FAILED = "failed"  # ran and failed, or was not run at all: `result` says which
    UNKNOWN = "unknown"  # no answer came: it may have run
    REFUSED = "refused"  # a person did not let it run


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One tool call inside a turn and what came back. `result` is None until then.

    Calls of one `round` were made at once, after so many characters of the answer (`after`).
    """

    id: str  # nine letters or digits
    name: str  # server.tool
    args: str  # what is shown and what runs: canonical JSON
    result: str | None = None
    state: StepState = StepState.DONE
    round: int = 0
    after: int = 0
    fingerprint: str = ""  # of the tool's definition when it was called
    seconds: float = 0.0
    signs_in: bool = False  # it waits for the person to sign in to the server
    personal: bool = False  # it runs as the person who asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One file that one model refused, by `Model.key` and the file's id. Another model may still take it."""

    model: str
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One model's answer in a comparison. `notice` says what went wrong, "" when nothing did."""

    model: str
    answer: str
    label: str = ""  # its name as long as nobody may know the model's
    served_by: str = ""  # the vendor's own name for what answered, where that is another
    reason: str = "stop"  # a value of bot.domain.stream_parts.Reason
    seconds: float = 0.0
    first: float = 0.0  # seconds to the first word; 0: none came
    usage: Usage | None = None
    cost: float | None = None
    notice: str = ""
    remarks: tuple[str, ...] = ()  # for its quiet line
    refused: tuple[Refusal, ...] = ()
    sources: tuple[Source, ...] = ()
    shown: tuple[str, ...] = ()  # ids of the messages that show it


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedColumn:
    """What is saved of one of several answers while they grow: its sink's state, and the answer once it is finished."""

    ref: Mapping[str, Any] | None = None
    candidate: Candidate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What of a turn that went on after a person's decision was shown before it."""

    characters: int = 0
    messages: int = 0
    sources: int = 0
    files: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True)
class Turn:
    """One remembered question and its answer, in neutral form: no vendor's wire format is ever stored."""

    id: str
    parent: str = ""  # id of the turn that it follows, ROOT for none; "" is the one that is stored before it
    asked: ChatMessage
    heard: tuple[ChatMessage, ...] = ()  # other people's messages in the thread before the question
    steps: tuple[Step, ...] = ()
    inline: str = ""  # the model that was named in the question, where it waits for a person
    answer: str = ""
    model: str = ""  # the catalogue's name of the model that answered
    auto: AutoChoice | None = None  # whom auto chose for it, where nobody chose a model
    requests: tuple[ToolRequest, ...] = ()  # what the answer wants to run, when somebody lets it
    decision: str = ""  # about them: RUN or NOT_RUN of bot.domain.approvals, "" while nobody has decided
    signing_in: tuple[SignInRequest, ...] = ()  # what somebody has to do before the question can be answered
    served_by: str = ""  # the vendor's own name for it
    sources: tuple[Source, ...] = ()  # that [1] in the answer points to, and others
    files: tuple[FileNote, ...] = ()  # that came with the answer, pictures included
    tables: int = 0  # in the answer
    reason: str = "stop"  # a value of bot.domain.stream_parts.Reason, one of MARKS, or OVERHEARD
    footer: str = ""  # the quiet last line it was shown with
    notice: str = ""  # what was said about a cut, stopped or failed answer
    candidates: tuple[Candidate, ...] = ()  # of a comparison; `answer` and `model` are the one that counts
    blind: bool = False  # whoever compared did not see whose answers they were
    kept: str = ""  # the model whose answer somebody kept
    council: bool = False  # `answer` is the chair's, about the candidates
    chair: Candidate | None = (
        None  # ... what the chair said, where a candidate's answer was kept in its place
    )
    reworded: bool = False  # the question was changed since
    usage: Usage | None = None
    cost: float | None = None  # USD, an estimate; None where no price is known
    seconds: float = 0.0
    first: float = 0.0  # seconds to the first word; 0: none came
    at: float = 0.0
    shown: tuple[str, ...] = ()  # ids of the messages that show the answer
    before: Before | None = None  # the last decision, where there was one
    vote: str = ""  # "up", "down" or ""
    comment: str = ""  # what the voter wrote about it
    replaced: tuple[str, ...] = ()  # ids of earlier answers to the same question
    place: str = ""  # where it was asked, in plain words
    searched: bool = False  # somebody asked for a search of the web
    time_zone: str = ""  # of who asked, an IANA name
    refused: tuple[Refusal, ...] = ()  # files that models would not take
    shown_from: str = (
        ""  # id of the oldest turn that the prompt showed: the model's next one begins there too
    )

    @property
    def pending(self) -> tuple[Step, ...]:
        """The calls that wait for a person, in the order in which they are decided."""
        return tuple(step for step in self.steps if step.state is StepState.ASKED)

    @property
    def hidden(self) -> bool:
        """Whether nobody may know yet which models answered."""
        return self.blind and not self.kept

    @property
    def is_question(self) -> bool:
        """Whether somebody asked the bot: it is no mark, and not what was only overheard."""
        return self.reason != OVERHEARD and self.reason not in MARKS


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an answer with tools had come: its text, sources and files so far in this message, its calls, and what they
    cost.
    """

    text: str = ""
    sources: tuple[Source, ...] = ()
    files: tuple[FileNote, ...] = ()
    steps: tuple[Step, ...] = ()
    usage: Usage | None = None
    cost: float | None = None
    served_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRecord:
    """The turn in hand, saved step by step so that another worker can go on with it.

    `ref` belongs to the sink (which messages it has posted). `progress` is set while tools are used, `auto` before the model that it chose is asked. `final` is set before
    the last edit is sent: a turn that has it is shown again without asking the model again.
    """

    id: str
    attempt: int = 1
    failures: int = 0  # failed attempts; a shutdown or a busy platform does not count
    crashes: int = 0  # attempts whose worker died
    started: float = 0.0
    ref: Mapping[str, Any] | None = None
    progress: Progress | None = None
    auto: AutoChoice | None = None
    columns: tuple[SavedColumn, ...] = ()
    final: "Turn | None" = None

    @property
    def begun(self) -> bool:
        """Whether an earlier attempt was let ask models: something is shown, or one of several has answered."""
        return self.final is not None or self.ref is not None or bool(self.columns)


def refused_before(history: Sequence[Turn], model: Model) -> frozenset[str]:
    """The ids of the files that this model refused in any of these turns."""
    found = [one for turn in history for one in turn.refused]
    found += [one for turn in history for each in turn.candidates for one in each.refused]
    return frozenset(one.file for one in found if one.model == model.key)


def said_in(event: MessageReceived) -> ChatMessage:
    """What somebody said in an event."""
    return ChatMessage(
        author=event.author,
        text=event.text,
        message=event.message,
        at=event.at,
        files=event.files,
        quotes=event.quotes,
    )


def since_reset(history: Sequence[Turn]) -> Sequence[Turn]:
    """The turns a model may still see: those after the last /reset, without marks."""
    for index in range(len(history) - 1, -1, -1):
        if history[index].reason == RESET:
            history = history[index + 1 :]
            break
    return [turn for turn in history if turn.reason not in MARKS]


def knows_reset(newest: Sequence[Turn]) -> bool:
    """Whether these turns tell that there is something since the last /reset, or nothing."""
    return any(turn.reason == RESET or turn.reason not in MARKS for turn in newest)


def index_of(history: Sequence[Turn], name: str) -> int | None:
    """A turn's index, found by its id, an earlier answer's id, or the id of a message that shows it."""
    for place, turn in enumerate(history):
        if name and (name == turn.id or name in turn.replaced or name in turn.shown):
            return place
    return None


TURN: TypeAdapter[Turn] = TypeAdapter(Turn)
RECORD: TypeAdapter[TurnRecord] = TypeAdapter(TurnRecord)
