"""What people's own doings say of models: votes, kept answers, answers asked for again. Numbers and names of models, no words
of anybody.
"""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote

from pydantic import TypeAdapter

from bot.domain.question_kinds import QuestionKind

BLIND_WEIGHT = 2.0
"""A kept answer counts twice where nobody knew whose it was: nothing but the answer can have decided."""


class Observed(StrEnum):
    """What happened."""

    ANSWERED = "answered"  # a model's answer came to its end, or was stopped
    VOTED = "voted"
    KEPT = "kept"  # one answer of a comparison
    ASKED_AGAIN = "again"  # a new answer was asked for in place of this one


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One thing that one person did, about one answer. A later one with the same `id` takes its place."""

    what: Observed
    turn: str  # the answer's
    person: str
    model: str
    kind: QuestionKind
    at: float  # unix seconds
    first: float = 0.0  # seconds to the first word; 0 where none came
    seconds: float = 0.0
    cost: float | None = None  # USD; None where no price is known
    stopped: bool = False  # somebody pressed Stop
    liked: bool = False  # the vote
    over: tuple[str, ...] = ()  # the models whose answers were not kept
    blind: bool = False  # nobody knew whose answers they were

    @property
    def id(self) -> str:
        """What, about which answer, who. An answer of a comparison has the model's name besides."""
        model = self.model if self.what is Observed.ANSWERED else ""
        return ":".join(quote(part, safe="") for part in (self.what, self.turn, model, self.person))


OBSERVATION: TypeAdapter[Observation] = TypeAdapter(Observation)
