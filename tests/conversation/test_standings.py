"""The numbers of the scoreboard, computed a second time from the raw records by other formulas."""

import math
import random
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from statistics import NormalDist, fmean, quantiles

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.bradley_terry import MOST_MODELS, SPREAD, Win, chances, log_odds
from bot.domain.confidence import Estimate, wilson
from bot.domain.observations import Observation, Observed
from bot.domain.question_kinds import QuestionKind
from bot.domain.standings import FEWEST, ModelStanding, Standings, standings
from tests.examples import examples

Z = NormalDist().inv_cdf(0.975)
KINDS = list(QuestionKind)


def chance(strength: float) -> float:
    return 0.5 + 0.5 * math.tanh(strength / 2)


def wins(pairs: str, times: int = 1) -> list[Win]:
    """Such as "ab ac": a won against b and against c."""
    return [Win(*pair) for pair in pairs.split() for _ in range(times)]


# --- Bradley-Terry ------------------------------------------------------------------------------------------


def by_minorization(won: Sequence[Win]) -> dict[str, float]:
    """Strengths by another way up: one model at a time, each set to where its own slope is none, by halving."""
    names = sorted({name for win in won for name in (win.winner, win.loser)})
    at = dict.fromkeys(names, 0.0)

    def slope(name: str, strength: float) -> float:
        found = -strength / SPREAD**2
        for win in won:
            if win.winner == name:
                found += win.weight * (1 - chance(strength - at[win.loser]))
            elif win.loser == name:
                found -= win.weight * (1 - chance(at[win.winner] - strength))
        return found

    for _ in range(400):
        moved = 0.0
        for name in names:
            low, high = -20.0, 20.0
            while high - low > 1e-12:
                middle = (low + high) / 2
                low, high = (middle, high) if slope(name, middle) > 0 else (low, middle)
            moved = max(moved, abs(at[name] - low))
            at[name] = low
        if moved < 1e-10:
            break
    return at


def inverse(matrix: list[list[float]]) -> list[list[float]]:
    """By elimination with pivots."""
    size = len(matrix)
    rows = [[*row, *(float(one == two) for two in range(size))] for one, row in enumerate(matrix)]
    for column in range(size):
        pivot = max(range(column, size), key=lambda row: abs(rows[row][column]))
        rows[column], rows[pivot] = rows[pivot], rows[column]
        rows[column] = [value / rows[column][column] for value in rows[column]]
        for row in range(size):
            if row != column:
                part = rows[row][column]
                rows[row] = [
                    value - part * other for value, other in zip(rows[row], rows[column], strict=True)
                ]
    return [row[size:] for row in rows]


def errors_of(won: Sequence[Win], at: dict[str, float]) -> dict[str, float]:
    """From curvatures that are measured: differences of the slope of each comparison."""
    names, step = list(at), 1e-4
    size = len(names)

    def curvature(win: Win, power: int) -> list[list[float]]:
        gap = at[win.winner] - at[win.loser]
        bend = (chance(gap + step) - chance(gap - step)) / (2 * step) * win.weight**power
        sign = [float(name == win.winner) - float(name == win.loser) for name in names]
        return [[bend * one * two for two in sign] for one in sign]

    def total(power: int) -> list[list[float]]:
        whole = [[float(one == two) / SPREAD**2 for two in range(size)] for one in range(size)]
        for win in won:
            for row, bent in zip(whole, curvature(win, power), strict=True):
                row[:] = [one + two for one, two in zip(row, bent, strict=True)]
        return whole

    bread, filling = inverse(total(1)), total(2)
    errors = {}
    for place, name in enumerate(names):
        row = [bread[place][one] - sum(other[one] for other in bread) / size for one in range(size)]
        errors[name] = math.sqrt(
            sum(row[one] * filling[one][two] * row[two] for one in range(size) for two in range(size))
        )
    return errors


def agree(won: Sequence[Win]) -> None:
    found, strengths = chances(won), by_minorization(won)
    errors = errors_of(won, strengths)

    assert set(found) == set(strengths)
    for name, one in found.items():
        assert one.value == pytest.approx(chance(strengths[name]), abs=1e-7)
        assert one.low == pytest.approx(chance(strengths[name] - Z * errors[name]), abs=1e-5)
        assert one.high == pytest.approx(chance(strengths[name] + Z * errors[name]), abs=1e-5)


