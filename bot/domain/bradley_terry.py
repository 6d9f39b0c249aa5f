"""How strong models are, from which answer people kept over which: the Bradley-Terry model. Pure.

A model of strength a is preferred to one of strength b with the chance 1 / (1 + exp(b - a)). The average of those that are
compared is 0.

The prior: strengths are spread normally around 0, with a standard deviation of SPREAD. So there is always exactly one best
solution, also for a model that never lost, and for models that were never compared with each other, not even by way of others;
what nothing is known of is average. Without it such strengths would be infinite, or anything.

The interval is that of the information matrix at the solution, of a strength's distance from that average: how strong all of
them are together, nobody can know. Where a comparison has a weight, it moves the solution by so much, and the interval is as
narrow as for one comparison (H⁻¹ J H⁻¹ with H of the weights and J of their squares): what counts double is not known twice.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.confidence import Z95, Estimate

SPREAD = 1.0  # of 20 models of which nothing is known, 19 are preferred to an average one with a chance of 12 to 88 %
PRIOR = 1 / SPREAD**2
MOST_MODELS = 100  # that are looked at: the work grows with the third power of their number
ROUNDS = 60  # of Newton's method; it takes about six
ENOUGH = 1e-10  # the largest step that is none any more
CAUTION = 1e-4  # of the gain that a step promises, as much must come

Vector = list[float]
Matrix = list[Vector]


@dataclass(frozen=True, slots=True)
class Win:
    """One answer was kept over another one."""

    winner: str
    loser: str
    weight: float = 1.0


def chances(wins: Sequence[Win]) -> Mapping[str, Estimate]:
    """Of each model the chance that its answer is preferred to an average model's.

    Of more than MOST_MODELS those are left out that were compared least.
    """
    names, counted = _counted(wins)
    if not names:
        return {}
    best = _solved(len(names), counted)
    errors = _errors(best, counted)
    return {
        name: Estimate(value=_chance(at), low=_chance(at - Z95 * error), high=_chance(at + Z95 * error))
        for name, at, error in zip(names, best, errors, strict=True)
    }


def log_odds(chance: float) -> float:
    """The strength that has this chance against an average model."""
    return math.log(chance) - math.log1p(-chance)


@dataclass(frozen=True, slots=True)
class _Pair:
    """All comparisons of two models in which the first won, by their places: their weight and its squares added up."""

    winner: int
    loser: int
    weight: float
    squares: float


def _counted(wins: Sequence[Win]) -> tuple[Sequence[str], Sequence[_Pair]]:
    times: dict[str, int] = {}
    for win in wins:
        for name in (win.winner, win.loser):
            times[name] = times.get(name, 0) + 1
    names = sorted(sorted(times), key=lambda name: -times[name])[:MOST_MODELS]
    place = {name: number for number, name in enumerate(names)}
    sums: dict[tuple[int, int], tuple[float, float]] = {}
    for win in wins:
        if win.winner in place and win.loser in place and win.winner != win.loser:
            pair = place[win.winner], place[win.loser]
            weight, squares = sums.get(pair, (0.0, 0.0))
            sums[pair] = weight + win.weight, squares + win.weight**2
    return names, [_Pair(*pair, *both) for pair, both in sums.items()]


def _solved(size: int, pairs: Sequence[_Pair]) -> Vector:
    """The strengths of the highest likelihood with the prior. It is concave, so Newton's method climbs to its only top; a step
    that promises more than comes is halved.
    """
    at = [0.0] * size
    height = _height(at, pairs)
    for _ in range(ROUNDS):
        slope = _slope(at, pairs)
        step = _solution(_factor(_information(at, pairs)), slope)
        promised = sum(one * other for one, other in zip(slope, step, strict=True))
        part = 1.0
        while True:
            tried = [one + part * by for one, by in zip(at, step, strict=True)]
            reached = _height(tried, pairs)
            if reached >= height + CAUTION * part * promised or part < ENOUGH:
                break
            part /= 2
        at, height = tried, reached
        if max(map(abs, step)) * part < ENOUGH:
            break
    return at


def _chance(strength: float) -> float:
    """1 / (1 + exp(-strength)) without overflow."""
    if strength >= 0:
        return 1 / (1 + math.exp(-min(strength, 700.0)))
    grown = math.exp(max(strength, -700.0))
    return grown / (1 + grown)


def _log_chance(strength: float) -> float:
    """Its logarithm, without loss where it is near 0 or 1."""
    return min(strength, 0.0) - math.log1p(math.exp(-abs(strength)))


def _height(at: Vector, pairs: Sequence[_Pair]) -> float:
    won = sum(pair.weight * _log_chance(at[pair.winner] - at[pair.loser]) for pair in pairs)
    return won - PRIOR / 2 * _dot(at, at)


def _slope(at: Vector, pairs: Sequence[_Pair]) -> Vector:
    slope = [-PRIOR * one for one in at]
    for pair in pairs:
        surprise = pair.weight * _chance(at[pair.loser] - at[pair.winner])
        slope[pair.winner] += surprise
        slope[pair.loser] -= surprise
    return slope


def _information(at: Vector, pairs: Sequence[_Pair], *, squared: bool = False) -> Matrix:
    size = len(at)
    found = [[PRIOR * (row == column) for column in range(size)] for row in range(size)]
    for pair in pairs:
        known = (pair.squares if squared else pair.weight) * _doubt(at[pair.winner] - at[pair.loser])
        found[pair.winner][pair.winner] += known
        found[pair.loser][pair.loser] += known
        found[pair.winner][pair.loser] -= known
        found[pair.loser][pair.winner] -= known
    return found


def _doubt(strength: float) -> float:
    return _chance(strength) * _chance(-strength)


def _errors(at: Vector, pairs: Sequence[_Pair]) -> Vector:
    """The standard error of each strength's distance from the average of all."""
    size = len(at)
    factor = _factor(_information(at, pairs))
    columns = [_solution(factor, [float(row == column) for row in range(size)]) for column in range(size)]
    average = [sum(row) / size for row in columns]
    distances = ([one - other for one, other in zip(column, average, strict=True)] for column in columns)
    middle = _information(at, pairs, squared=True)
    return [math.sqrt(max(_dot(one, [_dot(row, one) for row in middle]), 0.0)) for one in distances]


def _factor(matrix: Matrix) -> Matrix:
    """Cholesky's: the lower triangle that gives the matrix when it is multiplied with itself turned over. The prior keeps the
    matrix far enough from having none.
    """
    rows: Matrix = []
    for number, row in enumerate(matrix):
        made: Vector = []
        for column, earlier in enumerate(rows):
            made.append((row[column] - _dot(made, earlier[:column])) / earlier[column])
        made.append(math.sqrt(row[number] - _dot(made, made)))
        rows.append(made)
    return rows


def _solution(factor: Matrix, right: Vector) -> Vector:
    """Of the equations whose matrix has this factor."""
    half: Vector = []
    for row, value in zip(factor, right, strict=True):
        half.append((value - _dot(half, row)) / row[-1])
    found = half[:]
    for number in range(len(factor) - 1, -1, -1):
        found[number] /= factor[number][number]
        for column in range(number):
            found[column] -= factor[number][column] * found[number]
    return found


def _dot(one: Vector, other: Vector) -> float:
    return sum(a * b for a, b in zip(one, other, strict=False))
