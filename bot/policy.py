"""The operator's rules, applied to one conversation. Pure.

`[policy]` applies everywhere. A workspace's and a channel's rules are applied on top of it, and an allow-list
can only remove models.
"""

from collections.abc import Iterator

from bot.domain.catalog import Model, allows
from bot.domain.events import ThreadKey
from bot.settings.config_file import Policy, Rules


def allowed(policy: Policy, thread: ThreadKey, model: Model) -> bool:
    """Whether every allow-list that applies here admits the model, and it can be asked at all."""
    if model.obstacle:
        return False
    lists = [policy.allow, *(rules.allow for rules in _rules(policy, thread) if rules.allow is not None)]
    return all(allows(patterns, model) for patterns in lists)


def may_fail_over(policy: Policy, thread: ThreadKey) -> bool:
    """Whether another model may step in here; the nearest rule decides."""
    said = [rules.failover for rules in _rules(policy, thread) if rules.failover is not None]
    return said[-1] if said else policy.failover


def follows(policy: Policy, thread: ThreadKey) -> bool:
    """Whether messages in a thread the bot takes part in need no mention; the nearest rule decides."""
    said = [rules.thread_replies for rules in _rules(policy, thread) if rules.thread_replies is not None]
    return (said[-1] if said else policy.thread_replies) == "always"


def app_may_ask(policy: Policy, app: str) -> bool:
    """Whether another app or workflow may ask, by a mention."""
    return "*" in policy.apps or app.casefold() in {one.casefold() for one in policy.apps}


def _rules(policy: Policy, thread: ThreadKey) -> Iterator[Rules]:
    """The nearest last. Ids are compared without case: a tenant's may be written in capitals too."""
    for table, id in ((policy.workspaces, thread.workspace), (policy.channels, thread.channel)):
        yield from (rules for name, rules in table.items() if name.casefold() == id.casefold())
