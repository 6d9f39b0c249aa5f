"""An answer as a message that is edited while it grows: everywhere but in one-to-one chats, and there too when a
stream cannot be had.

A post is not idempotent and edits are: so a short placeholder is posted, its id kept at once, and everything else
is an edit. Should the post's answer get lost, a placeholder stays behind and the answer is still told once.
"""

from adapters.teams.outbound.connector import Repeat, TeamsApiError
from adapters.teams.outbound.delivery import WAITING, Delivery, DeliveryContext, FinalAnswer
from adapters.teams.outbound.rendering import messages, sizes
from adapters.teams.outbound.rendering.messages import Activity
from bot.delivery.pacing import Pace
from bot.domain.replies import Action, Button

PACE = Pace(least=2.0, most=6.0)
GOING_ON = "…"


class EditingDelivery:
    """Edits the messages in `ids`, posting further ones as needed."""

    def __init__(self, delivery_context: DeliveryContext, ids: list[str]) -> None:
        self._delivery_context = delivery_context
        self._ids = ids
        self._last = ""
        self._offers_stop = True
        self.pause = PACE.least

    @classmethod
    async def start(cls, delivery_context: DeliveryContext, status: str) -> "EditingDelivery":
        delivery = cls(delivery_context, [])
        await delivery._add(status or WAITING)
        return delivery

    async def grow(self, text: str, status: str) -> Delivery:
        delivery_context, shown = self._delivery_context, sizes.parts(text or status or WAITING)[0]
        if shown == self._last:
            return self
        try:
            await delivery_context.connector.put(
                delivery_context.reference.where,
                self._ids[0],
                self._stoppable(delivery_context.message(shown)),
                Repeat.NEVER,
            )
        except TeamsApiError as error:
            await self._excuse(error)
        else:
            self._last = shown
            self.pause = PACE.pause(len(shown))
        return self

    async def finish(self, final: FinalAnswer) -> tuple[str, ...]:
        for number in range(len(final.texts)):
            if number == len(self._ids):
                await self._add(GOING_ON)
            await self._write(number, final)
        for extra in self._ids[len(final.texts) :]:
            await self._delivery_context.connector.delete(self._delivery_context.reference.where, extra)
        return tuple(self._ids[: len(final.texts)])

    async def _write(self, number: int, final: FinalAnswer) -> None:
        """One part, for good. Where its message cannot be edited any more, another one takes its place."""
        delivery_context, activity = self._delivery_context, final.activity(number, self._delivery_context)
        try:
            await delivery_context.connector.put(
                delivery_context.reference.where, self._ids[number], activity
            )
        except TeamsApiError as error:
            if error.gone or error.status not in {400, 403, 404}:
                raise
            if error.status == 400:
                activity.pop("suggestedActions", None)
                activity["textFormat"] = "markdown"
            else:
                await self._add(GOING_ON, number)
            await delivery_context.connector.put(
                delivery_context.reference.where, self._ids[number], activity
            )

    async def _add(self, text: str, number: int | None = None) -> None:
        """Posts a placeholder at the end, or instead of a message that is gone, and keeps its id at once."""
        delivery_context = self._delivery_context
        placeholder = messages.addressed(
            self._stoppable(messages.text_message(text)), delivery_context.reference
        )
        try:
            message = await delivery_context.connector.post(delivery_context.reference.where, placeholder)
        except TeamsApiError as error:
            if error.status != 400 or not self._offers_stop:
                raise
            self._offers_stop = False
            return await self._add(text, number)
        if number is None:
            self._ids.append(message)
        else:
            self._ids[number] = message
        return await delivery_context.turn_handle.save({"ids": list(self._ids)})

    def _stoppable(self, activity: Activity) -> Activity:
        """A message that is not finished, with a Stop where the platform has buttons for it."""
        if self._offers_stop:
            stop = Button(action=Action.STOP, label="Stop", value=self._delivery_context.turn_handle.id)
            activity["suggestedActions"] = messages.suggested((stop,), self._delivery_context.reference)
        return activity

    async def _excuse(self, error: TeamsApiError) -> None:
        """An edit that failed while the answer grows: the next one makes up for it, if there can be one."""
        if error.gone:
            raise error
        if error.status == 429:
            self.pause = max(error.retry_after or 0.0, self.pause * 2)
        elif error.status == 400:
            self._offers_stop = False
        elif error.status in {403, 404}:
            await self._add(WAITING, 0)
