"""How a tree and what people see of it are written down in the cases: short enough to be read beside the Markdown."""

from collections.abc import Iterable, Sequence

from bot.document.nodes import (
    Align,
    Block,
    CodeBlock,
    CodeSpan,
    Document,
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

_STYLES = {Strong: "b", Emphasis: "i", Strike: "s"}


def noted(document: Document) -> str:
    """A tree, one line per block.

    Blocks: `p(...)`, `h2(...)`, `rule`, `code python(...)`, `ul` and `ol 3` with their items below, each begun by
    `- `, `[ ] ` or `[x] ` and its further blocks two blanks in; `> ` before every line of a quote; `table - < ^ >`
    (aligned not at all, left, in the middle, right) with its rows below, the header first; `note 1` with its blocks
    two blanks in.
    Inlines: words as they are, `⟨b:strong⟩`, `⟨i:emphasis⟩`, `⟨s:strike⟩`, `⟨c:code⟩`, `⟨label → target⟩`,
    `⟨→ target⟩` for a bare address between angle brackets, `⟨image alt → source⟩`, `⟨note 1⟩`, `⟨math x^2⟩` and
    `⟨display x^2⟩`. `⏎` is a line's end, in a paragraph a LineBreak.
    """
    return "\n".join(_all(document.blocks))


def _all(blocks: Sequence[Block]) -> list[str]:
    return [line for block in blocks for line in _lines(block)]


def _lines(block: Block) -> list[str]:
    match block:
        case Paragraph(inlines):
            return [f"p({line(inlines)})"]
        case Heading(level, inlines):
            return [f"h{level}({line(inlines)})"]
        case Rule():
            return ["rule"]
        case CodeBlock(text, language):
            return [f"code {language}".rstrip() + f"({_ends(text)})"]
        case QuoteBlock(blocks):
            return [f"> {one}" for one in _all(blocks)] or [">"]
        case FootnoteText(label, blocks):
            return [f"note {label}", *_indented(_all(blocks))]
        case ListBlock(items, start):
            head = "ul" if start is None else f"ol {start}"
            return [head, *(one for item in items for one in _item(item))]
        case TableBlock(header, rows, aligns):
            marks = {Align.NONE: "-", Align.LEFT: "<", Align.CENTER: "^", Align.RIGHT: ">"}
            return [
                f"table {' '.join(marks[one] for one in aligns)}",
                *(_row(row) for row in (header, *rows)),
            ]


def _item(item: ListItem) -> list[str]:
    mark = {None: "-", False: "[ ]", True: "[x]"}[item.checked]
    first, *others = _all(item.blocks) or [""]
    return [f"{mark} {first}".rstrip(), *_indented(others)]


def _row(cells: Iterable[Sequence[Inline]]) -> str:
    return f"| {' | '.join(line(cell) for cell in cells)} |"


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"  {one}" for one in lines]


def line(inlines: Sequence[Inline]) -> str:
    return "".join(map(_inline, inlines))


def _inline(inline: Inline) -> str:
    match inline:
        case Words(text):
            return text
        case Strong(inside) | Emphasis(inside) | Strike(inside):
            return f"⟨{_STYLES[type(inline)]}:{line(inside)}⟩"
        case CodeSpan(text):
            return f"⟨c:{text}⟩"
        case Link(inside, target, bare):
            return f"⟨→ {target}⟩" if bare else f"⟨{line(inside)} → {target}⟩"
        case Picture(alt, source):
            return f"⟨image {alt} → {source}⟩"
        case LineBreak():
            return "⏎"
        case FootnoteMark(label):
            return f"⟨note {label}⟩"
        case Formula(_, tex, display):
            return f"⟨{'display' if display else 'math'} {_ends(tex)}⟩"


def _ends(text: str) -> str:
    return text.replace("\n", "⏎")
