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
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from adapters.web.outbound.mathml import IN_ALL, drawn
from bot.delivery.last_resort import rendered
from bot.document import links
from bot.document.growing import GrowingDocument, Kept
from bot.document.inlines import plain
from bot.document.nodes import (
    Block,
    Cell,
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
from bot.document.source_list import named
from bot.domain.stream_parts import Source

Data: TypeAlias = list[Any]
"""What JSON can carry: lists of strings, numbers, booleans, nulls, attributes, and such lists."""

_STYLES: Final = {Strong: "b", Emphasis: "i", Strike: "s"}


def tree_of(text: str) -> list[Data]:
    """A whole text's blocks."""
    return rendered(text, lambda text: list(map(_Writer().block, parse(text).blocks)), _plainly)


def source_trees(sources: Sequence[Source]) -> list[Data]:
    """Each as its number and its inlines."""
    return [[source.number, *_Writer().line(named(source))] for source in sources]


@dataclass(frozen=True, slots=True)
class Patch:
    """The first `keep` blocks told before still stand, then these come. Of the first of these, what it has `inside`
    still stands, too, and is left out: so many items of a list or rows of a table; 1 for all that code had.
    """

    keep: int
    inside: int
    blocks: list[Data]


class GrowingTree:
    """A text that still grows, and what of its blocks has changed since it was asked last. Work and answer are
    proportional to what changed.
    """

    def __init__(self, text: str = "") -> None:
        self.text = text
        self._document = GrowingDocument()
        self._blocks: Kept[Data] = Kept(self._block)
        self._items: Kept[Data] = Kept(lambda item: _Writer().item(item))
        self._rows: Kept[Data] = Kept(lambda row: _Writer().row(row))
        self._told: list[Data] = []

    def blocks(self) -> list[Data]:
        return rendered(self.text, lambda text: self._blocks.of(self._document.grown(text)), _plainly)

    def news(self, text: str) -> Patch:
        """With that text added."""
        self.text += text
        told, self._told = self._told, self.blocks()
        keep = _alike(told, self._told)
        if keep >= min(len(told), len(self._told)):
            return Patch(keep, 0, self._told[keep:])
        inside, rest = _changed(told[keep], self._told[keep])
        return Patch(keep, inside, [rest, *self._told[keep + 1 :]])

    def _block(self, block: Block) -> Data:
        match block:
            case ListBlock(items, start):
                return ["ul" if start is None else "ol", start, *self._items.each(items)]
            case TableBlock(header, rows, aligns):
                return ["t", [side.value for side in aligns], *self._rows.each((header, *rows))]
        return _Writer().block(block)


def _alike(old: Sequence[object], new: Sequence[object]) -> int:
    """How many they begin with alike."""
    pairs = enumerate(zip(old, new, strict=False))
    return next(
        (place for place, (one, other) in pairs if one is not other and one != other), min(len(old), len(new))
    )


def _changed(old: Data, new: Data) -> tuple[int, Data]:
    """How much of a block that grew is inside the old one, and the block without it."""
    kind, about, *parts = new if len(new) > 1 else [*new, None]
    if kind == "pre" and old[:2] == [kind, about] and parts[0].startswith(old[2]):
        return 1, [kind, about, parts[0][len(old[2]) :]]
    if kind in {"ul", "ol", "t"} and old[:2] == [kind, about]:
        inside = _alike(old[2:], parts)
        return inside, [kind, about, *parts[inside:]]
    return 0, new


def _plainly(text: str) -> list[Data]:
    """One paragraph, line by line."""
    words: Data = []
    for line in text.split("\n"):
        words += [["br"], line] if words else [line]
    return [["p", *words]]


class _Writer:
    """Writes a text, of whose formulas only so many characters are drawn: the page would be busy with more."""

    def __init__(self) -> None:
        self._left = IN_ALL

    def block(self, block: Block) -> Data:
        match block:
            case Paragraph(inlines):
                return ["p", *self._inlines(inlines)]
            case Heading(level, inlines):
                return ["h", level, *self._inlines(inlines)]
            case ListBlock(items, start):
                return ["ul" if start is None else "ol", start, *map(self.item, items)]
            case QuoteBlock(blocks):
                return ["q", *map(self.block, blocks)]
            case CodeBlock(text, language):
                return ["pre", language, text]
            case TableBlock(header, rows, aligns):
                return ["t", [side.value for side in aligns], *map(self.row, (header, *rows))]
            case FootnoteText(label, blocks):
                return ["fn", label, *map(self.block, blocks)]
            case Rule():
                return ["hr"]

    def item(self, item: ListItem) -> Data:
        return [item.checked, *map(self.block, item.blocks)]

    def line(self, inlines: Sequence[Inline]) -> Data:
        return self._inlines(inlines)

    def row(self, row: Sequence[Cell]) -> Data:
        return list(map(self._inlines, row))

    def _inlines(self, inlines: Sequence[Inline], linked: bool = False) -> Data:
        """`linked`: they stand in a link, so none of them is another one."""
        found: Data = []
        for inline in inlines:
            match inline:
                case Words(text):
                    found += [text] if linked else _with_addresses(text)
                case Strong(inside) | Emphasis(inside) | Strike(inside):
                    found.append([_STYLES[type(inline)], *self._inlines(inside, linked)])
                case Picture(alt, source):
                    found += [alt or source] if linked else self._link((Words(alt or source),), source)
                case Link(inside, target):
                    found += self._inlines(inside, True) if linked else self._link(inside, target)
                case Formula(written) if linked:  # drawn, it could look like another address
                    found.append(["c", written])
                case _:
                    found.append(self._single(inline))
        return found

    def _single(self, inline: CodeSpan | LineBreak | FootnoteMark | Formula) -> Data:
        match inline:
            case CodeSpan(text):
                return ["c", text]
            case LineBreak():
                return ["br"]
            case FootnoteMark(label):
                return ["mark", label]
            case Formula(written, tex, display):
                self._left -= len(tex)
                elements = drawn(tex, display) if self._left >= 0 else None
                return ["c", written] if elements is None else ["m", tex, display, *elements]

    def _link(self, label: Sequence[Inline], target: str) -> Data:
        words = self._inlines(label, True)
        said = plain(label)
        url = links.linkable(target)
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
        url = links.linkable(f"https://{bare}" if bare[:4].lower() == "www." else bare)
        if not url:
            continue
        if found.start() > at:
            yield text[at : found.start()]
        yield ["a", url, "" if links.displayed(url) == url else links.host(url), bare]
        at = found.start() + len(bare)
    if at < len(text):
        yield text[at:]
