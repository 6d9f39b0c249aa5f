"""A document whose text is still being written. Only its unfinished last block is read again.

Blocks that are finished stay the same objects, so a renderer may keep what it made of them (`Kept`). A block is finished
when another one has begun after it; of a long list, table or code also the items, rows and lines are finished.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from bot.document import bounds, formulas
from bot.document.inlines import spliced
from bot.document.nodes import Block, CodeBlock, Document, Heading, ListBlock, Paragraph, TableBlock
from bot.document.reading import Reading, parse, read, targets_of
from bot.document.source import FLANK, clean
from bot.document.steady import closed_until, steady
from bot.document.unfinished import mended

LONG = 160  # characters of a last block, from which on its finished parts are not read again
_CODE_BEGINS = re.compile(r"(`{3,}+|~{3,}+)[^\n]*+\n")
_HEAD = re.compile(r"[^\n]*\n[^\n]*\n")

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class _Carried:
    """The finished part of the last block. `head` is put before the rest, so that it is read as the same block."""

    block: Block
    head: str = ""


class GrowingDocument:
    """Takes the whole text so far, each time longer than before."""

    def __init__(self) -> None:
        self._text = ""
        self._fed = 0
        self._settled = 0  # characters of what is finished
        self._blocks: list[Block] = []
        self._targets: dict[str, str] = {}
        self._carried: _Carried | None = None
        self._doubtful = False  # what was carried may be something else by now

    def grown(self, text: str) -> Document:
        """The text so far, for displays that can be replaced: marks that are open at its end are closed."""
        return self._document(text, mended)

    def steady(self, text: str) -> Document:
        """As far as the text cannot change its meaning any more: for displays that can only be added to."""
        return self._document(text, steady)

    def finished(self, text: str) -> Document:
        """The whole text, equal to what `parse` makes of it."""
        self._feed(text, whole=True)
        if self._may_differ():
            blocks = parse(text).blocks
            same = (old if old == new else new for old, new in zip(self._blocks, blocks, strict=False))
            return Document((*same, *blocks[len(self._blocks) :]))
        rest = self._head + self._text[self._settled :]
        return Document((*self._blocks, *self._merged(read(rest, {}), rest)))

    def _may_differ(self) -> bool:
        """Whether finished blocks may be others in the whole text: what is defined further down may be meant further up,
        and some bounds are those of a whole text.
        """
        many = len(self._text) > bounds.NODES // 4 or self._text.count("|") > 3 * bounds.COLUMNS
        return many or self._doubtful or any(sign in self._text for sign in ("]:", "\\[", "\\(", "$$"))

    @property
    def _head(self) -> str:
        return self._carried.head if self._carried else ""

    def _feed(self, text: str, *, whole: bool = False) -> None:
        end = len(text) - (text.endswith("\r") and not whole)  # perhaps the first half of a line feed
        self._text += clean(text[self._fed : end])
        self._fed = end

    def _document(self, text: str, shown: Callable[[str], str]) -> Document:
        self._feed(text)
        unread = self._text[self._settled :]
        rest = shown(self._head + unread)
        found = read(rest, self._targets)
        blocks = self._merged(found, rest)
        document = Document((*self._blocks, *blocks))
        self._settle(rest.removeprefix(FLANK), unread, found, blocks)
        return document

    def _merged(self, found: Reading, rest: str) -> list[Block]:
        """The blocks that were read, with what is carried before the first of them."""
        if not self._carried:
            return found.blocks
        first, others = next(iter(found.blocks), None), found.blocks[1:]
        match self._carried.block, first:
            case ListBlock(before), ListBlock(items) if (first.start is None) == (
                self._carried.block.start is None
            ):
                return [replace(self._carried.block, items=before + items), *others]
            case TableBlock(rows=before), TableBlock(rows=rows):
                return [replace(self._carried.block, rows=before + rows), *others]
            case Paragraph(before), Paragraph(inlines) | Heading(inlines=inlines):
                return [replace(first, inlines=spliced(before, inlines)), *others]
            case CodeBlock(before), CodeBlock(text):
                body = rest[len(self._carried.head) :]
                closed = not text and (not body or bool(body.split("\n", 1)[0].strip()))
                return [replace(self._carried.block, text=before if closed else f"{before}\n{text}"), *others]
        self._doubtful |= isinstance(self._carried.block, Paragraph)
        return [self._carried.block, *found.blocks]

    def _settle(self, rest: str, unread: str, found: Reading, blocks: list[Block]) -> None:
        """What is finished will not be read again: all blocks before the last that has begun a line that is complete."""
        complete = min(rest.rfind("\n"), formulas.undecided(rest))
        closed = 0  # of a last paragraph: so long a text will not be the start of something else
        if found.starts and isinstance(blocks[-1], Paragraph) and len(unread) > LONG + found.starts[-1]:
            closed = closed_until(unread[found.starts[-1] :])
            complete = max(complete, found.starts[-1]) if closed > LONG else complete
        last = next((at for at in range(len(found.starts) - 1, -1, -1) if found.starts[at] <= complete), None)
        if last is None:
            return
        start, more = found.starts[last], len(blocks) - len(found.blocks)
        if last + more or start > len(self._head):  # the latter behind blank lines
            self._blocks += blocks[: last + more]
            self._move(start - len(self._head.removeprefix(FLANK)), None)
        if last == len(found.starts) - 1 and len(rest) - start > LONG:
            item = next((at for at in reversed(found.items) if at <= complete), start)
            if closed > LONG:
                self._carry_text(unread[start : start + closed])
            else:
                self._carry(rest[start:], blocks[-1], item - start, found.items[-1:] == [item])

    def _move(self, by: int, carried: _Carried | None) -> None:
        """`by` characters more are finished."""
        part = self._text[self._settled : self._settled + by]
        self._targets = targets_of(part) | self._targets
        self._settled += by
        self._carried = carried

    def _carry_text(self, text: str) -> None:
        """Carries the first part of a paragraph, in which nothing is open."""
        part = self._head + text
        kept = self._merged(read(part, self._targets), part)
        if len(kept) == 1:
            self._move(len(text), _Carried(kept[0], FLANK))

    def _carry(self, rest: str, block: Block, item: int, is_last: bool) -> None:
        """Carries what is finished of the last block, which `rest` is the text of. In a list that is what stands before
        the item, which is the last or the one before.
        """
        head, cut = len(self._head), rest.rfind("\n") + 1
        match block:
            case ListBlock(items) if item > 0:
                kept = items[: -1 if is_last else -2]
                if kept and items[len(kept)].blocks:
                    self._move(item - head, _Carried(replace(block, items=kept)))
            case TableBlock(header, rows) if rows and len(header) * len(rows) < bounds.CELLS // 2:
                kept_rows = rows if cut == len(rest) else rows[:-1]
                opening = _HEAD.match(rest)
                if opening and cut > opening.end():
                    self._move(cut - head, _Carried(replace(block, rows=kept_rows), opening[0]))
            case CodeBlock(text) if (opening := _CODE_BEGINS.match(rest)) and cut > opening.end():
                last = rest[cut:]
                if not _closes(opening[1]).search(rest, opening.end()) and text.endswith(
                    f"\n{last}" if last else ""
                ):
                    text = text[: len(text) - len(last) - 1] if last else text
                    self._move(cut - head, _Carried(replace(block, text=text), opening[0]))


def _closes(fence: str) -> re.Pattern[str]:
    """The line that ends a block of code."""
    return re.compile(rf"^ {{0,3}}{fence}{fence[0]}*[ \t]*$", re.MULTILINE)


class Kept(Generic[Made]):
    """What a renderer made of each node of a sequence, while the node stays the same object."""

    def __init__(self, render: Callable[[Any], Made]) -> None:
        self._render = render
        self._kept: list[tuple[object, Made]] = []

    def of(self, document: Document) -> list[Made]:
        """What it made of the blocks."""
        return self.each(document.blocks)

    def each(self, nodes: Sequence[object]) -> list[Made]:
        kept = self._kept
        for place, node in enumerate(nodes):
            if place < len(kept) and kept[place][0] is node:
                continue
            kept[place:] = [(node, self._render(node))]
        del kept[len(nodes) :]
        return [made for _, made in kept]
