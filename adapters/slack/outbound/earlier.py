"""Edits of messages that an earlier turn has posted."""

from dataclasses import replace
from typing import Any

from adapters.slack.outbound.rendering import layout
from adapters.slack.outbound.shapes import AcceptedShape
from adapters.slack.outbound.sink_context import SinkContext


async def rewritten(sink_context: SinkContext, ts: str, content: dict[str, Any]) -> None:
    """Replaces one message. It is none of the turn in hand, so it does not get its metadata: a later attempt looks for
    its own messages by them.
    """
    web_api, reference = sink_context.web_api, sink_context.reference
    channel = reference.pressed_in or reference.channel
    if reference.pressed_in:
        sink_context = replace(sink_context, origin=f"{reference.channel}:{reference.thread}")

    async def call(shaped: dict[str, Any]) -> None:
        marked = sink_context.marked(shaped)
        await web_api.must("chat.update", channel=channel, ts=ts, **layout.QUIET, **marked)

    await AcceptedShape().send(call, content)
