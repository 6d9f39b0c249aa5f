"""Auto's rules against another statement of them: whoever is chosen lacks as little as anybody, need by need."""

import math
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from bot.answers.auto_decision import AutoCase, Contender, decide
from bot.domain.catalog import Model
from bot.domain.question_kinds import QuestionKind

NAMES = ("a", "b", "c", "d", "e")
ROLES = ("pictures", "long", "code")
names = st.lists(st.sampled_from(NAMES), unique=True, max_size=3)


@st.composite
def lines(draw: st.DrawFn) -> Sequence[Contender]:
    return [
        Contender(
            model=Model(
                name=name,
                provider="p",
                model=name,
                vision=draw(st.booleans()),
                searches=draw(st.booleans()),
            ),
            room=draw(st.sampled_from([100.0, 1_000.0, 9_000.0])),
            tools=draw(st.booleans()),
            cost=draw(st.sampled_from([None, 0.0, 0.01, 0.2])),
            up=draw(st.booleans()),
            strength=draw(st.sampled_from([-1.0, 0.0, 0.5])),
        )
        for name in NAMES[: draw(st.integers(1, len(NAMES)))]
    ]


cases = st.builds(
    AutoCase,
    turn=st.text(max_size=5),
    kind=st.sampled_from(QuestionKind),
    size=st.sampled_from([50, 500, 5_000, 50_000]),
    pictures=st.booleans(),
    search=st.booleans(),
    before=st.sampled_from(["", *NAMES]),
    instead=st.sampled_from(["", *NAMES]),
    cap=st.sampled_from([math.inf, 0.0, 0.05]),
    explore=st.sampled_from([0.0, 0.5, 1.0]),
    roles=st.dictionaries(st.sampled_from(ROLES), names),
)


def lacks(one: Contender, case: AutoCase, *, long: bool) -> tuple[float, ...]:
    """The needs in their order of weight, 0 for each that is met."""
    dear = (math.inf if one.cost is None else max(0.0, one.cost - case.cap)) if case.cap < math.inf else 0.0
    return (
        float(case.pictures and not one.model.vision),
        float(case.search and not one.model.can_search),
        float(not one.tools),
        float(one.model.name == case.instead),
        max(0.0, case.size - one.room) if long else 0.0,
        dear,
        float(not one.up),
    )


@given(line=lines(), case=cases)
def test_nobody_lacks_less_than_whoever_is_chosen(line: Sequence[Contender], case: AutoCase) -> None:
    choice = decide(case, line)
    chosen = next(one for one in line if one.model.name == choice.model)
    whole = [min(lacks(one, case, long=long) for one in line) for long in (False, True)]

    assert (lacks(chosen, case, long=False) == whole[0] and case.size <= chosen.room) or lacks(
        chosen, case, long=True
    ) == whole[1]
    assert decide(case, line) == choice


@given(line=lines(), case=cases)
def test_of_those_who_lack_nothing_more_the_wish_the_habit_and_the_rating_decide(
    line: Sequence[Contender], case: AutoCase
) -> None:
    """As long as nothing is too long, and nothing is tried."""
    case = AutoCase(**{**{name: getattr(case, name) for name in case.__slots__}, "size": 0, "explore": 0.0})
    least = min(lacks(one, case, long=False) for one in line)
    able = [one.model.name for one in line if lacks(one, case, long=False) == least]
    wishes = [*(case.roles.get("pictures", []) if case.pictures else [])]
    wishes += case.roles.get("code", []) if case.kind is QuestionKind.CODE else []
    rated = sorted(able, key=lambda name: -next(one.strength for one in line if one.model.name == name))
    expected = next(name for name in (*wishes, case.before, *rated) if name in able)

    assert decide(case, line).model == expected
