"""An answer where nothing that was posted can be changed: in Microsoft 365 Copilot, and where Teams refuses edits.

It is posted when it is complete. What an earlier attempt or a stream has shown of it is not said again. Source: Microsoft
Learn, "Known issues in Microsoft 365 Copilot extensibility" (follow-up messages instead of edits, the time in which
something is to be seen).
"""

import hashlib
from collections.abc import Mapping, Sequence
from os.path import commonprefix
from typing import Any

from adapters.teams.outbound.connector import TeamsApiError
from adapters.teams.outbound.controls import Controls, taken_back
from adapters.teams.outbound.delivery import (
    Delivery,
    DeliveryContext,
    FinalAnswer,
    conclude,
    in_a_known_form,
)
from adapters.teams.outbound.refusals import NOT_EDITED
from adapters.teams.outbound.rendering import messages, sizes
from adapters.teams.outbound.rendering.messages import Activity

SOON = 10.0
"""Seconds after which somebody who sees nothing is told that the answer comes. Copilot waits 15."""
FOLLOWS = "The answer follows in a message of its own."


class PostingDelivery:
    """Posts what is still to be shown. `ids` are the messages that show the beginning: the text `shown`, if that is given,
    and after it whole parts. `stale` ones are taken away in the end.
    """

    appends = True

    def __init__(
        self,
        delivery_context: DeliveryContext,
        *,
        ids: Sequence[str] = (),
        shown: str = "",
        stale: Sequence[str] = (),
    ) -> None:
        self._delivery_context = delivery_context
        self._ids = list(ids)
        self._shown = shown
        self._stale = list(stale)
        self._controls = Controls(delivery_context)
        self._saved: Mapping[str, Any] = {}
        self._until = delivery_context.clock.now() + SOON
        self.again = not (ids or stale)

    @classmethod
    def resumed(cls, delivery_context: DeliveryContext, saved: Mapping[str, Any]) -> "PostingDelivery":
        """Goes on from what an earlier attempt saved."""
        delivery = cls(delivery_context, ids=saved["ids"], stale=saved["stale"])
        delivery._saved = saved
        return delivery

    @property
    def pause(self) -> float:
        return max(self._until - self._delivery_context.clock.now(), 1.0)

    async def grow(self, text: str, status: str) -> Delivery:
        if self.again and self._delivery_context.clock.now() >= self._until:
            self.again = False
            doing = f"{status.rstrip('.… ')}… " if status else ""
            await self._tell(messages.text_message(f"{doing}{FOLLOWS}"))
        return self

    async def _tell(self, told: Activity) -> None:
        """An answer goes on also where this cannot be said."""
        try:
            self._stale.append(await self._post(self._delivery_context.stoppable(told)))
        except TeamsApiError as error:
            if error.gone:
                raise

    async def finish(self, final: FinalAnswer) -> tuple[str, ...]:
        delivery_context = self._delivery_context
        await self._recall(final)
        texts = final.texts(self._shown)
        for number in range(len(self._ids) - bool(self._shown), len(texts)):
            activity = final.activity(texts[number], delivery_context, last=number + 1 == len(texts))
            quoted = "" if self._ids else delivery_context.reference.quoted
            activity = messages.addressed(messages.quoting(activity, quoted), delivery_context.reference)
            self._ids.append(await self._post(activity))
            await self.save(final.said)
        await taken_back(delivery_context, self._stale)
        if not self._controls.id and await self._controls.settle(final.buttons):
            await self.save(final.said)
        return tuple(self._ids)

    @property
    def beginning(self) -> Activity:
        """The message with what is shown, where a stream has shown it and is to be ended. The thumbs come with the rest."""
        if not self._shown:
            return messages.text_message(FOLLOWS)
        activity = self._delivery_context.message(sizes.divided(self._shown, len(self._shown))[0])
        del activity["channelData"]
        return activity

    async def save(self, whole: str = "", *, open: str = "") -> None:
        """Saves what is shown: of an answer that is known `whole`, or of one that still grows. `open`: the stream that shows
        it, and is about to be ended.
        """
        await self._delivery_context.turn_handle.save(
            {
                "ids": list(self._ids),
                "stale": list(self._stale),
                "controls": self._controls.id,
                "posted": True,
                "chat": self._delivery_context.reference.moved_to,
                "open": open,
                "shown": len(self._shown),
                "begins": _digest(self._shown),
                "whole": _digest(whole),
            }
        )

    async def _recall(self, final: FinalAnswer) -> None:
        """Drops what does not belong to this answer: a model that is asked again may answer in other words."""
        saved, said = self._saved, final.said
        if not saved:
            if not said.startswith(self._shown):  # something was put right that had been shown already
                alike = commonprefix([said, self._shown])  # noqa: RUF071 - character by character is what is wanted
                self._shown = alike[: alike.rfind("\n\n") + 1]
                self._ids = self._ids if self._shown else []
            return
        beginning = said[: int(saved["shown"])]
        if saved["whole"] in (_digest(said), _digest("")) and _digest(beginning) == saved["begins"]:
            self._shown, self._controls.id = beginning, str(saved["controls"])
        else:
            self._ids = []
        if saved["open"]:
            await self._ended(str(saved["open"]))

    async def _ended(self, stream: str) -> None:
        """Ends a stream that a killed attempt may have left open."""
        try:
            await conclude(self._delivery_context, stream, self.beginning)
        except TeamsApiError as error:
            if error.gone or error.status not in NOT_EDITED:
                raise

    async def _post(self, activity: Activity) -> str:
        where = self._delivery_context.reference.where
        connector = self._delivery_context.connector
        async with self._delivery_context.turn():
            return await in_a_known_form(lambda made: connector.post(where, made), activity)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:16]
