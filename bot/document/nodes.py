"""The tree: blocks that hold blocks, and the inlines of a line of text. Values without I/O.

What models write is untrusted: no node is HTML, an image is only named, a link's target is not yet judged (see
`links`). Text in nodes is decoded and holds no control characters.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Words:
    """Plain text, without line feeds."""

    text: str


@dataclass(frozen=True, slots=True)
class Strong:
    inlines: "tuple[Inline, ...]"


@dataclass(frozen=True, slots=True)
class Emphasis:
    inlines: "tuple[Inline, ...]"


@dataclass(frozen=True, slots=True)
class Strike:
    inlines: "tuple[Inline, ...]"


@dataclass(frozen=True, slots=True)
class CodeSpan:
    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """`target` is as written. `bare`: the address itself is the label, between angle brackets."""

    inlines: "tuple[Inline, ...]"
    target: str
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """An image, which is named and never fetched. `alt` may be ""."""

    alt: str
    source: str


@dataclass(frozen=True, slots=True)
class LineBreak:
    """The next line of the same paragraph."""


@dataclass(frozen=True, slots=True)
class FootnoteMark:
    """A reference to the FootnoteText of that label."""

    label: str


@dataclass(frozen=True, slots=True)
class Formula:
    """TeX. `written` is what the model wrote, its delimiters included; `tex` is what is between them."""

    written: str
    tex: str
    display: bool = False


Inline: TypeAlias = (
    Words | Strong | Emphasis | Strike | CodeSpan | Link | Picture | LineBreak | FootnoteMark | Formula
)


@dataclass(frozen=True, slots=True)
class Paragraph:
    inlines: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    level: int  # 1 to 6
    inlines: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class ListItem:
    """`checked` is None for an item that is no task. The blocks are in their order; none for an empty item."""

    blocks: "tuple[Block, ...]"
    checked: bool | None = None


@dataclass(frozen=True, slots=True)
class ListBlock:
    """`start` is the number of the first item, None for a list without numbers."""

    items: tuple[ListItem, ...]
    start: int | None = None


@dataclass(frozen=True, slots=True)
class QuoteBlock:
    blocks: "tuple[Block, ...]"


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """`text` without the last line feed. `language` is the first word after the fence, often ""."""

    text: str
    language: str = ""


class Align(StrEnum):
    NONE = ""
    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


Cell: TypeAlias = tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class TableBlock:
    """Every row has as many cells as the header."""

    header: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    aligns: tuple[Align, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A thematic break."""


@dataclass(frozen=True, slots=True)
class FootnoteText:
    label: str
    blocks: "tuple[Block, ...]"


Block: TypeAlias = Paragraph | Heading | ListBlock | QuoteBlock | CodeBlock | TableBlock | Rule | FootnoteText


@dataclass(frozen=True, slots=True)
class Document:
    """A text as a tree. The same text always gives an equal one."""

    blocks: tuple[Block, ...] = ()
