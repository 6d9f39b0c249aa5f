"""How models stand in a workspace, from what its people did. Pure.

Numbers that are too few to carry a statement are not made into one: then there is no interval, no median, no average.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from bot.domain.bradley_terry import Win, chances, log_odds
from bot.domain.confidence import Estimate, wilson
from bot.domain.observations import BLIND_WEIGHT, Observation, Observed
from bot.domain.question_kinds import QuestionKind

FEWEST = 5  # votes, comparisons or answers; with fewer nothing is concluded from them
SLOW = 0.9  # so many of the answers began sooner than the second number of `Latency`


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Seconds to the first word: of half of the answers at most so many, of nine in ten at most so many."""

    median: float
    slow: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStanding:
    """One model's counts, and what follows from those that are enough."""

    model: str
    answers: int = 0
    stops: int = 0
    votes: int = 0
    likes: int = 0
    compared: int = 0  # comparisons that somebody decided
    kept: int = 0  # ... for this model
    blind: int = 0  # of the kept: nobody knew whose they were
    again: int = 0  # answers that somebody had made anew
    liked: Estimate | None = None
    preferred: Estimate | None = None  # the chance that its answer is preferred to an average model's
    latency: Latency | None = None
    cost: float | None = None  # USD of an answer, on average

    @property
    def words(self) -> str:
        """The better founded of what is known of it, "" where that is too little."""
        if self.compared >= max(FEWEST, self.votes):
            return f"wins {self.kept} of {self.compared} comparisons"
        return f"liked {self.likes} of {self.votes}" if self.votes >= FEWEST else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standings:
    """All models of which anything was seen, the most preferred first. `kind`: None for all questions."""

    kind: QuestionKind | None
    models: tuple[ModelStanding, ...]
    decisions: int  # comparisons that were decided
    blind: int  # ... without names

    @property
    def strengths(self) -> Mapping[str, float]:
        """Of those of which enough is known, as bot.domain.bradley_terry has them: 0 is average."""
        return {one.model: log_odds(one.preferred.value) for one in self.models if one.preferred}


def standings(observations: Iterable[Observation], kind: QuestionKind | None = None) -> Standings:
    """Of all questions, or of those of one kind."""
    every = list(observations)
    seen = [one for one in every if kind is None or one.kind is kind]
    decisions = [one for one in seen if one.what is Observed.KEPT and one.over]
    preferred = chances([win for one in decisions for win in _wins(one)])
    lost = Counter(name for one in decisions for name in dict.fromkeys(one.over))
    own: dict[str, list[Observation]] = {name: [] for name in lost}
    for one in seen:
        own.setdefault(one.model, []).append(one)
    people = {one.person for one in every}
    found = [_standing(name, own[name], lost[name], preferred.get(name), people) for name in own]
    return Standings(
        kind=kind,
        models=tuple(sorted(found, key=_rank)),
        decisions=len(decisions),
        blind=sum(one.blind for one in decisions),
    )


def _wins(kept: Observation) -> Iterable[Win]:
    """An answer that is kept over two others has won twice."""
    weight = BLIND_WEIGHT if kept.blind else 1.0
    return (Win(kept.model, loser, weight) for loser in dict.fromkeys(kept.over) if loser != kept.model)


def _standing(
    model: str, own: Sequence[Observation], lost: int, preferred: Estimate | None, people: set[str]
) -> ModelStanding:
    answers = [one for one in own if one.what is Observed.ANSWERED]
    votes = [one.liked for one in own if one.what is Observed.VOTED]
    kept = [one.blind for one in own if one.what is Observed.KEPT and one.over]
    compared = len(kept) + lost
    return ModelStanding(
        model=model,
        answers=len(answers),
        stops=sum(one.stopped for one in answers),
        votes=len(votes),
        likes=sum(votes),
        compared=compared,
        kept=len(kept),
        blind=sum(kept),
        again=len({one.turn for one in own if one.what is Observed.ASKED_AGAIN}),
        liked=wilson(sum(votes), len(votes)) if len(votes) >= FEWEST else None,
        preferred=preferred if compared >= FEWEST else None,
        latency=_latency([one.first for one in answers if one.first > 0]),
        cost=_cost(answers, people),
    )


def _latency(seconds: Sequence[float]) -> Latency | None:
    if len(seconds) < FEWEST:
        return None
    slow = sorted(seconds)[math.ceil(SLOW * len(seconds)) - 1]
    return Latency(median=median(seconds), slow=slow)


def _cost(answers: Sequence[Observation], people: set[str]) -> float | None:
    """None where it would tell what one person of several spends."""
    known = [one for one in answers if one.cost is not None]
    if len(known) < FEWEST or (len(people) > 1 and len({one.person for one in known}) == 1):
        return None
    return fmean(one.cost or 0.0 for one in known)


def _rank(one: ModelStanding) -> tuple[float, float, int, str]:
    """By what is known best: preferred, liked, often asked, name."""
    preferred = one.preferred.value if one.preferred else -1.0
    liked = one.liked.low if one.liked else -1.0
    return -preferred, -liked, -one.answers, one.model
