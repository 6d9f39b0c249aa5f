"""An answer as a message that is edited while it grows: outside of one-to-one chats, and there too when no
stream is possible.

A post is not idempotent, edits are. So a short placeholder is posted, its id saved at once, and everything
else is an edit. If the post's answer is lost, a placeholder stays behind, but the answer itself is shown
once.
"""

from typing import Any

from adapters.teams.outbound.connector import Repeat, TeamsApiError
from adapters.teams.outbound.controls import Controls, taken_back
from adapters.teams.outbound.delivery import (
    WAITING,
    Delivery,
    DeliveryContext,
    FinalAnswer,
    in_a_known_form,
)
from adapters.teams.outbound.posting import PostingDelivery
from adapters.teams.outbound.refusals import NOT_EDITED
from adapters.teams.outbound.rendering import messages, sizes
from adapters.teams.outbound.rendering.messages import Activity
from bot.delivery.pacing import Pace

PACE = Pace(least=2.0, most=6.0)
GOING_ON = "…"
ADDING = 1.0
"""Seconds before a further message: each is two calls, and Teams takes eight in two seconds."""


class EditingDelivery:
    """Edits the messages in `ids`, and posts more when necessary. `controls`: the message with its buttons, if any;
    `complete`: how many messages hold their part of the whole answer already.
    """

    appends = again = False

    def __init__(
        self, delivery_context: DeliveryContext, ids: list[str], controls: str = "", *, complete: int = 0
    ) -> None:
        self._delivery_context = delivery_context
        self._ids = ids
        self._controls = Controls(delivery_context, controls)
        self._complete = complete
        self._last = ""
        self.pause = PACE.least * delivery_context.beside

    @classmethod
    async def start(cls, delivery_context: DeliveryContext, status: str) -> "EditingDelivery":
        delivery = cls(delivery_context, [])
        await delivery._add(status or WAITING)
        return delivery

    async def grow(self, text: str, status: str) -> Delivery:
        shown = sizes.parts(text or status or WAITING)[0]
        if shown == self._last:  # the first part is full: the others come with the final answer
            return self
        try:
            await self._put(0, self._delivery_context.message(shown), Repeat.NEVER)
        except TeamsApiError as error:
            return await self._excused(error)
        self._last = shown
        self.pause = PACE.pause(len(shown)) * self._delivery_context.beside
        if (
            self._delivery_context.beside == 1 and await self._controls.offer_stop()
        ):  # columns: their board has it
            await self._save()
        return self

    async def finish(self, final: FinalAnswer) -> tuple[str, ...]:
        delivery_context, texts = self._delivery_context, final.texts()
        if len(texts) > len(self._ids):
            await self._controls.withdraw()  # the buttons stand under the last message
        for number, text in list(enumerate(texts))[self._complete :]:
            if number == len(self._ids):
                await delivery_context.clock.sleep(ADDING)
                await self._add(GOING_ON)
            activity = final.activity(text, delivery_context, last=number + 1 == len(texts))
            try:
                await self._put(number, activity)
            except TeamsApiError as error:
                if not _for_good(error):
                    raise
                return await (await self._instead(number, final.said)).finish(final)
        await taken_back(delivery_context, self._ids[len(texts) :])
        if await self._controls.settle(final.buttons):
            await self._save()
        return tuple(self._ids[: len(texts)])

    async def _put(self, number: int, activity: Activity, repeat: Repeat = Repeat.FREELY) -> None:
        delivery_context = self._delivery_context
        quoted = delivery_context.reference.quoted if number == 0 else ""

        async def put(activity: Activity) -> None:
            where = delivery_context.reference.where
            async with delivery_context.turn():
                await delivery_context.connector.put(where, self._ids[number], activity, repeat)

        await in_a_known_form(put, messages.quoting(activity, quoted))

    async def _add(self, text: str) -> None:
        """Posts a placeholder at the end, and saves its id at once."""
        delivery_context = self._delivery_context
        where, activity = delivery_context.reference.where, delivery_context.message(text)
        if self._ids:
            activity = messages.addressed(activity, delivery_context.reference)
        else:
            activity = delivery_context.stoppable(activity)
        async with delivery_context.turn():
            message = await in_a_known_form(
                lambda made: delivery_context.connector.post(where, made), activity
            )
        self._ids.append(message)
        await self._save()

    async def _save(self) -> None:
        saved: dict[str, Any] = {"ids": list(self._ids)}
        if self._controls.id:
            saved["controls"] = self._controls.id
        await self._delivery_context.turn_handle.save(saved)

    async def _instead(self, number: int, whole: str = "") -> PostingDelivery:
        """What goes on where an edit was refused: what could be written stays, the rest is posted and taken away here."""
        self._delivery_context.edit_refused()
        posting = PostingDelivery(
            self._delivery_context,
            ids=self._ids[:number],
            stale=[*self._ids[number:], *([self._controls.id] if self._controls.id else [])],
        )
        await posting.save(whole)  # a later attempt has to know that these are not the whole answer
        return posting

    async def _excused(self, error: TeamsApiError) -> Delivery:
        """A failed edit of a growing answer is made up for by the next one, which has the whole text."""
        if _for_good(error):
            return await self._instead(0)
        if error.gone:
            raise error
        if error.status == 429:
            self.pause = max(error.retry_after or 0.0, self.pause * 2)
        return self


def _for_good(error: TeamsApiError) -> bool:
    return error.status in NOT_EDITED and not error.gone
