"""What a prompt shows of an attached file: bytes where the model reads its kind itself, words where it does not. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.domain.catalog import Model
from bot.domain.events import File
from bot.domain.file_text import FileText
from bot.domain.formatting import clip

IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
PDF = "application/pdf"
TEXTS = ("text/", "application/json", "application/xml", "application/x-yaml", "application/javascript")
STARTS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"%PDF-", PDF),
)
FILE_CHARACTERS = 200_000  # of one file's text; in small windows at most two per token, about half the window
IMAGE_TOKENS = 1_500
DOCUMENT_TOKENS = 3_000
PDF_BYTES = 30  # of a document for each token, where it is long
PACKED = 4  # bytes of an Office file for each character in it


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesRead:
    """What was read of attachments, by file id: bytes for models that read them, texts for those that do not.
    `refused` are those that the model in hand refused before.
    """

    bytes_of: Mapping[str, bytes] = field(default_factory=dict)
    texts: Mapping[str, FileText] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()


def shown_kind(file: File, data: bytes | None) -> str:
    """A file's media type, from its first bytes if known: platforms only say "image/*" or guess by name."""
    return file.media_type if data is None else kind_by_bytes(data) or file.media_type


def kind_by_bytes(data: bytes) -> str:
    """The media type of a picture or a PDF, by its first bytes; "" of anything else."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in STARTS if data.startswith(start)), "")


def is_picture(kind: str) -> bool:
    """Whether models that see may be shown a file of that media type. A drawing in SVG is a text."""
    return kind.startswith("image/") and not kind.startswith("image/svg")


def file_words(file: File, model: Model, files: FilesRead, mark: str) -> str:
    """What a file says, between marks, or why it is not shown."""
    name, read = clip(file.name), files.texts.get(file.id) or _told(file)
    if read is not None and not read.reason:
        most = _most(model)
        cut = f"only its first {most:,} characters" if len(read.text) > most else ""
        about = ", ".join(part for part in (read.part, cut, f"between marks {mark}") if part)
        return f"[file: {name}, {about}]\n[{mark}]\n{read.text[:most]}\n[/{mark}]"
    if file.media_type.startswith("image/") and not model.vision:
        return f"[image: {name}, not shown to this model]"
    return f"[file: {name}, not read: {read.reason}]" if read else f"[file: {name}, not at hand any more]"


def refused_words(name: str, media_type: str) -> str:
    """What stands in place of a file that the model refused."""
    return f"[{'file' if media_type == PDF else 'image'}: {name}, not shown: this model does not take it]"


def _told(file: File) -> FileText | None:
    """What the platform told of it."""
    return FileText(text=file.text, reason=file.trouble) if file.text or file.trouble else None


def expected_tokens(file: File, model: Model) -> int:
    """The estimated tokens of a file that has not been fetched."""
    if file.trouble:
        return 0
    if file.text:
        return min(len(file.text), _most(model)) * 2 // 7
    if file.media_type.startswith("image/"):
        return IMAGE_TOKENS if model.vision else 0
    if file.media_type == PDF and model.documents:
        return max(DOCUMENT_TOKENS, file.size // PDF_BYTES)
    characters = file.size if file.media_type.startswith(TEXTS) else file.size // PACKED
    return min(characters, _most(model)) * 2 // 7


def _most(model: Model) -> int:
    """The characters that one file's text may have."""
    return min(FILE_CHARACTERS, 2 * model.context)
