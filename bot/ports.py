"""The seams. Read this first: everything else implements one of these or is handed one.

    adapters -> bot <- providers

A message's path: Adapter -> Inbox -> (worker) Leases -> conversation -> Provider -> ReplySink.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from aiohttp import web

from bot.domain.catalog import Model, Price
from bot.domain.errors import ModelError
from bot.domain.events import Author, Event, File, MessageReceived, ThreadKey
from bot.domain.prompt import Prompt
from bot.domain.replies import Reply
from bot.domain.stop import Stop
from bot.domain.stream_parts import Piece, Shown
from bot.domain.timeline import Change, Chat, Growth, Page, Post, Standing
from bot.domain.turns import Said, Turn, TurnRecord


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


class Inbox(Protocol):
    """Where every event goes before the platform is answered. Implemented by bot.storage.inbox on Redis."""

    async def put(self, event: Event) -> Receipt:
        """Dedupes and stores in one atomic step. Raises StorageUnavailable, or ValueError for an event that could not
        be read again; then nothing was stored.
        """
        ...


class Journal(Protocol):
    """What a sink may know and keep about the turn it shows. Implemented by the worker's claim."""

    @property
    def id(self) -> str:
        """The same for every attempt at this turn: derive idempotency keys from it."""
        ...

    @property
    def attempt(self) -> int:
        """1 for the first. Greater, with no `ref`: an earlier attempt may have posted without telling us."""
        ...

    @property
    def started(self) -> float:
        """Unix seconds when the first attempt began: look no further back when reconciling."""
        ...

    @property
    def ref(self) -> Mapping[str, Any] | None:
        """What the sink saved last, by this or an earlier attempt. None: nothing was posted and told."""
        ...

    @property
    def stop(self) -> Stop:
        """Fires when the person pressed Stop, on whatever replica; a sink fires it for the platform's own Stop."""
        ...

    async def save(self, ref: Mapping[str, Any]) -> None:
        """Keeps the sink's own state (JSON values). One Redis round trip. Raises Fenced, StorageUnavailable."""
        ...


class TurnInHand(Journal, Protocol):
    """The journal as the conversation sees it. Implemented by the worker's claim."""

    async def keep(self, final: Turn) -> None:
        """Stores the finished turn before its last edit is sent, so that nobody asks the model again."""
        ...


class ReplySink(Protocol):
    """Shows one turn in one place. Made per turn by its adapter from what the event carries alone.

    Whatever happened before (a crash at any point), calling `show` or `say` again with the same journal ends in
    the same visible message: the sink continues at `journal.ref`, reconciles when an earlier attempt may have
    posted, and rewrites what is there. Raises PlatformBusy, PlatformGone, Fenced.
    """

    async def show(self, pieces: AsyncGenerator[Shown, None]) -> tuple[str, ...]:
        """Pulls the stream to its `Closing` and shows it growing. Returns the ids of the messages that hold it."""
        ...

    async def say(self, reply: Reply) -> str:
        """Says one thing. Returns the message's id, "" where it has none (an ephemeral answer)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How people talk to the bot on one platform, for help texts that name only what works there."""

    mention: str  # how to address it, e.g. "@Switchboard"
    slash: bool  # whether /commands are native
    threads: bool
    private: bool  # whether an answer can be for the asker only


class Adapter(Protocol):
    """One chat platform. Implemented by adapters.slack, adapters.teams, adapters.web. Translates, decides nothing."""

    @property
    def platform(self) -> str: ...

    @property
    def manners(self) -> Manners: ...

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """What it answers on the public listener. Every handler puts events into the inbox and only then says 200."""
        ...

    def running(self) -> AbstractAsyncContextManager[None]:
        """Holds open what it needs (HTTP sessions, a socket) while the process serves."""
        ...

    def sink(self, event: Event, journal: Journal) -> ReplySink: ...

    async def thread_before(self, event: MessageReceived) -> Sequence[Said]:
        """What others said in this thread before the event, oldest first; () where it cannot be read."""
        ...

    async def fetch(self, file: File) -> bytes:
        """A file's bytes, within the size limit, from allow-listed hosts only. Raises PlatformError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One model an endpoint says it has. None: it does not say."""

    id: str
    context: int | None = None
    max_output: int | None = None
    vision: bool | None = None
    documents: bool | None = None
    tools: bool | None = None
    reasoning: bool | None = None
    publisher: str = ""
    kind: str = (
        "model"  # "agent": it has a job already; "base": it answers only where it was deployed under its name
    )
    dialect: str = ""  # how the endpoint wants to be asked for this one; "": as usual
    base: str = ""  # the model behind a deployment whose id is a name somebody gave it
    created: int = 0  # unix seconds, 0 where the endpoint does not say
    chat: bool | None = None  # whether it answers in text at all (embeddings and speech do not)
    price: Price | None = None
    description: str = ""


