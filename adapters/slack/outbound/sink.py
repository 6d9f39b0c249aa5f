"""Shows one turn in one Slack thread: a growing answer, or one reply.

`turn_handle.ref` is {"ts": [...]}: the messages that hold the turn, in order. It is saved once, right after
the first message exists, and once more for each further message of a long answer. Where the turn is shown in a direct
message instead, because the thread is closed to the bot, it also has that "channel" and the "note" that says so.
"""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, TypeVar

from adapters.slack.outbound.detour import at_the_asker, to_the_asker
from adapters.slack.outbound.drawing import drawn_from
from adapters.slack.outbound.earlier import rewritten
from adapters.slack.outbound.message import AnswerMessage
from adapters.slack.outbound.rendering import layout
from adapters.slack.outbound.rendering.blocks import to_blocks
from adapters.slack.outbound.rendering.paging import Cut, pages
from adapters.slack.outbound.shapes import AcceptedShape
from adapters.slack.outbound.sink_context import SinkContext
from adapters.slack.outbound.uploads import attach
from adapters.slack.web_errors import shut_out
from bot.delivery.pacing import Pace
from bot.delivery.streaming import GrowingAnswer, follow
from bot.domain.errors import PlatformBusy, PlatformError, PlatformGone
from bot.domain.replies import Reply
from bot.domain.shown_answers import ShownAnswer
from bot.domain.shown_steps import ShownStep
from bot.domain.stream_parts import Closing, ShownPart, Source

log = logging.getLogger(__name__)

PACE = Pace()
BUSY = 2.0  # seconds until the next edit is tried
SOON = 0.3  # ... as long as there are no words to be seen
TOGETHER = 0.3  # seconds: an answer that is complete by then is one call of Slack
HOLD = 8.0  # seconds that a message may be held back for its first words
ROOMY = 6_000  # bytes of a page under which the sources have room

Written = TypeVar("Written")


