"""An answer as Teams' native stream, for one-to-one chats.

Source: Microsoft Learn, Teams platform, "Stream bot messages": one request a second, every text begins with
the one before, two minutes in all; the label, the thumbs and the card may only be in the last message.
"""

from adapters.teams.outbound.connector import Repeat, TeamsApiError
from adapters.teams.outbound.delivery import WAITING, Delivery, DeliveryContext, FinalAnswer, SilentDelivery
from adapters.teams.outbound.editing import EditingDelivery
from adapters.teams.outbound.rendering import messages, sizes
from adapters.teams.outbound.rendering.messages import Activity

PACE = 1.5  # seconds; Teams allows one request a second
HANDOVER = 100.0
"""Seconds until the stream is ended and the message grows by edits. Teams allows 120."""
ROOMY = int(sizes.LONGEST * 0.9)
TOLD = 1000
"""Characters of an informative update."""


class StreamingDelivery:
    """One open stream. `resumed`: an earlier attempt has streamed other text, so this one can only end it."""

    appends = True

    def __init__(self, delivery_context: DeliveryContext, stream: str, *, resumed: bool = False) -> None:
        self._delivery_context = delivery_context
        self._stream = stream
        self._opened = self._last = delivery_context.clock.now()
        self._sequence = 1
        self._resumed = resumed
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
            return await self._hand_over(text or status or WAITING)
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
        await self._delivery_context.clock.sleep(
            max(0.0, self._last + PACE - self._delivery_context.clock.now())
        )
        if not final.texts[0].startswith(
            self._shown
        ):  # what came later changed it, which only an edit can show
            return await (await self._hand_over(self._shown)).finish(final)
        try:
            await self.conclude(final.activity(0, self._delivery_context, card=True))
        except TeamsApiError as error:
            over = self._refused(error)
            if over is self:
                raise
            return await over.finish(final)
        if len(final.texts) > 1:
            return await EditingDelivery(self._delivery_context, [self._stream]).finish(final)
        return (self._stream,)

    async def conclude(self, activity: Activity) -> None:
        """Ends the stream with this message."""
        info = messages.stream_info("final", stream=self._stream)
        whole = {**activity, "entities": [info, *activity.get("entities", ())]}
        await self._delivery_context.connector.post(self._delivery_context.reference.where, whole)

    async def _hand_over(self, text: str) -> Delivery:
        """Ends the stream before Teams does; the same message then grows by edits."""
        activity = self._delivery_context.message(sizes.parts(text)[0])
        activity["entities"] = [messages.ai_label(self._delivery_context.reference)]
        try:
            await self.conclude(activity)
        except TeamsApiError as error:
            return self._refused(error)
        return EditingDelivery(self._delivery_context, [self._stream])

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
        if error.status in {400, 403, 404, 405, 413}:
            return EditingDelivery(self._delivery_context, [self._stream])
        return self


def _update(text: str, kind: str, *, stream: str = "", sequence: int) -> Activity:
    words = (text or WAITING)[:TOLD] if kind == "informative" else text
    info = messages.stream_info(kind, stream=stream, sequence=sequence)
    return {"type": "typing", "text": words, "entities": [info]}
