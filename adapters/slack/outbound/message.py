"""One message of an answer, from its creation to its last edit.

How an answer is never posted twice. A message is either posted with a deterministic client_msg_id and metadata, or
streamed natively, which has neither. Both are searched in the thread before they are created again. A growing message is
only a preview: whatever happens to it (a rate limit, a lost call, Slack ending the stream, a crash), the last edit writes
the whole page as blocks with its metadata, and may be repeated. So no text is lost or doubled, and a refusal of the native
stream costs smoothness, never text.

Neither chat.update nor the streaming methods document unfurl flags. Edits send them all the same, and a native preview
holds no URL that could be fetched.
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from adapters.slack.outbound.drawing import drawn_from
from adapters.slack.outbound.reconciliation import turn_metadata
from adapters.slack.outbound.rendering import layout
from adapters.slack.outbound.rendering.page import GrowingPage
from adapters.slack.outbound.shapes import AcceptedShape
from adapters.slack.outbound.sink_context import SinkContext
from adapters.slack.outbound.task_cards import TaskCards
from adapters.slack.web_api import TRIES, WebApi
from adapters.slack.web_errors import NoAnswer
from bot.domain.errors import PlatformBusy, PlatformError, PlatformGone, PlatformRefused
from bot.domain.shown_steps import ShownStep

SPACE = uuid.UUID("6f1b3f5e-0d3a-5c7b-9a35-6d3f0c2f5b11")
STREAM_BYTES = 10_000  # of a preview; Slack ends streams at about 11,000 bytes or 12,000 characters
STREAM_SECONDS = 240.0  # Slack ends them at about 300
Steps = Sequence[ShownStep]


class AnswerMessage:
    """Message number `number` of a turn. `ts` is "" until it exists."""

    def __init__(self, *, sink_context: SinkContext, number: int, ts: str = "") -> None:
        self.sink_context = sink_context
        self.number = number
        self.ts = ts
        self.worded = bool(ts)  # it may show words: an earlier attempt's, or a note
        self.done = False  # this attempt has sent the last edit
        self.page = GrowingPage()
        self._shape = AcceptedShape()
        self._streaming = self._stream_open = False  # open: for Slack, it may still be
        self._sent = self._drawn = ""
        self._began = 0.0
        self.cards = TaskCards()

    async def find(self, known: Sequence[str]) -> None:
        """Sets `ts` if an earlier attempt has created the message."""
        if not self.ts and self.sink_context.reconciliation.doubtful:
            self.ts = await self.sink_context.reconciliation.find(self.number, known)

    async def open(
        self, text: str, status: str, known: Sequence[str], steps: Steps = (), *, wait: bool = False
    ) -> None:
        """Creates the message while its text still grows. Afterwards `ts` is set, unless it may `wait` for its first words
        and should: where edits are scarce, a message that begins with them needs none to show them.
        """
        if self.number:
            self.cards.elsewhere(steps)
        await self.find(known)
        if self.ts or await self._start(text, status, known, steps, wait=wait and not text):
            return
        if not text and wait and not self._web_api.promises("chat.update"):
            return
        await self.post(await self._growing(text, status), known)
        self._shown(text, "chat.update")

    async def finish(self, content: dict[str, Any], known: Sequence[str], *, session: str = "active") -> None:
        """Writes the final page, creating the message if needed. Raises PlatformBusy when Slack is busy."""
        self._shown("all of it")
        await self.find(known)
        if self.ts:
            await self._stop_stream(session)
            await self.edit(content)
        else:
            await self.post(content, known)
        self.done = True

    async def grow(self, text: str, status: str, steps: Steps = ()) -> None:
        """Shows more of it, if the rate limits allow that now."""
        first = bool(text) and not self.worded
        if self._streaming and self._web_api.spares("chat.appendStream", first=first):
            await self._append(text, steps)
        if self._streaming or text + status == self._drawn:
            return
        if self._web_api.spares("chat.update", first=first):
            await self._stop_stream("processing")
            await self._preview_by_edit(text, status)

    @property
    def _web_api(self) -> WebApi:
        return self.sink_context.web_api

    def _shown(self, text: str, later: str = "") -> None:
        """So much text is shown. Without any, the message is owed a call of `later` for its first words."""
        self.worded = self.worded or bool(text)
        if self.worded:
            self._web_api.settle(self)
        elif later:
            self._web_api.owe(later, self)

    async def edit(self, content: dict[str, Any]) -> None:
        """Replaces the whole content. A message that somebody deleted is created again."""
        try:
            await self._update(content)
        except PlatformError as error:
            match error.code:
                case "streaming_state_conflict":
                    self._stream_open = True
                    await self._stop_stream("active", needed=True)
                    await self._update_stopped(content)
                case "message_not_found":
                    await self.post(content, (), again=True)
                case "cant_update_message" | "edit_window_closed":
                    await self.remove()
                    await self.post(content, (), again=True)
                case _:
                    raise

    async def post(self, content: dict[str, Any], known: Sequence[str], *, again: bool = False) -> None:
        """Posts it exactly once, even when Slack's answers are lost."""
        reference, turn_handle = self.sink_context.reference, self.sink_context.turn_handle
        key = uuid.uuid5(SPACE, f"{turn_handle.id}:{self.number}{':again' if again else ''}")

        async def call(shaped: dict[str, Any]) -> Mapping[str, Any]:
            return await self._web_api.must(
                "chat.postMessage",
                channel=reference.channel,
                thread_ts=reference.thread or None,
                client_msg_id=str(key),
                metadata=turn_metadata(turn_handle, self.number),
                **layout.QUIET,
                **self.sink_context.marked(shaped),
            )

        for _ in range(TRIES):
            try:
                answer = await self._shape.send(call, content)
            except PlatformError as error:
                if not isinstance(error, NoAnswer) and not error.code.startswith("duplicate"):
                    raise
                # It may have been posted all the same: the thread tells.
                self.sink_context.reconciliation.doubt()
                self.ts = await self.sink_context.reconciliation.find(self.number, known)
            else:
                self.ts = str(answer["ts"])
            if self.ts:
                return
        raise PlatformBusy("nobody knows whether the message was posted", code="lost")

    async def remove(self) -> None:
        """Deletes a message that a shorter answer no longer needs."""
        await self._stop_stream("processing")
        try:
            await self._web_api.must("chat.delete", channel=self.sink_context.reference.channel, ts=self.ts)
        except PlatformError as error:
            if error.code != "message_not_found":
                raise

    async def _update_stopped(self, content: dict[str, Any]) -> None:
        try:
            await self._update(content)
        except PlatformError as error:
            if error.code != "streaming_state_conflict":
                raise
            # Slack ends every stream after some minutes. The turn is retried then.
            raise PlatformBusy(
                "a stream that cannot be stopped", code=error.code, retry_after=60.0
            ) from error

    async def _update(self, content: dict[str, Any]) -> None:
        must = self._web_api.must
        await self._shape.send(lambda shaped: must("chat.update", **self._edited(shaped)), content)

    async def _growing(self, text: str, status: str) -> dict[str, Any]:
        stop = self.sink_context.stop
        return await drawn_from(len(text), layout.growing, text, status, stop, self.page.grown)

    def _edited(self, content: dict[str, Any]) -> dict[str, Any]:
        metadata = turn_metadata(self.sink_context.turn_handle, self.number)
        return {
            "channel": self.sink_context.reference.channel,
            "ts": self.ts,
            "metadata": metadata,
            **layout.QUIET,
            **self.sink_context.marked(content),
        }

    async def _preview_by_edit(self, text: str, status: str) -> None:
        try:
            content = self._shape.of(await self._growing(text, status))
            first = bool(text) and not self.worded
            if await self._web_api.may("chat.update", first=first, **self._edited(content)) is not None:
                self._shown(text)
                self._drawn = text + status
        except PlatformGone:
            raise
        except PlatformError as error:
            # Nothing is lost: the next edit has the whole text. An earlier attempt's stream may be open.
            self._stream_open |= error.code == "streaming_state_conflict"
            self._shape.refused(error)

    async def _start(self, text: str, status: str, known: Sequence[str], steps: Steps, *, wait: bool) -> bool:
        """Starts a stream, with `wait` only if a call can be spared for the first words. False: post the message instead,
        unless `ts` shows that the stream exists.
        """
        reference = self.sink_context.reference
        if self.sink_context.note or (wait and not self._web_api.promises("chat.appendStream")):
            return False
        if not await self.sink_context.session.begin():
            return False
        where: dict[str, Any] = (
            {}
            if reference.direct
            else {"recipient_team_id": reference.user_team, "recipient_user_id": reference.user}
        )
        self._sent = await drawn_from(len(text), self.page.preview, text)
        cards = self.cards.first(status, steps, words=bool(self._sent))
        try:
            answer = await self._web_api.may(
                "chat.startStream",
                channel=reference.channel,
                thread_ts=reference.thread,
                chunks=cards + _said(self._sent),
                **where,
            )
        except NoAnswer:
            self.sink_context.reconciliation.doubt()
            self.ts = await self.sink_context.reconciliation.find(self.number, known)
            self._stream_open = bool(self.ts)
            return bool(self.ts)
        except PlatformRefused:
            raise  # it says nothing about streams
        except PlatformError as error:
            self.sink_context.session.refuse(error)
            return False
        if answer is None:
            return False
        self.ts, self._began = str(answer["ts"]), self._web_api.clock.now()
        self._streaming = self._stream_open = True
        self.cards.told(cards)
        self._shown(self._sent, "chat.appendStream")
        return True

    async def _append(self, text: str, steps: Steps) -> None:
        """Appends the new text that is final. Ends streaming at the first irregularity."""
        shown = await drawn_from(len(text), self.page.preview, text)
        size = len(shown.encode()) + self.cards.characters
        if self._web_api.clock.now() - self._began > STREAM_SECONDS or size > STREAM_BYTES:
            self._streaming = False
            return
        if not shown.startswith(self._sent):  # a stream can only be appended to; an edit can replace
            self._streaming = False
            return
        more, cards = shown[len(self._sent) :], self.cards.news(steps, words=bool(shown))
        if not more and not cards:
            return
        try:
            answer = await self._web_api.may(
                "chat.appendStream",
                first=bool(more) and not self.worded,
                channel=self.sink_context.reference.channel,
                ts=self.ts,
                chunks=cards + _said(more),
            )
        except PlatformError as error:
            self._streaming = False
            self._stream_open = error.code not in ("stopped_by_user", "message_not_in_streaming_state")
            return
        if answer is not None:
            self._sent = shown
            self.cards.told(cards)
            self._shown(shown)

    async def _stop_stream(self, status: str, *, needed: bool = False) -> None:
        if not self._stream_open:
            return
        self._streaming = self._stream_open = False
        try:
            await self._web_api.must(
                "chat.stopStream",
                channel=self.sink_context.reference.channel,
                ts=self.ts,
                session_status=status,
            )
            self.sink_context.session.open = status != "active"
        except PlatformBusy:
            if needed:
                raise
            self._stream_open = True  # the next call tries again
        except PlatformError:
            return  # it has already ended: by the person, by age, or by an earlier call


def _said(text: str) -> list[dict[str, Any]]:
    return [{"type": "markdown_text", "text": text}] if text else []
