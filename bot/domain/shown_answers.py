"""An answer that stands in a conversation already, so that it can be shown differently. Pure."""

from dataclasses import dataclass

from bot.domain.columns import Column
from bot.domain.generated import FileNote
from bot.domain.stream_parts import BranchPlace, Closing, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownAnswer:
    """What its messages show. `pressed` is the message whose button was pressed, "" where another's
    was: it may be none of the answer's. `question` is the
    one it answers, "" for none.
    """

    messages: tuple[str, ...]
    pressed: str
    question: str = ""
    text: str
    closing: Closing
    sources: tuple[Source, ...] = ()
    files: tuple[FileNote, ...] = ()
    column: Column | None = None  # where it is one of several side by side
    at: float = 0.0  # unix seconds
    place: BranchPlace | None = None
