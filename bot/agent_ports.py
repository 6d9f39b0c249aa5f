"""The seams of agents that are made in chat: where they are kept, and what fills in their form."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from bot.domain.agents import Agent, AgentVersion
from bot.domain.events import Event
from bot.domain.forms import Form


class AgentStore(Protocol):
    """Implemented by bot.storage.agents on Redis. All raise StorageUnavailable."""

    async def agents(self, workspace: str, stamp: str) -> Sequence[Agent]:
        """All of a workspace ("platform:id"), oldest first. `stamp` is what ModelPreferences says of them: by it this
        process knows that it has read them already.
        """

    async def earlier(self, workspace: str, id: str) -> tuple[AgentVersion, ...]:
        """The versions before the one in force, oldest first."""

    async def put(self, agent: Agent, earlier: Sequence[AgentVersion]) -> str:
        """Stores it with its earlier versions, if what is stored is the revision before. "" when it is stored; else why not:
        "changed" (somebody else was faster), "taken" (the name), "person" or "workspace" (they have as many as may be).
        """

    async def drop(self, workspace: str, id: str) -> bool: ...


class FormDesk(Protocol):
    """What adapters ask that show forms at once, or check what was filled in before it is taken. Implemented by
    bot.conversation.agent_desk.
    """

    async def opened(self, event: Event, text: str) -> Form | None:
        """The form that is asked for with a typed or pressed text; None where it is none, or not theirs: a worker says why.
        Raises StorageUnavailable.
        """

    def faults(self, form: str, values: Mapping[str, str]) -> Mapping[str, str]:
        """What is wrong with what was filled in, by field. Asks nobody."""
