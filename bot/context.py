"""Everything about the event in hand that a command or an answer needs."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from bot import policy
from bot.domain.capabilities import PlatformCapabilities
from bot.domain.catalog import Model
from bot.domain.claims import Claim, Outcome
from bot.domain.events import Event, ThreadKey
from bot.domain.replies import Reply
from bot.ports import ReplySink, TurnHandle
from bot.settings.config_file import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One event, where it happened, and the way to answer it."""

    claim: Claim
    turn_handle: TurnHandle
    sink: ReplySink
    capabilities: PlatformCapabilities
    policy: Policy

    @property
    def event(self) -> Event:
        return self.claim.event

    @property
    def thread(self) -> ThreadKey:
        return self.claim.event.thread

    @property
    def workspace(self) -> str:
        """`platform:id`, under which choices and usage are kept."""
        return f"{self.thread.platform}:{self.thread.workspace}"

    @property
    def private(self) -> bool:
        """Whether what is said now is for the asker only."""
        return bool(getattr(self.event, "private", False))

    @property
    def direct(self) -> bool:
        """Whether nobody else reads along, so that everything written is for the bot."""
        return bool(getattr(self.event, "direct", False))

    @property
    def threaded(self) -> bool:
        """Whether a thread of its own can hold a choice here."""
        return bool(getattr(self.event, "threaded", False))

    def allowed(self, model: Model) -> bool:
        return policy.allowed(self.policy, self.thread, model)

    def usable(self, models: Iterable[Model]) -> list[Model]:
        return [model for model in models if self.allowed(model)]

    @property
    def administers(self) -> bool:
        return self.event.author.id in self.policy.admins


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What to say, and what it leaves behind."""

    reply: Reply
    outcome: Outcome = field(default_factory=Outcome)
