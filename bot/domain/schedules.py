"""A question that asks itself in one place, again and again."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import TypeAdapter

from bot.domain.events import Author, DueTime, MessageReceived, ThreadKey
from bot.domain.formatting import clip
from bot.domain.recurrence import Recurrence, moment_in_words

PER_PERSON, PER_PLACE, PER_WORKSPACE = 10, 20, 2_000
SPREAD = 30  # seconds over which those are spread that are due at the same minute
LATE = 120.0  # seconds; who waits longer is told when it was due
QUOTED = 80  # characters of a question in a line


@dataclass(frozen=True, slots=True, kw_only=True)
class LastingPlace:
    """Where something can be said much later, as long as the place exists. `thread` is the conversation there, `reply`
    what its adapter needs. `obstacle` says in a sentence why nothing can, "" where it can. `aside` is the way to the person
    alone, should the place be closed: a conversation and what its adapter needs; None where none is known.
    """

    thread: ThreadKey
    reply: Mapping[str, str] = field(default_factory=dict)
    direct: bool = False
    threaded: bool = False
    obstacle: str = ""
    aside: tuple[ThreadKey, Mapping[str, str]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """`id` is hexadecimal, the same for every attempt to make it. `paused` says why it does not ask, "" while it does.
    `next` is when it is due (unix seconds); of a paused one, when it is erased.
    """

    id: str
    author: Author
    place: LastingPlace
    question: str
    recurrence: Recurrence
    zone: str
    next: float
    paused: str = ""

    @property
    def workspace(self) -> str:
        """`platform:id`."""
        return f"{self.place.thread.platform}:{self.place.thread.workspace}"

    @property
    def wait(self) -> float:
        """Seconds after its due time until it is asked, so that not all are at the full hour."""
        return float(int(self.id[:8], 16) % SPREAD)

    def event(self, now: float) -> MessageReceived:
        """The question, due now. The same due time is the same event."""
        name = clip(self.author.name, 60) or "somebody"
        words = f"asked every {self.recurrence.words} by {name}: “{clip(self.question, QUOTED)}”"
        if now - self.next > LATE:
            words += f" · was due at {moment_in_words(self.next, self.zone)} {self.zone}"
        return MessageReceived(
            id=f"schedule-{self.id}-{self.next:.0f}",
            thread=self.place.thread,
            author=self.author,
            at=now,
            reply=self.place.reply,
            text=self.question,
            direct=self.place.direct,
            threaded=self.place.threaded,
            due=DueTime(schedule=self.id, at=self.next, words=words),
        )


SCHEDULE: TypeAdapter[Schedule] = TypeAdapter(Schedule)
