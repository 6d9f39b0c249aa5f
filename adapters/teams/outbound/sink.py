"""Shows one turn in Teams: a growing answer, or one reply."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from adapters.teams.outbound.beside import PAUSE, beside, left_over, post_beside
from adapters.teams.outbound.connector import TeamsApiError
from adapters.teams.outbound.controls import CARD, taken_back
from adapters.teams.outbound.delivery import Delivery, DeliveryContext, FinalAnswer, conclude
from adapters.teams.outbound.earlier import rewritten
from adapters.teams.outbound.editing import EditingDelivery
from adapters.teams.outbound.posting import PostingDelivery
from adapters.teams.outbound.refusals import NOT_EDITED, Refusals
from adapters.teams.outbound.rendering import messages
from adapters.teams.outbound.rendering.blocks import BlockWriter
from adapters.teams.outbound.rendering.cards import ReplyForms, reply_forms
from adapters.teams.outbound.rendering.markdown import ShownMarkdown
from adapters.teams.outbound.rendering.sources import credited
from adapters.teams.outbound.streaming import StreamingDelivery
from bot.delivery.streaming import GrowingAnswer, follow
from bot.document.source_list import numbered
from bot.domain.errors import PlatformRefused
from bot.domain.replies import Reply, SignInOffer
from bot.domain.shown_answers import ShownAnswer
from bot.domain.stream_parts import Closing, Reason, ShownPart

log = logging.getLogger(__name__)

PULSE = 10.0
"""Seconds without new text after which the answer is sent again: Teams reports its Stop in the response."""
TO_ONE = "That is for you alone, and here everybody would read it. Write to me in a chat of your own."
"""What is said instead of a private reply where there are none."""
LONG = 4_000
"""Characters from which on rendering may take more than 20 ms, whatever they are."""

Made = TypeVar("Made")


async def _unhurried(characters: int, render: Callable[[], Made]) -> Made:
    """What `render` makes; beside the event loop where that may take long."""
    return render() if characters < LONG else await asyncio.to_thread(render)


class TeamsSink:
    """Implements bot.ports.ReplySink. `turn_handle.ref` holds the ids of an earlier attempt's messages."""

    def __init__(self, *, delivery_context: DeliveryContext, streams: Refusals) -> None:
        self._delivery_context = delivery_context
        self._streams = streams
        self._flow = ShownMarkdown(extended=delivery_context.extended)
        self._delivery: Delivery | None = None

    async def show(self, parts: AsyncGenerator[ShownPart, None]) -> tuple[str, ...]:
        earlier = dict(self._delivery_context.turn_handle.ref or {})  # what is beside the answer already
        try:
            answer = await follow(parts, self._draw, clock=self._delivery_context.clock, pulse=PULSE)
            delivery = self._delivery or await self._open("")
            final = await _unhurried(len(answer.text), lambda: self._final(answer, self._flow))
            ids = await delivery.finish(final)
            others = beside(answer.files, self._delivery_context)
            posted = await post_beside(self._delivery_context, others, earlier)
        except TeamsApiError as error:
            raise error.plainly() from error
        card = (self._delivery_context.turn_handle.ref or {}).get("controls")
        return (*ids, *posted, *([f"{CARD}{card}"] if card and final.buttons else []))

    async def say(self, reply: Reply) -> str:
        try:
            if self._delivery_context.reference.alone:
                self._delivery_context = await self._at_the_asker()
            if reply.private and reply.secret and self._delivery_context.reference.everybody_reads:
                reply = Reply(text=TO_ONE)
            characters = len(reply.text) + sum(len(section.text) for section in reply.sections)
            reference = self._delivery_context.reference
            return await self._say(await _unhurried(characters, lambda: reply_forms(reply, reference)), reply)
        except TeamsApiError as error:
            raise error.plainly() from error

    async def rewrite(self, answer: ShownAnswer) -> None:
        delivery_context = self._delivery_context
        # Files that could not be offered are words in the message, which nobody knows any more.
        in_words = any(not (file.key and delivery_context.consent) for file in answer.files)
        if not delivery_context.may_edit or in_words:
            return
        closing = replace(answer.closing, buttons=()) if answer.column else answer.closing
        grown = GrowingAnswer(text=answer.text, closing=closing)
        for source in answer.sources:
            grown.take(source)
        flow = ShownMarkdown(extended=delivery_context.extended)
        final = await _unhurried(len(answer.text), lambda: self._final(grown, flow))
        shown = [id for id in answer.messages if not id.startswith(CARD)]
        if len(final.texts()) > len(shown):
            return
        card = next((id.removeprefix(CARD) for id in answer.messages if id.startswith(CARD)), "")
        if answer.pressed and answer.pressed not in shown:
            card = answer.pressed  # it may have been posted anew since
        if not answer.pressed:  # one of several
            await delivery_context.clock.sleep(PAUSE)
        reference = delivery_context.reference
        reference = replace(reference, quoted=answer.question if reference.quoted else "")
        try:
            await rewritten(replace(delivery_context, reference=reference), shown, final, card)
        except TeamsApiError as error:
            raise error.plainly() from error

    async def _offer(self, sign_in: SignInOffer | None) -> None:
        """A message of its own: clients show nothing of it as long as they can sign their people in."""
        reference = self._delivery_context.reference
        if sign_in is None or not reference.personal or reference.copilot:
            return
        try:
            await self._delivery_context.connector.post(reference.where, messages.sign_in_message(sign_in))
        except TeamsApiError as error:
            if error.gone:
                raise
            log.warning("no sign-in without a browser", extra={"status": error.status, "code": error.code})

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
        answer.again = self._delivery.again
        return self._delivery.pause

    def _final(self, answer: GrowingAnswer, flow: ShownMarkdown) -> FinalAnswer:
        closing = answer.closing or Closing(reason=Reason.BROKEN, footer="")
        if self._delivery_context.turn_handle.column:
            closing = replace(
                closing, buttons=()
            )  # their cards would stand under all columns: the board has them
        body = flow.finished(answer.text)
        cited, others = credited(answer.sources, flow.sources, body)
        under = [BlockWriter().block(block) for block in numbered(others)]
        under.append(left_over(answer.files, self._delivery_context))
        return FinalAnswer.of(body, closing, cited, under)

    async def _open(self, status: str) -> Delivery:
        """Resumes an earlier attempt's delivery, or starts one. Only a first attempt may start a stream."""
        delivery_context, ref = self._delivery_context, self._delivery_context.turn_handle.ref
        if ref is not None:
            return self._reopened(ref)
        chat, now = delivery_context.reference.where.conversation, delivery_context.clock.now()
        first = delivery_context.turn_handle.attempt == 1
        may_stream = delivery_context.reference.personal and first and not delivery_context.turn_handle.column
        if may_stream and self._streams.possible(chat, now):
            try:
                return await StreamingDelivery.start(delivery_context, status)
            except TeamsApiError as error:
                if error.gone or error.status in {401, 429}:  # these say nothing about streams
                    raise
                self._streams.refuse(chat, now)
        if not delivery_context.may_edit:
            return PostingDelivery(delivery_context)
        try:
            return await EditingDelivery.start(delivery_context, status)
        except TeamsApiError as error:
            if not delivery_context.reference.private or error.gone or error.status not in NOT_EDITED:
                raise
        self._delivery_context = await self._at_the_asker()
        return PostingDelivery(self._delivery_context)

    async def _at_the_asker(self) -> DeliveryContext:
        """For an answer to one person where Teams lets nothing be shown to them alone: their own chat."""
        delivery_context, reference = self._delivery_context, self._delivery_context.reference
        chat = await delivery_context.connector.chat_with(reference.where, reference.user, reference.tenant)
        return replace(delivery_context, reference=reference.at(chat.conversation))

    def _reopened(self, ref: Mapping[str, Any]) -> Delivery:
        ids, controls = [str(one) for one in ref["ids"]], str(ref.get("controls", ""))
        if ref.get("stream"):
            return StreamingDelivery(self._delivery_context, ids[0], resumed=True, controls=controls)
        if ref.get("posted"):
            if chat := str(ref.get("chat", "")):
                reference = self._delivery_context.reference.at(chat)
                self._delivery_context = replace(self._delivery_context, reference=reference)
            return PostingDelivery.resumed(self._delivery_context, ref)
        return EditingDelivery(self._delivery_context, ids, controls)

    async def _say(self, said: ReplyForms, reply: Reply) -> str:
        """Posts the reply, or replaces what this turn or an earlier one has posted."""
        delivery_context = self._delivery_context
        ref = delivery_context.turn_handle.ref or {}
        known = str((ref.get("ids") or [reply.replaces])[0])
        stale = [*ref.get("ids", ()), *ref.get("stale", ()), *filter(None, [ref.get("controls")])]
        if ref.get("said") == said.digest:  # by an earlier attempt
            message = known
        else:
            message = await self._in_place(known, said) or await self._posted(said, private=reply.private)
            saved = {"ids": [message], "said": said.digest, "stale": stale}
            await delivery_context.turn_handle.save(saved)
        await taken_back(delivery_context, [str(id) for id in stale if id != message])
        await self._offer(reply.sign_in)
        return message

    async def _in_place(self, known: str, said: ReplyForms) -> str:
        """The message that shows the reply now in place of what it said before; "" where none can."""
        delivery_context = self._delivery_context
        ref = delivery_context.turn_handle.ref or {}
        if ref.get("stream") and await self._concluded(known, said):
            return known
        return known if known and delivery_context.may_edit and await self._replaced(known, said) else ""

    async def _concluded(self, stream: str, said: ReplyForms) -> bool:
        """Ends a stream that an earlier attempt left open, with this reply."""
        try:
            await conclude(self._delivery_context, stream, said.text)
        except TeamsApiError as error:
            if error.gone or error.status not in NOT_EDITED:
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
                if error.gone or error.status not in NOT_EDITED | {413}:
                    raise
                refused = error
            else:
                return True
        if refused.status in {405, 501}:
            self._delivery_context.edit_refused()
        return False

    async def _posted(self, said: ReplyForms, *, private: bool) -> str:
        """Posts the reply; a private one to the asker only, or in their chat where Teams refuses that."""
        connector, reference = self._delivery_context.connector, self._delivery_context.reference
        reference = reference.for_one() if private else reference
        for activity in said.versions:
            try:
                return await connector.post(reference.where, messages.addressed(activity, reference))
            except TeamsApiError as error:
                refused = error
                if error.gone or error.status not in NOT_EDITED | {413}:
                    raise
        if not reference.private:
            raise refused
        chat = await connector.chat_with(reference.where, reference.user, reference.tenant)
        return await connector.post(chat, said.text)
