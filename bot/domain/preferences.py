"""What people picked, by scope: the model that answers, and how long it may think."""

from dataclasses import dataclass

LEVELS = ("low", "medium", "high")


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
class ModelPreferences:
    """The choices in force for one event: catalogue names, "" where nothing was chosen."""

    thread: str = ""
    person: str = ""
    channel: str = ""
    workspace: str = ""
    effort: EffortPreferences = EffortPreferences()
