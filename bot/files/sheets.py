"""Sheets as Markdown tables: Excel's, and what is separated by commas, semicolons or tabs."""

import csv
import io
from collections.abc import Iterator

import openpyxl

from bot.domain.file_text import FileText
from bot.files.archive import Archive
from bot.files.encodings import decode
from bot.files.limits import Pieces, table

EXPANDED = 400 << 20  # bytes of XML in one workbook; it is read row by row
SAMPLE = 1 << 14  # characters that tell what separates cells
SEPARATORS = ",;\t|"


def read_xlsx(data: bytes, archive: Archive) -> FileText:
    """The values as they were last calculated."""
    archive.check("xl/", EXPANDED)
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    sheets = book.worksheets
    pieces = Pieces()
    for number, sheet in enumerate(sheets, 1):
        total = sheet.max_row or 0
        sheet.reset_dimensions()  # what a file says of its size may be a lie, and is filled with empty cells
        pieces.add(f"## Sheet {' '.join(sheet.title.split())}")
        rows = ([_cell(value) for value in row] for row in sheet.iter_rows(values_only=True))
        shown, ended = _add_rows(pieces, rows)
        if not ended:
            few = f"rows 1-{shown:,} of {total:,}" if total > shown else f"the first {shown:,} rows"
            return pieces.read(few if len(sheets) == 1 else f"of {len(sheets)} sheets {number}, {few}")
    return pieces.read()


def read_csv(data: bytes) -> FileText:
    text = decode(data)
    try:
        dialect: type[csv.Dialect] = csv.Sniffer().sniff(text[:SAMPLE], SEPARATORS)
    except csv.Error:  # one column, or nothing that repeats
        dialect = csv.excel_tab if "\t" in text[:SAMPLE] else csv.excel
    csv.field_size_limit(len(text) + 1)
    pieces = Pieces()
    shown, ended = _add_rows(pieces, csv.reader(io.StringIO(text, newline=""), dialect))
    total = len(text.splitlines())  # fewer, where cells hold line breaks
    return pieces.read("" if ended else f"rows 1-{shown:,} of about {total:,}")


def _add_rows(pieces: Pieces, rows: Iterator[list[str]]) -> tuple[int, bool]:
    """How many rows are in, and whether those are all. Rows and cells at the end that are empty are none."""
    read = 0

    def filled() -> Iterator[list[str]]:
        nonlocal read
        for row in rows:
            if pieces.full:
                return
            read += 1
            width = max((place for place, cell in enumerate(row, 1) if cell.strip()), default=0)
            if width:
                yield row[:width]

    for line in table(filled()):
        if not pieces.add(line):
            return read - 1, False
    return read, not pieces.full


def _cell(value: object) -> str:
    if value is None:
        return ""
    return str(value).removesuffix(" 00:00:00")  # a date without a time