@pytest.mark.parametrize(
    "won",
    [
        wins("ab"),
        wins("ab", 50),
        wins("ab ba", 7),
        wins("ab bc ca"),
        wins("ab ac bc", 9) + wins("cb"),
        wins("ab cd"),
        wins("ab bc cd de ef fg", 20),
        [Win("a", "b", 2.0), Win("b", "a"), Win("a", "c", 2.0)],
        [Win("a", "b", 2.0)] * 30 + [Win("b", "c")] * 3,
    ],
    ids=["one", "always", "even", "circle", "order", "apart", "chain", "weights", "more weights"],
)
def test_strengths_are_those_of_another_way_to_the_top(won: list[Win]) -> None:
    agree(won)


@settings(max_examples=examples(15), deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("abcde"), st.sampled_from("abcde"), st.sampled_from([1.0, 2.0])),
        min_size=1,
        max_size=40,
    )
)
def test_strengths_of_anything_are_those_of_another_way_to_the_top(
    played: list[tuple[str, str, float]],
) -> None:
    won = [Win(*one) for one in played if one[0] != one[1]]
    agree(won)


def test_of_nothing_nothing_is_said() -> None:
    assert chances([]) == {}


def test_a_model_that_always_wins_is_strong_and_not_infinitely_so() -> None:
    few, many = chances(wins("ab", 5))["a"], chances(wins("ab", 10_000))["a"]

    assert 0.5 < few.value < many.value < 1
    assert few.low < 0.5 < few.high
    assert 0.5 < many.low < many.high < 1


def test_models_that_never_met_are_each_compared_with_the_average() -> None:
    found = chances(wins("ab", 9) + wins("xy", 9))

    assert found["a"].value == pytest.approx(found["x"].value)
    assert found["b"].value == pytest.approx(1 - found["a"].value)


def test_more_comparisons_make_the_range_narrower() -> None:
    ranges = [chances(wins("ab ba", times))["a"] for times in (1, 10, 100)]
    widths = [one.high - one.low for one in ranges]

    assert widths == sorted(widths, reverse=True)


def test_a_weight_moves_the_strength_and_makes_no_range_narrower() -> None:
    once = chances([Win("a", "b")] * 10 + [Win("b", "a")] * 10)
    twice = chances([Win("a", "b", 2.0)] * 10 + [Win("b", "a", 2.0)] * 10)

    assert twice["a"].value == pytest.approx(once["a"].value)
    assert twice["a"].high - twice["a"].low >= once["a"].high - once["a"].low
    assert chances([Win("a", "b", 2.0)] * 6)["a"].value > chances([Win("a", "b")] * 6)["a"].value


def test_whoever_wins_more_against_the_same_is_stronger() -> None:
    found = chances(wins("ax", 8) + wins("xa", 2) + wins("bx", 6) + wins("xb", 4))

    assert found["a"].value > found["b"].value > found["x"].value


def test_true_strengths_lie_in_their_ranges_as_often_as_is_said() -> None:
    """Of strengths that are spread as the prior has them."""
    dice, inside, all_of_them = random.Random(4), 0, 0  # noqa: S311 - dice
    for _ in range(60):
        true = {name: dice.gauss(0, SPREAD) for name in "abcdefgh"}
        won = []
        for one, two in list(combinations(true, 2)) * 4:
            pair = (one, two) if dice.random() < chance(true[one] - true[two]) else (two, one)
            won.append(Win(*pair))
        for name, found in chances(won).items():
            inside += found.low <= chance(true[name] - fmean(true.values())) <= found.high
            all_of_them += 1

    assert 0.92 < inside / all_of_them < 0.98


def test_ten_thousand_comparisons_of_a_hundred_models_are_soon_done() -> None:
    dice = random.Random(1)  # noqa: S311 - dice
    names = [f"m{number}" for number in range(150)]
    pairs = [dice.sample(names, 2) for _ in range(10_000)]
    won = [Win(one, two, dice.choice([1.0, 2.0])) for one, two in pairs]
    began = time.process_time()
    found = chances(won)

    assert len(found) == MOST_MODELS
    assert time.process_time() - began < 6


