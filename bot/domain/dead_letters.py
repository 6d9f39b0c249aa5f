"""Events that were given up, with an apology to the person: kept for a while, so that the operator can put them
again.
"""

from dataclasses import dataclass

from bot.domain.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """`id` is the reference that the apology names. `event` is None when it cannot be read any more."""

    id: str
    at: float  # unix seconds when it was given up
    workspace: str  # "platform:id"
    why: str
    error: str = ""  # the class of the last error, "" when there was none
    event: Event | None = None


def reference_of(turn: str) -> str:
    """The short form of a turn's id, for people to read out."""
    return turn[-12:]
