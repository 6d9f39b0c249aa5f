"""Where a choice counts: in a thread, for a person, in a channel, in a whole workspace."""

from bot.context import Context
from bot.domain.catalog import Entry, Model
from bot.domain.formatting import escape_markdown
from bot.domain.replies import Reply

WHERE = {
    "thread": "in this thread",
    "me": "for you, here and in other places of this {tenant}",
    "channel": "for everybody in this channel",
    "workspace": "for everybody in this {tenant}",
}
FIELDS = {"thread": "thread", "me": "person", "channel": "channel", "workspace": "workspace"}
"""What people type -> the field of a preference."""


def where(context: Context, scope: str) -> str:
    """A scope in words."""
    return WHERE[scope].format(tenant=context.capabilities.tenant)


def default_scope(context: Context) -> str:
    return "thread" if context.threaded else "me"


def stored_as(context: Context, scope: str) -> str:
    """The name of a scope in the PreferenceStore; a thread's own is committed with its conversation."""
    if scope == "workspace":
        return "default"
    return f"channel:{context.thread.channel}" if scope == "channel" else f"person:{context.event.author.id}"


def unseen(context: Context, scope: str, model: Entry | None) -> Reply | None:
    """Why an agent cannot be chosen for people who do not see it; None when it can."""
    if not isinstance(model, Model) or not model.audience or scope in {"me", "thread"}:
        return None
    if model.audience == "workspace" or (model.audience, scope) == ("channel", "channel"):
        return None
    who = "you see" if model.audience == "me" else "one channel sees"
    text = f"Only {who} {escape_markdown(model.name)}, so it cannot answer everybody. `/agent {model.name}` changes who sees it."
    return Reply(text=text, private=context.private)


def objection(context: Context, scope: str, what: str) -> Reply | None:
    """Why nothing can be chosen in this scope; None when it can. `what`: "the model"."""
    if scope == "workspace" and not context.administers:
        tenant = context.capabilities.tenant
        text = f"Only people listed under `admins` in `[policy]` can set {what} of the whole {tenant}."
        return Reply(text=text, private=context.private)
    if scope == "thread" and not context.threaded:
        text = "There is no thread here. Write it inside a thread, or use `--me` or `--channel`."
        return Reply(text=text, private=context.private)
    return None