class Provider(Protocol):
    """One endpoint that speaks one or more dialects. Implemented in providers/. Decides nothing."""

    def stream(self, model: Model, prompt: Prompt) -> AsyncGenerator[Piece, None]:
        """One answer. Ends with exactly one Finish, or raises a ModelError. Close it to stop the vendor."""
        ...

    async def models(self) -> Sequence[Listing]:
        """What can be asked for here: a free reachability check. Raises a ModelError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Scopes:
    """The choices in force for one event: catalogue names, "" where nothing was chosen."""

    thread: str = ""
    person: str = ""
    channel: str = ""
    workspace: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A conversation that has work. Opaque outside bot.storage."""

    shard: int
    entry: str
    conversation: str
    scopes: tuple[str, str, str] = ("", "", "")  # workspace, channel, person of the first waiting event


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to handle a conversation's first event, until the lease runs out. `epoch` is the fencing token."""

    ticket: Ticket
    epoch: int
    mail: str  # the mailbox entry
    event: Event
    record: TurnRecord
    history: tuple[Turn, ...]
    scopes: Scopes
    waiting: int = 0  # events behind this one
    stopped: bool = False  # somebody pressed Stop before this attempt began


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a handled event leaves behind, committed in one step with its acknowledgement."""

    append: tuple[Turn, ...] = ()
    replace: tuple[Turn, ...] | None = None  # the whole history anew (edits, reset); None leaves it
    thread_choice: str | None = None  # set ("" clears) the thread's model; None leaves it
    join: bool = False  # the bot takes part in this thread from now on
    counted: Turn | None = None  # the turn just finished: its usage and cost go to the ledger


class Leases(Protocol):
    """The worker's side of the inbox. Implemented by bot.storage.leases on Redis. All raise StorageUnavailable."""

    @property
    def seconds(self) -> float:
        """The lease: how long a claim holds without a beat."""
        ...

    @property
    def shards(self) -> int:
        """How many lines there are to wait in: one, but for a cluster."""
        ...

    async def enter(self) -> None:
        """Before the first `ready`, and again when Redis has lost everything."""
        ...

    async def leave(self) -> None:
        """The last call: what was handed out but never claimed goes to others at once."""
        ...

    async def ready(self, limit: int, shard: int = 0) -> Sequence[Ticket]:
        """Waits up to about two seconds for conversations that have work."""
        ...

    def stops(self) -> AsyncGenerator[str, None]:
        """Ids of turns, as somebody stops them anywhere. May miss some: `beat` tells for certain."""
        ...

    async def abandoned(self, limit: int) -> Sequence[Ticket]:
        """Takes over conversations whose worker has not been heard of for a lease, and wakes delayed ones."""
        ...

    async def claim(self, ticket: Ticket) -> Claim | None:
        """Starts (or takes over) the first event. None: nothing is left to do there."""
        ...

    async def beat(self, claims: Sequence[Claim]) -> Mapping[str, str]:
        """Keeps the leases alive, in one round trip. Conversation -> "ok", "stop" or "lost"."""
        ...

    async def save(self, claim: Claim, record: TurnRecord) -> None:
        """Stores the turn in hand. Raises Fenced."""
        ...

    async def commit(self, claim: Claim, outcome: Outcome) -> None:
        """History, mailbox and acknowledgement in one step. Raises Fenced."""
        ...

    async def retry(self, claim: Claim, *, seconds: float, failed: bool = True) -> None:
        """Gives the conversation back, to be claimed again after a pause. `failed` counts. Raises Fenced."""
        ...

    async def bury(self, claim: Claim, *, why: str) -> None:
        """Moves the event to the dead letters and goes on with the next. Raises Fenced."""
        ...

    async def release(self, claim: Claim) -> None:
        """Gives the conversation back to be taken over at once, without counting a failure (shutdown). Raises Fenced."""
        ...


