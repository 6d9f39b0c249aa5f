"""The context of one event: everything that a command or an answer needs."""

import logging
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from bot import policy
from bot.domain.capabilities import PlatformCapabilities
from bot.domain.catalog import Model
from bot.domain.claims import Claim, Outcome
from bot.domain.errors import PlatformGone
from bot.domain.events import Event, ThreadKey
from bot.domain.generated import GeneratedFile
from bot.domain.replies import Reply
from bot.domain.stream_parts import Closing, Reason, ShownPart, Text
from bot.domain.turns import Turn
from bot.ports import PreferenceStore, ReplySink, TurnHandle
from bot.settings.config_file import Policy

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """The reply to show and the outcome to commit. Without a reply nothing is said. With `files` it is their text."""

    reply: Reply | None = None
    files: tuple[GeneratedFile, ...] = ()
    outcome: Outcome = field(default_factory=Outcome)

    def unanswered(self) -> "Response":
        """The same, in place of an answer to a question."""
        return replace(self, reply=replace(self.reply, unanswered=True)) if self.reply else self


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One event, where it happened, and the way to answer it."""

    claim: Claim
    turn_handle: TurnHandle
    sink: ReplySink
    capabilities: PlatformCapabilities
    policy: Policy
    preferences: PreferenceStore
    sink_of: Callable[[TurnHandle], ReplySink]  # for one of several answers

    @property
    def event(self) -> Event:
        return self.claim.event

    @property
    def thread(self) -> ThreadKey:
        return self.claim.event.thread

    @property
    def history(self) -> tuple[Turn, ...]:
        """The path to the conversation's newest turn, as far as it was read, oldest first: what a model is shown."""
        return self.claim.history.turns

    @property
    def record(self) -> tuple[Turn, ...]:
        """All of its turns that were read, on whatever branch, in the order in which they were stored."""
        return self.claim.history.record

    @property
    def workspace(self) -> str:
        """`platform:id`, the name under which preferences and usage are stored."""
        return f"{self.thread.platform}:{self.thread.workspace}"

    @property
    def private(self) -> bool:
        """Whether the response is for the asker only."""
        return bool(getattr(self.event, "private", False))

    @property
    def direct(self) -> bool:
        """Whether nobody else reads it, so that every message is for the bot."""
        return bool(getattr(self.event, "direct", False))

    @property
    def shared(self) -> bool:
        """Whether others read the response too, unless it is made private."""
        return not self.private and not self.direct

    @property
    def threaded(self) -> bool:
        """Whether this is a thread, which can have a preference of its own."""
        return bool(getattr(self.event, "threaded", False))

    def allowed(self, model: Model) -> bool:
        return policy.allowed(self.policy, self.thread, model)

    def usable(self, models: Iterable[Model]) -> list[Model]:
        return [model for model in models if self.allowed(model)]

    @property
    def administers(self) -> bool:
        return self.event.author.id in self.policy.admins

    async def respond(self, response: Response) -> Outcome:
        """Shows the reply and returns the outcome to commit. What it chooses for the thread is in force before: whoever reads the
        reply may look at once. What is to be erased is erased even if nobody can be told.
        """
        if response.reply is None:
            return response.outcome
        await self.preferences.pick(self.claim, response.outcome)
        try:
            if response.files:
                await self.sink.show(with_files(response.reply, response.files))
            else:
                await self.sink.say(response.reply)
        except PlatformGone as gone:
            if not response.outcome.forget:
                raise
            log.warning("erased, and nobody could be told", extra={"why": str(gone)})
        return response.outcome


async def with_files(reply: Reply, files: Sequence[GeneratedFile]) -> AsyncGenerator[ShownPart, None]:
    """Files that no model is asked for, as sinks show those that come with an answer."""
    if reply.text:
        yield Text(reply.text)
    for file in files:
        yield file
    yield Closing(reason=Reason.STOP, footer="", buttons=reply.buttons)
