"""What an answer did with tools, as people are shown it: quiet steps. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.formatting import clean_name


class StepOutcome(StrEnum):
    """Where a step stands, in the words that people read."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "may have run"
    REFUSED = "not run"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownStep:
    """One call of a tool; a later one of the same `id` replaces it. The name is somebody else's: nothing in it is markup."""

    id: str
    name: str
    outcome: StepOutcome = StepOutcome.RUNNING
    seconds: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", clean_name(self.name) or "?")

    @property
    def told(self) -> str:
        """How it ended, and how long that took: `0.3 s`, `failed, 2.0 s`, `not run`."""
        time = f"{self.seconds:.1f} s"
        if self.outcome is StepOutcome.DONE:
            return time
        return f"{self.outcome}, {time}" if self.seconds else str(self.outcome)
