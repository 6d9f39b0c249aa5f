"""What a message's HTML says, as Markdown. Its shapes are Teams' own; tags that nobody knows are transparent.

Source: what Teams' clients send, as bots and Microsoft Graph report it ("chatMessage resource type" shows a part of it).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from adapters.teams.inbound.content import markdown
from adapters.teams.inbound.content.html_words import HtmlWords, PastedPicture, QuotedReply
from adapters.teams.inbound.content.mentions import MentionElements
from adapters.teams.inbound.content.words import strict_html

DEPTH = 24  # open elements of whole lines; deeper ones are transparent
INLINE = 8  # open elements in one line
PICTURES = 20
ADDRESS = 4096  # characters of a picture's address
UNSEEN = frozenset({"script", "style", "template", "head", "title", "svg", "noscript"})
LINES = frozenset({"p", "div", "section", "article", "header", "footer"}) | markdown.HEADINGS
CELLS = ("td", "th")
BLOCKS = frozenset({*markdown.LISTS, *CELLS, *markdown.CODE, "li", "blockquote", "table", "tr"})
VOID = frozenset({"br", "hr", "img", "input", "wbr", "col", "meta", "link", "source"})
EMOJI = ("emoji", "customemoji")
HOSTED = re.compile(r"/hostedContents/([^/?]+)", re.IGNORECASE)

Attributes = Mapping[str, str]


def read_page(html: str, mentions: MentionElements) -> HtmlWords:
    """Reads LARGEST characters at most, in a time that grows with them alone."""
    reader = _HtmlReader(mentions)
    reader.feed(strict_html(html))
    reader.close()
    return reader.result()


@dataclass(slots=True)
class _Inline:
    """An element inside a line that is still open, and where it begins among the pieces of the line and the words.

    `unmarked`: it is in one that marks its words already, or takes them literally.
    """

    tag: str
    attributes: Attributes
    start: int
    words: int
    unmarked: bool


@dataclass(slots=True)
class _Block:
    """An element of whole lines that is still open."""

    tag: str
    attributes: Attributes = field(default_factory=dict)
    words: int = 0  # where it begins among the words
    lines: list[str] = field(default_factory=list)
    line: list[str] = field(default_factory=list)
    inline: list[_Inline] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)  # of a table
    count: int = 0  # items of a list so far
    author: tuple[str, str] = ("", "")  # of what a reply quotes: account and name

    @property
    def is_reply(self) -> bool:
        return self.tag == "blockquote" and self.attributes.get("itemtype", "").endswith("/Reply")


class _HtmlReader(HTMLParser):
    """Writes lines while it reads. An inline element that goes over several lines is one element on each."""

    def __init__(self, mentions: MentionElements) -> None:
        super().__init__(convert_charrefs=True)
        self._mentions = mentions
        self._blocks = [_Block("")]
        self._unseen: list[str] = []
        self._words: list[str] = []
        self._shown: list[str] = []
        self._structured = False
        self._quoted: list[QuotedReply] = []
        self._pictures: list[PastedPicture] = []

    def set_cdata_mode(self, *args: Any, **options: Any) -> None:
        """Tags are tags inside every element; what nobody sees is left out by name."""

    def result(self) -> HtmlWords:
        while len(self._blocks) > 1:
            self._close_block()
        self._end_line()
        return HtmlWords(
            text="\n".join(markdown.without_blank_ends(self._top.lines)),
            words="".join(self._words),
            shown="".join(self._shown),
            structured=self._structured,
            quoted=tuple(self._quoted),
            pictures=tuple(self._pictures),
            others=self._mentions.others,
        )

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if self._unseen or tag in UNSEEN:
            if tag not in VOID and len(self._unseen) < DEPTH:
                self._unseen.append(tag)
        elif tag in ("br", "hr"):
            self._end_line(always=True)
        elif tag in EMOJI or attributes.get("itemtype", "").endswith("/Emoji"):
            self._say(attributes.get("alt", ""))
        elif tag == "img":
            self._picture(attributes)
        elif tag in BLOCKS:
            self._open_block(tag, attributes)
        else:
            self._open_inline(tag, attributes)

    def handle_endtag(self, tag: str) -> None:
        if self._unseen:
            if tag in self._unseen:
                del self._unseen[self._unseen.index(tag) :]
        elif tag in BLOCKS:
            self._close_up_to(CELLS if tag == "tr" else (tag,), within=() if tag == "table" else ("table",))
        else:
            self._close_inline(tag)

    def handle_data(self, data: str) -> None:
        if self._unseen:
            return
        first, *more = data.split("\n") if self._top.tag in markdown.CODE else (data,)
        self._say(first)
        for line in more:
            self._end_line(always=True)
            self._say(line)

    @property
    def _top(self) -> _Block:
        return self._blocks[-1]

    def _say(self, words: str) -> None:
        self._top.line.append(words)
        self._words.append(words)
        self._shown.append(words)

    def _end_line(self, *, always: bool = False) -> None:
        """`always`: an empty line is one too."""
        block = self._top
        for inline in reversed(block.inline):
            self._end_inline(inline)
            inline.start = 0
        raw = "".join(block.line)
        block.line.clear()
        text = raw.replace("\xa0", " ").rstrip() if block.tag in markdown.CODE else " ".join(raw.split())
        if text or (always and block.tag in markdown.CODE):
            block.lines.append(text)
        elif (always or "\xa0" in raw) and block.lines[-1:] not in ([], [""]):
            block.lines.append("")
        self._words.append("\n")
        self._shown.append("\n")

    def _picture(self, attributes: Attributes) -> None:
        address = attributes.get("src", "")
        hosted = HOSTED.search(address)
        if len(self._pictures) < PICTURES:
            found = PastedPicture(
                address="" if address.startswith("data:") else address[:ADDRESS],
                name=attributes.get("alt", ""),
                hosted=hosted[1] if hosted else attributes.get("itemid", ""),
            )
            self._pictures.append(found)

    def _open_inline(self, tag: str, attributes: Attributes) -> None:
        if tag in LINES:
            self._end_line()
        block = self._top
        if tag in VOID or len(block.inline) >= INLINE or (tag in LINES and tag not in markdown.HEADINGS):
            return
        unmarked = block.tag in markdown.CODE or any(one.tag in ("code", tag) for one in block.inline)
        start, words = len(block.line), len(self._words)
        block.inline.append(
            _Inline(tag=tag, attributes=attributes, start=start, words=words, unmarked=unmarked)
        )

    def _close_inline(self, tag: str) -> None:
        open_ = self._top.inline
        at = next((number for number in reversed(range(len(open_))) if open_[number].tag == tag), None)
        if at is not None:
            for inline in reversed(open_[at:]):
                self._end_inline(inline)
            del open_[at:]
        if tag in LINES:
            self._end_line()

    def _end_inline(self, inline: _Inline) -> None:
        line = self._top.line
        words = "".join(line[inline.start :])
        if words:
            line[inline.start :] = [self._shown_as(inline, words)]

    def _shown_as(self, inline: _Inline, words: str) -> str:
        tag, attributes = inline.tag, inline.attributes
        if tag == "at" or attributes.get("itemtype", "").endswith("/Mention"):
            if not self._mentions.ours(words, attributes.get("itemid") or attributes.get("id", "")):
                return words
            del self._words[inline.words :]
            return ""
        if attributes.get("itemprop") == "mri" and self._top.is_reply:
            self._top.author = (attributes.get("itemid", ""), " ".join(words.split()))
            return ""
        if inline.unmarked:
            return words
        shown = markdown.inline(tag, words, attributes.get("href", ""))
        self._structured |= shown != words and tag not in markdown.MARKS
        return shown

    def _open_block(self, tag: str, attributes: Attributes) -> None:
        self._end_line()
        if tag == "li":
            self._close_up_to(("li",), within=markdown.LISTS)
        elif tag in ("tr", *CELLS):
            self._close_up_to(CELLS, within=("table",))
            if self._top.tag != "table":
                return
            if tag == "tr" or not self._top.rows:
                self._top.rows.append([])
        if tag != "tr" and len(self._blocks) < DEPTH:
            self._blocks.append(_Block(tag=tag, attributes=attributes, words=len(self._words)))

    def _close_up_to(self, tags: Sequence[str], *, within: Sequence[str]) -> None:
        """Closes the innermost block of these tags with all inside it, if it lies within the innermost of the others."""
        for depth in range(len(self._blocks) - 1, 0, -1):
            tag = self._blocks[depth].tag
            if tag in tags:
                while len(self._blocks) > depth:
                    self._close_block()
                return
            if tag in within:
                return

    def _close_block(self) -> None:
        self._end_line()
        block = self._blocks.pop()
        lines, parent = markdown.without_blank_ends(block.lines), self._top
        self._structured |= bool(lines or block.rows)
        if block.is_reply:
            account, name = block.author
            said = QuotedReply(
                text="\n".join(lines), id=block.attributes.get("itemid", ""), author=account, source=name
            )
            self._quoted.append(said)
            del self._words[block.words :]
        elif block.tag in CELLS:
            parent.rows[-1].append(" ".join(lines))
        elif block.tag == "li":
            parent.lines += markdown.item(lines, self._sign(parent))
        else:
            parent.lines += markdown.block(
                block.tag,
                lines,
                rows=block.rows,
                language=block.attributes.get("class", ""),
                inside=parent.tag,
            )

    def _sign(self, parent: _Block) -> str:
        if parent.tag != "ol":
            return "-"
        first = parent.attributes.get("start", "")
        number = (int(first) if first.isascii() and first.isdigit() and len(first) < 6 else 1) + parent.count
        parent.count += 1
        self._shown.append(f" {number} ")
        return f"{number}."
