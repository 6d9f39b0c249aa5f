"""The states of an event in the inbox: accepted, waiting, claimed by a worker, handled."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.events import Event
from bot.domain.history import History
from bot.domain.observations import Observation
from bot.domain.preferences import ModelPreferences, ToolPreferences
from bot.domain.turns import Turn, TurnRecord


class Receipt(StrEnum):
    """The result of `Inbox.put`. The platform gets a 200 for every one of them."""

    ACCEPTED = "accepted"  # stored; a worker will handle it
    DUPLICATE = "duplicate"  # this event id was stored before
    IGNORED = "ignored"  # not addressed to the bot, in a thread the bot is not part of
    STOPPING = "stopping"  # a stop for a turn that is running
    IDLE = "idle"  # a stop when nothing is running
    REFUSED = "refused"  # a stop from somebody who may not stop this turn
    FULL = "full"  # too many messages wait here: tell the person, once in a while
    FULL_QUIET = "full_quiet"  # the same, but they were told less than a minute ago


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueEntry:
    """A conversation that has work. Opaque outside bot.storage."""

    shard: int
    entry: str
    conversation: str
    asker: tuple[str, str, str] = ("", "", "")  # workspace, channel and person of the first waiting event
    lane: str = ""  # a person has a place in line for each: "quick" for what asks no model, "" for questions

    @property
    def waiter(self) -> tuple[str, str]:
        """Who waits: a workspace and, in one lane, a person."""
        return self.asker[0], f"{self.asker[2]} {self.lane}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to handle a conversation's first event, under a lease. `epoch` is the fencing token."""

    queue_entry: QueueEntry
    epoch: int
    mail: str  # the mailbox entry
    event: Event
    record: TurnRecord
    preferences: ModelPreferences
    history: History = field(default_factory=History)  # as much as this kind of event usually needs
    waiting: int = 0  # events behind this one
    stopped: bool = False  # Stop was pressed before this attempt began
    withdrawn: bool = False  # the message was deleted meanwhile: nobody waits for an answer
    erased: float = 0.0  # unix seconds; what the platform still has from before is not to be read again
    life: str = ""  # of the data it was made in: another one later means that all of it was lost


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The result of a handled event, committed in one step with its acknowledgement."""

    append: tuple[Turn, ...] = ()
    replace: tuple[Turn, ...] | None = (
        None  # what the record, as far as it was read, becomes (edits, votes); None keeps it
    )
    thread_model: str | None = None  # the thread's new model, "" to clear it; None keeps the old one
    thread_effort: str | None = None  # the same for how long models may think in this thread
    thread_tools: ToolPreferences | None = None  # the same for what may be used in this thread
    join: bool = False  # the bot takes part in this thread from now on
    forget: bool = False  # nothing of this conversation is kept but what waits in it
    unread: bool = False  # ... and what its platform still shows of it is not read again
    counted: Turn | None = None  # the turn just finished: its usage and cost go to the ledger
    observations: tuple[Observation, ...] = ()  # for the scoreboard
    unobserved: str = ""  # a person of whom it keeps nothing that was observed here

    @property
    def picks(self) -> Mapping[str, str]:
        """What it chooses for the thread, as it is stored, by what is chosen; "" clears."""
        tools = self.thread_tools.dump() if self.thread_tools is not None else None
        picked = {"choice": self.thread_model, "effort": self.thread_effort, "tools": tools}
        return {name: choice for name, choice in picked.items() if choice is not None}
