"""Money: what an answer is expected to cost, and the budgets that it has to fit into.

An answer's money is reserved before its model is asked, in every sum that it counts in, and the real cost
takes its place afterwards.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

BudgetScope = Literal["person", "channel", "workspace", "model", "company"]
BudgetPeriod = Literal["day", "week", "month"]


def period_name(period: BudgetPeriod, at: datetime) -> str:
    """A day, an ISO week or a month in UTC: "2026-03-04", "2026-W10", "2026-03"."""
    forms = {"day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m"}
    return at.astimezone(UTC).strftime(forms[period])


def next_period(period: BudgetPeriod, at: datetime) -> datetime:
    """When the period after the one of `at` begins."""
    midnight = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    match period:
        case "day":
            return midnight + timedelta(days=1)
        case "week":
            return midnight + timedelta(days=7 - midnight.weekday())
        case "month":
            return (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceiling:
    """One budget, as it applies to one answer. `total` names the sum that `usd` limits, in `named` period."""

    scope: BudgetScope
    period: BudgetPeriod
    named: str
    total: str
    usd: float
    warn: float = 0.8
    whom: str = ""  # the model's name, where the budget is a model's


@dataclass(frozen=True, slots=True, kw_only=True)
class Expense:
    """What one answer is expected to cost: its prompt, and as many tokens as its model usually writes.

    `id` is the same for every attempt at this answer, so that it is never reserved twice.
    """

    id: str
    model: str  # a Model.key: whose usual length it has
    prompt: float  # USD
    per_token: float  # USD for each token written
    guess: int  # tokens written, while the model's usual length is not known
    most: int  # tokens that it can write
    seconds: float  # until the reservation runs out: a little longer than the answer can take
    ceilings: tuple[Ceiling, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What an answer came to. `mark` is this bill's own: however often it is sent, it counts once."""

    expense: Expense
    mark: str
    cost: float = 0.0
    written: int | None = None  # tokens, where the model finished: its usual length follows them


@dataclass(frozen=True, slots=True, kw_only=True)
class CeilingReached:
    """The first budget that an expense does not fit into."""

    expense: Expense
    ceiling: Ceiling
    cost: float  # that was expected
    spent: float
    reserved: float  # for answers that are being given


@dataclass(frozen=True, slots=True, kw_only=True)
class CeilingNear:
    """A budget of which the share that its owner wants to be told of is used, for the first time in its period."""

    ceiling: Ceiling
    used: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """All that was asked for, when `full` is None; else nothing."""

    costs: tuple[float, ...] = ()  # expected, in the order of the expenses
    full: CeilingReached | None = None
    near: tuple[CeilingNear, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What an expense would cost, and whether it would fit now."""

    cost: float
    fits: bool
