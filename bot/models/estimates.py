"""What an answer costs, or will: never nothing only because a price or a count is missing."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.catalog import Catalog, Model, Price
from bot.domain.check import CheckResult, CheckStatus
from bot.domain.stream_parts import Usage
from bot.models.pricing import Corrections, Prices, price_at

CAUTIOUS = Price(input=15.0, output=75.0)  # while no price is known at all: as dear as the dearest usual ones
NAMED = 5  # models of a provider in one line of a check
SEARCHES = 3  # of the web, for one question that asks for it
SAMPLE = 1_000  # tokens written, for the price of one


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """USD: for a prompt, and for each token that is written."""

    prompt: float
    per_token: float

    @property
    def free(self) -> bool:
        return not self.prompt and not self.per_token


class CostEstimates:
    """A model without a known price counts as the dearest known one."""

    def __init__(self, *, catalog: Catalog, prices: Prices, corrections: Corrections) -> None:
        self._catalog = catalog
        self._prices = prices
        self._corrections = corrections
        self._dearest: tuple[tuple[Model, ...], Price] | None = None

    def cost(self, model: Model, usage: Usage, served: str = "") -> float:
        known = self._prices.cost(model, usage, served)
        if known is None:
            return price_at(self.dearest, usage) + usage.searches * self._prices.per_search(model)
        return known

    def rates(self, model: Model, read: int, *, searched: bool = False) -> Rates:
        """For a prompt of so many estimated tokens, of which nothing is cached yet and all of it will be. `searched`: the
        vendor is made to search the web for it.
        """
        corrected = round(read * self._corrections.of(model))
        plain = self.cost(model, Usage(input=corrected))
        whole = self.cost(model, Usage(input=corrected, output=SAMPLE))
        prompt = max(plain, self.cost(model, Usage(input=corrected, cache_write=corrected)))
        if searched:
            prompt += self.cost(model, Usage(searches=SEARCHES))
        return Rates(prompt=prompt, per_token=(whole - plain) / SAMPLE)

    def answer(self, model: Model, read: int, *, wrote: int, searched: bool = False) -> float | None:
        """USD for a prompt of so many estimated tokens and its answer; None where no price is known."""
        if self._prices.price(model) is None:
            return None
        rates = self.rates(model, read, searched=searched)
        return rates.prompt + rates.per_token * wrote

    def counted(self, model: Model, usage: Usage | None, *, read: int, wrote: int) -> Usage:
        """The vendor's count; an estimate where there is none, or one of nothing in spite of a text."""
        return counted(usage, read=round(read * self._corrections.of(model)), wrote=wrote)

    @property
    def dearest(self) -> Price:
        """The highest known prices of what can be picked, looked up again when the catalogue changes."""
        models = self._catalog.models
        if self._dearest is None or self._dearest[0] is not models:
            known = [price for model in models if (price := self._prices.price(model))]
            paid = [price for price in known if price.input or price.output] or [CAUTIOUS]
            highest = Price(
                input=max(price.input for price in paid), output=max(price.output for price in paid)
            )
            self._dearest = models, highest
        return self._dearest[1]


def check_prices(catalog: Catalog, prices: Prices) -> Sequence[CheckResult]:
    """For `switchboard check`: which models budgets can only guess at, by provider, and what to write."""
    unknown: dict[str, list[str]] = {}
    for model in catalog.models:
        if prices.price(model) is None:
            unknown.setdefault(model.provider, []).append(model.name)
    return [
        CheckResult(about="budgets", status=CheckStatus.DOUBT, text=_unpriced(provider, names))
        for provider, names in unknown.items()
    ]


def _unpriced(provider: str, names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return (
        f"no price is known for {', '.join(names[:NAMED])}{more}: they count as the dearest model. Set "
        f"price = {{ input = ..., output = ... }} under their [[models]] or [providers.{provider}], "
        'or price = "free"'
    )


def counted(usage: Usage | None, *, read: int, wrote: int) -> Usage:
    """The vendor's count, completed by estimates: so many tokens read, and written."""
    if usage is not None and usage.input and (usage.output or not wrote):
        return usage
    known = usage or Usage()
    return Usage(
        input=known.input or read, output=known.output or wrote, searches=known.searches, estimated=True
    )
