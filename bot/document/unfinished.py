"""The end of a text that is still being written: what its open marks may become. Linear in the text's length.

`steady` leaves off what could still change its meaning, so that text which was shown never has to be taken back.
`mended` closes what is open, so that text already looks as it will in the end.
"""

import re
from collections.abc import Iterator, Sequence

from bot.document import formulas

FENCE = re.compile(r"^[\s>]*(`{3,}|~{3,})(.*)$")
_UNDECIDED = re.compile(r"^[\s\-=#*+>_~`|:.\d)(\[\]]*$")
"""A last line of only such characters may still become a rule, a heading, a list, a fence or a table."""
_BEGUN = re.compile(r"^[\s>]*(?:[-*+#|`~=_:\s]*|\d{1,9}[.)]?|(?:[-*+]|\d{1,9}[.)])[ \t]+\[[ xX]?\]?)$")
_TICKS = re.compile(r"`+")
_MARK = re.compile(r"\*+|_+|~~")
_BRACKET = re.compile(r"!?\[([^\[\]\n]*)(?:\](?:\([^()\s]*(?:\([^()\s]*)?)?)?$")
_TAG = re.compile(r"</?[a-z]{0,6} ?/?$", re.IGNORECASE)
_ENTITY = re.compile(r"&#?\w{0,31}$")
_WORD = "".join(map(chr, range(0x21, 0x7F)))  # half a word may still become an address, an entity, a mark


def open_fence(lines: Sequence[str]) -> str:
    """The fence of the code block at the end; "" outside of code."""
    fence = ""
    for line in lines:
        found = FENCE.match(line)
        if not found:
            continue
        if not fence:
            if found[1][0] == "~" or "`" not in found[2]:
                fence = found[1]
        elif found[1].startswith(fence) and not found[2].strip():
            fence = ""
    return fence


def steady(text: str) -> str:
    """The text without the end whose meaning may still change."""
    lines = text.split("\n")
    if open_fence(lines):
        # Inside code only a fence may change: half a language, or the first closing marks.
        undecided = FENCE.match(lines[-1]) or not lines[-1].strip(" >`~")
        return "\n".join(lines[:-1] if undecided else lines)
    if _UNDECIDED.match(lines[-1]):
        lines.pop()
    start = _last_chunk(lines)
    chunk = lines[start:]
    if chunk and chunk[0].lstrip().startswith("|"):
        return "\n".join(lines[:start] + (chunk[:-1] if len(chunk) > 2 else []))
    last = "\n".join(chunk)
    return "\n".join([*lines[:start], last[: _decided(last)].rstrip()])


def mended(text: str) -> str:
    """The text with its open marks closed, and without a last line whose kind is not known yet."""
    lines = text.split("\n")
    if fence := open_fence(lines):
        closing = lines[-1].strip() and not lines[-1].strip(f" >{fence[0]}")
        return "\n".join(lines[:-1] if closing else lines)
    if _BEGUN.match(lines[-1]):
        lines.pop()
    start = _last_chunk(lines)
    chunk = lines[start:]
    if chunk and chunk[0].lstrip(" >").startswith("|"):
        return "\n".join(lines if len(chunk) > 1 else lines[:start])
    return "\n".join([*lines[:start], _closed("\n".join(chunk))])


def _last_chunk(lines: Sequence[str]) -> int:
    """The line after the last empty one."""
    return next((at for at in range(len(lines) - 1, -1, -1) if not lines[at].strip()), -1) + 1


def _closed(text: str) -> str:
    text = text[: formulas.undecided(text)]
    text = _TAG.sub("", text)
    code, plain = _open_code(text)
    if code < len(text):
        ticks = _TICKS.match(text, code)
        inside = text[code:].strip("` \n")
        return f"{text.rstrip()}{ticks[0]}" if ticks and inside else text[:code].rstrip()
    if bracket := _BRACKET.search(plain[-2200:]):
        text = (
            text[: len(text) - len(bracket[0])]
            + (text[len(text) - len(bracket[0]) :].lstrip("!")[1:][: len(bracket[1])])
        )
        plain = text if len(text) == len(plain) else plain[: len(text)]
    text = re.sub(r"(?:^|(?<=[\s(]))[*_~]{1,3}$", "", text).rstrip()
    return text + "".join(mark for _, mark in reversed(list(_open_marks(plain[: len(text)]))))


def _decided(text: str) -> int:
    """How much of a paragraph can no longer change its meaning."""
    end, plain = _open_code(text)
    first_open = next((at for at, _ in _open_marks(plain)), len(plain))
    bracket = _BRACKET.search(plain[-2200:])
    tail = len(bracket[0]) if bracket else 0
    return min(end, first_open, formulas.undecided(text), len(plain.rstrip(_WORD)), len(plain) - tail)


def _open_code(text: str) -> tuple[int, str]:
    """Where a code span is open at the end, and the text with its whole code spans blanked out."""
    runs = list(_TICKS.finditer(text))
    if not runs:
        return len(text), text
    partner: list[int | None] = [None] * len(runs)
    waiting: dict[int, int] = {}
    for place in range(len(runs) - 1, -1, -1):
        size = len(runs[place][0])
        partner[place] = waiting.get(size)
        waiting[size] = place
    pieces, at, place, first_open = [], 0, 0, len(text)
    while place < len(runs):
        closing = partner[place]
        if closing is None:
            first_open = min(first_open, runs[place].start())
            place += 1
            continue
        start, end = runs[place].start(), runs[closing].end()
        pieces += [text[at:start], "x" * (end - start)]
        at, place = end, closing + 1
    return first_open, "".join([*pieces, text[at:]])


def _open_marks(text: str) -> Iterator[tuple[int, str]]:
    """Where emphasis that is not closed begins, and with which marks, outermost first."""
    waiting: list[tuple[int, str]] = []
    for found in _MARK.finditer(text):
        start, end = found.span()
        sign, left = found[0][0], end - start
        before, after = text[start - 1 : start], text[end : end + 1]
        if sign == "_" and before.isalnum() and after.isalnum():
            continue
        closes = bool(before) and not before.isspace()
        while closes and left and (at := _same(waiting, sign)) is not None:
            size = min(left, len(waiting[at][1]))
            left -= size
            rest = waiting[at][1][size:]
            del waiting[at:]
            if rest:
                waiting.append((start, rest))
        if left and not after.isspace() and after:
            waiting.append((start, sign * left))
    yield from waiting


def _same(waiting: Sequence[tuple[int, str]], sign: str) -> int | None:
    """The last open mark of that sign; only the last few are looked at."""
    for at in range(len(waiting) - 1, max(-1, len(waiting) - 9), -1):
        if waiting[at][1][0] == sign:
            return at
    return None
