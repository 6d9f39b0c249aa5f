"""What each kind of node becomes when the parser has reached its end."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot.document.inlines import Raw, assembled, plain
from bot.document.nodes import (
    Align,
    Block,
    CodeBlock,
    Emphasis,
    FootnoteText,
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
from bot.document.source import TABLE, is_marked, restored

BLOCKS: Final = frozenset(
    {Paragraph, Heading, ListBlock, QuoteBlock, CodeBlock, TableBlock, Rule, FootnoteText}
)
BREAK: Final = LineBreak()

Part = Raw | Block | ListItem | tuple[Any, ...]
"""What a node that is open holds: a tuple is a row's cells, or a cell."""


@dataclass(slots=True)
class Frame:
    """A node that is open. Its parts are also the parent's where it has none of its own: it is too deep."""

    kind: str
    value: Any
    start: int  # bytes of the prepared text
    parts: list[Any]  # of Part
    own: bool = True


class PreparedText:
    """The prepared text, as the parser counts it: in bytes."""

    def __init__(self, text: str) -> None:
        self.bytes = text.encode()
        self.marked = is_marked(text)
        self._ascii = text.isascii()

    def written(self, start: int, end: int) -> str:
        """A part of the text as it was written, without the quotes and indentation around it."""
        first, *others = restored(self.bytes[start:end].decode()).rstrip().split("\n")
        return "\n".join([first, *(line.lstrip(" \t>") for line in others)])

    def characters(self, places: list[int]) -> list[int]:
        """The lines of rising places in the prepared text: their starts, in characters of what was written."""
        begins = [self.bytes.rfind(b"\n", 0, place) + 1 for place in places]
        if self._ascii:
            return begins
        found, at, count = [], 0, 0
        for place in begins:
            count += len(restored(self.bytes[at:place].decode()))
            at = place
            found.append(count)
        return found

    def restored(self, text: str) -> str:
        return restored(text) if self.marked else text

    def inlines(self, parts: list[Any]) -> tuple[Inline, ...]:
        return assembled(parts, marked=self.marked)


def underline(source: PreparedText, frame: Frame, end: int) -> int:
    """Where the line of dashes under a heading starts; 0 for a heading of another kind."""
    if source.bytes.startswith(b"#", frame.start):
        return 0
    text = source.bytes[frame.start : end].rstrip()
    at = text.rfind(b"\n") + 1
    return frame.start + at if text[at:].lstrip(b" \t>").startswith(b"-") else 0


def _paragraph(source: PreparedText, frame: Frame, end: int) -> list[Part]:
    if source.marked and any(isinstance(part, str) and TABLE in part for part in frame.parts):
        return [CodeBlock(source.written(frame.start, end))]
    inlines = source.inlines(frame.parts)
    return [Paragraph(inlines)] if inlines else []


def _heading(source: PreparedText, frame: Frame, end: int) -> list[Part]:
    """Under one line or more, models mean `---` as a rule, and `-` as nothing but itself."""
    inlines = source.inlines(frame.parts)
    if at := underline(source, frame, end):
        dashes = source.bytes[at:end].decode().strip(" \t>\n")
        return (
            [Paragraph(inlines), Rule()] if len(dashes) > 2 else [Paragraph((*inlines, BREAK, Words(dashes)))]
        )
    return [Heading(int(frame.value["level"][1]), inlines)]


def _code(source: PreparedText, frame: Frame, end: int) -> list[Part]:
    info = frame.value.get("Fenced", "") if isinstance(frame.value, dict) else ""
    language = source.restored(info.split(maxsplit=1)[0]) if info.strip() else ""
    return [CodeBlock(source.restored("".join(frame.parts)).removesuffix("\n"), language)]


def _list(source: PreparedText, frame: Frame, end: int) -> list[Part]:
    items = tuple(part for part in frame.parts if isinstance(part, ListItem))
    if not any(item.blocks for item in items):  # "42." is an answer and no list
        return [as_paragraph(source.written(frame.start, end))]
    return [ListBlock(items, frame.value)]


def _item(source: PreparedText, frame: Frame, end: int) -> list[Part]:
    return [ListItem(_blocks(source, frame.parts), frame.value)]


def _quote(source: PreparedText, frame: Frame, end: int) -> list[Part]:
    return [QuoteBlock(_blocks(source, frame.parts))]


def _footnote(source: PreparedText, frame: Frame, end: int) -> list[Part]:
    return [FootnoteText(source.restored(str(frame.value)), _blocks(source, frame.parts))]


def _blocks(source: PreparedText, parts: list[Any]) -> tuple[Block, ...]:
    """The parts of what holds blocks: text that no paragraph is around is one."""
    found: list[Block] = []
    loose: list[Raw] = []
    for part in [*parts, None]:
        if part is not None and type(part) not in BLOCKS:
            loose.append(part)
            continue
        if loose and (inlines := source.inlines(loose)):
            found.append(Paragraph(inlines))
        loose = []
        if part is not None:
            found.append(part)
    return tuple(found)


def _cell(source: PreparedText, frame: Frame, end: int) -> list[Part]:
    return [source.inlines(frame.parts)]


def _row(source: PreparedText, frame: Frame, end: int) -> list[Part]:
    return [tuple(frame.parts)]


def _table(source: PreparedText, frame: Frame, end: int) -> list[Part]:
    header, *rows = frame.parts
    return [TableBlock(header, tuple(rows), tuple(_ALIGNS[one] for one in frame.value))]


def _emphasis(source: PreparedText, frame: Frame, end: int) -> list[Part]:
    return [Emphasis(source.inlines(frame.parts))]


def _strong(source: PreparedText, frame: Frame, end: int) -> list[Part]:
    return [Strong(source.inlines(frame.parts))]


def _strike(source: PreparedText, frame: Frame, end: int) -> list[Part]:
    return [Strike(source.inlines(frame.parts))]


def _link(source: PreparedText, frame: Frame, end: int) -> list[Part]:
    kind, target = frame.value["link_type"], source.restored(frame.value["dest_url"])
    target = f"mailto:{target}" if kind == "Email" else target
    return [Link(source.inlines(frame.parts), target, bare=kind in {"Autolink", "Email"})]


def _picture(source: PreparedText, frame: Frame, end: int) -> list[Part]:
    return [Picture(plain(source.inlines(frame.parts)), source.restored(frame.value["dest_url"]))]


def _html(source: PreparedText, frame: Frame, end: int) -> list[Part]:
    return [as_paragraph(source.written(frame.start, end))]


def as_paragraph(text: str) -> Paragraph:
    """A text without any markup, line by line."""
    inlines: list[Inline] = []
    for place, line in enumerate(text.split("\n")):
        inlines += [BREAK] * bool(place) + [Words(line)] * bool(line)
    return Paragraph(tuple(inlines))


_ALIGNS = {"None": Align.NONE, "Left": Align.LEFT, "Center": Align.CENTER, "Right": Align.RIGHT}

MAKERS: Final[Mapping[str, Callable[[PreparedText, Frame, int], list[Part]]]] = {
    "Paragraph": _paragraph,
    "Heading": _heading,
    "CodeBlock": _code,
    "List": _list,
    "Item": _item,
    "BlockQuote": _quote,
    "FootnoteDefinition": _footnote,
    "TableCell": _cell,
    "TableHead": _row,
    "TableRow": _row,
    "Table": _table,
    "Emphasis": _emphasis,
    "Strong": _strong,
    "Strikethrough": _strike,
    "Link": _link,
    "Image": _picture,
    "HtmlBlock": _html,
}
"""One line per kind of node, by the parser's names."""
