"""The files that a question refers to, what was read of them, and what the person has to know of the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.domain.attached import FilesRead
from bot.domain.catalog import Model
from bot.domain.errors import PlatformError
from bot.domain.events import File
from bot.domain.formatting import clip
from bot.domain.turns import ChatMessage, Turn

RECENT = 6  # latest questions whose files are sent again
OTHERS = 12  # files of one prompt besides the question's own: the newest
TOLD = 6  # files that one notice names
NAME = 60  # characters
FETCHING = (
    ({"missing_scope"}, "Switchboard may not read files here: an administrator has to add files:read"),
    ({"too_large", "size", "413"}, "it is too large"),
    ({"gone", "404", "410", "file_not_found", "file_deleted", "not_found"}, "it is not there any more"),
    (
        {"foreign_host", "host", "redirect", "redirects"},
        "it lies on a server that files are not fetched from",
    ),
    ({"401", "403", "access_denied", "no_permission"}, "Switchboard has no access to it"),
    ({"encoding"}, "it comes in a form that is not accepted"),
)
LOST = "it could not be fetched: try again"
TOO_MANY = "more files than are read at once"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sayings:
    """What may have files: the question, what was heard with it (oldest first), and earlier turns (oldest first)."""

    asked: ChatMessage
    heard: Sequence[ChatMessage] = ()
    earlier: Sequence[Turn] = ()

    @property
    def own(self) -> Sequence[File]:
        """Files that come with this question, each once, its own first."""
        return _once(self.asked, *reversed(self.heard))

    @property
    def files(self) -> Sequence[File]:
        """Those that may be read, the most important first."""
        before = [one for turn in self.earlier[-RECENT:] for one in (*turn.heard, turn.asked)]
        found = _once(self.asked, *reversed(self.heard), *reversed(before))
        return found[: len(_once(self.asked)) + OTHERS]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesAtHand:
    """What was read. `own` are the files that came with this question, `asked` those of it itself. `reasons` say why
    there is no text, by id; `documents` are the ids of those that some models read themselves.
    """

    read: FilesRead = field(default_factory=FilesRead)
    own: Sequence[File] = ()
    asked: Sequence[File] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)
    pictures: frozenset[str] = frozenset()
    documents: frozenset[str] = frozenset()

    def notice(self, *models: Model) -> str:
        """What the person has to know and can do, as plain text; "" when these models got all that came with the question."""
        unread = [(file, reason) for file in self.own if (reason := self._reason(file, models))]
        by_reason: dict[str, list[str]] = {}
        for file, reason in unread[:TOLD]:
            by_reason.setdefault(reason, []).append(clip(file.name, NAME))
        told = [f"{', '.join(names)} ({reason})" for reason, names in by_reason.items()]
        if len(unread) > TOLD:
            told.append(f"{len(unread) - TOLD} more")
        blind = [model.name for model in models if not model.vision]
        said = [f"Not read: {', '.join(told)}."] if told else []
        if blind and any(file.id in self.pictures for file in self.asked):
            said.append(f"Pictures cannot be seen by {' and '.join(blind)}; /model picks another.")
        return " ".join(said)

    def _reason(self, file: File, models: Sequence[Model]) -> str:
        seen = file.id in self.documents and all(one.documents for one in models)
        return "" if seen or file.id in self.pictures else self.reasons.get(file.id, "")


def fetch_reason(error: PlatformError) -> str:
    """Why a file could not be fetched, for people."""
    return next((reason for codes, reason in FETCHING if error.code in codes), LOST)


def _once(*said: ChatMessage) -> Sequence[File]:
    return list({file.id: file for one in said for file in one.files}.values())
