"""An answer as a message that is edited while it grows: outside of one-to-one chats, and there too when no
stream is possible.

A post is not idempotent, edits are. So a short placeholder is posted, its id saved at once, and everything
else is an edit. If the post's answer is lost, a placeholder stays behind, but the answer itself is shown
once.
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
    """Edits the messages in `ids`, and posts more when necessary."""

    appends = False

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
        if shown == self._last:  # the first part is full: the others come with the final answer
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
        """Writes one final part. A message that can no longer be edited is replaced by a new one."""
        delivery_context, activity = self._delivery_context, final.activity(number, self._delivery_context)
        try:
            await delivery_context.connector.put(
                delivery_context.reference.where, self._ids[number], activity
            )
        except TeamsApiError as error:
            if error.gone or error.status not in {400, 403, 404}:
                raise
            if error.status == 400:  # the content was refused: the plainest form is left
                activity.pop("suggestedActions", None)
                activity["textFormat"] = "markdown"
            else:
                await self._add(GOING_ON, number)
            await delivery_context.connector.put(
                delivery_context.reference.where, self._ids[number], activity
            )

    async def _add(self, text: str, number: int | None = None) -> None:
        """Posts a placeholder at the end, or in place of a deleted message, and saves its id at once."""
        delivery_context = self._delivery_context
        placeholder = messages.addressed(
            self._stoppable(messages.text_message(text)), delivery_context.reference
        )
        try:
            message = await delivery_context.connector.post(delivery_context.reference.where, placeholder)
        except TeamsApiError as error:
            if error.status != 400 or not self._offers_stop:
                raise
            self._offers_stop = False  # the Stop button may be what was refused
            return await self._add(text, number)
        if number is None:
            self._ids.append(message)
        else:
            self._ids[number] = message
        return await delivery_context.turn_handle.save({"ids": list(self._ids)})

    def _stoppable(self, activity: Activity) -> Activity:
        """An unfinished message, with a Stop button where Teams allows one."""
        if self._offers_stop:
            stop = Button(action=Action.STOP, label="Stop", value=self._delivery_context.turn_handle.id)
            activity["suggestedActions"] = messages.suggested((stop,), self._delivery_context.reference)
        return activity

    async def _excuse(self, error: TeamsApiError) -> None:
        """Ignores a failed edit of a growing answer, because the next one has the whole text."""
        if error.gone:
            raise error
        if error.status == 429:
            self.pause = max(error.retry_after or 0.0, self.pause * 2)
        elif error.status == 400:
            self._offers_stop = False
        elif error.status in {403, 404}:
            await self._add(WAITING, 0)
