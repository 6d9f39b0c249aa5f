"""The ports (adapters -> bot <- providers). Read this first: everything else implements one of these or receives one.

A message's path: Adapter -> Inbox -> Leases (worker) -> bot.conversation -> Provider -> ReplySink.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from aiohttp import web

from bot.domain.budgets import Bill, Ceiling, Expense, Quote, Reservation
from bot.domain.capabilities import PlatformCapabilities
from bot.domain.catalog import Model
from bot.domain.claims import Claim, Outcome, QueueEntry, Receipt
from bot.domain.dead_letters import DeadLetter
from bot.domain.events import Author, Event, File, ThreadKey
from bot.domain.listings import Listing
from bot.domain.preferences import ModelPreferences
from bot.domain.prompt import Prompt
from bot.domain.readiness import Trouble
from bot.domain.replies import Option, Reply
from bot.domain.shown_answers import ShownAnswer
from bot.domain.stream_parts import ShownPart, StreamPart
from bot.domain.surroundings import Surroundings
from bot.domain.turns import ChatMessage, Turn, TurnRecord
from bot.domain.usage import RecentConversation, Spend
from bot.schedule_ports import LastingPlaces
from bot.turn_ports import TurnHandle as TurnHandle  # noqa: PLC0414 - a seam like those below


class Inbox(Protocol):
    """Stores every event before the platform is answered. Implemented by bot.storage.inbox on Redis."""

    async def put(self, event: Event) -> Receipt:
        """Dedupes and stores in one atomic step. Raises StorageUnavailable, ValueError for what could not be read again."""


class ReplySink(Protocol):
    """Shows one turn in one place. Made per turn by its adapter, from the event alone.

    After a crash at any point, calling `show` or `say` again with the same turn handle ends in the same
    visible message: the sink continues at `turn_handle.ref`, looks for what an earlier attempt may have
    posted, and rewrites it. Raises PlatformBusy, PlatformRefused, PlatformGone, Fenced.
    """

    async def show(self, parts: AsyncGenerator[ShownPart, None]) -> tuple[str, ...]:
        """Reads the stream to its `Closing` and shows it as it grows. Returns the messages' ids, as `rewrite` needs them."""

    async def say(self, reply: Reply) -> str:
        """Posts one reply. Returns the message's id, "" where it has none (an ephemeral answer)."""

    async def rewrite(self, answer: ShownAnswer) -> None:
        """Writes the messages of an earlier turn anew, as far as this place lets the bot; nothing is posted or saved."""


class Adapter(LastingPlaces, Protocol):
    """One chat platform. Implemented by adapters.slack, adapters.teams, adapters.web. It translates only."""

    @property
    def platform(self) -> str: ...

    @property
    def capabilities(self) -> PlatformCapabilities: ...

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Its routes on the public listener. Every handler stores events in the inbox before it says 200."""

    def running(self) -> AbstractAsyncContextManager[None]:
        """Keeps its resources open (HTTP sessions, a socket) while the process serves."""

    def troubles(self) -> Sequence[Trouble]:
        """What is wrong between this process and the platform now, () for nothing."""

    def sink(self, event: Event, turn_handle: TurnHandle) -> ReplySink: ...

    async def surroundings(self, event: Event, said: ChatMessage, *, after: float | None) -> Surroundings:
        """What stands around the event's message, of which `said` may be a part; of a press only who pressed. `after`: what
        was said in the thread up to that moment (unix seconds) is known or was erased; None: all of it is known. Raises
        PlatformError.
        """

    async def fetch(self, file: File) -> bytes:
        """A file's bytes, within the size limit, from allow-listed hosts only. Raises PlatformError."""


class Provider(Protocol):
    """One endpoint that speaks one or more dialects. Implemented in providers/."""

    def stream(self, model: Model, prompt: Prompt) -> AsyncGenerator[StreamPart, None]:
        """One answer. Ends with exactly one Finish, or raises a ModelError. Close it to stop the vendor."""

    async def models(self) -> Sequence[Listing]:
        """The models of this endpoint; also a free reachability check. Raises a ModelError."""


class Leases(Protocol):
    """The worker's side of the inbox. Implemented by bot.storage.leases. All raise StorageUnavailable."""

    @property
    def seconds(self) -> float:
        """The lease: how long a claim lasts without a heartbeat."""

    async def leave(self) -> None:
        """The last call. Entries handed to this worker but not claimed go to others at once."""

    async def ready(
        self, limit: int, shunned: Collection[tuple[str, str]] = frozenset()
    ) -> Sequence[QueueEntry]:
        """Waits up to about two seconds for conversations that have work. Workspaces take turns, and in each its people.
        `shunned`: waiters of queue entries who have enough in hand here.
        """

    def look_again(self) -> None:
        """Ends the wait of `ready`, as somebody need not be shunned any more."""

    def stops(self) -> AsyncGenerator[str, None]:
        """Hears of work, for `ready`, and yields ids of stopped turns. It may miss some; `beat` reports every stop."""

    async def abandoned(self, limit: int) -> Sequence[QueueEntry]:
        """Takes over conversations whose worker sent no beat for a lease, and wakes delayed ones."""

    async def claim(self, queue_entry: QueueEntry) -> Claim | None:
        """Claims (or takes over) the first event, with as much history as its kind needs. None: there is nothing to do."""

    async def beat(self, claims: Sequence[Claim], *, seconds: float) -> Mapping[str, str]:
        """Renews the leases for so long, in one round trip. Returns "ok", "stop" or "lost" by conversation."""

    async def restore(self, claim: Claim, record: TurnRecord) -> str:
        """Where Redis has lost the claim with its data, writes it anew. Returns "held", "done" when it has ended, "lost"
        when another worker has it, "busy" while others are at work in this conversation that know nothing of it.
        """

    async def save(self, claim: Claim, record: TurnRecord) -> None:
        """Stores the turn in hand. Raises Fenced."""

    async def commit(self, claim: Claim, outcome: Outcome) -> None:
        """History, mailbox and acknowledgement in one step. Raises Fenced."""

    async def retry(self, claim: Claim, *, seconds: float, failed: bool = True) -> None:
        """Gives the conversation back, to be claimed after a pause. `failed` counts. Raises Fenced."""

    async def bury(self, claim: Claim, *, why: str, error: str = "") -> None:
        """Moves the event to the dead letters and schedules the next. Raises Fenced."""

    async def release(self, claim: Claim) -> None:
        """Gives the conversation back at once, without counting a failure (shutdown). Raises Fenced."""


