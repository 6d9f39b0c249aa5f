"""Where a choice counts: in a thread, for a person, in a channel, in a whole workspace."""

from bot.context import Context
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
