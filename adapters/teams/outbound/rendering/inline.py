"""Renders one line of untrusted Markdown as Teams' Markdown in which only checked links are active.

Also works on an unfinished line: then it stops before anything that the next characters could change, so that
shown text is never taken back.
"""

import html
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote

from yarl import URL

from adapters.teams.clouds import address

HIDDEN = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\x00-\x08\x0b-\x1f]")
"""Invisible characters that change what is seen: direction marks, zero-width characters, controls."""
LINK = re.compile(
    r'!?\[((?:[^\[\]\\]|\\.|\[[^\[\]]{0,100}\]){0,300})\]\(\s?<?([^\s<>]{1,2000}?)>?(?:\s+"[^"]{0,200}")?\s?\)'
)
REFERENCE = re.compile(r"!\[([^\[\]]{0,300})\](?:\[[^\[\]]{0,100}\])?")
AUTOLINK = re.compile(r"<(https?://[^\s<>\[\]\\`]{1,2000})>")
BREAK = re.compile(r"<br\s?/?>", re.IGNORECASE)
ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
ENTITY_START = re.compile(r"&#?[a-zA-Z0-9]{0,31}$")
TICKS = re.compile(r"`+")
PLAIN = re.compile(r"[^\\`\[!<&]+")
DOMAIN = re.compile(
    r"(?:[a-z]+://)?(?:[^/@\s]*@)?([\w-]+(?:\.[\w-]+)*\.[a-z]{2,})(?:[/:?#]|$)", re.IGNORECASE
)
"""Text that a reader takes for a URL."""
NUMBER = re.compile(r"^\[?(\d{1,3})\]?$")
NUMBERED = re.compile(r"\[\d{1,3}\](?![(\[:])")
"""A reference to a source. The text after it must not turn it into a link or a definition."""
FOLLOWING = {"(": "&#40;", ":": "&#58;"}
BANGS = re.compile(r"!+")
MENTION = re.compile(r"<(?=/?at\b)", re.IGNORECASE)
LONGEST = 2600
"""Characters within which a link or a code span has to end to be one."""
SCHEMES = frozenset({"http", "https"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A source of the text; `number` is the one in brackets there."""

    number: int
    name: str
    url: str


@dataclass(slots=True)
class InlineRenderer:
    """Renders lines without HIDDEN characters, and collects the numbered sources in them."""

    sources: dict[int, Citation] = field(default_factory=dict)

    def line(self, text: str, *, whole: bool = True) -> str:
        """`whole` False: the line is unfinished, and the result is a prefix of the whole line's."""
        out, at = [], 0
        while at < len(text):
            plain = PLAIN.match(text, at)
            if plain:
                out.append(plain[0])
                at = plain.end()
                continue
            step = self._special(text, at, whole or len(text) - at > LONGEST)
            if step is None:
                break
            shown, at = step
            out.append(shown)
        return "".join(out)

    def _special(self, text: str, at: int, whole: bool) -> tuple[str, int] | None:
        """A special character's rendering and where it ends; None while that may still change."""
        readers: dict[str, Callable[[str, int, bool], tuple[str, int] | None]] = {
            "\\": _escape,
            "`": _code,
            "<": _angle,
            "&": _ampersand,
            "[": self._bracket,
            "!": self._bang,
        }
        return readers[text[at]](text, at, whole)

    def _bracket(self, text: str, at: int, whole: bool) -> tuple[str, int] | None:
        if found := _link_at(text, at):
            return self._linked(found, found[1], whole)
        if not whole and _goes_on(text, at, "("):
            return None
        number = NUMBERED.match(text, at)
        return (number[0], number.end()) if number else (r"\[", at + 1)

    def _bang(self, text: str, at: int, whole: bool) -> tuple[str, int] | None:
        """Images are never shown: fetching one would tell the text's author that it was read.

        Of several marks in a row only the last belongs to the bracket after them; the others must not be
        moved next to it when that one is removed.
        """
        bangs = BANGS.match(text, at)
        assert bangs  # noqa: S101 - the caller saw one
        opening = bangs.end()
        if text[opening : opening + 1] != "[":
            return (bangs[0], opening) if whole or opening < len(text) else None
        if opening - at > 1:
            return r"\!" * (opening - at - 1), opening - 1
        if found := _link_at(text, at):
            return self._linked(found, found[1] or "image", whole)
        if not whole and _goes_on(text, opening, "(["):
            return None
        if found := REFERENCE.match(text, at):
            return literal(found[1] or "image"), found.end()
        return r"\!\[", opening + 1

    def _linked(self, found: re.Match[str], label: str, whole: bool) -> tuple[str, int] | None:
        """A link, without a second one from the text after it."""
        following = found.string[found.end() : found.end() + 1]
        if not following and not whole:
            return None
        shown = self.link(label, found[2])
        if shown.endswith("]") and following in FOLLOWING:
            return shown + FOLLOWING[following], found.end() + 1
        return shown, found.end()

    def link(self, label: str, target: str) -> str:
        """A link that shows its target. A numbered one is a source."""
        url = address(html.unescape(target))
        if url is None or url.scheme not in SCHEMES:
            return f"{literal(label)} ({literal(target)})"
        safe = quote(str(url), safe=":/?#@!$&'*+,;=%~-._")
        if number := NUMBER.match(label):
            self.cite(int(number[1]), url.host or "", str(url))
            return f"[{number[1]}]"
        return f"[{literal(honest(label, url))}]({safe})"

    def cite(self, number: int, name: str, url: str) -> None:
        self.sources.setdefault(number, Citation(number=number, name=name, url=url))


def honest(label: str, url: URL) -> str:
    """A link's label without marks; one that looks like another URL is replaced by the link's URL."""
    words = re.sub(r"[*_`~]{1,3}", "", label).strip()
    seen = unicodedata.normalize("NFKC", words)
    claimed = DOMAIN.match(seen)
    if (
        not words
        or ("://" in seen and not claimed)
        or (claimed and _bare(claimed[1]) != _bare(url.host or ""))
    ):
        return str(url)
    return words


def literal(text: str) -> str:
    """Text in which no character has a special meaning. One line."""
    flat = " ".join(HIDDEN.sub("", text).split())
    return re.sub(r"([\\`*\[\]~|])", r"\\\1", flat).replace("<", "&lt;").replace("_", r"\_")


def code_line(text: str) -> str:
    """A line of code: unchanged, except for the one tag that Teams might interpret even there."""
    return MENTION.sub("&lt;", text)


def _escape(text: str, at: int, whole: bool) -> tuple[str, int] | None:
    following = text[at + 1 : at + 2]
    if not following:
        return (r"\\", at + 1) if whole else None
    if following == "<":
        return "&lt;", at + 2
    if following in "\\`*_[]#+-!|~>{}()":
        return f"\\{following}", at + 2
    return (following, at + 2) if following in ".:@$&\"'" else (r"\\", at + 1)


def _code(text: str, at: int, whole: bool) -> tuple[str, int] | None:
    ticks = TICKS.match(text, at)
    assert ticks  # noqa: S101 - the caller saw one
    for closing in TICKS.finditer(text, ticks.end(), at + LONGEST):
        if len(closing[0]) == len(ticks[0]) and (whole or closing.end() < len(text)):
            inside = code_line(text[ticks.end() : closing.start()])
            return f"{ticks[0]}{inside}{ticks[0]}", closing.end()
    return ("&#96;" * len(ticks[0]), ticks.end()) if whole else None


def _angle(text: str, at: int, whole: bool) -> tuple[str, int] | None:
    if found := AUTOLINK.match(text, at):
        return found[1], found.end()
    if found := BREAK.match(text, at):
        return "  \n", found.end()
    undecided = not whole and not re.search(r"[\s<>]", text[at + 1 :])
    return None if undecided else ("&lt;", at + 1)


def _ampersand(text: str, at: int, whole: bool) -> tuple[str, int] | None:
    if found := ENTITY.match(text, at):
        return found[0], found.end()
    return None if not whole and ENTITY_START.match(text, at) else ("&", at + 1)


def _link_at(text: str, at: int) -> re.Match[str] | None:
    """Looks for the end first: otherwise a line full of openings would be read again for each."""
    return LINK.match(text, at, at + LONGEST) if text.find(")", at, at + LONGEST) > at else None


def _goes_on(text: str, at: int, openers: str) -> bool:
    """Whether a bracket that opens at `at` may still become a link's or an image's."""
    depth = 0
    for reference in range(at, len(text)):
        depth += {"[": 1, "]": -1}.get(text[reference], 0)
        if depth == 0:
            return reference + 1 == len(text) or text[reference + 1] in openers
    return True


def _bare(host: str) -> str:
    return host.lower().removeprefix("www.")
