"""Direct messages as one continuing conversation, where the operator wants that. Pure.

Slack's agent view makes a thread of every top-level message. With `[policy] direct = "one"` all of them are one
conversation, answered beneath each other; what is inside a thread stays a conversation of its own.
"""

from dataclasses import replace

from bot.domain.events import (
    ButtonPressed,
    Event,
    FormFilled,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    StopRequested,
)

FLAT = (MessageReceived, MessageEdited, MessageDeleted, ButtonPressed, FormFilled, StopRequested)


def in_one_conversation(event: Event) -> Event:
    """The same event, of the one conversation if it is at the top level of a direct message."""
    thread, own = event.thread.thread, event.reply.get("ts") or getattr(event, "message", "")
    if not isinstance(event, FLAT) or not event.thread.channel.startswith("D") or not thread or thread != own:
        return event
    reply = {key: value for key, value in event.reply.items() if key != "thread"}
    return replace(event, thread=replace(event.thread, thread=""), reply=reply)