@given(st.floats(min_value=-12, max_value=12))
def test_log_odds_lead_back(strength: float) -> None:
    assert log_odds(chance(strength)) == pytest.approx(strength, abs=1e-6)


# --- Wilson -------------------------------------------------------------------------------------------------


@settings(max_examples=examples(50), deadline=None)
@given(st.integers(1, 5_000).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials))))
def test_the_ends_of_a_wilson_interval_solve_its_equation(counts: tuple[int, int]) -> None:
    """(s - p)² n = z² p (1 - p), as a quadratic in p: its two roots."""
    successes, trials = counts
    share, square = successes / trials, Z * Z
    a, b, c = trials + square, -(2 * trials * share + square), trials * share**2
    root = math.sqrt(max(b * b - 4 * a * c, 0.0))
    found = wilson(successes, trials)

    assert found.value == share
    assert found.low == pytest.approx((-b - root) / (2 * a), abs=1e-9)
    assert found.high == pytest.approx((-b + root) / (2 * a), abs=1e-9)
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_known_wilson_intervals() -> None:
    """As published tables have them."""
    assert (round(wilson(8, 10).low, 3), round(wilson(8, 10).high, 3)) == (0.49, 0.943)
    assert (round(wilson(0, 10).low, 3), round(wilson(0, 10).high, 3)) == (0.0, 0.278)


@pytest.mark.parametrize("counts", [(0, 0), (2, 1), (-1, 5)])
def test_a_share_of_nothing_is_none(counts: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=" of "):
        wilson(*counts)


# --- standings ----------------------------------------------------------------------------------------------


@st.composite
def observations(draw: st.DrawFn) -> list[Observation]:
    made: dict[str, Observation] = {}
    for number in range(draw(st.integers(0, 60))):
        model = draw(st.sampled_from(["grok", "claude", "gpt"]))
        what = draw(st.sampled_from(list(Observed)))
        others = [one for one in ("grok", "claude", "gpt") if one != model]
        one = Observation(
            what=what,
            turn=f"t{draw(st.integers(0, 30))}",
            person=draw(st.sampled_from(["U1", "U2", "U3"])),
            model=model,
            kind=draw(st.sampled_from(KINDS)),
            at=float(number),
            first=draw(st.sampled_from([0.0, 0.2, 0.5, 1.5, 9.0])),
            cost=draw(st.sampled_from([None, 0.0, 0.01, 0.5])),
            stopped=draw(st.booleans()),
            liked=draw(st.booleans()),
            over=tuple(draw(st.lists(st.sampled_from(others), unique=True))) if what is Observed.KEPT else (),
            blind=draw(st.booleans()),
        )
        made[one.id] = one
    return list(made.values())


def of(found: Standings, model: str) -> ModelStanding:
    return next(one for one in found.models if one.model == model)


@settings(max_examples=examples(25), deadline=None)
@given(observations(), st.sampled_from([None, *KINDS]))
def test_every_number_can_be_counted_again_from_the_records(
    seen: list[Observation], kind: QuestionKind | None
) -> None:
    found = standings(seen, kind)
    seen = [one for one in seen if kind in {None, one.kind}]
    keeps = [one for one in seen if one.what == "kept" and one.over]

    assert {one.model for one in found.models} == {one.model for one in seen} | {
        name for one in keeps for name in one.over
    }
    assert found.decisions == len(keeps)
    assert found.blind == len([one for one in keeps if one.blind])
    for model in (one.model for one in found.models):
        one, own = of(found, model), [each for each in seen if each.model == model]
        answers = [each for each in own if each.what == "answered"]
        assert one.answers == len(answers)
        assert one.stops == len([each for each in answers if each.stopped])
        assert one.votes == len([each for each in own if each.what == "voted"])
        assert one.likes == len([each for each in own if each.what == "voted" and each.liked])
        assert one.again == len({each.turn for each in own if each.what == "again"})
        assert one.kept == len([each for each in keeps if each.model == model])
        assert one.blind == len([each for each in keeps if each.model == model and each.blind])
        assert one.compared == one.kept + len([each for each in keeps if model in each.over])
        assert one.liked == (wilson(one.likes, one.votes) if one.votes >= FEWEST else None)
        assert (one.preferred is None) is (one.compared < FEWEST)
        _latency_and_cost_agree(one, answers, len({each.person for each in seen}))


