"""Where to answer, read back from the event."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import quote

from bot.domain.errors import PlatformGone
from bot.domain.events import Event
from bot.domain.schedules import LastingPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationAddress:
    """A conversation as the Bot Connector addresses it. `targeted`: only one person sees its messages."""

    service_url: str
    conversation: str
    targeted: bool = False

    def url(self, activity: str = "") -> str:
        base = (
            f"{self.service_url.rstrip('/')}/v3/conversations/{quote(self.conversation, safe='')}/activities"
        )
        url = f"{base}/{quote(activity, safe='')}" if activity else base
        return f"{url}?isTargetedActivity=true" if self.targeted else url

    def member_url(self, id: str) -> str:
        place = f"{self.service_url.rstrip('/')}/v3/conversations/{quote(self.conversation, safe='')}"
        return f"{place}/members/{quote(id, safe='')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationReference:
    """One conversation as a sink needs it. `private`: only `user` sees the answer. `copilot`: it is in Microsoft 365
    Copilot, where nothing that was posted can be changed, and nothing is for one person alone.
    """

    where: ConversationAddress
    personal: bool
    user: str
    message: str  # the message to answer, "" where it was no message
    label: str  # its sensitivity label as JSON, "" without one
    tenant: str
    quoted: str = ""  # the message to quote in the answer, "" where a thread ties them together
    copilot: bool = False
    moved_to: str = ""  # the person's own chat, where the answer is shown instead
    alone: bool = False  # it is to be shown there

    @classmethod
    def of(cls, event: Event) -> Self:
        """Raises PlatformGone for an event that did not come from Teams."""
        return cls.read(event.reply, event.thread.workspace)

    @classmethod
    def read(cls, reply: Mapping[str, str], tenant: str) -> Self:
        """Reads what an event carries for its reply. Raises PlatformGone where that is nothing."""
        if not reply.get("service") or not reply.get("conversation"):
            raise PlatformGone("the event does not say where to answer", code="reply")
        private, copilot = bool(reply.get("private")), bool(reply.get("copilot"))
        message, scope = reply.get("message", ""), reply.get("scope", "personal")
        quotes = scope == "groupChat" and message.isdigit() and not private and not copilot
        return cls(
            where=ConversationAddress(
                service_url=reply["service"], conversation=reply["conversation"], targeted=private
            ),
            personal=scope == "personal",
            user=reply.get("user", ""),
            message=message,
            label=reply.get("label", ""),
            tenant=tenant,
            quoted=message if quotes else "",
            copilot=copilot,
            alone=bool(reply.get("alone")),
        )

    def for_one(self) -> Self:
        """The same reference, for the asker only; a personal chat is private already, and Copilot knows none. It stands
        under no message: everybody has read the question.
        """
        if self.personal or self.copilot or self.private:
            return self
        return replace(self, where=replace(self.where, targeted=True), message="", quoted="")

    def at(self, chat: str) -> Self:
        """The same reference in the asker's one-to-one chat."""
        where = ConversationAddress(service_url=self.where.service_url, conversation=chat)
        return replace(self, where=where, personal=True, message="", quoted="", moved_to=chat, alone=False)

    @property
    def place(self) -> str:
        """The chat, or the channel whichever thread it is."""
        return self.where.conversation.partition(";messageid=")[0]

    @property
    def everybody_reads(self) -> bool:
        """Whether nothing here can be for one person alone."""
        return self.copilot and not self.personal

    @property
    def private(self) -> bool:
        return self.where.targeted


FLEETING = frozenset(["message", "label", "private"])
"""What of a reply belongs to one message only."""


def lasting_place(event: Event) -> LastingPlace:
    """Where the bot can post long after the event: a conversation and its service address last, a message to one person
    among several needs their own.
    """
    if event.reply.get("copilot"):
        where = "In Microsoft 365 Copilot I cannot write by myself. Type it in a chat with me, or in a team."
        return LastingPlace(thread=event.thread, obstacle=where)
    reply = {key: value for key, value in event.reply.items() if key not in FLEETING}
    root = reply.get("conversation", "").partition(";messageid=")[2]
    private, scope = bool(event.reply.get("private")), reply.get("scope", "personal")
    user = reply.get("user", "")
    aside = (replace(event.thread, channel=user, thread=""), {**reply, "alone": "1"})
    return LastingPlace(
        thread=replace(event.thread, thread=root) if private else event.thread,
        reply=reply,
        direct=scope == "personal",
        threaded=scope == "channel",
        aside=aside if user and scope != "personal" else None,
    )
