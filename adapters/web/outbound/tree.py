"""A text as data for the page: `bot.document`'s tree in nested lists, which JSON can carry. Pure.

A block is a list that begins with its kind:

    ["p", *inlines]  ["h", level, *inlines]  ["q", *blocks]  ["hr"]  ["fn", label, *blocks]
    ["pre", language, text]
    ["ul", null, *items], ["ol", start, *items]; an item is [checked, *blocks], and checked is null, true or false
    ["t", aligns, *rows]; the first row is the header, a row is a list of cells, a cell a list of inlines

An inline is a string or one of

    ["b", *inlines]  ["i", *inlines]  ["s", *inlines]  ["c", code]  ["br"]  ["mark", footnote]
    ["a", address, note, *inlines]; the note is the host behind a label that shows another one, else ""
    ["m", source, display, *elements]; an element of MathML is [name, attributes, *elements or strings]

Only web and mail addresses become an "a"; the words of every other link are followed by its target. No picture is one:
its name is a link to it.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeAlias

from adapters.web.outbound.mathml import drawn
from bot.delivery.last_resort import rendered
from bot.document import links
from bot.document.growing import GrowingDocument, Kept
from bot.document.inlines import plain
from bot.document.nodes import (
    Block,
    CodeBlock,
    CodeSpan,
    Emphasis,
    FootnoteMark,
    FootnoteText,
    Formula,
    Heading,
    Inline,
    LineBreak,
    Link,
    ListBlock,
    ListItem,
    Paragraph,
    Picture,
    QuoteBlock,
    Rule,
    Strike,
    Strong,
    TableBlock,
    Words,
)
from bot.document.reading import parse

Data: TypeAlias = list[Any]
"""What JSON can carry: lists of strings, numbers, booleans, nulls, attributes, and such lists."""

_STYLES: Final = {Strong: "b", Emphasis: "i", Strike: "s"}


def tree_of(text: str) -> list[Data]:
    """A whole text's blocks."""
    return rendered(text, lambda text: [_block(block) for block in parse(text).blocks], _plainly)


class GrowingTree:
    """A text that still grows, and what of its blocks has changed since it was asked last."""

    def __init__(self, text: str = "") -> None:
        self.text = text
        self._document = GrowingDocument()
        self._kept: Kept[Data] = Kept(_block)
        self._told: list[Data] = []

    def blocks(self) -> list[Data]:
        return rendered(self.text, lambda text: self._kept.of(self._document.grown(text)), _plainly)

    def news(self, text: str) -> tuple[int, list[Data]]:
        """With that text added: how many of the blocks told before still stand, and those that come after them."""
        self.text += text
        told, self._told = self._told, self.blocks()
        keep = 0
        for old, new in zip(told, self._told, strict=False):
            if old is not new and old != new:
                break
            keep += 1
        return keep, self._told[keep:]


def _plainly(text: str) -> list[Data]:
    """One paragraph, line by line."""
    words: Data = []
    for line in text.split("\n"):
        words += [["br"], line] if words else [line]
    return [["p", *words]]


def _block(block: Block) -> Data:
    match block:
        case Paragraph(inlines):
            return ["p", *_inlines(inlines)]
        case Heading(level, inlines):
            return ["h", level, *_inlines(inlines)]
        case ListBlock(items, start):
            return ["ul" if start is None else "ol", start, *map(_item, items)]
        case QuoteBlock(blocks):
            return ["q", *map(_block, blocks)]
        case CodeBlock(text, language):
            return ["pre", language, text]
        case TableBlock(header, rows, aligns):
            return [
                "t",
                [side.value for side in aligns],
                *([_inlines(cell) for cell in row] for row in (header, *rows)),
            ]
        case FootnoteText(label, blocks):
            return ["fn", label, *map(_block, blocks)]
        case Rule():
            return ["hr"]


def _item(item: ListItem) -> Data:
    return [item.checked, *map(_block, item.blocks)]


def _inlines(inlines: Sequence[Inline], *, linked: bool = False) -> Data:
    """`linked`: they stand in a link, so none of them is another one."""
    found: Data = []
    for inline in inlines:
        match inline:
            case Words(text):
                found += [text] if linked else _with_addresses(text)
            case Strong(inside) | Emphasis(inside) | Strike(inside):
                found.append([_STYLES[type(inline)], *_inlines(inside, linked=linked)])
            case Picture(alt, source):
                found += [alt or source] if linked else _link((Words(alt or source),), source)
            case Link(inside, target):
                found += _inlines(inside, linked=True) if linked else _link(inside, target)
            case _:
                found.append(_single(inline))
    return found


def _single(inline: CodeSpan | LineBreak | FootnoteMark | Formula) -> Data:
    match inline:
        case CodeSpan(text):
            return ["c", text]
        case LineBreak():
            return ["br"]
        case FootnoteMark(label):
            return ["mark", label]
        case Formula(written, tex, display):
            elements = drawn(tex, display)
            return ["c", written] if elements is None else ["m", tex, display, *elements]


def _link(label: Sequence[Inline], target: str) -> Data:
    words = _inlines(label, linked=True)
    said = plain(label)
    url = links.address(target)
    if not url:
        return [*words, f" ({target})"] if target.strip() and target != said else words
    if not links.UNSEEN.sub("", said).strip():
        return [["a", url, "", links.displayed(url)]]
    if links.misleads(said, url):
        return [["a", url, links.host(url), links.UNSEEN.sub("", said)]]
    return [["a", url, "", *words]]


def _with_addresses(text: str) -> Iterator[Any]:
    """Words in which bare addresses are links."""
    at = 0
    for found in links.ADDRESS.finditer(text):
        bare = links.trimmed(found[0])
        url = links.address(f"https://{bare}" if bare[:4].lower() == "www." else bare)
        if not url:
            continue
        if found.start() > at:
            yield text[at : found.start()]
        yield ["a", url, "", bare]
        at = found.start() + len(bare)
    if at < len(text):
        yield text[at:]
