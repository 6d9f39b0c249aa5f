"""The seams. Read this first: everything else implements one of these or is handed one.

    adapters -> bot <- providers

A message's path: Adapter -> Inbox -> (worker) Leases -> conversation -> Provider -> ReplySink.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from aiohttp import web

from bot.domain.capabilities import PlatformCapabilities
from bot.domain.catalog import Listing, Model
from bot.domain.claims import Claim, Outcome, QueueEntry, Receipt
from bot.domain.errors import ModelError
from bot.domain.events import Author, Event, File, MessageReceived, ThreadKey
from bot.domain.health import ModelHealth
from bot.domain.preferences import ModelPreferences
from bot.domain.prompt import Prompt
from bot.domain.replies import Reply
from bot.domain.stop import StopSignal
from bot.domain.stream_parts import ShownPart, StreamPart
from bot.domain.timeline import Change, Chat, ConversationStatus, Growth, Post, TimelinePage
from bot.domain.turns import ChatMessage, Turn, TurnRecord
from bot.domain.usage import RecentConversation, Spend


class Inbox(Protocol):
    """Where every event goes before the platform is answered. Implemented by bot.storage.inbox on Redis."""

    async def put(self, event: Event) -> Receipt:
        """Dedupes and stores in one atomic step. Raises StorageUnavailable, or ValueError for an event that could not
        be read again; then nothing was stored.
        """


class TurnHandle(Protocol):
    """What may be known and kept of the turn in hand. Implemented by bot.turn_handle.ClaimedTurn."""

    @property
    def id(self) -> str:
        """The same for every attempt at this turn: derive idempotency keys from it."""

    @property
    def attempt(self) -> int:
        """1 for the first. Greater, with no `ref`: an earlier attempt may have posted without telling us."""

    @property
    def started(self) -> float:
        """Unix seconds when the first attempt began: look no further back when reconciling."""

    @property
    def ref(self) -> Mapping[str, Any] | None:
        """What the sink saved last, by this or an earlier attempt. None: nothing was posted and told."""

    @property
    def stop(self) -> StopSignal:
        """Fires when the person pressed Stop, on whatever replica; a sink fires it for the platform's own Stop."""

    async def save(self, ref: Mapping[str, Any]) -> None:
        """Keeps the sink's own state (JSON values). One Redis round trip. Raises Fenced, StorageUnavailable."""

    async def keep(self, final: Turn) -> None:
        """Stores the finished turn before its last edit is sent, so that nobody asks the model again. One Redis
        round trip. Raises Fenced, StorageUnavailable.
        """


class ReplySink(Protocol):
    """Shows one turn in one place. Made per turn by its adapter from what the event carries alone.

    Whatever happened before (a crash at any point), calling `show` or `say` again with the same turn handle ends in
    the same visible message: the sink continues at `turn_handle.ref`, reconciles when an earlier attempt may have
    posted, and rewrites what is there. Raises PlatformBusy, PlatformGone, Fenced.
    """

    async def show(self, parts: AsyncGenerator[ShownPart, None]) -> tuple[str, ...]:
        """Pulls the stream to its `Closing` and shows it growing. Returns the ids of the messages that hold it."""

    async def say(self, reply: Reply) -> str:
        """Says one thing. Returns the message's id, "" where it has none (an ephemeral answer)."""


class Adapter(Protocol):
    """One chat platform. Implemented by adapters.slack, adapters.teams, adapters.web. Translates, decides nothing."""

    @property
    def platform(self) -> str: ...

    @property
    def capabilities(self) -> PlatformCapabilities: ...

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """What it answers on the public listener. Every handler puts events into the inbox and only then says 200."""

    def running(self) -> AbstractAsyncContextManager[None]:
        """Holds open what it needs (HTTP sessions, a socket) while the process serves."""

    def sink(self, event: Event, turn_handle: TurnHandle) -> ReplySink: ...

    async def thread_before(self, event: MessageReceived) -> Sequence[ChatMessage]:
        """What others said in this thread before the event, oldest first; () where it cannot be read."""

    async def fetch(self, file: File) -> bytes:
        """A file's bytes, within the size limit, from allow-listed hosts only. Raises PlatformError."""


class Provider(Protocol):
    """One endpoint that speaks one or more dialects. Implemented in providers/. Decides nothing."""

    def stream(self, model: Model, prompt: Prompt) -> AsyncGenerator[StreamPart, None]:
        """One answer. Ends with exactly one Finish, or raises a ModelError. Close it to stop the vendor."""

    async def models(self) -> Sequence[Listing]:
        """What can be asked for here: a free reachability check. Raises a ModelError."""


