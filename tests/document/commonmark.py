"""The examples of CommonMark's specification, which its authors publish, and our tree in the form they compare.

They are read from the file that the variable COMMONMARK_SPEC names; tests skip where there is none. To get it:
`npm install --prefix ~/commonmark commonmark-spec@0.31.2`, then
COMMONMARK_SPEC=~/commonmark/node_modules/commonmark-spec/spec.txt.
"""

import html
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

from bot.document.inlines import plain
from bot.document.nodes import (
    Block,
    CodeBlock,
    CodeSpan,
    Emphasis,
    Heading,
    Inline,
    LineBreak,
    Link,
    ListBlock,
    Paragraph,
    Picture,
    QuoteBlock,
    Rule,
    Strong,
)

SPEC = os.environ.get("COMMONMARK_SPEC")
EXAMPLE = re.compile(r"^`{32} example\n(.*?)^\.\n(.*?)^`{32}$", re.DOTALL | re.MULTILINE)
BLOCK = re.compile(r"</?(?:p|h[1-6]|hr|pre|blockquote|ul|ol|li)(?: .*)?>")
VOID, ATTRIBUTES, END = {"br", "hr", "img"}, {"href", "src", "alt", "start", "class"}, "<br []>"


@dataclass(frozen=True, slots=True)
class Example:
    number: int
    text: str
    html: str


@cache
def examples() -> tuple[Example, ...]:
    if not SPEC:
        return ()
    found = EXAMPLE.findall(Path(SPEC).read_text(encoding="utf-8").replace("→", "\t"))
    return tuple(Example(number, text, shown) for number, (text, shown) in enumerate(found, 1))


def as_html(blocks: Sequence[Block]) -> str:
    return "".join(map(_block, blocks))


def _block(block: Block) -> str:
    match block:
        case Paragraph(inlines):
            return f"<p>{_line(inlines)}</p>"
        case Heading(level, inlines):
            return f"<h{level}>{_line(inlines)}</h{level}>"
        case Rule():
            return "<hr>"
        case CodeBlock(text, language):
            name = f' class="language-{html.escape(language)}"' if language else ""
            return f"<pre><code{name}>{html.escape(text)}</code></pre>"
        case QuoteBlock(inside):
            return f"<blockquote>{as_html(inside)}</blockquote>"
        case ListBlock(items, start):
            inside_items = "".join(f"<li>{as_html(item.blocks)}</li>" for item in items)
            if start is None:
                return f"<ul>{inside_items}</ul>"
            return f'<ol start="{start}">{inside_items}</ol>'
    return f"<{type(block).__name__}>"


def _line(inlines: Sequence[Inline]) -> str:
    return "".join(map(_inline, inlines))


def _inline(inline: Inline) -> str:
    match inline:
        case Strong(inside):
            return f"<strong>{_line(inside)}</strong>"
        case Emphasis(inside):
            return f"<em>{_line(inside)}</em>"
        case CodeSpan(text):
            return f"<code>{html.escape(text)}</code>"
        case Link(inside, target):
            return f'<a href="{html.escape(target)}">{_line(inside)}</a>'
        case Picture(alt, source):
            return f'<img src="{html.escape(source)}" alt="{html.escape(alt)}">'
        case LineBreak():
            return "<br>"
    return html.escape(plain([inline]))


class _Reader(HTMLParser):
    """What is compared: tags and text in their order. A soft break is a line's end, a paragraph of an item only parts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "ol" and not attrs:
            attrs = [("start", "1")]
        kept = [(name, unquote(value or "")) for name, value in attrs if name in ATTRIBUTES]
        if tag not in VOID:
            self._open.append(tag)
        self._put(END if tag == "p" and "li" in self._open else f"<{tag} {sorted(kept)}>")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            del self._open[len(self._open) - 1 - self._open[::-1].index(tag)]
        if tag not in VOID:
            self._put(END if tag == "p" and "li" in self._open else f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if "pre" in self._open:
            self._put(data)
            return
        for place, one in enumerate(data.split("\n")):
            if place:
                self._put(END)
            if one.strip():
                self._put(one)

    def _put(self, part: str) -> None:
        """Neighbouring text as one; a line's end beside a block is none."""
        before = self.found[-1] if self.found else ""
        if part == END and (not before or before == END or BLOCK.fullmatch(before)):
            return
        if BLOCK.fullmatch(part) and before == END:
            self.found.pop()
        if before[-1:] not in {"", ">"} and part[0] != "<":
            self.found[-1] += part
        else:
            self.found.append(part)


def compared(shown: str) -> list[str]:
    reader = _Reader()
    reader.feed(shown)
    reader.close()
    return [one.rstrip("\n") for one in reader.found if one.strip()]
