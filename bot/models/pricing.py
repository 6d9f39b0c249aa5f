"""The cost of answers, and the correction of token estimates.

Prices are estimates: the operator's come first, then the endpoint's listing, then the bundled price data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import ModuleType
from typing import Protocol

from bot.domain.catalog import Model, Price
from bot.domain.stream_parts import Usage
from bot.models.facts import search_prices
from bot.models.sources import bare_id

MILLION = 1_000_000
HOUR = 2.0  # the price of keeping a prompt for an hour, in prices of input; the price data knows that of minutes only
SMALL = 1_000  # tokens of the sample that gives a price: below every tier's threshold


class _Calculation(Protocol):
    @property
    def total_price(self) -> Decimal: ...


class Prices:
    """Prices from `genai-prices`, offline.

    `markets` maps a provider's name to the price data's own ("xai" -> "x-ai"); None means that its models
    have no known price. A provider that is not in it is looked up by the model's id alone.
    """

    def __init__(self, markets: Mapping[str, str | None]) -> None:
        self._markets = dict(markets)
        self._data: ModuleType | None = None

    def cost(self, model: Model, usage: Usage, served: str = "") -> float | None:
        """USD for one answer; None where no price is known. `served`: the model that answered, if known."""
        searched = usage.searches * self.per_search(model)
        if model.price is not None:
            return price_at(model.price, usage) + searched
        names = dict.fromkeys(each for name in (served, model.base, model.model) for each in _spellings(name))
        found = (self._look_up(model, name, usage) for name in names)
        return next((cost + searched for cost in found if cost is not None), None)

    def per_search(self, model: Model) -> float:
        """USD for one search of the web by the model's vendor."""
        if model.price is not None and model.price.search is not None:
            return model.price.search
        known = search_prices()
        return known.get(self._markets.get(model.provider) or "", max(known.values()))

    def price(self, model: Model) -> Price | None:
        """USD per million tokens, for display."""
        if model.price is not None:
            return model.price
        read = self.cost(model, Usage(input=SMALL))
        written = self.cost(model, Usage(output=SMALL))
        if read is None or written is None:
            return None
        cached = self.cost(model, Usage(input=SMALL, cache_read=SMALL))
        kept = self.cost(model, Usage(input=SMALL, cache_write=SMALL))
        return Price(
            input=_per_million(read),
            output=_per_million(written),
            cached=None if cached is None else _per_million(cached),
            cache_write=None if kept is None else _per_million(kept),
        )

    def window(self, provider: str, model: str) -> int | None:
        """Tokens of context, if the price data has them: the whole window, input and output together."""
        market = self._markets.get(provider, "")
        if market is None:
            return None
        for name in _spellings(model):
            try:
                found = self.load().calc_price(
                    self.load().Usage(), model_ref=name, provider_id=market or None
                )
            except (LookupError, ValueError):
                continue
            window: int | None = found.model.context_window
            return window
        return None

    def load(self) -> ModuleType:
        """Reads the price data, which takes up to half a second: call it in a thread, before it is needed."""
        if self._data is None:
            import genai_prices  # noqa: PLC0415 - the start must not wait for it

            self._data = genai_prices
        return self._data

    def _look_up(self, model: Model, name: str, usage: Usage) -> float | None:
        market = self._markets.get(model.provider, "")
        if market is None:
            return None
        data = self.load()
        counted = data.Usage(
            input_tokens=usage.input,
            output_tokens=usage.output,
            cache_read_tokens=min(usage.cache_read, usage.input),
            cache_write_tokens=min(usage.cache_write, usage.input - min(usage.cache_read, usage.input)),
        )
        try:
            found: _Calculation = data.calc_price(counted, model_ref=name, provider_id=market or None)
        except (LookupError, ValueError):
            return None
        return float(found.total_price) + self._longer(model, name, usage)

    def _longer(self, model: Model, name: str, usage: Usage) -> float:
        """What it costs more to keep for an hour what the price data takes as kept for minutes."""
        if not (kept := min(usage.cache_hour, usage.cache_write)):
            return 0.0
        read = self._look_up(model, name, Usage(input=kept)) or 0.0
        minutes = self._look_up(model, name, Usage(input=kept, cache_write=kept)) or 0.0
        return max(0.0, HOUR * read - minutes)


def _spellings(name: str) -> Sequence[str]:
    """A model's id as it is, and as its own vendor writes it; the price data of a cloud has one or the other."""
    return list(dict.fromkeys((name, bare_id(name)))) if name else ()


def price_at(price: Price, usage: Usage) -> float:
    cached = min(usage.cache_read, usage.input)
    kept = min(usage.cache_write, usage.input - cached)
    reading = price.input if price.cached is None else price.cached
    keeping = price.input if price.cache_write is None else price.cache_write
    longer = min(usage.cache_hour, kept)
    keeping_all = kept * keeping + longer * max(0.0, HOUR * price.input - keeping)
    plain = (usage.input - cached - kept) * price.input
    return (plain + cached * reading + keeping_all + usage.output * price.output) / MILLION


def _per_million(cost: float) -> float:
    return round(cost * MILLION / SMALL, 6)


def price_class(price: Price | None) -> str:
    """A short price for a picker: "", "free", "$" (a long answer costs up to a cent), "$$" or "$$$"."""
    if price is None:
        return ""
    thousand = (3 * price.input + price.output) / 1_000  # 3,000 tokens read and 1,000 written, in USD
    if thousand == 0:
        return "free"
    return "$" if thousand <= 0.01 else "$$" if thousand <= 0.04 else "$$$"


@dataclass(slots=True)
class _Ratio:
    value: float = 1.0
    told: float = 1.0
    seen: int = 0


class Corrections:
    """Real over estimated input tokens, per model, as seen by this process.

    A vendor's tokenizer is not known, but its counts are. The ratio starts at 1 and follows them, in steps: with every
    small move another turn would fit a full window or not, and no prompt would begin as the one before it.
    """

    STEP = 0.1  # what is told changes when it is further off
    WEIGHT = 0.2  # of the newest count, once there are several
    BOUNDS = (0.3, 4.0)  # beyond this it is not the tokenizer (a hidden system prompt, a missing count)
    SMALLEST = 50  # estimated tokens; the ratio of fewer means nothing

    def __init__(self) -> None:
        self._ratios: dict[str, _Ratio] = {}

    def learn(self, model: Model, *, estimated: int, usage: Usage) -> None:
        added = usage.requests > 1 or usage.searches  # what was found is counted as read, too
        if estimated < self.SMALLEST or usage.estimated or added or usage.input <= 0:
            return
        low, high = self.BOUNDS
        seen = min(max(usage.input / estimated, low), high)
        ratio = self._ratios.setdefault(model.key, _Ratio())
        ratio.seen += 1
        ratio.value += (seen - ratio.value) * max(self.WEIGHT, 1 / ratio.seen)
        if abs(ratio.value / ratio.told - 1) > self.STEP:
            ratio.told = ratio.value

    def of(self, model: Model) -> float:
        ratio = self._ratios.get(model.key)
        return ratio.told if ratio else 1.0
