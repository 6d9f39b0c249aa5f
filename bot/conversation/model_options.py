"""The models as options of a choice, by vendor, each with what makes it different and how it is just now."""

from collections.abc import Mapping, Sequence

from bot.answers.precedence import Allowed, pickable
from bot.domain.auto_entry import AUTO
from bot.domain.catalog import Catalog, Entry, Model
from bot.domain.formatting import compact_number
from bot.domain.health import ModelHealth
from bot.domain.replies import Option
from bot.health_ports import Health
from bot.models.chat_agents import rated
from bot.models.pricing import Prices, price_class
from bot.models.reach import health_words, lately_words
from bot.picker_ports import ScoreWords

NO_WORDS: Mapping[str, str] = {}
CAN = {"vision": "images", "documents": "PDF", "reasoning": "reasoning", "can_search": "web"}


class ModelOptions:
    """Makes them. `titles` are what people call the endpoints, by provider."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        health: Health,
        prices: Prices,
        titles: Mapping[str, str] = NO_WORDS,
        scores: ScoreWords | None = None,
    ) -> None:
        self._catalog = catalog
        self._health = health
        self._prices = prices
        self._titles = titles
        self._scores = scores

    async def of(self, entries: Sequence[Entry], prefix: str, workspace: str) -> tuple[Option, ...]:
        """One per model, vendors together in the order of their first, and for auto; its value is the prefix and the name."""
        conditions = await self._health.conditions([one.key for one in entries if isinstance(one, Model)])
        scores = await self._scores.words(workspace) if self._scores else NO_WORDS
        vendors = list(dict.fromkeys(vendor_of(entry) for entry in entries))
        return tuple(
            Option(
                value=f"{prefix} {entry.name}",
                label=entry.name,
                hint=self._hint(
                    entry, conditions[entry.key], scores.get(entry.name, "") if rated(entry) else ""
                )
                if isinstance(entry, Model)
                else entry.description,
                group=self._titles.get(vendor, vendor),
            )
            for vendor in vendors
            for entry in entries
            if vendor_of(entry) == vendor
        )

    async def found(
        self, words: str, prefix: str, allowed: Allowed, limit: int, workspace: str
    ) -> tuple[Option, ...]:
        """Options for the likeliest models that match typed words."""
        models = self._catalog.search(words, among=pickable(self._catalog, allowed))
        return await self.of(models[:limit], prefix, workspace)

    async def condition(self, model: Model) -> ModelHealth:
        return (await self._health.conditions([model.key]))[model.key]

    def _hint(self, model: Model, condition: ModelHealth, score: str) -> str:
        """A few plain words, the most telling first: a platform may cut the end."""
        words = health_words(condition, self._catalog.reach(model))
        parts = [
            words if words != "up" else "",
            f"{compact_number(model.context)} context",
            *(word for can, word in CAN.items() if getattr(model, can)),
            price_class(self._prices.price(model)),
            lately_words(condition),
            score,
            model.description,
        ]
        return " · ".join(part for part in parts if part)


def vendor_of(entry: Entry) -> str:
    """The provider's name, under which an entry stands in a list."""
    return entry.provider if isinstance(entry, Model) else AUTO
