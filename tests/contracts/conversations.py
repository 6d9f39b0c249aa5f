"""What a contract needs to know about a place where people read: one conversation on one faithful fake platform.

A platform's test module writes one class that satisfies `Place` around its fake, and gets every promise of
`bot.ports.ReplySink` checked by subclassing `tests.contracts.sinks.SinkContract`.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bot.ports import ReplySink, TurnHandle


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One message of the bot as a person sees it: the words without markup, whatever the platform's wire form.

    `text` is everything in the message's body (title, answer, notice, table cells, one blank between words is
    enough: contracts compare words). The footer, button labels and the labels of a picker are not in `text`.
    `live` names what a client would act on although only the model or a person wrote it: a mention, a broadcast,
    an image, a link that is fetched for a preview. It must always be empty.
    """

    id: str
    text: str
    footer: str = ""
    buttons: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    live: tuple[str, ...] = ()
    private: bool = False
    sources: tuple[tuple[int, str, str], ...] = ()
    """Number, name and address of each, in a list under the answer or behind a number in its text."""
    pictures: tuple[bytes, ...] = ()
    files: tuple[str, ...] = ()
    """The names of those that can be saved, and are no pictures."""


class Fault(StrEnum):
    """What can befall one call that the sink makes to its platform."""

    LOST = "lost"  # the connection breaks before anything was carried out
    DROPPED = "dropped"  # carried out, but the answer never arrives: the connection breaks
    BUSY = "busy"  # refused because of a rate limit, with a pause of one second to wait
    HANGS_BEFORE = "hangs before"  # no answer, nothing carried out: the moment to kill the worker
    HANGS_AFTER = "hangs after"  # no answer, but carried out: the same


class Place(Protocol):
    """One conversation, as the person in it sees it. Time in it is fake: a sink that waits returns at once."""

    def sink(self, turn_handle: TurnHandle) -> ReplySink:
        """A new sink, made the way the adapter makes it for an ordinary question in this conversation."""
        ...

    def move(self) -> None:
        """Goes to a new, empty conversation (same workspace, same person)."""
        ...

    async def seen(self) -> Sequence[Seen]:
        """The bot's messages here, oldest first; deleted ones are gone, placeholders count."""
        ...

    def glimpses(self) -> Sequence[str]:
        """Every text this conversation's messages had over time, in order: what a person saw grow."""
        ...

    def stop_offered(self) -> bool:
        """Whether, at any moment since `move`, the person could stop the answer (a button or the platform's own)."""
        ...

    def fault(self, call: int, fault: Fault) -> None:
        """Plans a fault for one call to the platform, counted from 1 at the last `move`."""
        ...

    def calls(self) -> int:
        """How many calls the platform got since the last `move`."""
        ...

    @property
    def hanging(self) -> asyncio.Event:
        """Set while a call hangs."""
        ...

    def cut(self) -> None:
        """Ends hanging calls by breaking their connections; planned faults are over."""
        ...


def words(*texts: str) -> str:
    """A text by which two renderings of the same words are equal."""
    return " ".join(" ".join(texts).split())
