"""The ports of the local page and the terminal; all others are in bot/ports.py."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Protocol

from bot.domain.events import Author, ThreadKey
from bot.domain.generated import GeneratedFile
from bot.domain.timeline import Change, Chat, ConversationStatus, Growth, Post, TimelinePage


class Timeline(Protocol):
    """The messages of the local page and the terminal, stored for every process. Implemented by
    bot.storage.timeline on Redis. All raise StorageUnavailable.
    """

    async def post(self, chat: str, *posts: Post) -> None:
        """Adds posts in one step; the first creates the conversation. An existing post is rewritten in its
        place, except a person's. Raises PlatformGone when the conversation was deleted, Fenced when a later
        attempt at the same turn has written.
        """

    async def grow(self, chat: str, growth: Growth) -> None:
        """Appends to a growing post. Raises PlatformGone, Fenced."""

    async def keep(self, chat: str, id: str, file: GeneratedFile) -> None:
        """Stores the bytes of a file of the post whose id comes before the slash in `id`, for as long as that is kept. Raises
        PlatformGone.
        """

    async def file(self, chat: str, id: str) -> GeneratedFile | None:
        """By its bytes alone. None when it is not kept any more."""

    async def read(self, chat: str, *, before: str = "") -> TimelinePage:
        """The newest posts, or those before the post with that id. An unknown conversation is empty."""

    async def chats(self) -> Sequence[Chat]:
        """Newest first."""

    async def rename(self, chat: str, title: str) -> bool:
        """False when there is no such conversation."""

    async def clear(self, chat: str, *, before: str) -> None:
        """Erases the posts above that one, and the title; the conversation goes on."""

    async def delete(self, chat: str) -> bool:
        """Erases it for good: nothing can be posted to it any more."""

    def watch(self, after: str = "") -> AsyncGenerator[Sequence[Change], None]:
        """The changes after that mark ("" for from now on), as they happen, a few at a time.

        The first item comes at once, empty when nothing has happened; after that an empty one comes every few
        seconds of silence. A mark that is too old gives one change of kind "lost": read everything again.
        """


StatusOf = Callable[[ThreadKey, Author], Awaitable[ConversationStatus]]
"""Who answers in this conversation for this person, and why. Given to adapters that show it all the time."""
