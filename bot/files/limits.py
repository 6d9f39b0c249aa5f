"""How much of a file is read, and what is said of the rest."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.domain.errors import SwitchboardError
from bot.domain.file_text import FileText

CHARACTERS = 200_000  # of one file's text
# Of a picture, the strictest limits that are known, so that it does for whatever model is picked next: Anthropic takes 5 MB as
# base64 and, of more than 20, 2,000 pixels on a side; Amazon Bedrock 3.75 MB; Groq 4 MB as base64; xAI only PNG and JPEG.
PICTURE_BYTES = 3_000_000
PICTURE_SIDE = 2_000  # pixels
PAGES = 100  # of a PDF that is sent as it is: Anthropic's limit for most models
SECONDS = 4.0  # after which a reader that goes piece by piece ends with what it has

DAMAGED = "it is damaged or cut off"
EMPTY = "there is no text in it"
PROTECTED = "it is protected by a password"
STRANGE = "it is a picture of a kind that no model here sees: send it as PNG or JPEG"
TOO_LARGE = "it is too large when it is unpacked"
TOO_LONG = "it takes too long to read"


class Unreadable(SwitchboardError):
    """A file has no text for a model. The text of the error is the reason, for people."""


@dataclass(slots=True)
class Pieces:
    """Gathers text as far as there is room and time."""

    room: int = CHARACTERS
    until: float = field(default_factory=lambda: time.monotonic() + SECONDS)
    texts: list[str] = field(default_factory=list)
    cut: bool = False  # not even the last piece is whole

    def add(self, text: str) -> bool:
        """Whether it is in, at least its beginning; the first piece is cut where it does not fit."""
        if self.full or (len(text) > self.room and self.texts):
            self.room = 0
            return False
        self.cut = len(text) > self.room
        self.texts.append(text[: self.room])
        self.room -= len(text) + 1
        return True

    @property
    def full(self) -> bool:
        return self.room <= 0 or time.monotonic() > self.until

    def read(self, part: str = "") -> FileText:
        """All of it together. Raises Unreadable when it is nothing."""
        text = "\n".join(self.texts)
        if not text.strip():
            raise Unreadable(TOO_LONG if time.monotonic() > self.until else EMPTY)
        return FileText(text=text, part=part or (first_characters(len(text)) if self.cut else ""))


def first_characters(count: int) -> str:
    return f"only its first {count:,} characters"


def in_pieces(noun: str, pieces: Iterable[str], total: int) -> FileText:
    """A file of numbered pages or slides; `pieces` has each with its heading."""
    gathered = Pieces()
    count = 0
    for piece in pieces:
        if not gathered.add(piece):
            break
        count += 1
    part = f"{noun} 1-{count:,} of {total:,}" if count < total else ""
    return gathered.read(part)


def in_lines(lines: Iterable[str]) -> FileText:
    """A file that has nothing to count."""
    gathered = Pieces()
    for line in lines:
        if not gathered.add(line):
            gathered.cut = True
            break
    return gathered.read()


def table(rows: Iterable[Iterable[str]]) -> Iterable[str]:
    """The lines of a Markdown table, the first row as its head."""
    for number, row in enumerate(rows):
        cells = [" ".join(cell.replace("|", "\\|").split()) for cell in row]
        yield f"| {' | '.join(cells)} |"
        if number == 0:
            yield f"|{' --- |' * len(cells)}"
