"""Markdown to the tree, by pulldown-cmark. Linear in the text's length, whatever the text.

CommonMark 0.31 with tables, strikethrough, task lists and footnotes. What differs, because models write for people: a
single line feed is a line break; `---` under a line of text is a rule and not a heading; HTML is text, but for a few
tags; one `~` is a tilde.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pyromark
from pyromark import Options

from bot.document import bounds
from bot.document.inlines import Raw, assembled, plain
from bot.document.nodes import (
    Align,
    Block,
    CodeBlock,
    CodeSpan,
    Document,
    Emphasis,
    FootnoteMark,
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
from bot.document.source import MARKED, TABLE, clean, lines, prepared, restored

_OPTIONS: Final = (
    Options.ENABLE_TABLES | Options.ENABLE_STRIKETHROUGH | Options.ENABLE_TASKLISTS | Options.ENABLE_FOOTNOTES
)
_BLOCKS: Final = (
    Paragraph, Heading, ListBlock, QuoteBlock, CodeBlock, TableBlock, Rule, FootnoteText,
)  # fmt: skip
_LEVELLED: Final = frozenset({"List", "BlockQuote", "FootnoteDefinition"})
_STYLED: Final = frozenset({"Emphasis", "Strong", "Strikethrough", "Link"})

Part = Raw | Block | ListItem | tuple[Any, ...]


@dataclass(slots=True)
class Reading:
    """Top-level blocks, and in which line of the text each of them starts. `item` is the line in which the last item of
    a last list starts.
    """

    blocks: list[Block] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    item: int = 0


def parse(text: str) -> Document:
    """The text as a tree."""
    return Document(tuple(read(clean(text), {}).blocks))


def read(text: str, targets: Mapping[str, str]) -> Reading:
    """A clean text's blocks. `targets` are those of link references that are defined elsewhere."""
    source = prepared(text)
    return _Reader(source, targets).read()


def targets_of(text: str) -> dict[str, str]:
    """The link references that a clean text defines."""
    if "]:" not in text:
        return {}
    found = pyromark.reference_definitions(prepared(text), options=_OPTIONS)
    return {label.casefold(): definition["dest"] for label, definition in found.items()}


@dataclass(slots=True)
class _Frame:
    """A node that is open. Its parts are also the parent's where it has none of its own: it is too deep."""

    kind: str
    value: Any
    start: int
    parts: list[Part]
    own: bool = True


