"""What people picked, by scope: the model that answers, how long it may think, what it may use."""

import json
from dataclasses import dataclass
from typing import Self

LEVELS = ("low", "medium", "high")
ON, OFF = "on", "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class EffortPreferences:
    """How long models may think, in force for one event: one of LEVELS, "" where nothing was chosen."""

    thread: str = ""
    person: str = ""
    channel: str = ""
    workspace: str = ""

    @property
    def level(self) -> str:
        """The first that was chosen; "" leaves it to the model."""
        return self.thread or self.person or self.channel or self.workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPreferences:
    """Whether models search the web when nobody asks for it: ON or OFF, "" where nothing was chosen."""

    thread: str = ""
    person: str = ""
    channel: str = ""
    workspace: str = ""

    @property
    def chosen(self) -> str:
        """The first that was chosen; "" leaves it to how the model is set up."""
        return self.thread or self.person or self.channel or self.workspace


@dataclass(frozen=True, slots=True, order=True)
class Standing:
    """What somebody pressed "Always" for: this tool, as it was described then, for this person."""

    tool: str  # server.tool
    fingerprint: str
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolPreferences:
    """What was said of tools in one thread: the servers that are off, what runs without asking again, and whether the web is
    searched (ON, OFF, "").
    """

    off: frozenset[str] = frozenset()
    always: frozenset[Standing] = frozenset()
    search: str = ""

    def dump(self) -> str:
        """As it is stored; "" for nothing."""
        if self == ToolPreferences():
            return ""
        always = [[one.tool, one.fingerprint, one.person] for one in sorted(self.always)]
        search = {"search": self.search} if self.search else {}
        return json.dumps({"off": sorted(self.off), "always": always, **search})

    @classmethod
    def read(cls, stored: str) -> Self:
        """What cannot be read counts as nothing said: then everything is asked for."""
        try:
            told = json.loads(stored or "{}")
            always = frozenset(Standing(*map(str, one)) for one in told.get("always", ()))
            off, search = frozenset(map(str, told.get("off", ()))), str(told.get("search", ""))
            return cls(off=off, always=always, search=search if search in {ON, OFF} else "")
        except (ValueError, TypeError, AttributeError):
            return cls()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPreferences:
    """The choices in force for one event: catalogue names, "" where nothing was chosen. `agents` is the stamp of the
    workspace's agents, for the AgentStore.
    """

    thread: str = ""
    person: str = ""
    channel: str = ""
    workspace: str = ""
    effort: EffortPreferences = EffortPreferences()
    search: SearchPreferences = SearchPreferences()
    tools: ToolPreferences = ToolPreferences()
    agents: str = ""


def switch_note(place: str) -> str:
    """The name in the secret store of what was switched last: in a conversation, by its digest, or in a wider place."""
    return f"switch:{place}"
