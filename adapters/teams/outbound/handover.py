"""Hands a file to the person who takes it: asks for consent in their own chat, and once they agree puts it into their OneDrive.

`turn_handle.ref` says how far an earlier attempt came: "begun" before the bytes are sent, "posted" with the id of what was
said about it, "again" where that is the question once more.
"""

import json
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from adapters.teams.outbound.connector import Repeat, TeamsApiError
from adapters.teams.outbound.controls import taken_back
from adapters.teams.outbound.delivery import DeliveryContext
from adapters.teams.outbound.rendering.files import consent_message, info_message
from adapters.teams.outbound.rendering.messages import Activity
from adapters.teams.outbound.sink import TeamsSink
from adapters.teams.outbound.uploads import Uploads
from bot.delivery.streaming import GrowingAnswer
from bot.domain.errors import PlatformBusy, PlatformError, PlatformGone
from bot.domain.events import ButtonPressed
from bot.domain.generated import GeneratedFile
from bot.domain.replies import Reply
from bot.domain.shown_answers import ShownAnswer
from bot.domain.stream_parts import ShownPart

UNKNOWN = "I cannot write to you directly yet. In Teams open Apps, find me and add me for yourself, then press it again."
FOREIGN = "Teams named a place for {name} that is not one of Microsoft's, so it was not sent. Ask an administrator to look at it."
AGAIN = "OneDrive did not take it ({code}). Allow it once more."
UNCLEAR = "I was interrupted while I sent it, and it may be in your OneDrive already ({code}). Look there, or allow it once more."

log = logging.getLogger(__name__)


class HandoverSink:
    """Implements bot.ports.ReplySink for the press of somebody who takes a file."""

    def __init__(
        self, *, delivery_context: DeliveryContext, sink: TeamsSink, uploads: Uploads, event: ButtonPressed
    ) -> None:
        self._context = delivery_context
        self._sink = sink
        self._uploads = uploads
        self._card = event.message
        self._agreed: Mapping[str, str] | None = json.loads(event.reply.get("upload") or "null")

    async def show(self, parts: AsyncGenerator[ShownPart, None]) -> tuple[str, ...]:
        """The id of what was posted; () where the file was not handed over."""
        answer = GrowingAnswer()
        async with aclosing(parts):
            async for part in parts:
                answer.take(part)
        (file,) = answer.files
        try:
            return await (self._offer(file) if self._agreed is None else self._put(file, self._agreed))
        except TeamsApiError as error:
            raise error.plainly() from error

    async def say(self, reply: Reply) -> str:
        return await self._sink.say(reply)

    async def rewrite(self, answer: ShownAnswer) -> None:
        await self._sink.rewrite(answer)

    async def _offer(self, file: GeneratedFile) -> tuple[str, ...]:
        """Asks in the person's own chat."""
        if self._posted:
            return (self._posted,)
        reference, connector = self._context.reference, self._context.connector
        try:
            chat = await connector.chat_with(reference.where, reference.user, reference.tenant)
            id = await connector.post(chat, consent_message(file), Repeat.ONCE)
        except TeamsApiError as error:
            if error.status not in {403, 404}:
                raise
            await self.say(Reply(text=UNKNOWN, private=True))
            return ()
        await self._save(id)
        return (id,)

    async def _put(self, file: GeneratedFile, agreed: Mapping[str, str]) -> tuple[str, ...]:
        """Sends the bytes, and says where they are in place of the question."""
        if not self._posted:
            await self._send(file, agreed)
        if not self._posted:
            return ()
        await taken_back(self._context, [self._card] if self._card else [])
        return () if self._saved.get("again") else (self._posted,)

    async def _send(self, file: GeneratedFile, agreed: Mapping[str, str]) -> None:
        """Sends the bytes, and says what became of it."""
        begun = bool(self._saved.get("begun"))
        await self._context.turn_handle.save({"begun": True})
        try:
            await self._uploads.put(agreed.get("url", ""), file.data)
        except PlatformBusy:
            raise
        except PlatformGone:
            log.warning("a file was to go to another host", extra={"turn": self._context.turn_handle.id})
            await self.say(Reply(text=FOREIGN.format(name=f"`{file.name}`"), replaces=self._card))
        except PlatformError as error:
            log.warning("a file was not taken", extra={"code": error.code})
            why = (UNCLEAR if begun else AGAIN).format(code=error.code)
            await self._say(consent_message(file, why), again=True)
        else:
            await self._say(self._told(file, agreed))

    def _told(self, file: GeneratedFile, agreed: Mapping[str, str]) -> Activity:
        """The file card; in words where its address is not one of Microsoft's either."""
        if self._uploads.allow(agreed.get("contentUrl", "")):
            return info_message(agreed)
        return {
            "type": "message",
            "text": f"Saved as `{file.name}` in your OneDrive.",
            "textFormat": "markdown",
        }

    async def _say(self, activity: Activity, *, again: bool = False) -> None:
        connector, where = self._context.connector, self._context.reference.where
        await self._save(await connector.post(where, activity, Repeat.ONCE), again=again)

    @property
    def _saved(self) -> Mapping[str, Any]:
        return self._context.turn_handle.ref or {}

    @property
    def _posted(self) -> str:
        return str(self._saved.get("posted", ""))

    async def _save(self, id: str, *, again: bool = False) -> None:
        await self._context.turn_handle.save({**self._saved, "posted": id, "again": again})