class DeadLetters(Protocol):
    """The events that were given up. Written by `bury`; implemented by bot.storage.dead_letters on Redis."""

    async def letters(self) -> Sequence[DeadLetter]:
        """Newest first."""

    async def drop(self, *ids: str) -> int:
        """Erases them for good; returns how many there were."""

    async def tidy(self) -> int:
        """Erases those that are too old or too many; returns how many are left."""


class PreferenceStore(Protocol):
    """What people picked beyond one thread. Implemented by bot.storage.preferences on Redis."""

    async def choose(self, workspace: str, scope: str, choice: str) -> None:
        """Scopes: "default", "channel:<id>", "person:<id>" for a model's name, the same behind "effort:" for how long it
        may think and behind "search:" for whether it searches. `workspace` is "platform:id". "" clears.
        """

    async def pick(self, claim: Claim, outcome: Outcome) -> None:
        """What an outcome chooses for its thread, in force before anybody is told; the commit chooses it too. Nothing, where
        the claim is not in force. One round trip. Raises StorageUnavailable.
        """

    async def chosen(self, workspace: str, scope: str) -> str:
        """What was chosen for one scope, "" for nothing. "compare:<channel>" holds the sets of models that are saved there."""

    async def in_force(self, thread: ThreadKey, person: str) -> ModelPreferences:
        """All preferences that apply to this person in this conversation, the thread's own included."""


class Memory(Protocol):
    """The stored history, outside a claim. Implemented by bot.storage.memory on Redis."""

    async def recall(self, thread: ThreadKey) -> Sequence[Turn]: ...

    async def forget(self, thread: ThreadKey) -> int:
        """Erases all of a conversation, with what waits and what a turn in hand would add; returns how many turns."""

    async def purge(self, workspace: str) -> int:
        """Erases everything stored for a workspace ("platform:id"); returns the number of conversations."""


class Ledger(Protocol):
    """Usage and recent conversations. Written by `commit`; implemented by bot.storage.ledger on Redis."""

    async def spent(self, workspace: str, person: str) -> tuple[Spend, Spend]:
        """Today's and this month's, in UTC."""

    async def recent(self, workspace: str, person: str, limit: int = 5) -> Sequence[RecentConversation]:
        """Newest first."""

    async def conversations(self, workspace: str, person: str) -> Sequence[ThreadKey]:
        """All in which this person asked something, as far as they are kept."""

    async def erase(self, workspace: str, person: str) -> None:
        """Erases a person's usage and the list of their conversations."""


class Budgets(Protocol):
    """Money of all replicas: reserved before a model is asked, settled after. Implemented by bot.storage.budgets."""

    async def reserve(self, expenses: Sequence[Expense]) -> Reservation:
        """All of it or nothing, in one atomic step; what the same id has reserved counts. Raises StorageUnavailable."""

    def settle(self, bill: Bill) -> None:
        """The real cost takes the reservation's place; 0 gives it back. Written with the next call, or in a moment."""

    async def quote(self, expenses: Sequence[Expense]) -> Sequence[Quote]:
        """What each would cost on its own, and whether it would fit. Raises StorageUnavailable."""

    async def spent(self, ceilings: Sequence[Ceiling]) -> Sequence[float]:
        """USD. Raises StorageUnavailable."""


class SecretStore(Protocol):
    """Tokens and short-lived state, encrypted when a key is set. Implemented by bot.storage.secrets."""

    async def put(self, name: str, value: str, *, seconds: int | None = None) -> None:
        """Stored for that many seconds, or until it is deleted."""

    async def get(self, name: str) -> str | None: ...

    async def take(self, name: str) -> str | None:
        """Returns and deletes it in one step: of several callers at the same moment, only one gets it."""

    async def delete(self, name: str) -> None: ...


class RateLimiter(Protocol):
    """Token buckets, shared by all replicas. Implemented by bot.storage.rate_limiter."""

    async def take(self, name: str, *, rate: float, burst: float, tokens: float = 1) -> float:
        """From a bucket that fills by `rate` a second up to `burst`. Returns the seconds until there are enough, or 0."""


OptionSearch = Callable[[ThreadKey, Author, str, str], Awaitable[Sequence[Option]]]
"""The models this person has there that match typed words, as options whose values begin with a prefix. Platforms wait 3 s for it."""
