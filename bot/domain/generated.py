"""Files that models and tools make, on their way to a person. Names and kinds are somebody else's words: what is shown of a
file follows from its bytes, and its name is fit for a folder.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.domain.attached import IMAGES, TEXTS, kind_by_bytes
from bot.domain.formatting import number_of, strip_controls

MOST_FILES = 8  # of an answer, pictures included
ALL_BYTES = 16_000_000  # of all of them
PICTURE_BYTES = 5 * 1024 * 1024  # of one that a model makes
NAME_SIGNS = 80
TOLD = 4_000  # characters of a text that is shown where files cannot be
FENCES = re.compile("`+")
UNKNOWN_KIND = "application/octet-stream"
KIND = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]{0,80}")
UNFIT = re.compile(r'[<>:"|?*`]')
RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
LANGUAGES = {
    "bash": "shell",
    "c": "c",
    "cpp": "cpp",
    "css": "css",
    "csv": "csv",
    "go": "go",
    "html": "html",
    "java": "java",
    "js": "javascript",
    "json": "json",
    "log": "text",
    "md": "markdown",
    "py": "python",
    "rs": "rust",
    "sh": "shell",
    "sql": "sql",
    "tex": "latex",
    "ts": "typescript",
    "tsv": "tsv",
    "txt": "text",
    "xml": "xml",
    "yaml": "yaml",
    "yml": "yaml",
}
"""What is written in a text file, by the ending of its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileNote:
    """What is remembered of a file. Its bytes are kept for a while under `key`."""

    name: str
    picture: bool = False
    size: int = 0  # bytes
    key: str = ""
    step: str = ""  # the tool call that gave it


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedFile:
    """A file that came with an answer, or is an answer. `media_type` of a picture is what its bytes are. `trouble` says why
    there are no bytes, in words that go on after "because it".
    """

    name: str
    media_type: str = ""
    data: bytes = field(default=b"", repr=False)
    trouble: str = ""
    key: str = ""  # its bytes are kept under it
    lasts: int = 0  # seconds that they are kept
    step: str = ""  # the tool call that gave it

    def __post_init__(self) -> None:
        kind = kind_by_bytes(self.data)
        if kind not in IMAGES:
            said = self.media_type.partition(";")[0].strip().lower()
            kind = said if KIND.fullmatch(said) and said not in IMAGES else UNKNOWN_KIND
        object.__setattr__(self, "name", file_name(self.name))
        object.__setattr__(self, "media_type", kind if self.data else "")

    @property
    def picture(self) -> bool:
        """PNG, JPEG, GIF or WebP. A drawing in SVG is none: it is markup."""
        return self.media_type in IMAGES

    @property
    def ending(self) -> str:
        return self.name.rpartition(".")[2].lower() if "." in self.name else ""

    @property
    def language(self) -> str:
        """What a text is written in: a value of LANGUAGES; "" for what is no text."""
        told = LANGUAGES.get(self.ending) or ("text" if self.media_type.startswith(TEXTS) else "")
        return told if told and self.text is not None else ""

    @property
    def text(self) -> str | None:
        """Its words, where it is UTF-8 and nothing else."""
        try:
            return None if self.picture or b"\0" in self.data else self.data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return None

    @property
    def note(self) -> FileNote:
        return FileNote(
            name=self.name, picture=self.picture, size=len(self.data), key=self.key, step=self.step
        )


@dataclass(slots=True)
class FileAllowance:
    """How many files an answer still may bring, and how large."""

    taken: int = 0
    size: int = 0

    def takes(self, file: GeneratedFile) -> bool:
        if self.taken == MOST_FILES or self.size + len(file.data) > ALL_BYTES:
            return False
        self.taken, self.size = self.taken + 1, self.size + len(file.data)
        return True


def kept_file(key: str) -> str:
    """The name of what is kept under a key."""
    return f"file:{key}"


def kept_files(conversation: str) -> str:
    """The name of the list of those of a conversation, by its digest: a JSON object whose names are their keys."""
    return f"files-of:{conversation}"


def file_name(text: str) -> str:
    """A name without a path, without signs that are not seen or that reorder a line, that every system takes."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", text[-8 * NAME_SIGNS :]).strip("/\\ "))[-1]
    spaced = "".join(" " if sign.isspace() else sign for sign in last)
    seen = "".join(sign for sign in spaced if unicodedata.category(sign)[0] != "C")
    name = " ".join(UNFIT.sub("_", seen).split()).strip(". ")
    if name.startswith("-") or RESERVED.fullmatch(name):
        name = f"_{name}"
    if len(name) > NAME_SIGNS:
        stem, dot, ending = name.rpartition(".")
        kept = f"{dot}{ending}" if stem and len(ending) <= 10 else ""
        name = f"{(stem if kept else name)[: NAME_SIGNS - 1 - len(kept)].rstrip('. ')}…{kept}"
    return name or "file"


def size_words(size: int) -> str:
    """Such as 812 bytes, 12 KB, 3.4 MB."""
    if size < 1_000:
        return number_of(size, "byte")
    return f"{size / 1_000:.0f} KB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"


def in_words(files: Sequence[GeneratedFile], way: str) -> str:
    """Files in Markdown, for a place that takes none: texts as code, the others by their names. `way`: how to get those, in
    words that go on after the name.
    """
    return "\n\n".join(_told(file, way) for file in files)


def _told(file: GeneratedFile, way: str) -> str:
    named = f"`{file.name}` ({size_words(len(file.data))})"
    if not file.language or (text := file.text) is None:
        return f"{named} {way}"
    cut = f"\n\nOnly its first {TOLD:,} characters are shown." if len(text) > TOLD else ""
    text = strip_controls(text.replace("\r\n", "\n")[:TOLD]).strip("\n")
    fence = "`" * max(3, 1 + max(map(len, FENCES.findall(text)), default=0))
    return f"{named}:\n\n{fence}\n{text}\n{fence}{cut}"
