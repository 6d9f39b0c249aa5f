"""Tables for places that have none: aligned columns of text, or one entry per row."""

import unicodedata
from collections.abc import Iterator, Sequence

from bot.document.inlines import plain
from bot.document.nodes import Align, TableBlock

Texts = Sequence[Sequence[str]]


def texts(table: TableBlock) -> list[list[str]]:
    """Header and rows as plain text, each cell in one line."""
    return [[" ".join(plain(cell).split()) for cell in row] for row in (table.header, *table.rows)]


def aligned(rows: Texts, aligns: Sequence[Align], *, widest: int, between: str = "  ") -> list[str]:
    """One line per row, its columns under each other, and a line under the header; [] when they are wider."""
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    if sum(widths) + len(between) * (len(widths) - 1) > widest:
        return []
    header, *others = (_line(row, widths, aligns, between) for row in rows)
    return [header, between.join("-" * size for size in widths), *others]


def entries(rows: Texts) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Each row as its first cell, and what the other cells say under which heading."""
    header, *others = rows
    for row in others:
        yield row[0], [(name, cell) for name, cell in zip(header[1:], row[1:], strict=True) if cell]


def width(text: str) -> int:
    """Columns in a fixed-width font."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in text
    )


def _line(row: Sequence[str], widths: Sequence[int], aligns: Sequence[Align], between: str) -> str:
    cells = (_padded(*cell) for cell in zip(row, widths, aligns, strict=True))
    return between.join(cells).rstrip()


def _padded(cell: str, size: int, align: Align) -> str:
    left = size - width(cell)
    match align:
        case Align.RIGHT:
            return " " * left + cell
        case Align.CENTER:
            return " " * (left // 2) + cell + " " * (left - left // 2)
    return cell + " " * left
