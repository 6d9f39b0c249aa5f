r"""What a person sees, the same way for every platform: lines of words with their style.

`⟨b:strong⟩`, `⟨i:emphasis⟩`, `⟨s:strike⟩`, `⟨c:code⟩`, `⟨math:\(x\)⟩`, and `⟨label → address⟩` for what can be
clicked; an address that is its own label is written as it is. A line begins with `## ` in a heading, `• `, `2. `, `☐ ` or
`☑ ` in a list, two blanks for each list it stands in, `> ` in a quote, `│ ` in a block of code; `———` is a rule. A table's
rows are `| a | b |`, and the line below the header says how its columns are aligned. Empty lines are left out.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from urllib.parse import unquote

from bot.document.links import displayed, is_itself
from tests.document.speech import WORD

OPEN, CLOSE, TO = "⟨", "⟩", " → "
STYLE = re.compile(r"([bisc]|math):")
HEAD = re.compile(r"((?:> )*(?: *(?:•|\d+\.|☐|☑) )*)#{1,6} ")
CODE = re.compile(r"(?:> )*│")
MATH = re.compile(r"^(?:\\[(\[]|\$)")
TABLE = re.compile(r"(?:> )*\|.*\|$")


class Piece(NamedTuple):
    """Text of one style. `url` is where a click on it leads."""

    text: str
    style: frozenset[str] = frozenset()
    url: str = ""


Line = tuple[Piece, ...]


def lines(seen: str) -> list[Line]:
    """The notation of a case, line by line."""
    return [tidy(_read(one)) for one in seen.split("\n") if one.strip()]


def _read(line: str) -> list[Piece]:
    if CODE.match(line):
        return [Piece(line)]
    pieces, end = _inside(line, 0, Piece(""))
    assert end == len(line), line
    return pieces


def _inside(line: str, at: int, like: Piece) -> tuple[list[Piece], int]:
    """The pieces up to the bracket that closes, or up to the arrow of a link."""
    found: list[Piece] = []
    while at < len(line) and line[at] != CLOSE and not (like.url == "?" and line.startswith(TO, at)):
        if line[at] != OPEN:
            found.append(like._replace(text=line[at]))
            at += 1
            continue
        if style := STYLE.match(line, at + 1):
            inner, at = _inside(line, style.end(), like._replace(style=like.style | {style[1]}))
        else:
            inner, at = _inside(line, at + 1, like._replace(url="?"))
            end = line.index(CLOSE, at)
            inner = [one._replace(url=line[at + len(TO) : end]) if one.url == "?" else one for one in inner]
            at = end
        found += inner
        at += 1
    return found, at


def tidy(pieces: Iterable[Piece]) -> Line:
    """Neighbours of one style as one. Code around a formula or an address is only a way to keep it exact."""
    joined = _joined(pieces)
    kept = []
    for text, style, target in joined:
        url = displayed(unquote(target)) if target else ""
        exact = MATH.match(text) or re.search(r"[:/]", text)
        kept.append(
            Piece(
                text, style - {"c", "math"} if exact else style, "" if url and is_itself(text, url) else url
            )
        )
    return tuple(_joined(kept))


def _joined(pieces: Iterable[Piece]) -> list[Piece]:
    found: list[Piece] = []
    for piece in pieces:
        if found and found[-1][1:] == piece[1:]:
            found[-1] = found[-1]._replace(text=found[-1].text + piece.text)
        elif piece.text:
            found.append(piece)
    return found


def text_of(line: Line) -> str:
    return "".join(piece.text for piece in line)


def words(found: Sequence[Line]) -> list[str]:
    return WORD.findall("\n".join(map(text_of, found)))


def written(found: Sequence[Line]) -> str:
    """For people: what differs is read in this form."""
    return "\n".join("".join(map(_written, line)).rstrip() for line in found)


def _written(piece: Piece) -> str:
    if not piece.style and not piece.url:
        return piece.text
    name = "".join(sorted(piece.style))
    return f"{OPEN}{name}{':' * bool(name)}{piece.text}{TO * bool(piece.url)}{piece.url.rstrip('/')}{CLOSE}"


def without_levels(line: Line) -> Line:
    """A heading where there are none: a line in bold."""
    head = HEAD.match(text_of(line))
    if not head:
        return line
    first, *others = line
    words = [first._replace(text=first.text[head.end() :]), *others]
    return tidy([Piece(head[1]), *(one._replace(style=one.style | {"b"}) for one in words)])


def is_table(found: Sequence[Line]) -> bool:
    return any(TABLE.match(text_of(line)) for line in found)
