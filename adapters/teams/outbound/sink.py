"""Shows one turn in Teams: an answer that grows, or one thing to say."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.teams.outbound.connector import TeamsApiError
from adapters.teams.outbound.delivery import Final, Stage, Voice
from adapters.teams.outbound.editing import Editing
from adapters.teams.outbound.rendering import messages
from adapters.teams.outbound.rendering.cards import Speech, speech
from adapters.teams.outbound.rendering.markdown import Flow
from adapters.teams.outbound.streaming import Streaming
from bot.delivery.streaming import Answer, follow
from bot.domain.replies import Reply
from bot.domain.stream_parts import Closing, Reason, Shown

PULSE = 10.0
"""Seconds after which a silent answer is shown again: the person may have pressed Stop meanwhile."""
RELUCTANT = 120.0
"""Seconds for which a chat that refused a stream is not asked for another. No stream lives longer."""


@dataclass(slots=True)
class Streams:
    """The chats that refused a stream lately, and until when not to ask again."""

    _refused: dict[str, float] = field(default_factory=dict)

    def possible(self, conversation: str, now: float) -> bool:
        return self._refused.get(conversation, 0.0) <= now

    def refuse(self, conversation: str, now: float) -> None:
        self._refused = {name: until for name, until in self._refused.items() if until > now}
        self._refused[conversation] = now + RELUCTANT


class TeamsSink:
    """Implements bot.ports.ReplySink. Whatever an attempt before has posted is found in `stage.journal.ref`."""

    def __init__(self, *, stage: Stage, streams: Streams) -> None:
        self._stage = stage
        self._streams = streams
        self._flow = Flow(extended=stage.extended)
        self._fed = 0
        self._voice: Voice | None = None

    async def show(self, pieces: AsyncGenerator[Shown, None]) -> tuple[str, ...]:
        try:
            answer = await follow(pieces, self._draw, clock=self._stage.clock, pulse=PULSE)
            voice = self._voice or await self._open("")
            self._feed(answer)
            closing = answer.closing or Closing(reason=Reason.BROKEN, footer="")
            return await voice.finish(Final.of(self._flow.whole(), closing, self._flow.sources))
        except TeamsApiError as error:
            raise error.plainly() from error

    async def say(self, reply: Reply) -> str:
        try:
            return await self._say(speech(reply, self._stage.place), reply)
        except TeamsApiError as error:
            raise error.plainly() from error

    async def _draw(self, answer: Answer) -> float:
        status = answer.status or ("Thinking…" if answer.thinking else "")
        if self._voice is None:
            self._voice = await self._open(status)
        else:
            self._feed(answer)
            self._voice = await self._voice.grow(self._flow.shown(), status)
        return self._voice.pause

    def _feed(self, answer: Answer) -> None:
        self._flow.feed(answer.text[self._fed :])
        self._fed = len(answer.text)

    async def _open(self, status: str) -> Voice:
        """Goes on where an earlier attempt was, or starts. One whose post is uncertain left no stream to trust."""
        stage, ref = self._stage, self._stage.journal.ref
        if ref is not None:
            return self._reopened(ref)
        chat, now = stage.place.where.conversation, stage.clock.now()
        may_stream = stage.place.personal and stage.journal.attempt == 1
        if may_stream and self._streams.possible(chat, now):
            try:
                return await Streaming.start(stage, status)
            except TeamsApiError as error:
                if error.gone or error.status in {401, 429}:
                    raise
                self._streams.refuse(chat, now)
        return await Editing.start(stage, status)

    def _reopened(self, ref: Mapping[str, Any]) -> Voice:
        ids = [str(one) for one in ref["ids"]]
        if ref.get("stream"):
            return Streaming(self._stage, ids[0], resumed=True)
        return Editing(self._stage, ids)

    async def _say(self, said: Speech, reply: Reply) -> str:
        """Says it anew, or in the place of what this turn, or an earlier one, has posted."""
        ref = self._stage.journal.ref
        known = str(ref["ids"][0]) if ref else reply.replaces
        if ref and ref.get("stream") and await self._concluded(known, said):
            return known
        if known and await self._replaced(known, said):
            return known
        message = await self._posted(said, private=reply.private)
        await self._stage.journal.save({"ids": [message]})
        return message

    async def _concluded(self, stream: str, said: Speech) -> bool:
        """Ends a stream that an earlier attempt left open with these words."""
        try:
            await Streaming(self._stage, stream, resumed=True).conclude(said.text)
        except TeamsApiError as error:
            if error.gone or error.status not in {400, 403, 404, 405}:
                raise
            return False
        return True

    async def _replaced(self, message: str, said: Speech) -> bool:
        for activity in said.versions:
            try:
                await self._stage.connector.put(self._stage.place.where, message, activity)
            except TeamsApiError as error:
                if error.gone or error.status not in {400, 403, 404, 413}:
                    raise
            else:
                return True
        return False

    async def _posted(self, said: Speech, *, private: bool) -> str:
        """For the asker alone where that is wanted; where the platform cannot do it here, in their own chat."""
        place = self._stage.place if not private else self._stage.place.for_one()
        for activity in said.versions:
            try:
                return await self._stage.connector.post(place.where, messages.addressed(activity, place))
            except TeamsApiError as error:
                refused = error
                if error.gone or error.status not in {400, 403, 404, 405, 413}:
                    raise
        if not place.private:
            raise refused
        chat = await self._stage.connector.chat_with(place.where, place.user, place.tenant)
        return await self._stage.connector.post(chat, said.text)
