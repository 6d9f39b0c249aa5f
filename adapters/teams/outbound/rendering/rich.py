"""Markdown as elements of an Adaptive Card in which text stays text.

A TextBlock would parse Markdown again, and differently on every client; a TextRun shows its characters
unchanged. So the syntax tree is turned into runs, and untrusted text cannot become more than text or a link
that shows its target. Source: adaptivecards.io, schema 1.5, RichTextBlock, TextRun, Table.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from adapters.teams.clouds import address
from adapters.teams.outbound.rendering.inline import HIDDEN, SCHEMES, honest
from bot.delivery.last_resort import rendered, without_wide_tables

Element = dict[str, Any]

PARSER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
CODE_LINES = 120
BOXES = {"[ ] ": "☐ ", "[x] ": "☑ ", "[X] ": "☑ "}
INDENT = "\u2003"


@dataclass(frozen=True, slots=True)
class Style:
    """The style of a run of text."""

    bold: bool = False
    italic: bool = False
    strike: bool = False
    code: bool = False
    url: str = ""


def text_run(text: str, style: Style = Style(), **more: Any) -> Element:
    element: Element = {"type": "TextRun", "text": HIDDEN.sub("", text), **more}
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


def block(*runs: Element, **more: Any) -> Element:
    return {"type": "RichTextBlock", "inlines": list(runs), **more}


def line_element(markdown: str, style: Style = Style(), **more: Any) -> Element:
    """One line of Markdown as one element; `more` is added to each run."""
    runs = rendered(
        " ".join(markdown.split()), lambda text: _runs(text, style), lambda text: [text_run(text, style)]
    )
    return block(*({**one, **more} for one in runs)) if runs else block(text_run(" "))


def _runs(line: str, style: Style) -> list[Element]:
    return list(runs_of(PARSER.parseInline(line)[0].children or (), style))


def card_elements(markdown: str) -> list[Element]:
    """A whole text, block by block."""
    return rendered(without_wide_tables(markdown), _elements, plain_elements)


def plain_elements(text: str) -> list[Element]:
    """A text without any markup, line by line."""
    return [block(text_run(line)) for line in text.split("\n") if line.strip()]


def _elements(markdown: str) -> list[Element]:
    found: list[Element] = []
    tokens = PARSER.parse(markdown)
    at, prefix, depth = 0, "", 0
    numbers: list[int | None] = []
    while at < len(tokens):
        token = tokens[at]
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                start = int(token.attrs.get("start", 1)) if token.type.startswith("ordered") else None
                numbers.append(start)
                depth += 1
            case "bullet_list_close" | "ordered_list_close":
                numbers.pop()
                depth -= 1
            case "list_item_open":
                prefix = _marker(numbers, depth)
                found += _empty_item(tokens[at + 1], prefix)
            case "blockquote_open":
                prefix = "│ "
            case "fence" | "code_block":
                found.append(_code(token.content))
            case "table_open":
                end = next(i for i in range(at, len(tokens)) if tokens[i].type == "table_close")
                found.append(card_table([list(row) for row in _rows(tokens[at:end])]))
                at = end
            case "inline":
                heading = tokens[at - 1].type == "heading_open"
                found += _paragraph(token, prefix, Style(bold=heading))
                prefix = INDENT * depth
        at += 1
        if depth == 0 and token.type.endswith(("list_close", "blockquote_close")):
            prefix = ""
    return found


def _code(text: str) -> Element:
    lines = text.rstrip("\n").split("\n")
    shown = [
        block(text_run(one.replace(" ", "\xa0") or " ", Style(code=True)), spacing="None") for one in lines
    ]
    if len(shown) > CODE_LINES:
        shown = [*shown[:CODE_LINES], block(text_run("…", Style(code=True)), spacing="None")]
    return {"type": "Container", "style": "emphasis", "items": shown}


def card_table(rows: Sequence[Sequence[Element]]) -> Element:
    """The first row is the header. Every cell is one element."""
    width = max((len(row) for row in rows), default=0)
    return {
        "type": "Table",
        "firstRowAsHeader": True,
        "gridStyle": "default",
        "columns": [{"width": 1} for _ in range(width)],
        "rows": [
            {"type": "TableRow", "cells": [{"type": "TableCell", "items": [cell]} for cell in row]}
            for row in rows
        ],
    }


def runs_of(tokens: Sequence[Token], style: Style) -> Iterator[Element]:
    """The runs of one paragraph. Images are named, never shown."""
    label: list[str] | None = None
    for token in tokens:
        style = _restyled(style, token)
        if token.type == "link_open":
            label = []
        elif token.type == "link_close" and label is not None:
            yield from _link("".join(label), style)
            style, label = replace(style, url=""), None
        else:
            text = {"softbreak": " ", "hardbreak": "\n"}.get(token.type, token.content)
            if label is not None:
                label.append(text)
            elif text:
                yield text_run(text, replace(style, code=True) if token.type == "code_inline" else style)


def _link(label: str, style: Style) -> Iterator[Element]:
    url = address(style.url)
    if url is None or url.scheme not in SCHEMES:
        yield text_run(f"{label} ({style.url})", replace(style, url=""))
    else:
        yield text_run(honest(label, url), replace(style, url=str(url)))


def _restyled(style: Style, token: Token) -> Style:
    match token.type:
        case "strong_open" | "strong_close":
            return replace(style, bold=token.nesting == 1)
        case "em_open" | "em_close":
            return replace(style, italic=token.nesting == 1)
        case "s_open" | "s_close":
            return replace(style, strike=token.nesting == 1)
        case "link_open":
            return replace(style, url=str(token.attrs.get("href", "")))
    return style


def _paragraph(token: Token, prefix: str, style: Style) -> Iterator[Element]:
    """One element, or several at hard line breaks. A list's items are close together."""
    close = {"spacing": "Small"} if prefix else {}
    current: list[Element] = [text_run(prefix)] if prefix else []
    for number, one in enumerate(runs_of(token.children or (), style)):
        if one["text"] == "\n":
            yield block(*current or [text_run(" ")], **close)
            current = []
        elif prefix and number == 0 and one["text"][:4] in BOXES:
            current.append({**one, "text": BOXES[one["text"][:4]] + one["text"][4:]})
        else:
            current.append(one)
    if current:
        yield block(*current, **close)


def _empty_item(closing: Token, prefix: str) -> list[Element]:
    """An item without text keeps its mark: "42." is an answer."""
    return [block(text_run(prefix.rstrip()))] if closing.type == "list_item_close" else []


def _marker(numbers: list[int | None], depth: int) -> str:
    number = numbers[-1]
    if number is None:
        return f"{INDENT * (depth - 1)}• "
    numbers[-1] = number + 1
    return f"{INDENT * (depth - 1)}{number}. "


def _rows(tokens: Sequence[Token]) -> Iterator[list[Element]]:
    row: list[Element] = []
    for token in tokens:
        if token.type == "tr_open":
            row = []
        elif token.type == "inline":
            row.append(block(*list(runs_of(token.children or (), Style())) or [text_run(" ")]))
        elif token.type == "tr_close":
            yield row
