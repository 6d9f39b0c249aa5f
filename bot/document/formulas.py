r"""Where a text holds TeX: `\( \)`, `\[ \]`, `$$ $$`, and `$ $` where it can be nothing else.

The same signs are escapes and prices, so what stands between them has to look like a formula. One pass over the text.
"""

import re
from collections.abc import Iterator

from bot.document import bounds

_SIGNS = re.compile(r"^[ \t>]*(?:#{1,6} |(?:`{3,}|~{3,}).*$)|\\[\s\S]|\$+|`+|\n(?:[ \t>]*+\n)+", re.MULTILINE)
_PARTNER = {"\\(": "\\)", "\\[": "\\]", "$$": "$$", "$": "$"}
_CLOSERS = frozenset(_PARTNER.values())
_MATHLIKE = re.compile(r"[\\^_={}<>+]")
_SENTENCE = re.compile(r"(?<![^\W\d_])[^\W\d_]{3,}+\s++[^\W\d_]{2}")
_SURELY = re.compile(r"[\\^_{}]|^[A-Za-z]'?$")
_IN_TARGET = re.compile(r"\]\((?:[^\s()\\]|\\.)*\Z")
_LEAD = re.compile(r"[ \t>]*+(?:[-*+]|\d{1,9}[.)])?[ \t]*+\Z")


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Where each formula starts and ends, its delimiters included."""
    kind, start, inside = "", 0, 0
    for sign in _SIGNS.finditer(text):
        mark = sign[0]
        if mark[0] not in "\\$":
            kind = ""
            continue
        if mark == _PARTNER.get(kind) and _is_formula(text, kind, start, inside, sign.start()):
            yield start, sign.end()
            kind = ""
        elif mark in _PARTNER and (mark != "$" or kind in {"", "$"}):
            kind, start, inside = mark, sign.start(), sign.end()


def undecided(text: str) -> int:
    """Where a formula is open at the end of a text that still grows; its length when none is."""
    if "\\(" not in text and "\\[" not in text and "$$" not in text:
        return len(text)
    kind, start, inside = "", 0, 0
    for sign in _SIGNS.finditer(text):
        mark = sign[0]
        if mark[0] in "`\n" or (
            mark == _PARTNER.get(kind)
            and (mark != kind or _is_formula(text, kind, start, inside, sign.start()))
        ):
            kind = ""
        elif mark in _PARTNER and (mark != "$" or kind in {"", "$"}):
            kind, start, inside = mark, sign.start(), sign.end()
    return start if kind in {"\\[", "$$", "\\("} else len(text)


def _is_formula(text: str, kind: str, start: int, inside: int, end: int) -> bool:
    if not 0 < end - inside <= bounds.MATH:
        return False
    tex = text[inside:end]
    if not any(map(str.isalnum, tex)):
        return False
    match kind:
        case "\\(" if _IN_TARGET.search(text, max(0, start - 500), start):
            return False
        case "\\(":
            return bool(_MATHLIKE.search(tex)) or not _SENTENCE.search(tex)
        case "\\[":
            return bool(_MATHLIKE.search(tex)) or "\n" in tex
        case "$$":
            tight = tex[0] not in " \t" and tex[-1] not in " \t"
            return tight or (_opens_line(text, start) and _ends_line(text, end + 2))
    outside = text[start - 1 : start], text[end + 1 : end + 2]
    return (
        not tex[0].isspace()
        and not tex[-1].isspace()
        and "\n" not in tex
        and not any(sign.isalnum() for sign in outside)
        and bool(_SURELY.search(tex))
    )


def _opens_line(text: str, at: int) -> bool:
    begin = max(text.rfind("\n", max(0, at - 40), at) + 1, at - 40, 0)
    return _LEAD.match(text, begin, at) is not None


def _ends_line(text: str, at: int) -> bool:
    rest = text[at : at + 20].split("\n", 1)[0]
    return not rest.strip(" \t.,;:")
