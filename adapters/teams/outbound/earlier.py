"""Edits of messages that an earlier turn has posted."""

from collections.abc import Sequence
from functools import partial

from adapters.teams.outbound.controls import Controls
from adapters.teams.outbound.delivery import DeliveryContext, FinalAnswer, in_a_known_form
from adapters.teams.outbound.rendering import messages


async def rewritten(
    delivery_context: DeliveryContext, ids: Sequence[str], final: FinalAnswer, controls: str
) -> None:
    """Replaces them, and the card `controls` with the buttons, if any. They are none of the turn in hand, so nothing of it is
    saved: a later attempt would take them for its own. Where Teams refuses an edit, it is not posted anew either: it is all there.
    """
    reference, texts = delivery_context.reference, final.texts()
    for number, (id, text) in enumerate(zip(ids, texts, strict=False)):
        activity = final.activity(text, delivery_context, last=number + 1 == len(texts))
        quoted = "" if number else reference.quoted
        put = partial(delivery_context.connector.put, reference.where, id)
        await in_a_known_form(put, messages.quoting(activity, quoted))
    await Controls(delivery_context, controls).settle(final.buttons)
