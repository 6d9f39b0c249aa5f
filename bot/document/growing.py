"""A document whose text is still being written. Only its unfinished last block is read again.

Blocks that are finished stay the same objects, so a renderer may keep what it made of them (`Kept`). A block is finished
when another one has begun after it; of a long list, table or code also the items, rows and lines are finished.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from bot.document import bounds, formulas
from bot.document.nodes import Block, CodeBlock, Document, ListBlock, TableBlock
from bot.document.reading import Reading, read, targets_of
from bot.document.source import clean
from bot.document.unfinished import mended, open_fence, steady

LONG = 400  # characters of a last block, from which on its finished parts are not read again
_FENCE = re.compile(r"(?:`{3,}|~{3,})[^\n]*\n")
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

    def grown(self, text: str) -> Document:
        """The text so far, for displays that can be replaced: marks that are open at its end are closed."""
        return self._document(text, mended)

    def steady(self, text: str) -> Document:
        """As far as the text cannot change its meaning any more: for displays that can only be added to."""
        return self._document(text, steady)

    def finished(self, text: str) -> Document:
        """The whole text, equal to what `parse` makes of it."""
        self._feed(text, whole=True)
        if "]:" not in self._text:
            rest = self._head + self._text[self._settled :]
            return Document((*self._blocks, *self._merged(read(rest, {}), rest)))
        blocks = read(self._text, {}).blocks  # what is defined further down may be meant further up
        same = zip(self._blocks, blocks, strict=False)
        blocks[: len(self._blocks)] = [old if old == new else new for old, new in same]
        return Document(tuple(blocks))

    @property
    def _head(self) -> str:
        return self._carried.head if self._carried else ""

    def _feed(self, text: str, *, whole: bool = False) -> None:
        end = len(text) - (not whole and text.endswith("\r"))
        self._text += clean(text[self._fed : end])
        self._fed = end

    def _document(self, text: str, shown: Callable[[str], str]) -> Document:
        self._feed(text)
        rest = shown(self._head + self._text[self._settled :])
        found = read(rest, self._targets)
        blocks = self._merged(found, rest)
        document = Document((*self._blocks, *blocks))
        self._settle(rest, found, blocks)
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
            case CodeBlock(before), CodeBlock(text):
                text = f"{before}\n{text}" if len(rest) > len(self._carried.head) else before
                return [replace(self._carried.block, text=text), *others]
        return [self._carried.block, *found.blocks]

    def _settle(self, rest: str, found: Reading, blocks: list[Block]) -> None:
        """What is finished will not be read again."""
        if not found.blocks:
            return
        start = _offset(rest, found.lines[-1]) if len(found.blocks) > 1 else 0
        if not self._decided(rest, start):
            return
        if len(found.blocks) > 1:
            self._blocks += blocks[:-1]
            self._move(start - len(self._head), None)
            rest = rest[start:]
        if len(rest) > LONG:
            item = _offset(rest, found.item - found.lines[-1]) if len(found.blocks) == 1 or start else 0
            self._carry(rest, blocks[-1], item)

    def _decided(self, rest: str, start: int) -> bool:
        """Whether a block that starts there begins a line that is complete, outside of any formula."""
        return "\n" in rest[start:] and formulas.undecided(rest) >= start

    def _move(self, by: int, carried: _Carried | None) -> None:
        """`by` characters more are finished."""
        part = self._text[self._settled : self._settled + by]
        self._targets = targets_of(part) | self._targets
        self._settled += by
        self._carried = carried

    def _carry(self, rest: str, block: Block, item: int) -> None:
        """Carries what is finished of the last block, which `rest` is the text of."""
        head, cut = len(self._head), rest.rfind("\n") + 1
        match block:
            case ListBlock(items) if item and "\n" in rest[item:] and items[-1].blocks and len(items) > 1:
                if formulas.undecided(rest) >= item:
                    self._move(item - head, _Carried(replace(block, items=items[:-1])))
            case TableBlock(header, rows) if rows and len(header) * len(rows) < bounds.CELLS // 2:
                kept = rows if cut == len(rest) else rows[:-1]
                opening = _HEAD.match(rest)
                if opening and cut > opening.end():
                    self._move(cut - head, _Carried(replace(block, rows=kept), opening[0]))
            case CodeBlock(text) if (opening := _FENCE.match(rest)) and cut > opening.end():
                last = rest[cut:]
                if open_fence(rest.split("\n")) and text.endswith(f"\n{last}" if last else ""):
                    text = text[: len(text) - len(last) - 1] if last else text
                    self._move(cut - head, _Carried(replace(block, text=text), opening[0]))


def _offset(text: str, line: int) -> int:
    """Where that line starts."""
    at = 0
    for _ in range(line):
        at = text.index("\n", at) + 1
    return at


class Kept(Generic[Made]):
    """What a renderer made of each block, while the block stays the same."""

    def __init__(self, render: Callable[[Block], Made]) -> None:
        self._render = render
        self._kept: list[tuple[Block, Made]] = []

    def of(self, document: Document) -> list[Made]:
        kept = self._kept
        for place, block in enumerate(document.blocks):
            if place < len(kept) and kept[place][0] is block:
                continue
            kept[place:] = [(block, self._render(block))]
        del kept[len(document.blocks) :]
        return [made for _, made in kept]
