"""What chaos needs to know of a platform: how people ask there, and what they see."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from bot.domain.events import ThreadKey

Delivery = Any
"""A platform's request, ready to be sent as often as wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One message of the bot. `whole`: it is finished, with its footer, and offers no Stop any more."""

    text: str
    whole: bool


class Playground(Protocol):
    """One platform's fake with people in it, running in the process that survives."""

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that connect a Switchboard to this fake."""
        ...

    @property
    def modules(self) -> Sequence[str]:
        """What a replica imports when it starts, read beforehand so that a new one starts at once."""
        ...

    @property
    def excused(self) -> int:
        """How many unfinished messages may stay behind, because the platform gives no way to find them again."""
        ...

    def running(self, *, drop_rate: float) -> AbstractAsyncContextManager[None]:
        """Serves the fake. Such a share of its answers is lost after they were carried out."""
        ...

    def ask(self, conversation: int, text: str) -> Sequence[Delivery]:
        """Lets a person write; returns what the platform sends for it, all of which must be acknowledged."""
        ...

    async def deliver(self, delivery: Delivery, port: int) -> bool:
        """Sends it to the replica on that port. Whether it was acknowledged."""
        ...

    def thread(self, conversation: int) -> ThreadKey: ...

    def shown(self, conversation: int) -> Sequence[Shown]:
        """The bot's messages there, oldest first."""
        ...
