"""`switchboard models`: all models, for the operator. Plain text in columns."""

from collections.abc import Mapping, Sequence

from bot.domain.auto_entry import AutoEntry
from bot.domain.catalog import Catalog, Model
from bot.domain.formatting import compact_number
from bot.domain.health import ModelHealth
from bot.models.auto_line import auto_line
from bot.models.pricing import Prices
from bot.models.reach import health_words

HEADER = ("NAME", "PROVIDER:MODEL", "CAN", "CONTEXT", "USD/M IN", "OUT", "HEALTH", "FROM")
NAMED = 6  # models from which auto chooses
ABILITIES = {
    "vision": "vision",
    "documents": "documents",
    "tools": "tools",
    "reasoning": "reasoning",
    "search": "can_search",
}


def render_models(catalog: Catalog, prices: Prices, conditions: Mapping[str, ModelHealth]) -> str:
    """A table, the default marked with `*`; models that are not featured come last, under a heading."""
    default = catalog.default_name
    auto = [_auto(catalog.auto, catalog)] if catalog.auto else []
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
    lines = _aligned([HEADER, *auto, *featured, *others])
    if others:
        lines.insert(1 + len(auto) + len(featured), f"\nFound by name, not shown in pickers ({len(others)}):")
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


def _auto(auto: AutoEntry, catalog: Catalog) -> tuple[str, ...]:
    """From whom it chooses, and whom it asks first for what."""
    names = [model.name for model in auto_line(auto, catalog)]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    roles = (("pictures", auto.vision), ("long", auto.long), ("code", auto.code))
    rules = [f"chooses from {', '.join(names[:NAMED])}{more}"]
    rules += [f"{word}: {', '.join(wanted)}" for word, wanted in roles if wanted]
    rules += [f"up to ${auto.usd_per_answer:g} an answer"] if auto.usd_per_answer is not None else []
    name = f"{auto.name}*" if catalog.default_name == auto.name else auto.name
    return (name, *["-"] * (len(HEADER) - 2), "; ".join(rules))


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
