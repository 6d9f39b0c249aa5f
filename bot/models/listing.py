"""`switchboard models`: all models, for the operator. Plain text in columns."""

from collections.abc import Mapping, Sequence

from bot.domain.catalog import Catalog, Model
from bot.domain.formatting import compact_number
from bot.domain.health import ModelHealth
from bot.models.pricing import Prices
from bot.models.reach import health_words

HEADER = ("NAME", "PROVIDER:MODEL", "CAN", "CONTEXT", "USD/M IN", "OUT", "HEALTH", "FROM")
ABILITIES = {
    "vision": "vision",
    "documents": "documents",
    "tools": "tools",
    "reasoning": "reasoning",
    "search": "can_search",
}


def render_models(catalog: Catalog, prices: Prices, conditions: Mapping[str, ModelHealth]) -> str:
    """A table, the default marked with `*`; models that are not featured come last, under a heading."""
    default = catalog.default.name if catalog.default else ""
    featured = [
        _row(model, prices, conditions, catalog.reach(model), default)
        for model in catalog.models
        if model.featured
    ]
    others = [
        _row(model, prices, conditions, catalog.reach(model), default)
        for model in catalog.models
        if not model.featured
    ]
    lines = _aligned([HEADER, *featured, *others])
    if others:
        lines.insert(1 + len(featured), f"\nFound by name, not shown in pickers ({len(others)}):")
    return "\n".join(lines)


def _row(
    model: Model, prices: Prices, conditions: Mapping[str, ModelHealth], reach: str, default: str
) -> tuple[str, ...]:
    names = [f"{model.name}*" if model.name == default else model.name, *model.aliases]
    price = prices.price(model)
    return (
        ", ".join(names),
        f"{model.provider}:{model.model}",
        " ".join(word for word, able in ABILITIES.items() if getattr(model, able)) or "text",
        compact_number(model.context),
        f"{price.input:g}" if price else "-",
        f"{price.output:g}" if price else "-",
        health_words(conditions.get(model.key, ModelHealth()), reach),
        model.note,
    )


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
