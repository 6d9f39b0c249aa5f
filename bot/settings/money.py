"""What switchboard.toml says about money: prices and budgets."""

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from bot.domain.budgets import BudgetPeriod, BudgetScope
from bot.domain.catalog import FREE, Price
from bot.settings.toml_table import Dollars, TomlTable


def _share(said: float) -> float:
    if not 0 < said <= 1:
        raise ValueError("must be a share above 0 and up to 1: 0.8 is 80 percent")
    return said


Share = Annotated[float, Field(strict=True), AfterValidator(_share)]


class PriceEntry(TomlTable):
    """USD per million tokens."""

    input: Dollars
    output: Dollars
    cached: Dollars | None = None  # what the vendor reads from its cache
    cache_write: Dollars | None = None  # what it keeps there
    search: Dollars | None = None  # USD for one search of the web

    @property
    def price(self) -> Price:
        return Price(
            input=self.input,
            output=self.output,
            cached=self.cached,
            cache_write=self.cache_write,
            search=self.search,
        )


def _price(said: object) -> object:
    """`"free"` is short for a price of nothing."""
    if isinstance(said, str):
        if said != "free":
            raise ValueError('must be "free", or USD per million tokens: { input = 3.0, output = 15.0 }')
        return PriceEntry(input=FREE.input, output=FREE.output, search=FREE.search)
    return said


Charge = Annotated[PriceEntry, BeforeValidator(_price)]


class BudgetEntry(TomlTable):
    """`[[budgets]]`: each person, channel, ... that `of` matches may spend `usd` in every period."""

    scope: BudgetScope
    of: str = "*"  # an id, or a pattern with `*` and `?`
    period: BudgetPeriod = "day"
    usd: Dollars
    warn: Share = 0.8

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if not self.of or self.of != self.of.strip():
            raise ValueError(
                'of must be an id or a pattern, such as "U0123" or "*", without blanks around it'
            )
        if self.scope == "company" and self.of != "*":
            raise ValueError('of does not go with scope = "company", which is everybody: leave it out')
        return self


def without_twins(budgets: Sequence[BudgetEntry], per_day: float | None) -> None:
    """Raises ValueError for two amounts for the same: nobody could say which one counts."""
    places = {("person", "*", "day"): "[policy] usd_per_day"} if per_day is not None else {}
    for number, entry in enumerate(budgets, start=1):
        here, key = f"[[budgets]] number {number}", (entry.scope, entry.of.casefold(), entry.period)
        if key in places:
            raise ValueError(f"{places[key]} and {here} are the same budget: keep one of them")
        places[key] = here
