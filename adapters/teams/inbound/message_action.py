"""The action "Ask Switchboard" on a message: its dialog, and the question it becomes.

The bot is often no member of the chat where the action is used and may not write there, so the answer comes to the
person's one-to-one chat with the bot. Teams waits five seconds for each answer. Source: Microsoft Learn, Teams
platform, "Define message extension action commands", "Respond to the dialog submit action".
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from adapters.teams.clouds import absolute_url
from adapters.teams.conversation_reference import ConversationAddress
from adapters.teams.inbound import events
from adapters.teams.inbound.activity import IncomingActivity
from adapters.teams.inbound.content.message import graph_author, read_graph_message
from adapters.teams.outbound.connector import TeamsApiError
from adapters.teams.outbound.rendering.dialogs import (
    DIALOG,
    LONGEST,
    QUESTION,
    Body,
    notice_dialog,
    question_dialog,
)
from bot.domain.claims import Receipt
from bot.domain.errors import PlatformError, PlatformRefused, StorageUnavailable
from bot.domain.events import Event, File, MessageReceived, Quotation
from bot.domain.formatting import clip

log = logging.getLogger(__name__)

ChatWith = Callable[[ConversationAddress, str, str], Awaitable[ConversationAddress]]

COMMAND = "askAboutMessage"
SECONDS = 4.0
"""For the chat and the inbox together."""
NAME = 100  # characters
EXPLAIN = "Explain this message."
COMES = "The answer comes to your chat with Switchboard."
EXTERNAL = "People of other organisations may not ask here. Ask somebody of this organisation to ask for you."
UNREADABLE = "I cannot read this message. Write your question with the words it is about, then press Ask."
STORAGE = "I cannot take questions at the moment. Press Ask again in a minute."
FULL = "I still have messages of yours to answer. Press Ask again in a minute."
UNSURE = "Teams did not open your chat with Switchboard. Press Ask again."
REFUSED = "Teams does not let Switchboard write to you. Ask your administrator to look at Switchboard's log."
ADD = "Add Switchboard first: in Teams open Apps, search for Switchboard, choose Add. Then press Ask again."
CLOSED: Mapping[str, str] = {
    "botdisabledbyadmin": "An administrator has switched Switchboard off in Teams. Ask them to allow it, then press Ask.",
    "conversationblockedbyuser": "You have blocked Switchboard. Unblock it in your chat with it, then press Ask again.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionUse:
    """One use of the action: on which message, and what was typed into the dialog, "" for nothing (yet)."""

    heard: IncomingActivity
    question: str
    dialog: str | None  # the id of the invoke that opened the dialog; None for an invoke without one
    sender: str
    quotes: tuple[Quotation, ...]
    files: tuple[File, ...]

    @classmethod
    def of(cls, heard: IncomingActivity) -> Self | None:
        """None for another command. The message comes in the shape of Graph's chatMessage."""
        value = heard.value if isinstance(heard.value, dict) else {}
        if value.get("commandId") != COMMAND:
            return None
        payload, data = _part(value, "messagePayload"), _part(value, "data")
        said, sender = read_graph_message(payload), clip(graph_author(payload).name, NAME)
        own = Quotation(text=said.text, source=sender, link=_link(payload))
        return cls(
            heard=heard,
            question=_text(data, QUESTION)[:LONGEST],
            dialog=_text(data, DIALOG)[:NAME] or heard.id,
            sender=sender,
            quotes=((own,) if said.text else ()) + said.quotes,
            files=said.files,
        )

    def asked_in(self, chat: str) -> MessageReceived | None:
        """The question as if the person had written it in that one-to-one chat; None for what another bot did.

        Its id comes from the dialog's: what is delivered twice, or pressed again after an error, is asked once.
        """
        heard, data = self.heard, self.heard.channel_data
        written = {
            "id": self.dialog,
            "text": self.question or EXPLAIN,
            "conversation": heard.conversation.model_copy(
                update={"id": chat, "conversation_type": "personal"}
            ),
            "recipient": heard.recipient.model_copy(update={"is_targeted": None}),
            "channel_data": data.model_copy(update={"team": None, "channel": None}) if data else None,
            "entities": heard.of_kind("clientInfo"),
            "attachments": None,
        }
        event = events.message(heard.model_copy(update=written))
        if not isinstance(event, MessageReceived):
            return None
        reply = {name: value for name, value in event.reply.items() if name != "message"}
        return replace(event, message="", reply=reply, quotes=self.quotes, files=self.files)


