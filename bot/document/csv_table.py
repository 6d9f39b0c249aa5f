"""Tables of an answer as CSV, for spreadsheets. RFC 4180 in UTF-8; the mark at its start tells Excel so.

A spreadsheet runs what begins like a formula. Models write what they read elsewhere, so such a cell gets an apostrophe in
front, which makes text of it (OWASP, "CSV injection"). A plain number keeps its sign, and a dash is a dash. Excel takes a first
line such as `sep=a` for the sign that parts cells.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence

from bot.document.inlines import plain
from bot.document.nodes import Block, Cell, FootnoteText, Inline, Link, ListBlock, QuoteBlock, TableBlock
from bot.document.reading import parse

FORMULA = re.compile(r"[\s\"']*[=+\-@\uff1d\uff0b\uff0d\uff20]|(?i:sep)=|[\t\r\n]")
HARMLESS = re.compile(r"-|[+-]?[0-9][0-9.,' \u00a0\u202f]*(?:[eE][+-]?[0-9]{1,3})?\s?[%\u20ac$\u00a3]?")


def tables_of(blocks: Sequence[Block]) -> Iterator[TableBlock]:
    """All tables in their order, also those inside of lists and quotes."""
    for block in blocks:
        match block:
            case TableBlock():
                yield block
            case ListBlock(items=items):
                for item in items:
                    yield from tables_of(item.blocks)
            case QuoteBlock(blocks=inside) | FootnoteText(blocks=inside):
                yield from tables_of(inside)


def table_count(text: str) -> int:
    """The tables in a model's Markdown. Without a bar there is none."""
    return sum(1 for _ in tables_of(parse(text).blocks)) if "|" in text else 0


def as_csv(table: TableBlock) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([harmless(_words(cell)) for cell in row] for row in (table.header, *table.rows))
    return out.getvalue().encode("utf-8-sig")


def harmless(text: str) -> str:
    """A cell that no spreadsheet runs. Where a comma is part of numbers, one that opens the file parts cells at semicolons."""
    first, *others = text.split(";")
    return ";".join(
        [f"'{first}" if _runs(text) else first, *(f"'{one}" if _runs(one) else one for one in others)]
    )


def _runs(text: str) -> bool:
    return bool(FORMULA.match(text)) and not HARMLESS.fullmatch(text.strip(" "))


def _words(cell: Cell) -> str:
    """The words of a cell, with the address of a link that does not show it."""
    return " ".join(" ".join(map(_with_address, cell)).split()) if any(map(_links, cell)) else _plain(cell)


def _plain(cell: Sequence[Inline]) -> str:
    return " ".join(plain(cell).split())


def _links(inline: Inline) -> bool:
    return isinstance(inline, Link) and not inline.bare


def _with_address(inline: Inline) -> str:
    label = plain([inline])
    if not isinstance(inline, Link) or inline.bare or inline.target == label:
        return label
    return f"{label} {inline.target}"
