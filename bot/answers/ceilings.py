"""Which budgets an answer counts in. Pure."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from fnmatch import fnmatchcase

from bot.context import Context
from bot.domain.budgets import BudgetScope, Ceiling, period_name
from bot.domain.catalog import Model, allows
from bot.settings.money import BudgetEntry


def ceilings(
    rules: Sequence[BudgetEntry], context: Context, now: datetime, model: Model | None = None
) -> tuple[Ceiling, ...]:
    """Those of whoever asked, of the place, and of the model, when there is one."""
    return tuple(
        Ceiling(
            scope=rule.scope,
            period=rule.period,
            named=period_name(rule.period, now),
            total=_total(rule, whom),
            usd=rule.usd,
            warn=rule.warn,
            whom=model.name if model and rule.scope == "model" else "",
        )
        for rule in rules
        for whom in _matched(rule, context, model)
    )


def _matched(rule: BudgetEntry, context: Context, model: Model | None) -> Iterator[str]:
    """The full id of what the rule is about here, if its pattern matches. A model's agents share its budget."""
    if rule.scope == "model":
        if model and allows((rule.of,), model):
            yield model.key
        return
    here = {
        "person": context.event.author.id,
        "channel": context.thread.channel,
        "workspace": context.thread.workspace,
        "company": "",
    }
    id, scope = here[rule.scope], rule.scope
    full = _full(scope, context, id)
    if any(fnmatchcase(word.casefold(), rule.of.casefold()) for word in (id, full)):
        yield full


def _full(scope: BudgetScope, context: Context, id: str) -> str:
    """`platform:workspace:id`: two workspaces may use the same id."""
    return {"company": "", "workspace": context.workspace}.get(scope, f"{context.workspace}:{id}")


def _total(rule: BudgetEntry, whom: str) -> str:
    """A sum's name: a digest, as sums outlast what people may ask to be forgotten."""
    return hashlib.sha256(f"{rule.scope}/{rule.of.casefold()}/{whom}".encode()).hexdigest()[:24]