class MessageAction:
    """Answers both invokes of the action. `external`: people of other organisations may ask."""

    def __init__(
        self, *, chat_with: ChatWith, put: Callable[[Event], Awaitable[Receipt]], external: bool = False
    ) -> None:
        self._chat_with = chat_with
        self._put = put
        self._external = external

    def opened(self, heard: IncomingActivity) -> Body:
        """The body that answers composeExtension/fetchTask: the dialog. Takes neither network nor storage."""
        use = ActionUse.of(heard)
        if use is None:
            return {}
        return _form(use) if self._may_ask(use) else notice_dialog(EXTERNAL)

    async def submitted(self, heard: IncomingActivity) -> Body:
        """The body that answers composeExtension/submitAction: where the answer comes once the question is stored, else
        the dialog again with what to do.
        """
        use = ActionUse.of(heard)
        if use is None:
            return {}
        if not self._may_ask(use):
            return _told(EXTERNAL)
        readable = use.question or use.quotes or use.files
        trouble = await self._ask(use) if readable else UNREADABLE
        return _form(use, trouble) if trouble else _told(COMES)

    def _may_ask(self, use: ActionUse) -> bool:
        asked = use.asked_in("")
        return asked is not None and (self._external or not asked.author.external)

    async def _ask(self, use: ActionUse) -> str:
        """Stores the question, to be answered in the person's chat. Returns what to do instead, "" when that is done."""
        heard, trouble = use.heard, UNSURE
        here = ConversationAddress(service_url=heard.service_url, conversation=heard.conversation.id)
        try:
            async with asyncio.timeout(SECONDS):
                chat = await self._chat_with(here, heard.from_.id, next(iter(heard.tenants), ""))
                asked = use.asked_in(chat.conversation)
                if asked is None or not chat.conversation:
                    return trouble
                trouble = STORAGE
                receipt = await self._put(asked)
        except (StorageUnavailable, TimeoutError):
            return trouble
        except PlatformError as error:
            log.warning("no chat for a message action", extra={"code": error.code, "error": str(error)})
            return _remedy(error)
        log.info("heard", extra={"event": asked.id, "kind": asked.kind, "receipt": str(receipt)})
        return FULL if receipt in {Receipt.FULL, Receipt.FULL_QUIET} else ""


def _form(use: ActionUse, trouble: str = "") -> Body:
    shown = "\n".join([*(quote.text for quote in use.quotes), *(file.name for file in use.files)])
    return question_dialog(
        id=use.dialog or "",
        sender=use.sender,
        message=shown,
        hint=COMES,
        question=use.question,
        trouble=trouble,
    )


def _told(text: str) -> Body:
    """Closes the dialog with a line of text."""
    return {"composeExtension": {"type": "message", "text": text}}


def _remedy(error: PlatformError) -> str:
    status = error.status if isinstance(error, TeamsApiError) else 0
    if status == 401 or isinstance(error, PlatformRefused):
        return REFUSED
    return CLOSED.get(error.code.lower(), ADD) if status in {400, 403, 404} else UNSURE


def _part(whole: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = whole.get(name)
    return part if isinstance(part, dict) else {}


def _text(whole: Mapping[str, Any], name: str) -> str:
    text = whole.get(name)
    return text.strip() if isinstance(text, str) else ""


def _link(payload: Mapping[str, Any]) -> str:
    link = _text(payload, "linkToMessage")
    url = absolute_url(link)
    return link if url is not None and url.scheme == "https" else ""