class _Reader:
    """One text, event by event. Not recursive: only the depth that `bounds` allows is ever nested."""

    def __init__(self, source: str, targets: Mapping[str, str]) -> None:
        self._source = source.encode()
        self._marked = MARKED.search(source) is not None
        self._found = Reading()
        self._starts: list[int] = []
        self._item = self._underline = 0
        self._stack = [_Frame("Root", None, 0, [])]
        self._levels = self._styles = self._nodes = 0
        self._expanded = max(len(source), 100_000)
        self._targets = targets
        self._events = pyromark.events_with_range(
            source, options=_OPTIONS, broken_link_callback=self._target if targets else None
        )

    def read(self) -> Reading:
        root = self._stack[0]
        for event, span in self._events:
            if self._nodes > bounds.NODES:
                self._give_up()
                break
            if isinstance(event, str):
                self._plain_event(event, span)
            else:
                (kind, value), *_ = event.items()
                self._event(kind, value, span)
        self._found.blocks = [part for part in root.parts if isinstance(part, _BLOCKS)]
        self._count_lines()
        return self._found

    def _event(self, kind: str, value: Any, span: Any) -> None:
        match kind:
            case "Text" | "InlineHtml" | "Html":
                self._stack[-1].parts.append(value)
            case "Start":
                name, payload = (value, None) if isinstance(value, str) else next(iter(value.items()))
                self._start(name, payload, span)
            case "End":
                self._end(span)
            case "Code":
                self._put(CodeSpan(restored(value) if self._marked else value))
            case "FootnoteReference":
                self._put(FootnoteMark(restored(value)))
            case "TaskListMarker":
                frame = next((one for one in reversed(self._stack) if one.kind == "Item"), None)
                if frame:
                    frame.value = value

    def _plain_event(self, event: str, span: Any) -> None:
        if event == "Rule":
            if len(self._stack) == 1:
                self._starts.append(span["start"])
            self._put(Rule())
        else:
            self._put(_BREAK)

    def _put(self, part: Part) -> None:
        self._nodes += 1
        self._stack[-1].parts.append(part)

    def _start(self, kind: str, value: Any, span: Any) -> None:
        own = True
        if kind in _LEVELLED:
            self._levels += 1
            own = self._levels <= bounds.LEVELS
        elif kind in _STYLED:
            self._styles += 1
            own = self._styles <= bounds.STYLES
        elif kind == "Item":
            own = self._stack[-1].own
            value = None
            if not own:
                self._stack[-1].parts.append(_BREAK)
            if len(self._stack) == 2:
                self._item = span["start"]
        parts: list[Part] = [] if own else self._stack[-1].parts
        self._stack.append(_Frame(kind, value, span["start"], parts, own))

    def _end(self, span: Any) -> None:
        frame = self._stack.pop()
        if frame.kind in _LEVELLED:
            self._levels -= 1
        elif frame.kind in _STYLED:
            self._styles -= 1
        if not frame.own:
            return
        made = _MAKERS[frame.kind](self, frame, span["end"])
        self._nodes += len(made)
        self._stack[-1].parts += made
        if len(self._stack) == 1:
            self._starts += [frame.start, self._underline][: len(made)]

    def _give_up(self) -> None:
        """Too many nodes: the block in hand and the rest are shown as they were written."""
        root = self._stack[0]
        if len(self._stack) == 1:
            root.parts.pop()
        else:
            self._starts.append(self._stack[1].start)
        rest = self._source[self._starts[-1] :].decode()
        root.parts.append(CodeBlock(restored(rest).rstrip("\n")))

    def _count_lines(self) -> None:
        at = line = 0
        for start in self._starts:
            line += lines(self._source[at:start])
            at = start
            self._found.lines.append(line)
        if self._found.blocks and isinstance(self._found.blocks[-1], ListBlock) and self._item >= at:
            self._found.item = line + lines(self._source[at : self._item])

    def _target(self, broken: Mapping[str, Any]) -> tuple[str, str] | None:
        target = self._targets.get(" ".join(str(broken["reference"]).split()).casefold())
        if target is None or self._expanded < len(target):
            return None
        self._expanded -= len(target)
        return target, ""

    # What each kind of node becomes when it ends.

    def _inlines(self, frame: _Frame) -> tuple[Inline, ...]:
        raw = [part for part in frame.parts if not isinstance(part, _BLOCKS)]
        return assembled(raw, marked=self._marked)  # type: ignore[arg-type]  # an inline's parts are inlines

    def _paragraph(self, frame: _Frame, end: int) -> list[Part]:
        if self._marked and any(isinstance(part, str) and TABLE in part for part in frame.parts):
            return [CodeBlock(self._written(frame.start, end))]
        inlines = self._inlines(frame)
        return [Paragraph(inlines)] if inlines else []

    def _heading(self, frame: _Frame, end: int) -> list[Part]:
        inlines = self._inlines(frame)
        underline = self._source[frame.start : end].rstrip().rsplit(b"\n", 1)[-1].strip(b" \t>")
        if not self._source.startswith(b"#", frame.start) and underline.startswith(b"-"):
            self._underline = frame.start + self._source[frame.start : end].rstrip().rfind(b"\n") + 1
            return [Paragraph(inlines), Rule()]
        return [Heading(int(frame.value["level"][1]), inlines)]

    def _code(self, frame: _Frame, end: int) -> list[Part]:
        text = "".join(part for part in frame.parts if isinstance(part, str))
        info = frame.value.get("Fenced", "") if isinstance(frame.value, dict) else ""
        language = info.split(maxsplit=1)[0] if info.strip() else ""
        if self._marked:
            text, language = restored(text), restored(language)
        return [CodeBlock(text.removesuffix("\n"), language)]

    def _list(self, frame: _Frame, end: int) -> list[Part]:
        items = tuple(part for part in frame.parts if isinstance(part, ListItem))
        if not any(item.blocks for item in items):  # "42." is an answer and no list
            return list(_as_paragraph(self._written(frame.start, end)))
        return [ListBlock(items, frame.value)]

    def _list_item(self, frame: _Frame, end: int) -> list[Part]:
        return [ListItem(tuple(self._blocks(frame.parts)), frame.value)]

    def _blocks(self, parts: list[Part]) -> list[Block]:
        """An item's parts: text that no paragraph is around is one."""
        found: list[Block] = []
        loose: list[Raw] = []
        for part in [*parts, None]:
            if part is not None and not isinstance(part, _BLOCKS):
                loose.append(part)  # type: ignore[arg-type]  # what is no block here is an inline
                continue
            if loose and (inlines := assembled(loose, marked=self._marked)):
                found.append(Paragraph(inlines))
            loose = []
            if part is not None:
                found.append(part)
        return found

    def _quote(self, frame: _Frame, end: int) -> list[Part]:
        return [QuoteBlock(tuple(self._blocks(frame.parts)))]

    def _footnote(self, frame: _Frame, end: int) -> list[Part]:
        return [FootnoteText(restored(str(frame.value)), tuple(self._blocks(frame.parts)))]

    def _cell(self, frame: _Frame, end: int) -> list[Part]:
        return [self._inlines(frame)]

    def _row(self, frame: _Frame, end: int) -> list[Part]:
        return [tuple(frame.parts)]

    def _table(self, frame: _Frame, end: int) -> list[Part]:
        header, *rows = frame.parts
        aligns = tuple(_ALIGNS[one] for one in frame.value)
        return [TableBlock(header, tuple(rows), aligns)]  # type: ignore[arg-type]  # rows are tuples of cells

    def _emphasis(self, frame: _Frame, end: int) -> list[Part]:
        return [Emphasis(self._inlines(frame))]

    def _strong(self, frame: _Frame, end: int) -> list[Part]:
        return [Strong(self._inlines(frame))]

    def _strike(self, frame: _Frame, end: int) -> list[Part]:
        return [Strike(self._inlines(frame))]

    def _link(self, frame: _Frame, end: int) -> list[Part]:
        bare = frame.value["link_type"] in {"Autolink", "Email"}
        target = restored(frame.value["dest_url"])
        if frame.value["link_type"] == "Email":
            target = f"mailto:{target}"
        return [Link(self._inlines(frame), target, bare)]

    def _picture(self, frame: _Frame, end: int) -> list[Part]:
        return [Picture(plain(self._inlines(frame)), restored(frame.value["dest_url"]))]

    def _html(self, frame: _Frame, end: int) -> list[Part]:
        return list(_as_paragraph(self._written(frame.start, end)))

    def _written(self, start: int, end: int) -> str:
        """A part of the text as it was written, without the quotes and indentation around it."""
        text = restored(self._source[start:end].decode()).rstrip("\n")
        return "\n".join(
            line.lstrip(" \t>") if place else line for place, line in enumerate(text.split("\n"))
        )


_BREAK = LineBreak()
_ALIGNS = {"None": Align.NONE, "Left": Align.LEFT, "Center": Align.CENTER, "Right": Align.RIGHT}
_MAKERS: Mapping[str, Callable[[_Reader, _Frame, int], list[Part]]] = {
    "Paragraph": _Reader._paragraph,
    "Heading": _Reader._heading,
    "CodeBlock": _Reader._code,
    "List": _Reader._list,
    "Item": _Reader._list_item,
    "BlockQuote": _Reader._quote,
    "FootnoteDefinition": _Reader._footnote,
    "TableCell": _Reader._cell,
    "TableHead": _Reader._row,
    "TableRow": _Reader._row,
    "Table": _Reader._table,
    "Emphasis": _Reader._emphasis,
    "Strong": _Reader._strong,
    "Strikethrough": _Reader._strike,
    "Link": _Reader._link,
    "Image": _Reader._picture,
    "HtmlBlock": _Reader._html,
}


def _as_paragraph(text: str) -> list[Block]:
    inlines: list[Inline] = []
    for place, line in enumerate(text.split("\n")):
        inlines += [_BREAK] * bool(place) + [Words(line)] * bool(line)
    return [Paragraph(tuple(inlines))]
