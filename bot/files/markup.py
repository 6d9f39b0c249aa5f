"""HTML as text that keeps its headings, lists, tables and links. Nothing in it is run or fetched."""

from html.parser import HTMLParser

from bot.domain.file_text import FileText
from bot.files.encodings import decode
from bot.files.entities import escape_bare_ampersands
from bot.files.limits import in_lines, table

UNSEEN = frozenset({"script", "style", "template", "noscript", "head", "title", "svg"})
BLOCKS = frozenset(
    {
        "p", "div", "section", "article", "header", "footer", "ul", "ol", "li", "table", "blockquote", "pre",
        "figure", "form", "h1", "h2", "h3", "h4", "h5", "h6", "dl", "dt", "dd", "hr", "address", "main", "nav",
    }
)  # fmt: skip


def read_html(data: bytes) -> FileText:
    return in_lines(html_text(decode(data)).splitlines())


def html_text(html: str) -> str:
    page = _Page()
    page.feed(escape_bare_ampersands(html))
    page.close()
    page.end_line()
    return "\n".join(page.lines).strip()


class _Page(HTMLParser):
    """`lines` are finished. A table inside a cell is words of that cell."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self._line: list[str] = []
        self._start = ""  # of the line: a list's sign, a heading's
        self._unseen: list[str] = []
        self._verbatim = 0
        self._tables = 0
        self._rows: list[list[str]] = []
        self._in_cell = False
        self._links: list[tuple[int, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in UNSEEN:
            self._unseen.append(tag)
        elif tag == "table":
            self.end_line()
            self._tables += 1
        elif self._tables:
            self._in_table(tag)
        elif tag == "br" or tag in BLOCKS:
            self.end_line()
            self._verbatim += tag == "pre"
            self._start = {"li": "- ", "blockquote": "> "}.get(
                tag, f"{'#' * int(tag[1])} " if _heads(tag) else ""
            )
        if tag == "a":
            self._links.append((len(self._line), dict(attrs).get("href") or ""))
        elif tag == "img" and (words := dict(attrs).get("alt")):
            self._line.append(f"[picture: {words}]")

    def handle_endtag(self, tag: str) -> None:
        if self._unseen:
            if tag == self._unseen[-1]:
                self._unseen.pop()
        elif tag == "a" and self._links:
            self._end_link()
        elif self._tables:
            self._end_in_table(tag)
        elif tag in BLOCKS:
            self.end_line()
            self._verbatim = max(0, self._verbatim - (tag == "pre"))
            if tag not in ("li", "div", "dt") and self.lines[-1:] != [""]:
                self.lines.append("")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self._line.append(data)

    def end_line(self) -> None:
        text = "".join(self._line)
        text = text.strip("\n") if self._verbatim else " ".join(text.split())
        if text:
            self.lines.append(self._start + text)
            self._start = ""
        self._line, self._links = [], []

    def _end_link(self) -> None:
        start, address = self._links.pop()
        shown = "".join(self._line[start:])
        if address.startswith(("http:", "https:", "mailto:")) and address not in shown:
            self._line.append(f" ({address})")

    def _in_table(self, tag: str) -> None:
        """Ends of rows and cells may be left out."""
        if self._tables == 1 and tag in ("tr", "td", "th"):
            self._end_cell()
            if tag == "tr" or not self._rows:
                self._rows.append([])
            self._in_cell = tag != "tr"
        else:
            self._line.append(" ")

    def _end_in_table(self, tag: str) -> None:
        if self._tables == 1 and tag in ("td", "th", "tr"):
            self._end_cell()
        if tag == "table":
            self._tables -= 1
            if not self._tables:
                self._end_cell()
                self.lines += ["", *table(row for row in self._rows if row), ""]
                self._rows = []

    def _end_cell(self) -> None:
        text = " ".join("".join(self._line).split())
        if self._in_cell:
            self._rows[-1].append(text)
        elif text:  # a caption
            self.lines.append(text)
        self._line, self._links, self._in_cell = [], [], False


def _heads(tag: str) -> bool:
    return len(tag) == 2 and tag[1].isdigit()
