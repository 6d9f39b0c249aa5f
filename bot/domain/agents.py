"""Agents that people make in chat: a model with a name, a job and starters, that its maker, a channel or a whole workspace sees.

What others see of one that is for the workspace is the newest version an administrator has approved.
"""

from dataclasses import dataclass
from enum import StrEnum

from pydantic import TypeAdapter

NAME, DESCRIPTION, INSTRUCTIONS, PROMPT, PROMPTS = 40, 200, 3_000, 200, 4  # characters; how many starters
VERSIONS = 20  # that can be gone back to
PER_PERSON, PER_WORKSPACE = 20, 200


class Audience(StrEnum):
    """Who sees an agent."""

    ME = "me"
    CHANNEL = "channel"
    WORKSPACE = "workspace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Somebody somewhere. `channel` as in a ThreadKey."""

    person: str
    channel: str
    external: bool = False
    administers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentVersion:
    """What an agent is. `servers` are the tool servers it may use of those its model may; None: all of these. `channel` is
    where it is seen, of one for a channel. `by` and `person` are who wrote it, "" where nobody is named any more; `turn` is
    the turn that did.
    """

    name: str
    model: str
    description: str = ""
    instructions: str = ""
    prompts: tuple[str, ...] = ()
    servers: tuple[str, ...] | None = None
    audience: Audience = Audience.ME
    channel: str = ""
    by: str = ""
    person: str = ""
    at: float = 0.0
    approved: bool = False
    turn: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """`id` is hexadecimal. `owner` is a person, "" for nobody: then administrators look after it. `approved` is the version that
    the workspace sees. `revision` counts what was stored, `undoable` how many versions there are before this one.
    """

    id: str
    workspace: str  # platform:id
    owner: str
    now: AgentVersion
    approved: AgentVersion | None = None
    declined: bool = False
    revision: int = 0
    undoable: int = 0

    @property
    def waiting(self) -> bool:
        """Whether administrators are to decide about it."""
        return self.now.audience is Audience.WORKSPACE and not (self.now.approved or self.declined)

    @property
    def names(self) -> frozenset[str]:
        """What it is called by those who see it."""
        return frozenset(one.name for one in (self.now, self.approved) if one)

    @property
    def scope(self) -> str:
        """Within which its name is used once."""
        match self.now.audience:
            case Audience.CHANNEL:
                return f"channel:{self.now.channel}"
            case Audience.WORKSPACE if self.approved:
                return "workspace"
        return f"person:{self.owner}"

    @property
    def private(self) -> bool:
        """Whether it is its maker's alone so far."""
        return self.scope.startswith("person:")

    def seen_by(self, viewer: Viewer) -> AgentVersion | None:
        """The version that answers this person here; None for who does not see it."""
        if self.owner and self.owner == viewer.person:
            return self.now
        match self.now.audience:
            case Audience.CHANNEL:
                return self.now if self.now.channel == viewer.channel else None
            case Audience.WORKSPACE:
                return None if viewer.external else self.approved
        return None

    def read_by(self, viewer: Viewer) -> AgentVersion | None:
        """The version that this person may read: administrators also read what waits for them, and what nobody owns."""
        judged = self.now.audience is Audience.WORKSPACE and (self.waiting or not self.owner)
        return self.now if viewer.administers and judged else self.seen_by(viewer)

    def changed_by(self, viewer: Viewer) -> bool:
        """Whether this person may change it: who made it, and administrators, as far as they may read it."""
        own = bool(self.owner) and self.owner == viewer.person
        return own or (viewer.administers and self.read_by(viewer) is not None)


AGENT: TypeAdapter[Agent] = TypeAdapter(Agent)
EARLIER: TypeAdapter[tuple[AgentVersion, ...]] = TypeAdapter(tuple[AgentVersion, ...])
