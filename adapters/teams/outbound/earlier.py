"""Edits of messages that an earlier turn has posted."""

from collections.abc import Sequence
from functools import partial

from adapters.teams.outbound.controls import Controls
from adapters.teams.outbound.delivery import DeliveryContext, FinalAnswer, in_a_known_form
from adapters.teams.outbound.rendering import messages
from adapters.teams.outbound.rendering.cards import actions_card


async def rewritten(
    delivery_context: DeliveryContext, ids: Sequence[str], final: FinalAnswer, card: str
) -> None:
    """Replaces them, and the card with the buttons, if it is a message of its own. They are none of the turn in hand, so nothing of it is
    saved: a later attempt would take them for its own. Where Teams refuses an edit, it is not posted anew either: it is all there.
    """
    reference, texts = delivery_context.reference, final.texts()
    for number, (id, text) in enumerate(zip(ids, texts, strict=False)):
        last = number + 1 == len(texts)
        activity = final.activity(text, delivery_context, last=last)
        if last and final.buttons and not card and not delivery_context.extended:
            activity["attachments"] = [messages.attachment(actions_card(final.buttons, reference))]
        quoted = "" if number else reference.quoted
        put = partial(delivery_context.connector.put, reference.where, id)
        await in_a_known_form(put, messages.quoting(activity, quoted))
    if card:
        await Controls(delivery_context, card).settle(final.buttons)
