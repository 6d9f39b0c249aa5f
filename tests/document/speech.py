"""The words of a tree in their order, without style, targets, marks and numbers of lists: what must arrive once."""

import re
from collections.abc import Iterator, Sequence

from bot.document.inlines import plain
from bot.document.nodes import (
    Block,
    CodeBlock,
    Document,
    FootnoteText,
    Heading,
    ListBlock,
    Paragraph,
    QuoteBlock,
    Rule,
    TableBlock,
)

WORD = re.compile(r"\w+")
TAG = re.compile(r"</?[a-z]{1,6} ?/?>|\[\^\w+\]")
DEFINES = re.compile(r"(?m)^[\s>]*\[[^\]\n]+\]:")
"""A text in which what comes later says what an earlier word was: a link, a footnote."""
UNDECIDED = 3
"""Words at the end of a text that still grows: half a tag, an entity or a target, which may become something else."""


def spoken(document: Document) -> str:
    """The words, a blank between them."""
    return " ".join(" ".join(_texts(document.blocks)).split())


def _texts(blocks: Sequence[Block]) -> Iterator[str]:
    for block in blocks:
        match block:
            case Paragraph(inlines) | Heading(inlines=inlines):
                yield plain(inlines)
            case CodeBlock(text):
                yield text
            case QuoteBlock(inside) | FootnoteText(_, inside):
                yield from _texts(inside)
            case ListBlock(items):
                for item in items:
                    yield from _texts(item.blocks)
            case TableBlock(header, rows):
                yield from (plain(cell) for row in (header, *rows) for cell in row)
            case Rule():
                pass


def goes_on(shown: str, whole: str) -> bool:
    """Whether what was shown while a text grew begins what it became, save for its undecided end."""
    before, after = (WORD.findall(TAG.sub(" ", text)) for text in (shown, whole))
    same = next(
        (place for place, (one, other) in enumerate(zip(before, after, strict=False)) if one != other),
        min(len(before), len(after)),
    )
    return len(before) - same <= UNDECIDED
