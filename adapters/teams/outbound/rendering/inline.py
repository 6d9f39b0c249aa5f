"""A line of the tree as Teams' Markdown, in which nothing is active but checked links.

Every sign of text that could be read as markup is escaped, so a client that knows more of Markdown, or of HTML, sees
no more in it than the tree has. Links are written with their target, and so are bare addresses: clients find other
ends of them.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from adapters.teams.outbound.rendering.marks import ATOM, BREAK, CLOSES, OPENS, TEXT, Piece, edges, joined
from bot.document import links
from bot.document.inlines import plain
from bot.document.nodes import (
    CodeSpan,
    Emphasis,
    FootnoteMark,
    Formula,
    Inline,
    LineBreak,
    Link,
    Paragraph,
    Picture,
    Strike,
    Strong,
    Words,
)
from bot.document.reading import parse
from bot.document.source import INVISIBLE

MENTION = re.compile(r"<(?=/?at\b)", re.IGNORECASE)
NUMBER = re.compile(r"\[?(\d{1,3})\]?")
"""The label of a link to a source."""
HARD: Final = "  \n"
"""A line break. A single line feed is a blank to Teams."""

_ENTITY = r"&(?=#?\w{1,31};)"
_SPECIAL = re.compile(rf"\[\d{{1,3}}\](?![(\[:])|\[\^(\d{{1,3}})\]|{_ENTITY}|[\\`*_\[\]~|<]")
_SPECIAL_EXTENDED = re.compile(rf"{_SPECIAL.pattern}|\$")
"""What is written otherwise than it is read: a number in brackets is a citation and stays, if nothing after it makes
more of it; one with a caret is a footnote whose text has not come yet.
"""
_ESCAPES: Final = {"<": "&lt;", "&": "&amp;", **{sign: f"\\{sign}" for sign in "\\`*_[]~|$"}}
_MARKS: Final = {Strong: "**", Emphasis: "*", Strike: "~~"}
_ACTIVE_TEX = re.compile(r"[`$]|\]\s*[(\[:]|!\[|\\(?:href|url|include|html)|\n\s*\n")
"""In a formula: what another reader, or the one for formulas, could take for more than a formula."""


def literal(text: str) -> str:
    """Text in which no character has a special meaning. One line."""
    flat = " ".join(INVISIBLE.sub("", text).split())
    return re.sub(r"([\\`*\[\]~|_])", r"\\\1", flat).replace("<", "&lt;")


def code_line(text: str) -> str:
    """A line of code: unchanged, except for the one tag that Teams might interpret even there."""
    return MENTION.sub("&lt;", text)


def line_of(markdown: str) -> tuple[Inline, ...]:
    """One line of Markdown as inlines: nothing at its start makes it a heading, an item or a quote."""
    line = " ".join(INVISIBLE.sub("", markdown).split())
    match parse(f"x {line}").blocks:
        case (Paragraph((Words(text), *others)),) if text.startswith("x "):
            return (*([Words(text[2:])] if text[2:] else []), *others)
    return (Words(line),) if line else ()


def web_address(target: str) -> str:
    """The URL of a link that may be clicked, with its host in ASCII; "" of any other."""
    url = links.linkable(target)
    return links.displayed(url) if url.lower().startswith("http") else ""


def cited(link: Link) -> int | None:
    """The number of the source a link leads to, if that is its label."""
    number = NUMBER.fullmatch(plain(link.inlines).strip())
    return int(number[1]) if number and web_address(link.target) else None


def with_addresses(text: str) -> Iterator[Words | Link | CodeSpan]:
    """Text with its bare addresses as links to themselves, or as code where they may not be clicked."""
    at = 0
    for found in links.ADDRESS.finditer(text):
        address = links.trimmed(found[0])
        if text[at : found.start()]:
            yield Words(text[at : found.start()])
        at = found.start() + len(address)
        url = address if "://" in address else f"https://{address}"
        yield Link((Words(address),), url, bare=True) if web_address(url) else CodeSpan(address)
    if text[at:]:
        yield Words(text[at:])


def unmasked(link: Link) -> tuple[Inline, ...]:
    """What is shown of a link whose label is not simply clickable: it shows another address than the link has, or the
    link may not be clicked at all.
    """
    label, url = plain(link.inlines).strip(), web_address(link.target)
    target: Inline = Link((Words(url),), url, bare=True) if url else CodeSpan(link.target)
    if not label or (url and len(label.split()) == 1):
        return (target,)
    if link.target.removeprefix("mailto:") in {"", label}:
        return link.inlines
    return (*link.inlines, Words(" ("), target, Words(")"))


def deceives(link: Link) -> bool:
    """Whether a link may not be shown as its label."""
    label, url = plain(link.inlines), web_address(link.target)
    return not url or not label.strip() or (label != url and links.misleads(label, link.target))


@dataclass(slots=True)
class LineWriter:
    """Writes inlines. `extended`: Teams' extendedmarkdown, which has formulas. `early`: of a text that still grows, so
    that the texts of its footnotes may be yet to come. `cell`: inside a table's cell.
    """

    extended: bool = False
    early: bool = False
    cell: bool = False
    _pieces: list[Piece] = field(default_factory=list)
    _styles: set[str] = field(default_factory=set)
    _linked: bool = False

    def line(self, inlines: Sequence[Inline], *, before: str = "", after: str = "") -> str:
        """`before` and `after`: what stands beside them, "" where a line begins or ends."""
        kept, self._pieces = self._pieces, []
        self._add(inlines)
        made, self._pieces = self._pieces, kept
        return joined(made, before, after)

    def _add(self, inlines: Sequence[Inline]) -> None:
        for inline in inlines:
            match inline:
                case Words(text):
                    self._words(text)
                case LineBreak():
                    flat = self.cell or self._linked
                    self._pieces.append((TEXT, " ") if flat else (BREAK, HARD))
                case CodeSpan(text):
                    self._code(text)
                case Strong(inside) | Emphasis(inside) | Strike(inside):
                    self._styled(_MARKS[type(inline)], inside)
                case Link():
                    self._link(inline)
                case Picture(alt, source):
                    self._add([Link((Words(alt or "image"),), source)])
                case FootnoteMark(label):
                    self._pieces.append((ATOM, f"\\[{literal(label)}\\]"))
                case Formula():
                    self._formula(inline)

    def _words(self, text: str) -> None:
        if not self._linked and ("://" in text or "www." in text.lower()):
            for one in with_addresses(text):
                if isinstance(one, Words):
                    self._text(one.text)
                else:
                    self._add([one])
        else:
            self._text(text)

    def _text(self, text: str) -> None:
        special = _SPECIAL_EXTENDED if self.extended else _SPECIAL
        if text:
            self._pieces.append((TEXT, special.sub(self._escaped, text)))

    def _escaped(self, found: re.Match[str]) -> str:
        if found[1]:
            return f"\\[{found[1]}\\]" if self.early else f"\\[^{found[1]}\\]"
        if len(found[0]) > 1:
            return rf"\{found[0][:-1]}\]" if self._linked else found[0]
        return _ESCAPES[found[0]]

    def _code(self, text: str) -> None:
        text = code_line(" ".join(text.split("\n")))
        if not text:
            return
        runs = set(map(len, re.findall(r"`+", text)))
        ticks = "`" * next(size for size in range(1, len(runs) + 2) if size not in runs)
        pad = " " if "`" in (text[0], text[-1]) or (text[0] == text[-1] == " " and not text.isspace()) else ""
        if self.cell:
            text = text.replace("|", "\\|")
        self._pieces.append((ATOM, f"{ticks}{pad}{text}{pad}{ticks}"))

    def _styled(self, mark: str, inlines: Sequence[Inline]) -> None:
        if mark in self._styles:
            self._add(inlines)
            return
        outer, self._pieces = self._pieces, []
        self._styles.add(mark)
        self._add(inlines)
        self._styles.discard(mark)
        before, inside, after = edges(self._pieces)
        marked: list[Piece] = [(OPENS, mark), *inside, (CLOSES, mark)] if inside else []
        outer += [*before, *marked, *after]
        self._pieces = outer

    def _link(self, link: Link) -> None:
        if self._linked:
            self._add(link.inlines)
        elif (number := cited(link)) is not None:
            self._pieces.append((ATOM, f"[{number}]"))
        elif deceives(link):
            self._add(unmasked(link))
        else:
            self._linked = True
            label = self.line(link.inlines, before="[", after="]").strip()
            self._linked = False
            url = quote(web_address(link.target), safe=":/?#@!$&'*+,;=%~-._")
            self._pieces.append((ATOM, f"[{label}]({re.sub(_ENTITY, '&amp;', url)})"))

    def _formula(self, formula: Formula) -> None:
        tex = formula.tex.replace("<", "\\lt ")
        if not self.extended or self.cell or self._linked or _ACTIVE_TEX.search(tex):
            self._code(formula.written)
        elif formula.display:
            self._pieces.append((ATOM, f"$${tex}$$"))
        else:
            self._pieces.append((ATOM, f"${' '.join(tex.split())}$"))
