"""An event on its way through the inbox: taken in, waiting, claimed by a worker, and left behind."""

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.events import Event
from bot.domain.preferences import ModelPreferences
from bot.domain.turns import Turn, TurnRecord


class Receipt(StrEnum):
    """What became of an event that was put into the inbox. Every one of them is a 200 for the platform."""

    ACCEPTED = "accepted"  # stored; a worker will handle it
    DUPLICATE = "duplicate"  # seen before
    IGNORED = "ignored"  # not addressed to the bot, and the bot takes no part in that thread
    STOPPING = "stopping"  # a stop reached a running turn
    IDLE = "idle"  # a stop found nothing to stop
    REFUSED = "refused"  # a stop by somebody who may not stop this turn
    FULL = "full"  # too many messages wait here: tell the person, once in a while
    FULL_QUIET = "full_quiet"  # the same, and they were told a moment ago


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueEntry:
    """A conversation that has work. Opaque outside bot.storage."""

    shard: int
    entry: str
    conversation: str
    asker: tuple[str, str, str] = ("", "", "")  # workspace, channel and person of the first waiting event


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to handle a conversation's first event, until the lease runs out. `epoch` is the fencing token."""

    queue_entry: QueueEntry
    epoch: int
    mail: str  # the mailbox entry
    event: Event
    record: TurnRecord
    history: tuple[Turn, ...]
    preferences: ModelPreferences
    waiting: int = 0  # events behind this one
    stopped: bool = False  # somebody pressed Stop before this attempt began


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a handled event leaves behind, committed in one step with its acknowledgement."""

    append: tuple[Turn, ...] = ()
    replace: tuple[Turn, ...] | None = None  # the whole history anew (edits, reset); None leaves it
    thread_model: str | None = None  # set ("" clears) the thread's model; None leaves it
    join: bool = False  # the bot takes part in this thread from now on
    counted: Turn | None = None  # the turn just finished: its usage and cost go to the ledger
