"""Renders a growing Markdown answer for Teams; text that was shown never changes.

Teams' `markdown` has no headings, tables, rules or images, and in a stream every update has to begin with the
text streamed before. So whole lines are rendered as they come, the last one as far as it is final, and what
cannot be shown in parts (a table) is held back until it is complete. `extendedmarkdown` has all but images.
Source: Microsoft Learn, Teams platform, "Format your bot messages" and "Stream bot messages".
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from adapters.teams.outbound.rendering.inline import HIDDEN, Citation, InlineRenderer, code_line, literal
from adapters.teams.outbound.rendering.tables import as_code, delimits, drawn, row_cells, too_vast
from bot.delivery.last_resort import rendered

FENCE = re.compile(r"^([ \t]*)(`{3,}|~{3,})[ \t]*([\w+#.-]{0,30})[^`]*$")
FENCE_START = re.compile(r"^[ \t]*(?:`+|~{3,})[^`]*$|^[ \t]*~{1,2}$")
HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(.*)$")
RULE = re.compile(r"^ {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$")
DEFINITION = re.compile(r"^ {0,3}\[([^\]]{1,100})\]:[ \t]*<?([^\s<>]+)>?(.*)$")
ITEM = re.compile(r"^(\s*(?:[-*+]|\d{1,9}[.)])[ \t]+)(?:\[([ xX])\][ \t]+)?(.*)$")
QUOTE = re.compile(r"^((?: {0,3}>[ \t]?)+)(.*)$")
DEEPEST = 10  # quotes within each other
UNSETTLED = re.compile(
    r"^[-*_=+ \t]*$|^[ \t]*(?:\d{1,9}[.)]?[ \t]*|>[ \t>]*|[#|].*)$"
    r"|^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+\[.{0,3}$"
    r"|^ {0,3}\[[^\]]{0,100}(?:$|\]:)"
)
"""The start of a line whose kind the next characters may still change, or that is shown whole or not at all."""
HELD_TAG = re.compile(r"<\/?\w{0,2}$")


@dataclass(frozen=True, slots=True)
class Fence:
    """An open code block: its closing fence, its indentation, and the fence written instead."""

    mark: str
    indent: int

    @property
    def written(self) -> str:
        return "`" * len(self.mark)

    def closed_by(self, line: str) -> bool:
        bare = line.strip()
        return len(bare) >= len(self.mark) and set(bare) == {self.mark[0]}

    def code(self, line: str) -> str:
        lead = len(line) - len(line.lstrip(" \t"))
        text = code_line(line[min(lead, self.indent) :])
        return text if self.mark[0] == "`" else text.replace("```", "'''")

    def start_of(self, line: str) -> str:
        """The final part of a line that is still being written."""
        bare = line.strip()
        if not bare or set(bare) == {self.mark[0]}:
            return ""
        return self.code(HELD_TAG.sub("", line).rstrip("`"))


@dataclass(slots=True)
class MarkdownStream:
    """Takes text as it comes; `shown` is the part of it that is final, `whole` all of it."""

    extended: bool = False
    inline: InlineRenderer = field(default_factory=InlineRenderer)
    _lines: list[str] = field(default_factory=list)
    _table: list[str] = field(default_factory=list)
    _rest: str = ""
    _fence: "Fence | None" = None

    def feed(self, text: str) -> None:
        *lines, self._rest = (self._rest + HIDDEN.sub("", text)).split("\n")
        for line in lines:
            self._line(line)

    @property
    def sources(self) -> list[Citation]:
        return sorted(self.inline.sources.values(), key=lambda source: source.number)

    def shown(self) -> str:
        """Every later `shown`, and `whole`, begins with this."""
        last = self._partial()
        lines = [*self._lines, last] if last else self._lines
        return "\n".join(lines).rstrip()

    def whole(self) -> str:
        """The whole text, when no more comes. May be called once."""
        rest, self._rest = self._rest, ""
        if rest:
            self._line(rest)
        self._end_table()
        if self._fence:
            self._lines.append(self._fence.written)
        return "\n".join(self._lines).rstrip()

    def _line(self, line: str) -> None:
        if self._fence:
            self._code_line(line, self._fence)
        elif line.lstrip().startswith("|") and (len(self._table) != 1 or delimits(line)):
            self._table.append(line)
        else:
            self._end_table()
            self._block(line)

    def _block(self, line: str) -> None:
        if line.lstrip().startswith("|"):
            self._table.append(line)
        elif fence := FENCE.match(line):
            self._fence = Fence(fence[2], len(fence[1].expandtabs(4)))
            self._lines.append(self._fence.written + fence[3])
        else:
            self._lines.append(self._prose(line))

    def _code_line(self, line: str, fence: Fence) -> None:
        if fence.closed_by(line):
            self._lines.append(fence.written)
            self._fence = None
        else:
            self._lines.append(fence.code(line))

    def _end_table(self) -> None:
        table, self._table = self._table, []
        if len(table) > 1 and delimits(table[1]) and too_vast(table):
            self._lines += as_code(table)
        elif len(table) > 1 and delimits(table[1]) and not self.extended:
            self._lines += drawn(row_cells(table[0]), [row_cells(line) for line in table[2:]])
        else:
            self._lines += [self.inline.line(line) for line in table]

    def _prose(self, line: str, *, whole: bool = True) -> str:
        """One line outside code and tables. With `whole` False, only as far as it is final."""
        if quote := QUOTE.match(line):
            depth = min(quote[1].count(">"), DEEPEST)
            return "> " * depth + self._prose(quote[2], whole=whole)
        if item := ITEM.match(line):
            return item[1] + self._box(item[2]) + self.inline.line(item[3], whole=whole)
        if RULE.match(line):
            return line if self.extended else "———"
        if (heading := HEADING.match(line)) and not self.extended:
            words = self.inline.line(_title(heading[1]).replace("**", "").replace("__", ""))
            return f"**{words}**" if words else ""
        if whole and (definition := DEFINITION.match(line)):
            return self._definition(definition[1], definition[2], definition[3])
        return self.inline.line(line, whole=whole)

    def _box(self, mark: str | None) -> str:
        if mark is None:
            return ""
        if self.extended:
            return f"[{mark}] "
        return "☐ " if mark == " " else "☑ "

    def _definition(self, name: str, target: str, title: str) -> str:
        """A definition would turn text elsewhere into a link or an image, so it becomes a line of text."""
        if name.isdigit():
            self.inline.link(f"[{name}]", target)
        return self.inline.line(f"[{name}] {target}{title}")

    def _partial(self) -> str:
        """The final part of the last line."""
        if self._fence:
            return self._fence.start_of(self._rest)
        line = inner = self._rest
        if quote := QUOTE.match(inner):
            inner = quote[2]
        if self._table or any(UNSETTLED.match(one) or FENCE_START.match(one) for one in (line, inner)):
            return ""
        return self._prose(line, whole=False)


class ShownMarkdown:
    """A `MarkdownStream` that never fails: at the first error the whole text is shown plain."""

    def __init__(self, *, extended: bool) -> None:
        self._stream = MarkdownStream(extended=extended)
        self._fed: list[str] = []
        self._plain = False

    @property
    def sources(self) -> list[Citation]:
        return [] if self._plain else self._stream.sources

    def feed(self, text: str) -> None:
        self._fed.append(text)
        if not self._plain:
            rendered(text, self._stream.feed, self._give_up)

    def shown(self) -> str:
        return self._text(self._stream.shown)

    def whole(self) -> str:
        return self._text(self._stream.whole)

    def _text(self, made: Callable[[], str]) -> str:
        shown = "" if self._plain else rendered("", lambda _: made(), lambda _: self._give_up(""))
        return plainly("".join(self._fed)) if self._plain else shown or ""

    def _give_up(self, _: str) -> str | None:
        self._plain = True
        return None


def plainly(text: str) -> str:
    """A text in which nothing is markup, line by line."""
    lines = (literal(line) for line in text.split("\n"))
    return "\n".join(f"\\{line}" if line[:1] in "#>+-" and line else line for line in lines).strip()


def _title(heading: str) -> str:
    """A heading's text, without closing marks."""
    words = heading.rstrip(" \t")
    open_end = words.rstrip("#")
    return open_end.rstrip(" \t") if not open_end or open_end[-1] in " \t" else words
