"""Tables for Teams' Markdown, which has none: aligned as code, or as a list where they are too wide for that."""

from collections.abc import Iterator, Sequence
from typing import Final

from adapters.teams.outbound.rendering.inline import with_addresses
from adapters.teams.outbound.rendering.sources import links_of
from bot.document import tables
from bot.document.inlines import plain
from bot.document.nodes import (
    Align,
    Cell,
    CodeBlock,
    CodeSpan,
    Inline,
    Link,
    ListBlock,
    ListItem,
    Paragraph,
    Strong,
    TableBlock,
    Words,
)
from bot.domain.replies import Table

WIDEST: Final = 76
"""Columns of a block of code that a Teams window shows without a scroll bar."""


def as_code(table: TableBlock) -> CodeBlock | None:
    """The table in aligned columns; None when it is too wide."""
    lines = tables.aligned(tables.texts(table), table.aligns, widest=WIDEST)
    return CodeBlock("\n".join(lines)) if lines else None


def as_entries(table: TableBlock) -> ListBlock:
    """One entry per row: its first cell in bold, below it the others. Cells keep their links and marks."""
    return ListBlock(tuple(_entry(table.header, row) for row in table.rows))


def links_in(table: TableBlock) -> ListBlock | None:
    """What can be clicked in the table, row by row: code holds no links."""
    items = []
    for row in table.rows:
        named = any(_clickable(row[:1]))
        first: list[Inline] = [] if named else [Words(f"{plain(row[0])}: ")] * bool(row[0])
        found = list(_clickable(row))
        if found:
            between = [part for link in found for part in (Words(", "), link)][1:]
            items.append(ListItem((Paragraph((*first, *between)),)))
    return ListBlock(tuple(items)) if items else None


def table_block(table: Table) -> TableBlock:
    """A reply's table, whose cells are plain text."""
    rows = (table.header, *table.rows)
    columns = max(map(len, rows))
    header, *others = (tuple(map(_cell, (*row, *[""] * (columns - len(row))))) for row in rows)
    return TableBlock(header, tuple(others), (Align.NONE,) * columns)


def _cell(text: str) -> Cell:
    return (Words(text),) if text else ()


def _entry(header: Sequence[Cell], row: Sequence[Cell]) -> ListItem:
    further = tuple(
        ListItem((Paragraph((*name, Words(": "), *cell) if name else cell),))
        for name, cell in zip(header[1:], row[1:], strict=True)
        if cell
    )
    name = (*header[0], Words(": ")) if header[0] else ()
    first = Paragraph((*name, Strong(row[0] or (Words("—"),))))
    return ListItem((first, ListBlock(further)) if further else (first,))


def _clickable(cells: Sequence[Cell]) -> Iterator[Link]:
    for cell in cells:
        yield from links_of(cell)
        for inline in cell:
            if isinstance(inline, Words) and "://" in inline.text:
                yield from (
                    one for one in with_addresses(inline.text) if not isinstance(one, Words | CodeSpan)
                )
