"""Markdown to the tree, by pulldown-cmark. Linear in the text's length, whatever the text.

CommonMark 0.31 with tables, strikethrough, task lists and footnotes. What differs, because models write for people: a
single line feed is a line break; `---` under a line of text is a rule and not a heading; HTML is text, but for a few
tags; one `~` is a tilde; a definition that nothing refers to is text.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pyromark
from pyromark import Options

from bot.document import bounds
from bot.document.building import BLOCKS, BREAK, MAKERS, Frame, Part, PreparedText, underline
from bot.document.nodes import Block, CodeBlock, CodeSpan, Document, FootnoteMark, ListBlock, Rule
from bot.document.source import clean, prepared, restored

_OPTIONS: Final = (
    Options.ENABLE_TABLES | Options.ENABLE_STRIKETHROUGH | Options.ENABLE_TASKLISTS | Options.ENABLE_FOOTNOTES
)
_LEVELLED: Final = frozenset({"List", "BlockQuote", "FootnoteDefinition"})
_STYLED: Final = frozenset({"Emphasis", "Strong", "Strikethrough", "Link"})


@dataclass(slots=True)
class Reading:
    """Top-level blocks, and where each of them starts: characters of the text. `items` are the starts of the last block's
    last two items, if it is a list.
    """

    blocks: list[Block] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    items: list[int] = field(default_factory=list)


def parse(text: str) -> Document:
    """The text as a tree."""
    return Document(tuple(read(clean(text), {}, whole=True).blocks))


def read(text: str, targets: Mapping[str, str], *, whole: bool = False) -> Reading:
    """A clean text's blocks. `targets` are those of link references that are defined elsewhere. `whole`: no other part
    may refer to what is defined here.
    """
    return _Reader(prepared(text, whole=whole), targets).read()


def targets_of(text: str) -> dict[str, str]:
    """The link references that a clean text defines."""
    if "]:" not in text:
        return {}
    found = pyromark.reference_definitions(text, options=_OPTIONS)
    return {label.casefold(): definition["dest"] for label, definition in found.items()}


class _Reader:
    """One text, event by event. Not recursive: only the depth that `bounds` allows is ever nested."""

    def __init__(self, text: str, targets: Mapping[str, str]) -> None:
        self._source = PreparedText(text)
        self._root = Frame("Root", None, 0, [])
        self._stack = [self._root]
        self._starts: list[int] = []  # of the blocks in the root
        self._items: list[int] = []  # of the lists in the root
        self._levels = self._styles = self._nodes = 0
        self._expansion = max(len(text), 100_000)
        self._targets = targets
        events: Iterator[tuple[Any, Any]] = pyromark.events_with_range(
            text, options=_OPTIONS, broken_link_callback=self._target if targets else None
        )
        self._events = events

    def read(self) -> Reading:
        stack = self._stack
        for event, span in self._events:
            if isinstance(event, str):
                self._without_value(event, span["start"])
                continue
            kind, value = event.popitem()  # a dict of one entry, made for us
            if kind == "Text":
                stack[-1].parts.append(value)
            elif kind == "Start":
                name, payload = (value, None) if isinstance(value, str) else value.popitem()
                self._start(name, payload, span["start"])
            elif kind == "End":
                self._end(span["end"])
                if self._nodes > bounds.NODES:
                    self._give_up()
                    break
            else:
                self._with_value(kind, value)
        return self._reading()

    def _without_value(self, event: str, start: int) -> None:
        if event == "Rule":
            if len(self._stack) == 1:
                self._starts.append(start)
            self._put(Rule())
        else:
            self._put(BREAK)

    def _with_value(self, kind: str, value: Any) -> None:
        match kind:
            case "Code":
                self._put(CodeSpan(self._source.restored(value)))
            case "FootnoteReference":
                self._put(FootnoteMark(self._source.restored(value)))
            case "TaskListMarker":
                item = next((frame for frame in reversed(self._stack) if frame.kind == "Item"), self._root)
                item.value = value
            case "Html" | "InlineHtml":
                self._stack[-1].parts.append(value)

    def _put(self, part: Part) -> None:
        self._nodes += 1
        self._stack[-1].parts.append(part)

    def _start(self, kind: str, value: Any, start: int) -> None:
        parent = self._stack[-1]
        own = True
        if kind in _LEVELLED:
            self._levels += 1
            own = self._levels <= bounds.LEVELS
        elif kind in _STYLED:
            self._styles += 1
            own = self._styles <= bounds.STYLES
        elif kind == "Item":
            value, own = None, parent.own
            if len(self._stack) == 2:
                self._items.append(start)
        if not own:
            parent.parts += [BREAK] * (kind == "Item")
        self._stack.append(Frame(kind, value, start, [] if own else parent.parts, own))

    def _end(self, end: int) -> None:
        frame = self._stack.pop()
        if frame.kind in _LEVELLED:
            self._levels -= 1
        elif frame.kind in _STYLED:
            self._styles -= 1
        if not frame.own:
            return
        made = MAKERS[frame.kind](self._source, frame, end)
        self._nodes += len(made)
        self._stack[-1].parts += made
        if len(self._stack) == 1 and made:
            self._starts.append(frame.start)
            if len(made) > 1:
                self._starts.append(underline(self._source, frame, end))

    def _give_up(self) -> None:
        """Too many nodes: the block in hand and the rest are shown as they were written."""
        if len(self._stack) == 1:
            self._root.parts.pop()
        else:
            self._starts.append(self._stack[1].start)
        rest = restored(self._source.bytes[self._starts[-1] :].decode())
        self._root.parts.append(CodeBlock(rest.rstrip("\n")))

    def _reading(self) -> Reading:
        found = Reading([part for part in self._root.parts if type(part) in BLOCKS])
        items = self._items[-2:] if found.blocks and isinstance(found.blocks[-1], ListBlock) else []
        found.starts = self._source.characters(self._starts)
        found.items = self._source.characters(items)
        return found

    def _target(self, broken: Mapping[str, Any]) -> tuple[str, str] | None:
        """A reference that this part of the text does not define. What all of them make of it is bounded."""
        target = self._targets.get(" ".join(str(broken["reference"]).split()).casefold())
        if target is None or self._expansion < len(target):
            return None
        self._expansion -= len(target)
        return target, ""
