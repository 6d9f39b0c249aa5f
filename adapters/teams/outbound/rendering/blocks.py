"""The tree's blocks as lines of Teams' Markdown.

Teams' `markdown` has no headings, tables, rules or formulas; `extendedmarkdown` has them all. Source: Microsoft Learn,
Teams platform, "Format your bot messages".
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from adapters.teams.outbound.rendering import tables
from adapters.teams.outbound.rendering.inline import LineWriter, code_line, literal
from adapters.teams.outbound.rendering.marks import GAP
from bot.document.nodes import (
    Align,
    Block,
    Cell,
    CodeBlock,
    FootnoteText,
    Formula,
    Heading,
    Inline,
    LineBreak,
    ListBlock,
    ListItem,
    Paragraph,
    QuoteBlock,
    Rule,
    Strong,
    TableBlock,
)

Lines = list[str]

_CLOSING = re.compile(r"^ {0,3}(`{3,})[ \t]*$", re.MULTILINE)
_FENCE = re.compile(r"`{3}")
_CLOSING_HASHES = re.compile(r"#+$")
_LANGUAGE = re.compile(r"[\w+#.-]{1,30}")
_OF_MARKDOWN: Final = frozenset({"markdown", "md", "mdx"})
_TAG_BEGUN = re.compile(r"</?(?:at?)?$", re.IGNORECASE)
_DELIMITERS: Final = {Align.NONE: "---", Align.LEFT: ":--", Align.CENTER: ":-:", Align.RIGHT: "--:"}


def between(before: Block, block: Block) -> Lines:
    """The lines between two blocks. Two numbered lists would be read as one that goes on counting."""
    match before, block:
        case ListBlock(items, int(start)), ListBlock(start=int(then)) if then != start + len(items):
            return ["", GAP, ""]
    return [""]


@dataclass(frozen=True, slots=True)
class BlockWriter:
    """Writes blocks. `grows`: more may come of the last one, so it is written only as far as it will stay."""

    extended: bool = False
    early: bool = False  # more text may come

    def block(self, block: Block, *, grows: bool = False) -> str:
        return "\n".join(self._block(block, grows))

    def _block(self, block: Block, grows: bool) -> Lines:
        match block:
            case Paragraph(inlines):
                return self._paragraph(inlines, grows)
            case Heading():
                return [] if grows else self._heading(block)
            case ListBlock():
                return self._list(block, grows)
            case QuoteBlock(blocks):
                return [f"> {line}" if line else ">" for line in self._blocks(blocks, grows)]
            case CodeBlock():
                return self._code(block, grows)
            case TableBlock():
                return self._table(block, grows)
            case Rule():
                return ["---" if self.extended else "———"]
            case FootnoteText(label, blocks):
                lines = self._blocks(blocks, grows)
                return _headed(f"\\[{literal(label)}\\]", blocks, lines) if lines or not grows else []

    def _blocks(self, blocks: Sequence[Block], grows: bool, *, tight: bool = False) -> Lines:
        lines: Lines = []
        before: Block | None = None
        for place, block in enumerate(blocks, 1):
            made = self._block(block, grows and place == len(blocks))
            if made and before:
                lines += [] if tight and self._follows(before, block) else between(before, block)
            if made:
                lines += made
                before = block
        return lines

    def _follows(self, before: Block, block: Block) -> bool:
        """Whether a block may begin in the line after another one; without it, both are further apart."""
        match before, block:
            case CodeBlock(), _:
                return True
            case Paragraph(), CodeBlock() | ListBlock(start=None | 1):
                return True
            case Paragraph(), TableBlock():
                return not self.extended
        return False

    def _line(self, inlines: Sequence[Inline]) -> Lines:
        text = LineWriter(self.extended, self.early).line(inlines).strip()
        return text.split("\n") if text else []

    def _paragraph(self, inlines: Sequence[Inline], grows: bool) -> Lines:
        """A formula that stands in lines of its own is code, in which it is exact."""
        if self.extended:
            return self._line(inlines)
        lines: Lines = []
        start = 0
        for at, formula in enumerate(inlines):
            if isinstance(formula, Formula) and _stands_alone(inlines, at):
                lines += self._line(inlines[start:at])
                start = at + 1
                if not grows or start < len(inlines):  # what follows in its line is not known yet
                    lines += self._code(CodeBlock(formula.written, "latex"), grows=False)
        return lines + self._line(inlines[start:])

    def _heading(self, heading: Heading) -> Lines:
        if not self.extended:
            return self._line((Strong(heading.inlines),))
        text = LineWriter(self.extended, self.early, cell=True).line(heading.inlines, before="#")
        return [f"{'#' * heading.level} {_CLOSING_HASHES.sub(_escaped, text)}".rstrip()]

    def _list(self, block: ListBlock, grows: bool) -> Lines:
        lines: Lines = []
        for place, item in enumerate(block.items):
            last = grows and place + 1 == len(block.items)
            mark = "- " if block.start is None else f"{block.start + place}. "
            made = self._item(item, last)
            if made or not last:
                first, *others = made or [""]
                lines.append(f"{mark}{first}" if first else mark.rstrip())
                lines += [f"{' ' * len(mark)}{line}" if line else "" for line in others]
        return lines

    def _item(self, item: ListItem, grows: bool) -> Lines:
        lines = self._blocks(item.blocks, grows, tight=True)
        if item.checked is None or (grows and not lines):
            return lines
        box = ("[x]" if item.checked else "[ ]") if self.extended else "☑" if item.checked else "☐"
        return _headed(box, item.blocks, lines)

    def _code(self, block: CodeBlock, grows: bool) -> Lines:
        text = code_line(block.text)
        if grows:
            text = _TAG_BEGUN.sub("", text)
        inside = max((len(found[1]) for found in _CLOSING.finditer(text)), default=2)
        least = 4 if block.language.lower() in _OF_MARKDOWN else 3  # its own fences come later
        fence = "`" * max(inside + 1, least)
        language = block.language if _LANGUAGE.fullmatch(block.language) else ""
        return [f"{fence}{language}", *text.split("\n"), *([] if grows else [fence])]

    def _table(self, table: TableBlock, grows: bool) -> Lines:
        if self.extended:
            head = f"|{'|'.join(_DELIMITERS[align] for align in table.aligns)}|"
            header, *rows = (self._row(row) for row in (table.header, *table.rows))
            return [header, head, *rows]
        if grows:
            return []
        code = tables.as_code(table)
        if code is None:
            return self._list(tables.as_entries(table), grows=False)
        linked = tables.links_in(table)
        return [*self._code(code, grows=False), *(["", *self._list(linked, grows=False)] if linked else [])]

    def _row(self, row: Sequence[Cell]) -> str:
        cells = (
            LineWriter(self.extended, self.early, cell=True).line(cell, before="|", after="|") for cell in row
        )
        return f"| {' | '.join(cells)} |"


def _escaped(found: re.Match[str]) -> str:
    return f"\\{found[0]}"


def _headed(head: str, blocks: Sequence[Block], lines: Lines) -> Lines:
    """The blocks' lines, with `head` before the words of the first one, or in a paragraph of its own."""
    if lines and isinstance(blocks[0], Paragraph) and not _FENCE.match(lines[0]):
        return [f"{head} {lines[0]}", *lines[1:]]
    return [head, *([""] if lines else []), *lines]


def _stands_alone(inlines: Sequence[Inline], at: int) -> bool:
    """Whether a formula is all there is in its line."""
    formula = inlines[at]
    if not isinstance(formula, Formula) or not formula.display:
        return False
    beside = (*inlines[max(0, at - 1) : at], *inlines[at + 1 : at + 2])
    return all(isinstance(one, LineBreak) for one in beside)