def _latency_and_cost_agree(one: ModelStanding, answers: list[Observation], people: int) -> None:
    firsts = sorted(each.first for each in answers if each.first)
    if one.latency is None:
        assert len(firsts) < FEWEST
    else:
        assert one.latency.median == pytest.approx(quantiles(firsts, n=2, method="inclusive")[0])
        at_most = [each <= one.latency.slow for each in firsts]
        assert sum(at_most) / len(firsts) >= 0.9
        assert sum(each < one.latency.slow for each in firsts) / len(firsts) < 0.9
    known = [each.cost for each in answers if each.cost is not None]
    payers = {each.person for each in answers if each.cost is not None}
    if one.cost is None:
        assert len(known) < FEWEST or (len(payers) == 1 and people > 1)
    else:
        assert one.cost == pytest.approx(math.fsum(known) / len(known))


@settings(max_examples=examples(10), deadline=None)
@given(observations())
def test_strengths_are_those_of_every_pair_that_was_decided(seen: list[Observation]) -> None:
    pairs = [
        Win(one.model, loser, 2.0 if one.blind else 1.0)
        for one in seen
        if one.what is Observed.KEPT
        for loser in one.over
    ]
    strengths = by_minorization(pairs)

    for model, strength in standings(seen).strengths.items():
        assert strength == pytest.approx(strengths[model], abs=1e-5)


def keep(number: int, model: str, *over: str, blind: bool = False) -> Observation:
    return Observation(
        what=Observed.KEPT,
        turn=f"t{number}",
        person="U1",
        model=model,
        kind=QuestionKind.CODE,
        at=0.0,
        over=over,
        blind=blind,
    )


def vote(number: int, model: str, *, liked: bool = True) -> Observation:
    return replace(keep(number, model), what=Observed.VOTED, liked=liked)


def test_the_best_founded_comes_first_and_in_few_words() -> None:
    seen = [keep(number, "grok", "gpt") for number in range(7)]
    seen += [keep(number, "gpt", "grok") for number in range(7, 10)]
    seen += [vote(number, "claude", liked=number > 0) for number in range(9)]
    seen += [vote(number, "demo") for number in range(4)]
    found = standings(seen)

    assert {one.model: one.words for one in found.models} == {
        "grok": "wins 7 of 10 comparisons",
        "gpt": "wins 3 of 10 comparisons",
        "claude": "liked 8 of 9",
        "demo": "",
    }
    assert found.models[0].model == "grok"


def test_what_counts_for_one_kind_counts_for_no_other() -> None:
    seen = [keep(number, "grok", "gpt") for number in range(6)]

    assert standings(seen, QuestionKind.CODE).strengths["grok"] > 0
    assert standings(seen, QuestionKind.WRITING).models == ()


def answered(number: int, person: str, cost: float) -> Observation:
    return replace(keep(number, "grok"), what=Observed.ANSWERED, person=person, cost=cost)


def test_an_average_of_costs_is_never_one_persons_of_several() -> None:
    alone = [answered(number, "U1", 1.0) for number in range(9)]

    assert of(standings(alone), "grok").cost == 1.0
    assert of(standings([*alone, vote(1, "gpt")]), "grok").cost == 1.0
    assert of(standings([*alone, replace(vote(1, "gpt"), person="U2")]), "grok").cost is None
    assert of(standings([*alone, answered(10, "U2", 2.0)]), "grok").cost == pytest.approx(1.1)


def test_a_kind_that_only_one_person_asks_about_does_not_tell_what_they_spend() -> None:
    alone = [answered(number, "U1", 1.0) for number in range(9)]
    other = replace(vote(1, "gpt"), person="U2", kind=QuestionKind.WRITING)
    kind = alone[0].kind

    assert kind is not QuestionKind.WRITING
    assert of(standings([*alone, other], kind), "grok").cost is None


def test_ranges_hold_the_share_they_are_about() -> None:
    seen = [
        keep(number, "grok" if number % 3 else "gpt", "gpt" if number % 3 else "grok") for number in range(30)
    ]
    for one in standings(seen).models:
        assert isinstance(one.preferred, Estimate)
        assert one.preferred.low < one.preferred.value < one.preferred.high
