"""What people are told about budgets, in one place."""

from datetime import datetime

from bot.domain.budgets import Ceiling, CeilingNear, CeilingReached, next_period
from bot.domain.catalog import Model
from bot.domain.formatting import escape_markdown, money

EPSILON = 1e-9  # USD: amounts are sums of millionths


def reached(full: CeilingReached, now: datetime, tenant: str) -> str:
    """Which budget is in the way, how much it is, and when it starts again. `tenant` is the platform's word."""
    ceiling, budget = full.ceiling, name(full.ceiling, tenant)
    again = f"It starts again {_when(ceiling, now)}."
    if not ceiling.usd:
        return f"{_capital(budget)}: only models that cost nothing may answer."
    if full.spent >= ceiling.usd - EPSILON:
        return f"{_capital(budget)} is used up. {again}"
    if full.spent + full.cost <= ceiling.usd + EPSILON:
        return f"Answers that are being given right now hold what is left of {budget}. Try again in a moment. {again}"
    left = money(ceiling.usd - full.spent)
    return f"This would cost about {money(full.cost)}, and {left} is left of {budget}. {again}"


def reached_before_others(full: CeilingReached, now: datetime, tenant: str) -> str:
    """The same where others read it: no amounts."""
    ceiling = full.ceiling
    return (
        f"This costs more than is left of {_whose(ceiling, tenant)}. It starts again {_when(ceiling, now)}."
    )


def instead(model: Model, cost: float, *, slash: bool) -> str:
    """The way to an answer that can be paid."""
    price = f"about {money(cost)}" if cost else "free"
    return f"Ask `{'/' if slash else ''}ask {model.name} …` instead: {price}."


def nobody_cheaper() -> str:
    return "No model that may be used here costs less; an administrator of Switchboard can raise the budget."


def near(told: CeilingNear, tenant: str, *, shared: bool) -> str:
    """For the quiet line: `84% of your budget of $5.00 a day is used`; without amounts where others read it."""
    if shared:
        return f"most of {_whose(told.ceiling, tenant)} is used"
    return f"{told.used / told.ceiling.usd:.0%} of {name(told.ceiling, tenant)} is used"


def standing(ceiling: Ceiling, spent: float, now: datetime, tenant: str) -> str:
    budget = _capital(name(ceiling, tenant))
    return f"{budget}: {money(spent)} is spent, and it starts again {_when(ceiling, now)}."


def name(ceiling: Ceiling, tenant: str) -> str:
    """`your budget of $5.00 a day`."""
    amount = money(ceiling.usd) if ceiling.usd else "$0"
    return f"{_whose(ceiling, tenant)} of {amount} a {ceiling.period}"


def _whose(ceiling: Ceiling, tenant: str) -> str:
    whose = {
        "person": "your budget",
        "channel": "this channel's budget",
        "workspace": f"this {tenant}'s budget",
        "model": f"the budget of {escape_markdown(ceiling.whom)}",
        "company": "the company's budget",
    }
    return whose[ceiling.scope]


def _when(ceiling: Ceiling, now: datetime) -> str:
    at = next_period(ceiling.period, now)
    if ceiling.period == "day":
        return "at midnight UTC"
    return f"on {at:%A}, {at.day} {at:%B}, at midnight UTC"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
