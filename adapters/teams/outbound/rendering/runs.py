"""A line of the tree as TextRuns of an Adaptive Card, which show their characters unchanged.

A TextBlock would parse Markdown again, and differently on every client. Source: adaptivecards.io, schema 1.5,
RichTextBlock, TextRun.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from adapters.teams.outbound.rendering.inline import deceives, unmasked, web_address, with_addresses
from bot.document.inlines import plain
from bot.document.nodes import (
    CodeSpan,
    Emphasis,
    FootnoteMark,
    Formula,
    Inline,
    LineBreak,
    Link,
    Picture,
    Strike,
    Strong,
    Words,
)
from bot.document.source import INVISIBLE

Element = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Style:
    """The style of a run of text."""

    bold: bool = False
    italic: bool = False
    strike: bool = False
    code: bool = False
    url: str = ""


PLAIN: Final = Style()
_STYLED: Final[Mapping[type[Inline], Callable[[Style], Style]]] = {
    Strong: lambda style: replace(style, bold=True),
    Emphasis: lambda style: replace(style, italic=True),
    Strike: lambda style: replace(style, strike=True),
}


def text_run(text: str, style: Style = PLAIN, **more: Any) -> Element:
    element: Element = {"type": "TextRun", "text": INVISIBLE.sub("", text), **more}
    if style.bold:
        element["weight"] = "Bolder"
    if style.italic:
        element["italic"] = True
    if style.strike:
        element["strikethrough"] = True
    if style.code:
        element["fontType"] = "Monospace"
    if style.url:
        element["underline"] = True
        element["selectAction"] = {"type": "Action.OpenUrl", "url": style.url}
    return element


def lines_of(inlines: Sequence[Inline], style: Style = PLAIN) -> list[list[Element]]:
    """The runs of each line. A line without any is empty."""
    lines: list[list[Element]] = [[]]
    for run in runs_of(inlines, style):
        if run is None:
            lines.append([])
        else:
            lines[-1].append(run)
    return lines


def runs_of(inlines: Sequence[Inline], style: Style) -> Iterator[Element | None]:
    """The runs, None for a line break. Pictures are named, never shown."""
    for inline in inlines:
        match inline:
            case Words(text):
                yield from _words(text, style)
            case LineBreak():
                yield None
            case Strong(inside) | Emphasis(inside) | Strike(inside):
                yield from runs_of(inside, _STYLED[type(inline)](style))
            case CodeSpan(text) | Formula(written=text):
                yield text_run(" ".join(text.split("\n")), replace(style, code=True))
            case Link():
                yield from _link(inline, style)
            case Picture(alt, source):
                yield from _link(Link((Words(alt or "image"),), source), style)
            case FootnoteMark(label):
                yield text_run(f"[{label}]", style)


def _words(text: str, style: Style) -> Iterator[Element | None]:
    if style.url or ("://" not in text and "www." not in text.lower()):
        yield text_run(text, style)
        return
    for one in with_addresses(text):
        if isinstance(one, Words):
            yield text_run(one.text, style)
        else:
            yield from runs_of((one,), style)


def _link(link: Link, style: Style) -> Iterator[Element | None]:
    if style.url:
        yield from runs_of(link.inlines, style)
    elif deceives(link):
        yield from runs_of(unmasked(link), style)
    else:
        yield text_run(" ".join(plain(link.inlines).split()), replace(style, url=web_address(link.target)))
