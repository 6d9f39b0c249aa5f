"""An answer as Teams' native stream, for one-to-one chats.

Source: Microsoft Learn, Teams platform, "Stream bot messages": one request a second, every text begins with
the one before, two minutes in all; the label, the thumbs and the card may only be in the last message. Microsoft 365
Copilot shows a stream that begins with what is happening, and ends one that is silent for 45 seconds.
"""

from collections.abc import Sequence

from adapters.teams.outbound.connector import Repeat, TeamsApiError
from adapters.teams.outbound.controls import Controls
from adapters.teams.outbound.delivery import (
    WAITING,
    Delivery,
    DeliveryContext,
    FinalAnswer,
    SilentDelivery,
    conclude,
)
from adapters.teams.outbound.editing import EditingDelivery
from adapters.teams.outbound.posting import PostingDelivery
from adapters.teams.outbound.refusals import NOT_EDITED
from adapters.teams.outbound.rendering import messages, sizes
from adapters.teams.outbound.rendering.cards import actions_card
from adapters.teams.outbound.rendering.messages import Activity

PACE = 1.5  # seconds; Teams allows one request a second
HANDOVER = 100.0
"""Seconds until the stream is ended and the answer grows on by other means. Teams allows 120."""
ROOMY = int(sizes.LONGEST * 0.9)
ENDED = "already completed"
TOLD = 1000
"""Characters of an informative update."""


class StreamingDelivery:
    """One open stream. `resumed`: an earlier attempt has streamed other text, so this one can only end it."""

    appends, again = True, False

    def __init__(
        self, delivery_context: DeliveryContext, stream: str, *, resumed: bool = False, controls: str = ""
    ) -> None:
        self._delivery_context = delivery_context
        self._stream = stream
        self._opened = self._last = delivery_context.clock.now()
        self._sequence = 1
        self._resumed = resumed
        self._controls = Controls(delivery_context, controls)
        self._shown = ""
        self.pause = PACE

    @classmethod
    async def start(cls, delivery_context: DeliveryContext, status: str) -> "StreamingDelivery":
        opened = delivery_context.clock.now()
        stream = await delivery_context.connector.post(
            delivery_context.reference.where, _update(status, "informative", sequence=1)
        )
        # Saved at once: after a crash, the next attempt has to end this stream.
        await delivery_context.turn_handle.save({"ids": [stream], "stream": True})
        delivery = cls(delivery_context, stream)
        delivery._opened = opened
        return delivery

    async def grow(self, text: str, status: str) -> Delivery:
        if self._resumed:
            return self
        if self._delivery_context.clock.now() - self._opened >= HANDOVER or sizes.units(text) > ROOMY:
            return await self._handed_over(text)
        self._sequence += 1
        kind = "streaming" if text else "informative"
        update = _update(text or status, kind, stream=self._stream, sequence=self._sequence)
        self.pause = PACE
        self._shown = text
        try:
            await self._delivery_context.connector.post(
                self._delivery_context.reference.where, update, Repeat.NEVER
            )
        except TeamsApiError as error:
            return self._refused(error)
        finally:
            self._last = self._delivery_context.clock.now()
        return self

    async def finish(self, final: FinalAnswer) -> tuple[str, ...]:
        delivery_context, texts = self._delivery_context, final.texts()
        await delivery_context.clock.sleep(max(0.0, self._last + PACE - delivery_context.clock.now()))
        over: Delivery | None = None
        try:
            if texts[0].startswith(self._shown):
                await conclude(delivery_context, self._stream, self._last_activity(final, texts))
            else:  # what came later changed it, which a stream cannot show
                over = await self._hand_over(self._shown)
        except TeamsApiError as error:
            if not (error.says(ENDED) and len(texts) == 1 and not delivery_context.may_edit):
                over = self._refused(error)  # otherwise an earlier attempt has shown it
            if over is self:
                raise
        if over is None and len(texts) > 1:
            over = self._going_on((self._stream,), complete=1)
        if over is not None:
            return await over.finish(final)
        if delivery_context.extended and final.buttons and not self._controls.id:
            await self._controls.settle(final.buttons)
            saved = {"ids": [self._stream], "stream": True, "controls": self._controls.id}
            await delivery_context.turn_handle.save(saved)
        return (self._stream,)

    def _last_activity(self, final: FinalAnswer, texts: Sequence[str]) -> Activity:
        """The first of the parts; the only one has the buttons too, where a card may stand beside the text."""
        delivery_context, only = self._delivery_context, len(texts) == 1
        activity = final.activity(texts[0], delivery_context, last=only)
        if only and final.buttons and not delivery_context.extended:
            card = actions_card(final.buttons, delivery_context.reference)
            activity["attachments"] = [messages.attachment(card)]
        return activity

    async def _handed_over(self, text: str) -> Delivery:
        try:
            return await self._hand_over(text)
        except TeamsApiError as error:
            return self._refused(error)

    async def _hand_over(self, text: str) -> Delivery:
        """Ends the stream before Teams does. The same message then grows by edits; where there are none, it stays as it is,
        and the rest follows. Raises TeamsApiError.
        """
        delivery_context, shown = self._delivery_context, self._shown
        if delivery_context.may_edit:
            await conclude(
                delivery_context, self._stream, delivery_context.message(sizes.parts(text)[0] or WAITING)
            )
            return EditingDelivery(delivery_context, [self._stream])
        kept, stale = ((self._stream,), ()) if shown else ((), (self._stream,))
        posting = PostingDelivery(delivery_context, ids=kept, shown=shown, stale=stale)
        await posting.save(open=self._stream)  # before it is ended: what ended it is known then
        await conclude(delivery_context, self._stream, posting.beginning)
        return posting

    def _going_on(self, ids: Sequence[str], *, complete: int = 0) -> Delivery:
        """The delivery that goes on where `ids` hold parts of the answer. All but the `complete` are rewritten where that
        can be.
        """
        if self._delivery_context.may_edit:
            return EditingDelivery(
                self._delivery_context, [self._stream], self._controls.id, complete=complete
            )
        return PostingDelivery(self._delivery_context, ids=ids)

    def _refused(self, error: TeamsApiError) -> Delivery:
        """The delivery to go on with after a refusal."""
        if error.says("canceled by user"):
            self._delivery_context.turn_handle.stop.fire()
            return SilentDelivery((self._stream,))
        if error.gone:
            raise error
        if error.status == 429:
            self.pause = max(error.retry_after or 0.0, PACE * 2)
            return self
        if error.says(ENDED):  # by an earlier attempt, with all that fits
            return self._going_on((self._stream,))
        return self._going_on(()) if error.status in NOT_EDITED | {413} else self


def _update(text: str, kind: str, *, stream: str = "", sequence: int) -> Activity:
    words = (text or WAITING)[:TOLD] if kind == "informative" else text
    info = messages.stream_info(kind, stream=stream, sequence=sequence)
    return {"type": "typing", "text": words, "entities": [info]}
