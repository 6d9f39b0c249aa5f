"""Why a model answers, and why another does not, in words. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.answers.precedence import NoModelAvailable, Selection, select_model
from bot.context import Context
from bot.domain.catalog import Catalog, Entry, Model
from bot.domain.formatting import escape_markdown, join_names
from bot.domain.health import HealthState, ModelHealth
from bot.models.reach import health_words

PICKED = {
    "this message": "was named in the message",
    "this thread": "was picked in this thread",
    "you": "is your own pick",
    "this channel": "was picked for this channel",
    "this workspace": "is this {tenant}'s default",
    "the default": "is the default",
}
FIRST = {
    "this message": "this message names another",
    "this thread": "this thread has a choice of its own",
    "you": "you have a choice of your own",
    "this channel": "this channel has a choice of its own",
    "this workspace": "this {tenant} has a default",
    "the default": "another is the default",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubts:
    """What else may keep a model from answering: how it is, whether its endpoint is reached, and who steps in for it."""

    condition: ModelHealth
    reach: str
    substitutes: Sequence[str]

    def said(self) -> str:
        words = health_words(self.condition, self.reach)
        if words == "up":
            return ""
        if self.condition.state is not HealthState.DOWN:
            return (
                f"It is {words}." if self.condition.state is HealthState.SLOW else f"Its endpoint: {words}."
            )
        steps_in = f"Until it answers again, {join_names(list(self.substitutes[:2]))} steps in."
        return f"It is {words}. {steps_in if self.substitutes else 'Nobody is set up to step in for it.'}"


def describe_here(catalog: Catalog, context: Context) -> str:
    """One sentence: the model that answers here, and why; or why there is none."""
    try:
        now = select_model(catalog, context.claim.preferences, context.allowed)
    except NoModelAvailable as none:
        return escape_markdown(str(none), 2_000)
    return describe_active(now, context.capabilities.tenant)


def describe_active(now: Selection, tenant: str) -> str:
    """One sentence: the model that answers here, and why. `tenant` is the platform's word for the workspace."""
    name, reason = escape_markdown(now.model.name), escape_markdown(describe_reason(now, tenant))
    return f"**{name}** {does(now.model)} here: {reason}."


def does(entry: Entry) -> str:
    """What somebody gets who picks it."""
    return "answers" if isinstance(entry, Model) else "chooses who answers"


def describe_reason(now: Selection, tenant: str) -> str:
    """Why this model answers, as plain text without a full stop."""
    says = {
        "this message": "it was named in the message",
        "this thread": "it was picked in this thread",
        "you": "you picked it",
        "this channel": "it was picked for this channel",
        "this workspace": f"it is this {tenant}'s default",
        "the default": "it is the default",
    }.get(now.scope, "it is the first model allowed here")
    return f"{says}; {now.objection}" if now.objection else says


def why_not(model: Entry, now: Selection, catalog: Catalog, tenant: str, *, allowed: bool) -> str:
    """One sentence: why this model does not answer here, and what would make it."""
    name, active = escape_markdown(model.name), escape_markdown(now.model.name)
    picked = [link for link in now.chain if link.chosen and catalog.entry(link.chosen) == model]
    where = join_names([PICKED[one.scope].format(tenant=tenant) for one in picked], "and").replace("`", "")
    if not allowed:
        but = f"It {where}, and is passed over. " if picked else ""
        return f"**{name}** is not allowed here. {but}Whoever runs Switchboard sets that under `[policy]`."
    if picked:
        first = FIRST.get(now.scope, "another comes first").format(tenant=tenant)
        return f"**{name}** {where}, but {first}, and that comes first: **{active}** {does(now.model)}."
    return f"**{name}** is not picked anywhere that counts here. `/model {model.name}` picks it."
