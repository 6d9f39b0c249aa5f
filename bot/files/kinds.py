"""What a file is, by its bytes first, then its name, then what the platform says; and who reads it.

A new kind is a line in BEGINNINGS, ENDINGS or MEDIA_TYPES, which name it, and one in READERS or REASONS.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from bot.domain.file_text import FileText
from bot.files.archive import Archive
from bot.files.encodings import decode, is_text
from bot.files.limits import DAMAGED, PROTECTED, Unreadable, in_lines

BEGINNINGS = (
    (b"%PDF-", "pdf"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "archive"),  # an empty one
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "compound"),
    (b"\x89PNG", "picture"),
    (b"\xff\xd8\xff", "picture"),
    (b"GIF8", "picture"),
    (b"{\\rtf", "rtf"),
    (b"\x1f\x8b", "archive"),
    (b"7z\xbc\xaf", "archive"),
    (b"Rar!", "archive"),
    (b"\xfd7zXZ", "archive"),
    (b"BZh", "archive"),
    (b"ID3", "sound"),
    (b"OggS", "sound"),
)
ENDINGS = {
    "csv": "csv", "tsv": "csv", "tab": "csv", "eml": "mail", "mht": "mail", "html": "html", "htm": "html", "xhtml": "html",
    "docx": "office", "docm": "office", "xlsx": "office", "xlsm": "office", "pptx": "office", "pptm": "office",
}  # fmt: skip
MEDIA_TYPES = {
    "text/csv": "csv", "text/tab-separated-values": "csv", "message/rfc822": "mail", "text/html": "html",
    "application/xhtml+xml": "html", "application/vnd.slack-docs": "html",
}  # fmt: skip
PARTS = {
    "word/document.xml": "docx",
    "xl/workbook.xml": "xlsx",
    "ppt/presentation.xml": "pptx",
    "xl/workbook.bin": "xlsb",
    "content.xml": "opendocument",
}  # what is inside tells which Office file a zip is
REASONS = {
    "archive": "archives are not opened",
    "picture": "it is a picture of a kind that no model here sees",
    "sound": "recordings are not listened to",
    "video": "recordings are not listened to",
    "rtf": "rich text is not read: save it as .docx or PDF",
    "xlsb": "binary workbooks are not read: save it as .xlsx",
    "opendocument": "OpenDocument files are not read: save it as .docx, .xlsx, .pptx or PDF",
    "old": "Office files from before 2007 are not read: save it as .docx, .xlsx, .pptx or PDF",
    "office": DAMAGED,
    "unknown": "it is of a kind that cannot be read",
}
READERS: dict[str, Callable[[bytes], FileText]] = {
    "text": lambda data: in_lines(decode(data).split("\n")),
    "csv": lambda data: _of("sheets").read_csv(data),
    "html": lambda data: _of("markup").read_html(data),
    "mail": lambda data: _of("mails").read_mail(data),
    "pdf": lambda data: _of("pdfs").read_pdf(data),
    "docx": lambda data: _of("office").read_docx(Archive(data)),
    "pptx": lambda data: _of("office").read_pptx(Archive(data)),
    "xlsx": lambda data: _of("sheets").read_xlsx(data, Archive(data)),
}
HTML = (b"<!doctype html", b"<html")
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
PDF_WITHIN = 1024  # bytes: some programs put something before a PDF's first line


def file_kind(data: bytes, name: str, media_type: str) -> str:
    """A kind of READERS or REASONS; "zip" and "compound" are told apart by `inner_kind`."""
    head = data[:PDF_WITHIN]
    if found := next((kind for start, kind in BEGINNINGS if head.startswith(start)), ""):
        return found
    if not is_text(data):
        if b"%PDF-" in head:
            return "pdf"
        group = media_type.partition("/")[0]
        return {"image": "picture", "audio": "sound", "video": "video"}.get(group, "unknown")
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(HTML):
        return "html"
    by_name = ENDINGS.get(name.lower().rpartition(".")[2] if "." in name else "", "")
    return by_name or MEDIA_TYPES.get(media_type.partition(";")[0].strip().lower(), "text")


def inner_kind(data: bytes, kind: str, name: str) -> str:
    """The kind of what is in a container. Raises Unreadable when it is locked or broken."""
    if kind == "compound":
        if ENCRYPTED in data:
            raise Unreadable(PROTECTED)
        return "old"
    if kind != "zip":
        return kind
    office = ENDINGS.get(name.lower().rpartition(".")[2]) == "office"
    try:
        names = Archive(data).names
    except Unreadable:
        if office:
            raise
        return "archive"
    return next((kind for part, kind in PARTS.items() if part in names), "office" if office else "archive")


def read_file(data: bytes, name: str, media_type: str) -> FileText:
    """Raises Unreadable, and whatever the readers raise for what is broken."""
    if not data:
        raise Unreadable("it is empty")
    kind = inner_kind(data, file_kind(data, name, media_type), name)
    if kind in REASONS:
        raise Unreadable(REASONS[kind])
    return READERS[kind](data)


def _of(module: str) -> Any:
    """Readers are loaded when they are needed: their libraries take longer to load than most files to read."""
    return import_module(f"bot.files.{module}")
