"""Markdown as elements of an Adaptive Card in which text stays text.

Untrusted text cannot become more than text, or a link that shows its target. Source: adaptivecards.io, schema 1.5,
RichTextBlock, Table, TableColumnDefinition.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from adapters.teams.outbound.rendering.code_element import code_element
from adapters.teams.outbound.rendering.inline import line_of
from adapters.teams.outbound.rendering.runs import PLAIN, Element, Style, lines_of, text_run
from bot.delivery.last_resort import rendered
from bot.document.inlines import plain
from bot.document.nodes import (
    Align,
    Block,
    Cell,
    CodeBlock,
    FootnoteMark,
    FootnoteText,
    Formula,
    Heading,
    Inline,
    ListBlock,
    ListItem,
    Paragraph,
    QuoteBlock,
    Rule,
    TableBlock,
    Words,
)
from bot.document.reading import parse

INDENT: Final = "\u2003"
QUOTED: Final = "│ "
NARROW, WIDE = 10, 24
"""Shares of columns: a short word is not broken beside a long text, which needs several lines anyway."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a block stands: what its lines begin with, and its first line instead; "" for both at the top level."""

    prefix: str = ""
    first: str = ""

    @property
    def later(self) -> "_Place":
        return _Place(self.prefix, self.prefix)

    def within(self, prefix: str, first: str) -> "_Place":
        return _Place(self.prefix + prefix, self.first + first)


def rich_text(*runs: Element, **more: Any) -> Element:
    return {"type": "RichTextBlock", "inlines": list(runs), **more}


def line_element(markdown: str, style: Style = PLAIN, **more: Any) -> Element:
    """One line of Markdown as one element; `more` is added to each run."""
    runs = rendered(
        markdown, lambda text: _one_line(line_of(text), style), lambda text: [text_run(text, style)]
    )
    return rich_text(*({**run, **more} for run in runs)) if runs else rich_text(text_run(" "))


def _one_line(inlines: Sequence[Inline], style: Style) -> list[Element]:
    return [run for line in lines_of(inlines, style) for run in line]


def card_elements(markdown: str) -> list[Element]:
    """A whole text, block by block."""
    return rendered(markdown, lambda text: list(_elements(parse(text).blocks, _Place())), plain_elements)


def words(element: Element) -> str:
    """What a text or code element says."""
    return "".join(run["text"] for run in element.get("inlines", ())) or str(element.get("codeSnippet", ""))


def plain_elements(text: str) -> list[Element]:
    """A text without any markup, line by line."""
    return [rich_text(text_run(line)) for line in text.split("\n") if line.strip()]


def table_element(table: TableBlock) -> Element:
    """The first row is the header."""
    rows = [_row(table.header, Style(bold=True)), *(_row(row, PLAIN) for row in table.rows)]
    return {
        "type": "Table",
        "firstRowAsHeader": True,
        "gridStyle": "default",
        "columns": [
            _column(align, cells)
            for align, cells in zip(table.aligns, zip(table.header, *table.rows, strict=True), strict=True)
        ],
        "rows": rows,
    }


def _elements(blocks: Sequence[Block], place: _Place) -> Iterator[Element]:
    for block in blocks:
        made = list(_block(block, place))
        yield from made
        if made:
            place = place.later


def _block(block: Block, place: _Place) -> Iterator[Element]:
    match block:
        case Paragraph(inlines) if not _is_formula(inlines):
            yield from _lines(inlines, place)
        case Heading(_, inlines):
            yield from _lines(inlines, place, Style(bold=True))
        case ListBlock():
            yield from _list(block, place)
        case QuoteBlock(blocks):
            yield from _elements(blocks, place.within(QUOTED, QUOTED))
        case FootnoteText():
            yield from _elements(_footnote(block), place)
        case Rule():
            yield rich_text(text_run(f"{place.first}———"))
        case _:
            yield from _marked(place)
            yield _as_one(block)


def _as_one(block: Block) -> Element:
    """What is an element of its own."""
    match block:
        case CodeBlock(text, language):
            return code_element(text, language)
        case TableBlock():
            return table_element(block)
        case Paragraph(inlines):
            return code_element(plain(inlines))
    raise TypeError(type(block).__name__)


def _is_formula(inlines: Sequence[Inline]) -> bool:
    """Whether a paragraph is a formula and nothing else."""
    match inlines:
        case (Formula(display=display),):
            return display
    return False


def _footnote(footnote: FootnoteText) -> tuple[Block, ...]:
    """Its blocks, with its label before the first words."""
    label = (FootnoteMark(footnote.label), Words(" "))
    match footnote.blocks:
        case (Paragraph(inlines), *others):
            return (Paragraph((*label, *inlines)), *others)
    return (Paragraph(label), *footnote.blocks)


def _list(block: ListBlock, place: _Place) -> Iterator[Element]:
    for number, item in enumerate(block.items):
        mark = "• " if block.start is None else f"{block.start + number}. "
        within = place.within(INDENT, mark + _box(item))
        made = list(_elements(item.blocks, within))
        yield from made or _marked(within)
        place = place.later


def _box(item: ListItem) -> str:
    return "" if item.checked is None else "☑ " if item.checked else "☐ "


def _marked(place: _Place) -> Iterator[Element]:
    """The mark of an item that does not begin with words."""
    if place.first != place.prefix:
        yield rich_text(text_run(place.first.rstrip(" ")), spacing="Small")


def _lines(inlines: Sequence[Inline], place: _Place, style: Style = PLAIN) -> Iterator[Element]:
    """One element per line. What belongs to a list or a quote is close together."""
    for number, line in enumerate(lines_of(inlines, style)):
        lead = place.prefix if number else place.first
        runs = [text_run(lead)] * bool(lead) + line
        more = {"spacing": "Small" if place.first else "None"} if number or place.first else {}
        yield rich_text(*runs or [text_run(" ")], **more)


def _column(align: Align, cells: Sequence[Cell]) -> Element:
    """Its width is its share of the card's, by its longest cell."""
    named = {Align.LEFT: "Left", Align.CENTER: "Center", Align.RIGHT: "Right"}
    width = min(max(NARROW, *(len(plain(cell)) for cell in cells)), WIDE)
    return {"width": width, **({"horizontalCellContentAlignment": named[align]} if align in named else {})}


def _row(cells: Sequence[Cell], style: Style) -> Element:
    return {
        "type": "TableRow",
        "cells": [{"type": "TableCell", "items": _cell(cell, style)} for cell in cells],
    }


def _cell(cell: Cell, style: Style) -> list[Element]:
    return [rich_text(*line or [text_run(" ")]) for line in lines_of(cell, style)]
