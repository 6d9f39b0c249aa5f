"""Shows one turn in Teams: a growing answer, or one reply."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from adapters.teams.outbound.connector import TeamsApiError
from adapters.teams.outbound.delivery import Delivery, DeliveryContext, FinalAnswer
from adapters.teams.outbound.editing import EditingDelivery
from adapters.teams.outbound.rendering import messages
from adapters.teams.outbound.rendering.cards import ReplyForms, reply_forms
from adapters.teams.outbound.rendering.markdown import ShownMarkdown
from adapters.teams.outbound.streaming import StreamingDelivery
from bot.delivery.streaming import GrowingAnswer, follow
from bot.domain.errors import PlatformRefused
from bot.domain.replies import Reply
from bot.domain.stream_parts import Closing, Reason, ShownPart

log = logging.getLogger(__name__)

PULSE = 10.0
"""Seconds without new text after which the answer is sent again: Teams reports its Stop in the response."""
RELUCTANT = 120.0
"""Seconds without a stream in a chat that refused one. No stream lives longer."""
LONG = 4_000
"""Characters from which on rendering may take more than 20 ms, whatever they are."""

Made = TypeVar("Made")


async def _unhurried(characters: int, render: Callable[[], Made]) -> Made:
    """What `render` makes; beside the event loop where that may take long."""
    return render() if characters < LONG else await asyncio.to_thread(render)


@dataclass(slots=True)
class StreamRefusals:
    """The chats that refused a stream recently, and until when not to try again."""

    _refused: dict[str, float] = field(default_factory=dict)

    def possible(self, conversation: str, now: float) -> bool:
        return self._refused.get(conversation, 0.0) <= now

    def refuse(self, conversation: str, now: float) -> None:
        self._refused = {name: until for name, until in self._refused.items() if until > now}
        self._refused[conversation] = now + RELUCTANT


class TeamsSink:
    """Implements bot.ports.ReplySink. `turn_handle.ref` holds the ids of an earlier attempt's messages."""

    def __init__(self, *, delivery_context: DeliveryContext, streams: StreamRefusals) -> None:
        self._delivery_context = delivery_context
        self._streams = streams
        self._flow = ShownMarkdown(extended=delivery_context.extended)
        self._delivery: Delivery | None = None

    async def show(self, parts: AsyncGenerator[ShownPart, None]) -> tuple[str, ...]:
        try:
            answer = await follow(parts, self._draw, clock=self._delivery_context.clock, pulse=PULSE)
            delivery = self._delivery or await self._open("")
            final = await _unhurried(len(answer.text), lambda: self._final(answer))
            return await delivery.finish(final)
        except TeamsApiError as error:
            raise error.plainly() from error

    async def say(self, reply: Reply) -> str:
        try:
            characters = len(reply.text) + sum(len(section.text) for section in reply.sections)
            reference = self._delivery_context.reference
            return await self._say(await _unhurried(characters, lambda: reply_forms(reply, reference)), reply)
        except TeamsApiError as error:
            raise error.plainly() from error

    async def _draw(self, answer: GrowingAnswer) -> float:
        """While Teams refuses the bot, the answer is read on and stored, so that the model is not asked again."""
        try:
            return await self._drawn(answer)
        except (TeamsApiError, PlatformRefused) as error:
            plain = error.plainly() if isinstance(error, TeamsApiError) else error
            if not isinstance(plain, PlatformRefused):
                raise
            log.info("not drawn", extra={"turn": self._delivery_context.turn_handle.id, "code": plain.code})
            return PULSE

    async def _drawn(self, answer: GrowingAnswer) -> float:
        status = answer.status or ("Thinking…" if answer.thinking else "")
        if self._delivery is None:
            self._delivery = await self._open(status)
        else:
            render = self._flow.steady if self._delivery.appends else self._flow.grown
            text = answer.text
            shown = await _unhurried(len(text), lambda: render(text))
            self._delivery = await self._delivery.grow(shown, status)
        return self._delivery.pause

    def _final(self, answer: GrowingAnswer) -> FinalAnswer:
        closing = answer.closing or Closing(reason=Reason.BROKEN, footer="")
        body = self._flow.finished(answer.text)
        return FinalAnswer.of(body, closing, self._flow.sources)

    async def _open(self, status: str) -> Delivery:
        """Resumes an earlier attempt's delivery, or starts one. Only a first attempt may start a stream."""
        delivery_context, ref = self._delivery_context, self._delivery_context.turn_handle.ref
        if ref is not None:
            return self._reopened(ref)
        chat, now = delivery_context.reference.where.conversation, delivery_context.clock.now()
        may_stream = delivery_context.reference.personal and delivery_context.turn_handle.attempt == 1
        if may_stream and self._streams.possible(chat, now):
            try:
                return await StreamingDelivery.start(delivery_context, status)
            except TeamsApiError as error:
                if error.gone or error.status in {401, 429}:  # these say nothing about streams
                    raise
                self._streams.refuse(chat, now)
        return await EditingDelivery.start(delivery_context, status)

    def _reopened(self, ref: Mapping[str, Any]) -> Delivery:
        ids = [str(one) for one in ref["ids"]]
        if ref.get("stream"):
            return StreamingDelivery(self._delivery_context, ids[0], resumed=True)
        return EditingDelivery(self._delivery_context, ids)

    async def _say(self, said: ReplyForms, reply: Reply) -> str:
        """Posts the reply, or replaces what this turn or an earlier one has posted."""
        ref = self._delivery_context.turn_handle.ref
        known = str(ref["ids"][0]) if ref else reply.replaces
        if ref and ref.get("stream") and await self._concluded(known, said):
            return known
        if known and await self._replaced(known, said):
            return known
        message = await self._posted(said, private=reply.private)
        await self._delivery_context.turn_handle.save({"ids": [message]})
        return message

    async def _concluded(self, stream: str, said: ReplyForms) -> bool:
        """Ends a stream that an earlier attempt left open, with this reply."""
        try:
            await StreamingDelivery(self._delivery_context, stream, resumed=True).conclude(said.text)
        except TeamsApiError as error:
            if error.gone or error.status not in {400, 403, 404, 405}:
                raise
            return False
        return True

    async def _replaced(self, message: str, said: ReplyForms) -> bool:
        for activity in said.versions:
            try:
                await self._delivery_context.connector.put(
                    self._delivery_context.reference.where, message, activity
                )
            except TeamsApiError as error:
                if error.gone or error.status not in {400, 403, 404, 413}:
                    raise
            else:
                return True
        return False

    async def _posted(self, said: ReplyForms, *, private: bool) -> str:
        """Posts the reply; a private one to the asker only, or in their chat where Teams refuses that."""
        reference = (
            self._delivery_context.reference if not private else self._delivery_context.reference.for_one()
        )
        for activity in said.versions:
            try:
                return await self._delivery_context.connector.post(
                    reference.where, messages.addressed(activity, reference)
                )
            except TeamsApiError as error:
                refused = error
                if error.gone or error.status not in {400, 403, 404, 405, 413}:
                    raise
        if not reference.private:
            raise refused
        chat = await self._delivery_context.connector.chat_with(
            reference.where, reference.user, reference.tenant
        )
        return await self._delivery_context.connector.post(chat, said.text)
