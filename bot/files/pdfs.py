"""A PDF's text, page by page."""

import io
from collections.abc import Iterator

from pypdf import PasswordType, PdfReader
from pypdf.errors import PyPdfError

from bot.domain.file_text import FileText
from bot.files.limits import DAMAGED, PAGES, PROTECTED, Unreadable, in_pieces


def expect_whole(data: bytes) -> None:
    """Raises Unreadable for a PDF that vendors refuse, and PyPdfError for one that is damaged."""
    pages = len(_opened(data).pages)
    if not 0 < pages <= PAGES:
        raise Unreadable(f"it has {pages:,} pages")


def _opened(data: bytes) -> PdfReader:
    reader = PdfReader(io.BytesIO(data))
    if reader.is_encrypted and reader.decrypt("") is PasswordType.NOT_DECRYPTED:
        raise Unreadable(PROTECTED)
    return reader


def read_pdf(data: bytes) -> FileText:
    reader = _opened(data)
    words: list[bool] = []

    def pages() -> Iterator[str]:
        for number in range(len(reader.pages)):
            try:
                text = reader.pages[number].extract_text().strip()
            except PyPdfError:
                text = "(this page is damaged)"
            words.append(bool(text))
            yield f"## Page {number + 1}\n{text}\n"

    total = len(reader.pages)
    if not total:
        raise Unreadable(DAMAGED)
    read = in_pieces("pages", pages(), total)
    if not any(words):
        raise Unreadable("it has pictures of pages only, no text")
    return read
