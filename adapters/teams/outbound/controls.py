"""The buttons of an answer, on a card in a message of their own under it.

Suggested actions show only where a message had them when it was posted: an edit makes them vanish, and the last message of
a stream does not show them. A card can be edited. Source: Microsoft Learn, Teams platform, "Suggested actions", and the
reports about them (microsoft/botbuilder-js#4851, microsoft/teams.ts#495).
"""

from collections.abc import Sequence

from adapters.teams.outbound.connector import Repeat, TeamsApiError
from adapters.teams.outbound.delivery import DeliveryContext
from adapters.teams.outbound.refusals import NOT_EDITED
from adapters.teams.outbound.rendering import messages
from adapters.teams.outbound.rendering.cards import actions_card
from adapters.teams.outbound.rendering.messages import Activity
from bot.domain.replies import Button

REFUSED = NOT_EDITED | {413}
CARD = "buttons "
"""Begins the id of an answer's card among the ids of its messages: it shows no part of the answer."""


class Controls:
    """The card under one answer; `id` is its message, "" while there is none."""

    def __init__(self, delivery_context: DeliveryContext, id: str = "") -> None:
        self._delivery_context = delivery_context
        self._unwanted = False
        self.id = id

    async def offer_stop(self) -> bool:
        """Posts a Stop button. True: it is new. An answer grows on also where none can be shown."""
        if self.id or self._unwanted:
            return False
        try:
            self.id = await self._post((self._delivery_context.stop,), Repeat.NEVER)
        except TeamsApiError as error:
            if error.gone:
                raise
            self._unwanted = error.status in REFUSED
        return bool(self.id)

    async def settle(self, buttons: Sequence[Button]) -> bool:
        """Shows the buttons of a complete answer, in place of Stop. True: in a new message. An answer without them is
        complete all the same.
        """
        if not buttons:
            await self.withdraw()
            return False
        try:
            if self.id and await self._replaced(buttons):
                return False
            self.id = await self._post(buttons, Repeat.ONCE)
        except TeamsApiError as error:
            if error.gone or error.status not in REFUSED:
                raise
        return bool(self.id)

    async def withdraw(self) -> None:
        id, self.id = self.id, ""
        if id:
            await taken_back(self._delivery_context, (id,))

    async def _replaced(self, buttons: Sequence[Button]) -> bool:
        delivery_context = self._delivery_context
        try:
            await delivery_context.connector.put(
                delivery_context.reference.where, self.id, self._card(buttons)
            )
        except TeamsApiError as error:
            if error.gone or error.status not in REFUSED:
                raise
            await self.withdraw()
            return False
        return True

    async def _post(self, buttons: Sequence[Button], repeat: Repeat) -> str:
        delivery_context = self._delivery_context
        activity = messages.addressed(self._card(buttons), delivery_context.reference)
        return await delivery_context.connector.post(delivery_context.reference.where, activity, repeat)

    def _card(self, buttons: Sequence[Button]) -> Activity:
        card = actions_card(buttons, self._delivery_context.reference)
        return messages.card_message(card, ", ".join(button.label for button in buttons))


async def taken_back(delivery_context: DeliveryContext, ids: Sequence[str]) -> None:
    """Deletes messages that are not wanted any more, as far as this place lets the bot."""
    for id in ids if not delivery_context.reference.copilot else ():
        try:
            await delivery_context.connector.delete(delivery_context.reference.where, id)
        except TeamsApiError as error:
            if error.gone or error.status not in REFUSED:
                raise
