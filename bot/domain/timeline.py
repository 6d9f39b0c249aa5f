"""The messages that Switchboard stores itself, for the local page and the terminal.

Slack and Teams store their own. A post is written by the process that runs the turn and read by the process
that serves the page.
"""

from dataclasses import dataclass
from typing import Literal

from pydantic import TypeAdapter

from bot.domain.columns import Column
from bot.domain.replies import Action, Choice, Option, Reply
from bot.domain.stream_parts import BranchPlace, Closing, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedFile:
    """A file that can be saved. `id` is the one of its bytes in this conversation."""

    id: str
    name: str
    size: int  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One message of a conversation. Its writer chooses the `id`; posting that id again rewrites it.

    A streamed answer has `text` and, once it has ended, `closing`. Other messages of the bot are a `reply`.
    """

    id: str
    at: float  # unix seconds
    person: bool = False  # written by the person
    after: str = ""  # the post it is placed under, "" for the end
    turn: str = ""  # the turn that wrote it; Stop names this id
    column: Column | None = None  # where it is one of several side by side
    attempt: int = 1  # of that turn; once a higher attempt has written, lower ones may not
    text: str = ""
    status: str = ""  # what is happening while there is no text yet
    growing: bool = False
    closing: Closing | None = None
    sources: tuple[Source, ...] = ()
    pictures: tuple[str, ...] = ()  # their ids in this conversation
    files: tuple[PostedFile, ...] = ()  # the others
    reply: Reply | None = None
    place: BranchPlace | None = None  # of an answer: posts that follow another one are shown with that

    @property
    def running(self) -> bool:
        """Whether it will change: it is a growing answer, or a reply that can still be stopped."""
        offers = self.reply.buttons if self.reply else ()
        return self.growing or any(button.action is Action.STOP for button in offers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """What was added to a growing post. `text` is appended, `status` replaces the old one unless empty.

    `number` counts from 1 after the post was put or rewritten: the same growth, sent twice, counts once.
    """

    id: str
    number: int = 1
    attempt: int = 1
    text: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """One conversation in the list."""

    id: str
    title: str
    at: float  # unix seconds of the last post


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelinePage:
    """The posts of a conversation, oldest first, as they were after the change `mark`."""

    posts: tuple[Post, ...]
    mark: str
    title: str = ""
    more: bool = False  # earlier ones exist


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of the timeline. `mark` is a number that grows; "" means: read everything again and watch from now on.

    "cleared": earlier posts and the title were erased; read the conversation again.
    """

    mark: str
    kind: Literal["post", "grow", "title", "cleared", "gone", "lost"]
    chat: str = ""
    post: Post | None = None
    growth: Growth | None = None
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationStatus:
    """The model that answers in one conversation now, and what else a page can offer there."""

    options: tuple[Option, ...]
    selected: str
    why: str  # one short sentence
    starters: tuple[str, ...] = ()
    commands: tuple[Option, ...] = ()  # value is what is typed, hint what it does
    choices: tuple[Choice, ...] = ()  # besides the model
    more: int = 0  # models that can be found by typing, besides the options


POST: TypeAdapter[Post] = TypeAdapter(Post)
GROWTH: TypeAdapter[Growth] = TypeAdapter(Growth)
