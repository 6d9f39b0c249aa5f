"""Tables for clients without tables: aligned in a code block, or as a list when they are wide."""

import re
import unicodedata
from collections.abc import Sequence

from adapters.teams.outbound.rendering.inline import HIDDEN, code_line, literal
from bot.delivery.last_resort import CELLS

WIDEST = 76
"""Columns of a block of code that a Teams window shows without a scroll bar."""
DELIMITER = re.compile(r"\|?\s*:?-+:?(?:\s*\|\s*:?-+:?)*\s*\|?")
CELL = re.compile(r"(?<!\\)\|")
MARKS = re.compile(r"\*\*|__|~~|`+|(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w)")
LINKED = re.compile(r"!?\[([^\[\]]*)\]\(([^\s()]*)(?:\s[^()]*)?\)")

Row = Sequence[str]


def delimits(line: str) -> bool:
    """Whether a line separates a table's header from its rows."""
    return DELIMITER.fullmatch(line.strip()) is not None


def row_cells(line: str) -> list[str]:
    """A row's cells as plain text, without Markdown's marks."""
    row = CELL.split(line.strip().removeprefix("|").removesuffix("|"))
    return [_plain(cell) for cell in row]


def _plain(cell: str) -> str:
    text = LINKED.sub(r"\1 (\2)", cell.replace("\\|", "|"))
    text = re.sub(r"<br\s?/?>", " ", text, flags=re.IGNORECASE)
    return " ".join(HIDDEN.sub("", MARKS.sub("", text)).split())


def as_code(lines: Sequence[str]) -> list[str]:
    """A table of too many cells: its lines as they were written."""
    return ["```", *(code_line(line.replace("`", "'")) for line in lines), "```"]


def too_vast(lines: Sequence[str]) -> bool:
    """Whether the table has more cells than are drawn; every row is filled up to the widest one."""
    return len(lines) * max(line.count("|") for line in lines) > CELLS


def drawn(header: Row, rows: Sequence[Row]) -> list[str]:
    """The Markdown lines that show a table of plain text."""
    columns = max(len(header), *(len(row) for row in rows)) if rows else len(header)
    table = [[*row, *[""] * (columns - len(row))] for row in (header, *rows)]
    widths = [max(_width(row[column]) for row in table) for column in range(columns)]
    if sum(widths) + 2 * (columns - 1) > WIDEST:
        return _listed(table[0], table[1:])
    lines = [_aligned(table[0], widths), "  ".join("-" * width for width in widths)]
    lines += [_aligned(row, widths) for row in table[1:]]
    return ["```", *(code_line(line.replace("`", "'")) for line in lines), "```"]


def _aligned(row: Row, widths: Sequence[int]) -> str:
    padded = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
    return "  ".join(padded).rstrip()


def _listed(header: Row, rows: Sequence[Row]) -> list[str]:
    """One entry per row: its first cell, then each further cell under its heading."""
    lines = []
    for row in rows:
        lines.append(f"- **{literal(row[0]) or '—'}**")
        for name, cell in zip(header[1:], row[1:], strict=True):
            if cell:
                lines.append(f"  - {literal(name)}: {literal(cell)}" if name else f"  - {literal(cell)}")
    return lines


def _width(text: str) -> int:
    """Columns in a fixed-width font."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in text
    )
