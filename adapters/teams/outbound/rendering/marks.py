"""The marks of emphasis between pieces of Markdown, so that every CommonMark reader takes them for marks.

CommonMark looks at the characters beside a mark: `**「a」**b` shows its asterisks, because the closing ones stand between
punctuation and a letter. There a character without width, which counts as a letter, is put before or after them; and
between two marks that would be read as one. Source: CommonMark 0.31, "Emphasis and strong emphasis".
"""

import re
import string
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from typing import Final

Piece = tuple[int, str]
"""What kind of piece it is, and its Markdown, which is never empty."""
TEXT, ATOM, BREAK, OPENS, CLOSES = range(5)
"""Escaped text; code or a link, which nothing is done to; a line break; marks."""
GAP: Final = "\u200b"

_LINE_START = re.compile(r"[#>+=-]|:(?=-)|(\d{1,9})(?=[.)](?!\w))")
"""What would make a line another block."""
_FOLLOWING: Final = {"(": "&#40;", ":": "&#58;", "[": "&#91;"}
"""What would make a link or a definition of a number in brackets before it."""


def edges(pieces: list[Piece]) -> tuple[list[Piece], list[Piece], list[Piece]]:
    """The blanks before, what is between, and the blanks after: marks do not stand beside blanks."""
    first = next((at for at, piece in enumerate(pieces) if not _blank(piece)), len(pieces))
    last = next((at for at in range(len(pieces), first, -1) if not _blank(pieces[at - 1])), first)
    before, inside, after = pieces[:first], pieces[first:last], pieces[last:]
    if inside and inside[0][0] == TEXT and inside[0][1][0].isspace():
        before.append((TEXT, " "))
        inside[0] = (TEXT, inside[0][1].lstrip())
    if inside and inside[-1][0] == TEXT and inside[-1][1][-1].isspace():
        after.insert(0, (TEXT, " "))
        inside[-1] = (TEXT, inside[-1][1].rstrip())
    return before, inside, after


def joined(pieces: Sequence[Piece], before: str, after: str) -> str:
    """The pieces as Markdown. `before` and `after`: the characters beside them, "" at the ends of a line."""
    out: list[str] = []
    last, at = before, 0
    while at < len(pieces):
        kind, text = pieces[at]
        if kind >= OPENS:
            end = next((end for end in range(at, len(pieces)) if pieces[end][0] < OPENS), len(pieces))
            following = pieces[end][1][0] if end < len(pieces) else after
            text = _marks(pieces[at:end], last[-1:], following)
            at = end - 1
        elif kind == TEXT:
            text = _text(text, last)
        elif kind == BREAK:
            text = (
                GAP * (last[-1:] == "\n") + text
            )  # an empty line would end the paragraph, and emphasis with it
        elif text[0] == "[" and out and last.endswith("!"):  # otherwise it would be a picture
            out[-1] = f"{out[-1][:-1]}\\!"
        elif text[0] == last[-1:] == "`":  # otherwise their marks would be one
            text = GAP + text
        at += 1
        if text:
            out.append(text)
            last = text
    return "".join(out)


def _text(text: str, last: str) -> str:
    if not last or last[-1] == "\n":
        text = text.lstrip()
        return _LINE_START.sub(_inert, text, count=1) if _LINE_START.match(text) else text
    if text[0] in _FOLLOWING and last[-1] == "]" and last[-2:] != "\\]":
        return _FOLLOWING[text[0]] + text[1:]
    return text


def _inert(found: re.Match[str]) -> str:
    return f"{found[1]}\\" if found[1] else f"\\{found[0]}"


def _marks(group: Sequence[Piece], last: str, following: str) -> str:
    """Marks that stand beside each other, and what has to stand between."""
    runs = [
        (kind, "".join(mark for _, mark in marks))
        for (kind, _), marks in groupby(group, key=lambda piece: (piece[0], piece[1][0]))
    ]
    turns = runs[0][0] == CLOSES and runs[-1][0] == OPENS
    out = ""
    for place, (kind, run) in enumerate(runs):
        before = out[-1:] or last
        if kind == CLOSES:
            gap = GAP if _punctuation(before) and (turns or _letter(following)) else ""
            out += gap + run
        else:
            out += GAP * (turns and runs[place - 1][0] == CLOSES)
            after = runs[place + 1][1][0] if place + 1 < len(runs) else following
            out += run + (GAP if _punctuation(after) and _letter(out[-1:] or last) else "")
    return out


def _blank(piece: Piece) -> bool:
    return piece[0] == BREAK or (piece[0] == TEXT and piece[1].isspace())


@lru_cache(maxsize=4096)
def _punctuation(sign: str) -> bool:
    """Whether any reader takes it for punctuation: symbols are since CommonMark 0.31."""
    return bool(sign) and unicodedata.category(sign)[0] in "PS"


@lru_cache(maxsize=4096)
def _letter(sign: str) -> bool:
    """Whether any reader takes it for a letter."""
    return bool(sign) and not (
        sign.isspace() or sign in string.punctuation or unicodedata.category(sign)[0] == "P"
    )
