"""Places people talk in, and what can be seen there."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.teams.refusals import Refused, gone
from tests.teams.streams import Stream

BOT = "28:bot"
TARGETED_LIFE = 24 * 3600.0


@dataclass(frozen=True, kw_only=True)
class Person:
    id: str
    name: str
    aad: str
    role: str = "user"


ALICE = Person(id="29:alice", name="Alice", aad="7faf8ab2-3d56-4244-b585-20c8a42ed2b8")
BOB = Person(id="29:bob", name="Bob", aad="11111111-3d56-4244-b585-20c8a42ed2b8")


@dataclass(kw_only=True)
class Message:
    """One message as people see it now, with every version it had."""

    id: str
    author: str
    activity: Mapping[str, Any]
    at: float
    versions: list[Mapping[str, Any]] = field(default_factory=list)
    targeted: str = ""
    deleted: bool = False
    root: str = ""

    @property
    def text(self) -> str:
        return str(self.activity.get("text") or "")


@dataclass(kw_only=True)
class Room:
    """One conversation: a one-to-one chat, a group chat, or a channel with its threads."""

    id: str
    kind: str
    members: tuple[Person, ...] = (ALICE, BOB)
    messages: dict[str, Message] = field(default_factory=dict)
    streams: dict[str, Stream] = field(default_factory=dict)
    refusal: Refused | None = None
    writing: int = 0
    copilot: bool = False
    edits_refused: int = 0  # with this status, for good; 0: the bot may change its messages
    asked: float | None = None  # when something was said to which nothing is shown yet

    def shown(self, thread: str = "") -> list[Message]:
        """What is there to see, oldest first; streams that never ended are not."""
        return [
            message
            for message in self.messages.values()
            if not message.deleted and (not thread or message.root == thread)
        ]

    def said(self, thread: str = "") -> list[Message]:
        """The bot's part of it."""
        return [message for message in self.shown(thread) if message.author == BOT]

    def written(self) -> list[Message]:
        """The same without the bubbles that hold nothing but a card."""
        return [message for message in self.said() if message.text]

    def own(self, activity: str, now: float, *, targeted: bool) -> Message:
        """A message of the bot that it may change."""
        message = self.messages.get(activity)
        if message is None or message.deleted or bool(message.targeted) != targeted:
            raise gone()
        if message.author != BOT:
            raise Refused(403, "NotEnoughPermissions", "Bots change their own messages only.")
        if targeted and now - message.at > TARGETED_LIFE:
            raise gone()
        return message


@dataclass
class Rooms:
    """All conversations the fake knows. Ids are made here and nowhere else."""

    clock: Callable[[], float]
    rooms: dict[str, Room] = field(default_factory=dict)
    ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1_795_448_200_000))

    def new_id(self) -> str:
        return str(next(self.ids))

    def open(self, room: str, kind: str, *, copilot: bool = False) -> Room:
        return self.rooms.setdefault(room, Room(id=room, kind=kind, copilot=copilot))

    def find(self, conversation: str) -> tuple[Room, str]:
        """The room and the thread's root ("" outside channels and for a new post). 404 when there is none."""
        place, _, root = conversation.partition(";messageid=")
        room = self.rooms.get(place)
        if room is None or (root and (room.kind != "channel" or root not in room.messages)):
            raise gone("ConversationNotFound")
        if room.refusal:
            raise room.refusal
        return room, root

    def heard(self, room: Room, author: Person, activity: Mapping[str, Any], root: str = "") -> Message:
        """Something a person wrote."""
        room.asked = self.clock()
        return self._keep(room, author.id, activity, root)

    def posted(
        self, room: Room, activity: Mapping[str, Any], root: str, *, targeted: str = "", known: str = ""
    ) -> Message:
        """Something the bot wrote; `known` is the id where a stream already has one."""
        room.asked = None
        return self._keep(room, BOT, activity, root, targeted=targeted, known=known)

    def _keep(
        self,
        room: Room,
        author: str,
        activity: Mapping[str, Any],
        root: str,
        *,
        targeted: str = "",
        known: str = "",
    ) -> Message:
        name = known or str(activity.get("id") or "") or self.new_id()
        message = Message(
            id=name, author=author, activity=activity, at=self.clock(), versions=[activity], targeted=targeted
        )
        message.root = root or (name if room.kind == "channel" else "")
        room.messages[name] = message
        return message
