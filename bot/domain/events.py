"""The events of every platform. Names are in the past tense: these things happened.

An event is stored in the inbox before the platform is answered, so it carries everything needed to reply
later, from another process: `reply` holds what only the adapter understands (channel ids, a serviceUrl, a
response_url), and the core hands it back unchanged. `id` identifies the event for ever: an id is stored only
once.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal, Self
from urllib.parse import quote, unquote

from pydantic import Field, TypeAdapter

from bot.domain.replies import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadKey:
    """One conversation: the unit of order and of memory.

    `workspace` is the Slack team or the Teams tenant, `thread` is "" where there are no threads. The parts
    may hold any character; `str` and `parse` round-trip.
    """

    platform: str
    workspace: str
    channel: str
    thread: str = ""

    def __str__(self) -> str:
        parts = (self.platform, self.workspace, self.channel, self.thread)
        return ":".join(quote(part, safe="") for part in parts)

    @classmethod
    def parse(cls, text: str) -> Self:
        platform, workspace, channel, thread = (unquote(part) for part in text.split(":"))
        return cls(platform=platform, workspace=workspace, channel=channel, thread=thread)

    @property
    def digest(self) -> str:
        """32 hexadecimal characters that stand for this conversation in keys and logs."""
        return hashlib.sha256(str(self).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """A person, or another app. `id` is unique in the workspace; `external` people belong to another organisation."""

    id: str
    name: str = ""
    external: bool = False
    guest: bool = False  # of the workspace, with fewer rights than its members
    app: bool = False  # another bot or a workflow: its words are material, not questions


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """Something attached. `source` is opaque to the core: only the adapter that made it can fetch it.

    `text` is what it says, where the platform told that (a mail, the transcript of a voice message): then it
    need not be fetched. `trouble` says in plain words why it cannot be read ("it was deleted"), "" if it can.
    """

    id: str
    name: str
    media_type: str = ""
    size: int = 0
    source: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotation:
    """Something that a message shows and its author did not write: a forwarded message, a link's preview.

    `text` is Markdown. `source` says whose it is, in plain words: "Bob in #incidents". `link` is where it stands.
    """

    text: str
    source: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueTime:
    """Why a question asks itself: its schedule's id, the time it was due (unix seconds), and what is said of both under
    the answer, in plain text.
    """

    schedule: str
    at: float
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFields:
    """What all events share. `at` is in unix seconds."""

    id: str
    thread: ThreadKey
    author: Author
    at: float
    reply: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReceived(EventFields):
    """Somebody wrote something. `text` is without the mention of the bot."""

    kind: Literal["message"] = "message"
    text: str
    message: str = ""  # the platform's id of this message, by which edits and deletions name it
    addressed: bool = True  # mentions the bot, is a command, or is in a direct message
    direct: bool = False  # a one-to-one conversation: nobody else reads it
    threaded: bool = False  # written inside a thread (so "--thread" means something)
    late: bool = False  # the thread had messages before the bot joined; the adapter can read them
    private: bool = False  # the answer to a command should be seen by the asker only
    files: tuple[File, ...] = ()
    quotes: tuple[Quotation, ...] = ()
    others: bool = False  # it mentions people or apps, and not the bot
    gaps: bool = False  # what was said in between may not have been delivered: the thread can tell
    fileless: bool = False  # where it was written, files reach nobody, and nobody is told
    anew: str = ""  # id of a message of theirs that is asked again in these words: both questions stay
    due: DueTime | None = None  # nobody typed it now: a schedule of its author asks it


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEdited(EventFields):
    """`text` and `quotes` are what the message says now."""

    kind: Literal["edit"] = "edit"
    message: str
    text: str
    quotes: tuple[Quotation, ...] = ()
    direct: bool = False
    threaded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDeleted(EventFields):
    """A person's message, or one of the bot's own, is gone."""

    kind: Literal["delete"] = "delete"
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonPressed(EventFields):
    """A button or an option was chosen. `message` is the bot's message with it, "" if unknown."""

    kind: Literal["button"] = "button"
    action: Action
    value: str = ""
    message: str = ""
    comment: str = ""  # free text sent with it (feedback)
    threaded: bool = False  # the message with the button is inside a thread
    private: bool = False
    direct: bool = False  # nobody else reads it


@dataclass(frozen=True, slots=True, kw_only=True)
class FormFilled(EventFields):
    """A bot.domain.forms.Form was filled in and sent. `values` by field; of several options, one in each line."""

    kind: Literal["form"] = "form"
    form: str
    values: Mapping[str, str] = field(default_factory=dict)
    message: str = ""  # the bot's message that it stood in, "" if none
    direct: bool = False
    threaded: bool = False
    private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRequested(EventFields):
    """Stop the running turn. Never queued: it takes effect at once. `turn` is "" for whichever runs."""

    kind: Literal["stop"] = "stop"
    turn: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeted(EventFields):
    """The bot was installed, added, or opened for the first time: say hello once."""

    kind: Literal["greet"] = "greet"
    direct: bool = False  # in a one-to-one conversation


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeOpened(EventFields):
    """Somebody opened the bot's own page (Slack's App Home). The reply is that page."""

    kind: Literal["home"] = "home"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceLeft(EventFields):
    """The workspace removed the bot: everything stored for it is erased."""

    kind: Literal["leave"] = "leave"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonForgotten(EventFields):
    """The author wants all that they said in this conversation erased. Never shown: the receipt is elsewhere."""

    kind: Literal["forget"] = "forget"


Event = (
    MessageReceived
    | MessageEdited
    | MessageDeleted
    | ButtonPressed
    | FormFilled
    | StopRequested
    | Greeted
    | HomeOpened
    | WorkspaceLeft
    | PersonForgotten
)

EVENT: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="kind")])
"""Reads and writes an event as JSON: `EVENT.dump_json(event)`, `EVENT.validate_json(data)`."""