class ThreadSink:
    """A `bot.ports.ReplySink` for messages in a thread or direct message."""

    def __init__(self, *, sink_context: SinkContext) -> None:
        saved = sink_context.turn_handle.ref or {}
        if saved.get("channel"):
            sink_context = at_the_asker(sink_context, saved["channel"], saved["note"])
        self._desk = sink_context
        self._pages = [
            AnswerMessage(sink_context=sink_context, number=number, ts=ts)
            for number, ts in enumerate(saved.get("ts") or ())
        ]
        self._cuts: list[Cut] = []
        self._count = 1  # messages of the whole answer
        self._held = 0.0  # since when there might be a message without words

    async def show(self, parts: AsyncGenerator[ShownPart, None]) -> tuple[str, ...]:
        async with self._session():
            if self._in_doubt:  # so that no model is paid for what nobody can be shown
                await self._somewhere(self._begin)
            clock = self._desk.web_api.clock
            answer = await follow(parts, self._grow, clock=clock, together=TOGETHER)
            ending = await self._somewhere(lambda: self._end(answer))
        await self._drop(self._count)
        await attach(self._desk, self._pages[-1], answer, ending)
        return tuple(page.ts for page in self._pages)

    async def say(self, reply: Reply) -> str:
        async with self._session():
            said = await self._somewhere(lambda: self._say(reply))
        if self._pages:
            await self._drop(1)
        return said

    async def rewrite(self, answer: ShownAnswer) -> None:
        *full, rest = pages(answer.text, [])
        if answer.sources and len(rest.encode()) > ROOMY:
            full, rest = [*full, rest], ""
        if (
            len(answer.messages) != len(full) + 1
        ):  # it was shown in another way: beside a note, or in fewer pages
            return
        for ts, text in zip(answer.messages, full, strict=False):
            await rewritten(self._desk, ts, await drawn_from(len(text), layout.finished, text))
        last = await drawn_from(len(rest), layout.finished, rest, answer.closing, sources=answer.sources)
        await rewritten(self._desk, answer.messages[-1], last)

    @asynccontextmanager
    async def _session(self) -> AsyncGenerator[None, None]:
        """Shows the agent's session as idle at every end but that of an attempt which is to be repeated."""
        try:
            yield
        except PlatformGone:
            await self._desk.session.end()
            raise
        await self._desk.session.end()

    @property
    def _in_doubt(self) -> bool:
        """Whether Slack may not let the bot write here: a shortcut works everywhere, also where the bot is not."""
        reference = self._desk.reference
        doubtful = bool(reference.response_url) or reference.channel in self._desk.closed_places
        return doubtful and not self._pages

    async def _somewhere(self, write: Callable[[], Awaitable[Written]]) -> Written:
        """Writes it here, or to the person who asked where this place is closed. Raises PlatformGone when both are."""
        try:
            return await write()
        except PlatformError as closed:
            if not (shut_out(closed) and self._desk.detour):
                raise
            self._desk, ts = await to_the_asker(self._desk, closed)
        self._pages, self._cuts = [], []
        await self._keep(AnswerMessage(sink_context=self._desk, number=0, ts=ts))
        try:
            return await write()
        except PlatformError as closed:
            if shut_out(closed):
                await to_the_asker(self._desk, closed)  # there is no other way: it says so
            raise

    async def _say(self, reply: Reply) -> str:
        if self._desk.note:
            reply = replace(reply, text=f"{self._desk.note}{reply.text}", replaces="")
        content = await drawn_from(layout.length(reply), layout.reply, reply)
        if reply.private and not self._desk.reference.direct:
            return await self._whisper(content)
        if reply.replaces:
            page = AnswerMessage(sink_context=self._desk, number=0, ts=reply.replaces)
            await page.edit(content)
            return page.ts
        await self._write(0, content)
        return self._pages[0].ts

    async def _grow(self, answer: GrowingAnswer) -> float:
        """While Slack is busy, the answer is read on and stored, so that the model is not asked again."""
        try:
            return await self._somewhere(lambda: self._draw(answer))
        except PlatformBusy as busy:
            log.info("not drawn", extra={"turn": self._desk.turn_handle.id, "code": busy.code})
            return min(busy.retry_after or BUSY, 5 * BUSY)

    async def _draw(self, answer: GrowingAnswer) -> float:
        """Writes full pages as final, and the last one as far as it has grown."""
        *full, rest = pages(self._desk.note + answer.text, self._cuts)
        await self._finish(full)
        if len(self._pages) > len(full):
            page = self._pages[len(full)]
            await page.grow(rest, answer.status, answer.steps)
        else:
            page = await self._open(len(full), rest, answer.status, answer.steps, wait=self._may_wait())
        answer.again = not page.ts or (bool(rest) and not page.worded)
        return PACE.pause(len(rest)) * self._beside if page.worded else SOON * self._beside

    @property
    def _beside(self) -> int:
        """The messages that grow at once and share the channel's calls."""
        column = self._desk.turn_handle.column
        return column.of if column else 1

    def _may_wait(self) -> bool:
        """Whether the message may be held back for its first words, where edits are scarce."""
        now = self._desk.web_api.clock.now()
        self._held = self._held or now
        return now - self._held < HOLD

    async def _begin(self) -> None:
        if not self._pages:
            await self._open(0, "", "")

    async def _open(
        self, number: int, text: str, status: str, steps: Sequence[ShownStep] = (), *, wait: bool = False
    ) -> AnswerMessage:
        page = AnswerMessage(sink_context=self._desk, number=number)
        await page.open(text, status, self._known, steps, wait=wait)
        if page.ts:
            await self._keep(page)
        return page

    async def _end(self, answer: GrowingAnswer) -> dict[str, Any]:
        """Writes the whole answer with its closing; returns the last page."""
        *full, rest = pages(self._desk.note + answer.text, self._cuts)
        if answer.sources and len(rest.encode()) > ROOMY:
            full, rest = [*full, rest], ""
        await self._finish(full)
        ending = await self._finished(len(full), rest, answer.closing, answer.sources)
        await self._write(len(full), ending)
        self._count = len(full) + 1
        return ending

    async def _finish(self, full: Sequence[str]) -> None:
        for number, text in enumerate(full):
            if number >= len(self._pages) or not self._pages[number].done:
                await self._write(number, await self._finished(number, text), session="processing")

    async def _finished(
        self, number: int, text: str, closing: Closing | None = None, sources: Sequence[Source] = ()
    ) -> dict[str, Any]:
        """That page as a whole, going on from what was drawn of it."""
        shown = self._pages[number].page.finished if number < len(self._pages) else to_blocks
        carded = closing is not None and any(page.cards.tools for page in self._pages)
        return await drawn_from(len(text), layout.finished, text, closing, shown, sources, carded=carded)

    async def _write(self, number: int, content: dict[str, Any], *, session: str = "active") -> None:
        """Writes one final page."""
        if number < len(self._pages):
            before = self._known
            await self._pages[number].finish(content, self._known, session=session)
            if self._known != before:
                await self._save()
            return
        page = AnswerMessage(sink_context=self._desk, number=number)
        await page.finish(content, self._known, session=session)
        await self._keep(page)

    async def _drop(self, count: int) -> None:
        """Deletes the messages of an earlier attempt that this one does not need."""
        if not self._desk.reconciliation.doubtful:
            return
        while len(self._pages) > count:
            await self._pages.pop().remove()
        while extra := await self._desk.reconciliation.find(count, self._known, marked=True):
            await AnswerMessage(sink_context=self._desk, number=count, ts=extra).remove()
            count += 1

    async def _whisper(self, content: dict[str, Any]) -> str:
        """Posts for the asker only. Slack gives such a message no id, so it cannot be found again."""
        reference = self._desk.reference

        async def call(shaped: dict[str, Any]) -> object:
            return await self._desk.web_api.must(
                "chat.postEphemeral",
                channel=reference.channel,
                user=reference.user,
                thread_ts=reference.thread or None,
                **shaped,
            )

        await AcceptedShape().send(call, content)
        return ""

    @property
    def _known(self) -> list[str]:
        return [page.ts for page in self._pages]

    async def _keep(self, page: AnswerMessage) -> None:
        self._pages.append(page)
        await self._save()

    async def _save(self) -> None:
        if self._desk.note:
            there = {"channel": self._desk.reference.channel, "note": self._desk.note}
            await self._desk.turn_handle.save({"ts": self._known, **there})
            return
        self._desk.closed_places.open_again(self._desk.reference.channel)
        await self._desk.turn_handle.save({"ts": self._known})