class Choices(Protocol):
    """Who picked which model where, beyond one thread. Implemented by bot.storage.preferences on Redis."""

    async def choose(self, workspace: str, scope: str, model: str) -> None:
        """`scope` is "default", "channel:<id>" or "person:<id>"; `workspace` is "platform:id"; model "" clears."""
        ...

    async def in_force(self, thread: ThreadKey, person: str) -> Scopes:
        """Everything chosen that bears on this person in this conversation, the thread's own choice included."""
        ...


class Memory(Protocol):
    """What is remembered, outside a claim. Implemented by bot.storage.memory on Redis."""

    async def recall(self, thread: ThreadKey) -> Sequence[Turn]: ...

    async def forget(self, thread: ThreadKey) -> int:
        """Erases a conversation's memory at once; returns how many turns went."""
        ...

    async def purge(self, workspace: str) -> int:
        """Erases everything kept for a workspace ("platform:id"); returns how many conversations went."""
        ...


class State(StrEnum):
    """How a model does, judged by real traffic."""

    UP = "up"
    SLOW = "slow"  # it answers, with some failures or late
    DOWN = "down"  # cooling down: ask another first


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A model's health. `since` and `until` are unix seconds; after `until` one question may try it (`probe`)."""

    state: State = State.UP
    since: float = 0.0
    until: float = 0.0
    why: str = ""  # the error's class name, in lower case: "ratelimit", "auth"


class Health(Protocol):
    """Which models are in trouble, shared by all replicas. Implemented by bot.storage.health on Redis.

    Keys are `Model.key`. Never raises for a lost Redis: then everything counts as up.
    """

    async def conditions(self, keys: Collection[str]) -> Mapping[str, Condition]:
        """Answers from memory when asked again within about a second, otherwise in one round trip."""
        ...

    async def probe(self, key: str) -> bool:
        """Whether this question may be the one that tries a model whose cool-down is over. One at a time."""
        ...

    async def report(self, key: str, error: ModelError | None = None, *, late: bool = False) -> None:
        """How an attempt went; `late`: it answered, but slowly. Errors about the request are a sign of life too."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """What somebody used in a period. `cost` is an estimate in USD."""

    turns: int = 0
    input: int = 0
    output: int = 0
    cost: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """A conversation somebody took part in lately; `title` is the start of its latest question."""

    thread: ThreadKey
    title: str
    at: float


class Ledger(Protocol):
    """What was used, and where people were. Written by `commit`; implemented by bot.storage.ledger on Redis."""

    async def spent(self, workspace: str, person: str) -> tuple[Spend, Spend]:
        """Today's and this month's, in UTC."""
        ...

    async def recent(self, workspace: str, person: str, limit: int = 5) -> Sequence[Recent]:
        """Newest first."""
        ...


class Board(Protocol):
    """What the local page and the terminal show, kept where every process sees it. Implemented by
    bot.storage.timeline on Redis. All raise StorageUnavailable.
    """

    async def post(self, chat: str, *posts: Post) -> None:
        """Adds posts in one step; the first makes the conversation. A post that is there already is rewritten in
        its place, a person's is left alone. Raises PlatformGone when the conversation was deleted, Fenced when a
        later attempt at the same turn has written.
        """
        ...

    async def grow(self, chat: str, growth: Growth) -> None:
        """Appends to a growing post. Raises PlatformGone, Fenced."""
        ...

    async def read(self, chat: str, *, before: str = "") -> Page:
        """The newest posts, or those before the post with that id. An unknown conversation is empty."""
        ...

    async def chats(self) -> Sequence[Chat]:
        """Newest first."""
        ...

    async def rename(self, chat: str, title: str) -> bool:
        """False when there is no such conversation."""
        ...

    async def delete(self, chat: str) -> bool:
        """Erases it for good: nothing can be posted to it any more."""
        ...

    def watch(self, after: str = "") -> AsyncGenerator[Sequence[Change], None]:
        """The changes after that mark ("" for from now on), as they happen, a few at a time.

        The first item comes at once, empty when nothing has happened; after that an empty one comes every few
        seconds of silence. A mark that is too old gives one change of kind "lost": read everything again.
        """
        ...


Active = Callable[[ThreadKey, Author], Awaitable[Standing]]
"""Who answers in this conversation for this person, and why. Given to adapters that show it all the time."""