class Leases(Protocol):
    """The worker's side of the inbox. Implemented by bot.storage.leases on Redis. All raise StorageUnavailable."""

    @property
    def seconds(self) -> float:
        """The lease: how long a claim holds without a beat."""

    @property
    def shards(self) -> int:
        """How many lines there are to wait in: one, but for a cluster."""

    async def enter(self) -> None:
        """Before the first `ready`, and again when Redis has lost everything."""

    async def leave(self) -> None:
        """The last call: what was handed out but never claimed goes to others at once."""

    async def ready(self, limit: int, shard: int = 0) -> Sequence[QueueEntry]:
        """Waits up to about two seconds for conversations that have work."""

    def stops(self) -> AsyncGenerator[str, None]:
        """Ids of turns, as somebody stops them anywhere. May miss some: `beat` tells for certain."""

    async def abandoned(self, limit: int) -> Sequence[QueueEntry]:
        """Takes over conversations whose worker has not been heard of for a lease, and wakes delayed ones."""

    async def claim(self, queue_entry: QueueEntry) -> Claim | None:
        """Starts (or takes over) the first event. None: nothing is left to do there."""

    async def beat(self, claims: Sequence[Claim]) -> Mapping[str, str]:
        """Keeps the leases alive, in one round trip. Conversation -> "ok", "stop" or "lost"."""

    async def save(self, claim: Claim, record: TurnRecord) -> None:
        """Stores the turn in hand. Raises Fenced."""

    async def commit(self, claim: Claim, outcome: Outcome) -> None:
        """History, mailbox and acknowledgement in one step. Raises Fenced."""

    async def retry(self, claim: Claim, *, seconds: float, failed: bool = True) -> None:
        """Gives the conversation back, to be claimed again after a pause. `failed` counts. Raises Fenced."""

    async def bury(self, claim: Claim, *, why: str) -> None:
        """Moves the event to the dead letters and goes on with the next. Raises Fenced."""

    async def release(self, claim: Claim) -> None:
        """Gives the conversation back to be taken over at once, without counting a failure (shutdown). Raises Fenced."""


class PreferenceStore(Protocol):
    """Who picked which model where, beyond one thread. Implemented by bot.storage.preferences on Redis."""

    async def choose(self, workspace: str, scope: str, model: str) -> None:
        """`scope` is "default", "channel:<id>" or "person:<id>"; `workspace` is "platform:id"; model "" clears."""

    async def in_force(self, thread: ThreadKey, person: str) -> ModelPreferences:
        """Everything chosen that bears on this person in this conversation, the thread's own choice included."""


class Memory(Protocol):
    """What is remembered, outside a claim. Implemented by bot.storage.memory on Redis."""

    async def recall(self, thread: ThreadKey) -> Sequence[Turn]: ...

    async def forget(self, thread: ThreadKey) -> int:
        """Erases a conversation's memory at once; returns how many turns went."""

    async def purge(self, workspace: str) -> int:
        """Erases everything kept for a workspace ("platform:id"); returns how many conversations went."""


class Health(Protocol):
    """Which models are in trouble, shared by all replicas. Implemented by bot.storage.health on Redis.

    Keys are `Model.key`. Never raises for a lost Redis: then everything counts as up.
    """

    async def conditions(self, keys: Collection[str]) -> Mapping[str, ModelHealth]:
        """Answers from memory when asked again within about a second, otherwise in one round trip."""

    async def probe(self, key: str) -> bool:
        """Whether this question may be the one that tries a model whose cool-down is over. One at a time."""

    async def report(self, key: str, error: ModelError | None = None, *, late: bool = False) -> None:
        """How an attempt went; `late`: it answered, but slowly. Errors about the request are a sign of life too."""


class Ledger(Protocol):
    """What was used, and where people were. Written by `commit`; implemented by bot.storage.ledger on Redis."""

    async def spent(self, workspace: str, person: str) -> tuple[Spend, Spend]:
        """Today's and this month's, in UTC."""

    async def recent(self, workspace: str, person: str, limit: int = 5) -> Sequence[RecentConversation]:
        """Newest first."""


class Timeline(Protocol):
    """What the local page and the terminal show, kept where every process sees it. Implemented by
    bot.storage.timeline on Redis. All raise StorageUnavailable.
    """

    async def post(self, chat: str, *posts: Post) -> None:
        """Adds posts in one step; the first makes the conversation. A post that is there already is rewritten in
        its place, a person's is left alone. Raises PlatformGone when the conversation was deleted, Fenced when a
        later attempt at the same turn has written.
        """

    async def grow(self, chat: str, growth: Growth) -> None:
        """Appends to a growing post. Raises PlatformGone, Fenced."""

    async def read(self, chat: str, *, before: str = "") -> TimelinePage:
        """The newest posts, or those before the post with that id. An unknown conversation is empty."""

    async def chats(self) -> Sequence[Chat]:
        """Newest first."""

    async def rename(self, chat: str, title: str) -> bool:
        """False when there is no such conversation."""

    async def delete(self, chat: str) -> bool:
        """Erases it for good: nothing can be posted to it any more."""

    def watch(self, after: str = "") -> AsyncGenerator[Sequence[Change], None]:
        """The changes after that mark ("" for from now on), as they happen, a few at a time.

        The first item comes at once, empty when nothing has happened; after that an empty one comes every few
        seconds of silence. A mark that is too old gives one change of kind "lost": read everything again.
        """


StatusOf = Callable[[ThreadKey, Author], Awaitable[ConversationStatus]]
"""Who answers in this conversation for this person, and why. Given to adapters that show it all the time."""


class SecretStore(Protocol):
    """Small secrets and passing notes of other parts, sealed when a key is set. Implemented by bot.storage.secrets."""

    async def put(self, name: str, value: str, *, seconds: int | None = None) -> None:
        """Kept for that long, or until it is deleted."""

    async def get(self, name: str) -> str | None: ...

    async def take(self, name: str) -> str | None:
        """Returns it once: of several who take at the same moment, one gets it."""

    async def delete(self, name: str) -> None: ...


class RateLimiter(Protocol):
    """Token buckets, shared by all replicas. Implemented by bot.storage.rate_limiter."""

    async def take(self, name: str, *, rate: float, burst: float, tokens: float = 1) -> float:
        """Takes tokens of a bucket that fills by `rate` a second up to `burst`.

        Returns 0 when there were enough, else the seconds until there are.
        """
