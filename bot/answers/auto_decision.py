"""Whom auto chooses for one question, out of the models that may be asked here. Pure, and no model is asked for it.

In this order: RULES pass models over, ROLES name one that an operator wants for a need, a conversation stays with whom it
had, a share of the questions tries another model, and then the scoreboard and the catalogue's order decide.
"""

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.domain.auto_entry import AutoChoice
from bot.domain.catalog import Model
from bot.domain.question_kinds import QuestionKind

AS_BEFORE = "as before"
TRIED = "trying another"
RATED = "scoreboard"
DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A model that may be asked here, and what is known of it now."""

    model: Model
    room: float  # estimated tokens that its prompt may have
    tools: bool = False  # whether it may use any that are switched on here
    cost: float | None = None  # USD for this answer, estimated; None where no price is known
    up: bool = True
    strength: float = 0.0  # of the scoreboard, for this kind of question; 0 is the average, and unknown
    regular: bool = True  # else it is only asked in its role


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoCase:
    """What is known of the question."""

    turn: str  # its id: every attempt at it decides alike
    kind: QuestionKind
    size: int = 0  # estimated tokens of what is asked, and of the latest questions before it
    pictures: bool = False  # whether some are to be shown
    search: bool = False  # whether somebody asked for a search of the web
    before: str = ""  # whom auto chose before in this conversation
    instead: str = ""  # whose answer somebody wants another one for
    cap: float = math.inf  # USD for an answer
    explore: float = 0.0
    roles: Mapping[str, Sequence[str]] = field(default_factory=dict)  # names of models by the role's word
    long: int = 0  # `size`, where whoever would be asked otherwise has no room for it


@dataclass(frozen=True, slots=True)
class PassingRule:
    """`lacks` is how far a model is from what is needed, 0 where it has it. Those that lack least stay, so somebody always does."""

    word: str
    lacks: Callable[[Contender, AutoCase], float]


@dataclass(frozen=True, slots=True)
class NeededRole:
    """When the models that the operator names for a role are asked first."""

    word: str
    needed: Callable[[AutoCase], bool]


RULES = (
    PassingRule("pictures", lambda one, case: case.pictures and not one.model.vision),
    PassingRule("search", lambda one, case: case.search and not one.model.can_search),
    PassingRule("tools", lambda one, _: not one.tools),
    PassingRule("another", lambda one, case: one.model.name == case.instead),
    PassingRule("long", lambda one, case: max(0.0, case.long - one.room)),
    PassingRule("price", lambda one, case: _too_dear(one, case.cap)),
    PassingRule(DOWN, lambda one, _: not one.up),
)
ROLES = (
    NeededRole("pictures", lambda case: case.pictures),
    NeededRole("long", lambda case: case.long > 0),
    NeededRole("code", lambda case: case.kind is QuestionKind.CODE),
)


def decide(case: AutoCase, contenders: Sequence[Contender]) -> AutoChoice:
    """The choice among at least one, given in the catalogue's order."""
    room = {one.model.name: one.room for one in contenders}
    choice = _choice(case, contenders)
    if case.size <= room[choice.model]:
        return choice
    return _choice(replace(case, long=case.size), contenders)


def _choice(case: AutoCase, contenders: Sequence[Contender]) -> AutoChoice:
    roles = [role for role in ROLES if case.roles.get(role.word) and role.needed(case)]
    invited = {name for role in roles for name in case.roles[role.word]}
    line = [one for one in contenders if one.regular or one.model.name in invited] or contenders
    left, passed = _left(case, line)
    names = [one.model.name for one in left]
    for role in roles:
        if able := [name for name in case.roles[role.word] if name in names]:
            return AutoChoice(model=able[0], why=role.word)
    if case.before in names:
        return AutoChoice(model=case.before, why=AS_BEFORE)
    ranked = _ranked(left)
    if tried := _tried(case, ranked):
        return AutoChoice(model=tried, why=TRIED)
    return AutoChoice(model=ranked[0], why=_why(ranked[0], line, passed))


def _left(case: AutoCase, line: Sequence[Contender]) -> tuple[Sequence[Contender], Mapping[str, str]]:
    """Those that no rule passes over, and the word of the rule for each of the others."""
    passed: dict[str, str] = {}
    for rule in RULES:
        lacks = {one.model.name: rule.lacks(one, case) for one in line}
        least = min(lacks.values())
        passed |= {name: rule.word for name, lack in lacks.items() if lack > least}
        line = [one for one in line if one.model.name not in passed]
    return line, passed


def _ranked(left: Sequence[Contender]) -> list[str]:
    """The best rated first; among equals the catalogue's order."""
    return [one.model.name for one in sorted(left, key=lambda one: -one.strength)]


def _tried(case: AutoCase, ranked: Sequence[str]) -> str:
    """The model that this question tries instead of the first, "" for most questions."""
    chance = hashlib.sha256(f"auto {case.turn}".encode()).digest()
    if len(ranked) < 2 or int.from_bytes(chance[:8]) >= case.explore * 2**64:
        return ""
    return ranked[1 + int.from_bytes(chance[8:16]) % (len(ranked) - 1)]


def _why(chosen: str, line: Sequence[Contender], passed: Mapping[str, str]) -> str:
    """What put it before those that would have been asked first; "" where nothing had to."""
    first = _ranked(line)[0]
    if first == chosen:
        return "" if chosen == line[0].model.name else RATED
    return f"{first} is down" if passed[first] == DOWN else passed[first]


def _too_dear(one: Contender, cap: float) -> float:
    """USD above the cap. What nobody knows the price of is above every cap."""
    if cap == math.inf:
        return 0.0
    return math.inf if one.cost is None else max(0.0, one.cost - cap)
