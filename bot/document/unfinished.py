"""The end of a text that is still being written: what its open marks may become. Linear in the text's length.

`steady` leaves off what could still change its meaning, so that text which was shown never has to be taken back.
`mended` closes what is open, so that text already looks as it will in the end.
"""

import re
from collections.abc import Iterator, Sequence

from bot.document import formulas

FENCE = re.compile(r"^[\s>]*(`{3,}(?=[^`]*$)|~{3,})(.*)$")
_HEADS = re.compile(r"#{1,6}[ \t]")
_ITEM = re.compile(r"(?:[-*+]|\d{1,9}[.)])[ \t]")
_UNDECIDED = re.compile(r"^[\s\-=#*+>_~`|:.\d)(\[\]]*$")
"""A last line of only such characters may still become a rule, a heading, a list, a fence or a table."""
_BEGUN = re.compile(r"^[\s>]*(?:[-*+#|`~=_:\s]*|\d{1,9}[.)]?|(?:[-*+]|\d{1,9}[.)])[ \t]+\[[ xX]?\]?)$")
_SPECIAL = re.compile(
    r"[\[$|<\\&!]"
)  # what may reach far back, or what two parts would be read differently for
_TICKS = re.compile(r"`+")
_MARK = re.compile(r"\*+|_+|~~")
_BRACKET = re.compile(r"!?\[([^\[\]\n]*)(?:\](?:\([^()\s]*(?:\([^()\s]*)?)?)?$")
_TAG = re.compile(r"</?[a-z]{0,6} ?/?$", re.IGNORECASE)
_ENTITY = re.compile(r"&#?\w{0,31}$")
_WORD = "".join(map(chr, range(0x21, 0x7F)))  # half a word may still become an address, an entity, a mark


def open_fence(lines: Sequence[str]) -> str:
    """The fence of the code block at the end; "" outside of code."""
    return _end(lines)[0]


def steady(text: str) -> str:
    """The text without the end whose meaning may still change."""
    lines = text.split("\n")
    fence, start = _end(lines)
    if fence:
        # Inside code only a fence may change: half a language, or the first closing marks.
        undecided = FENCE.match(lines[-1]) or not lines[-1].strip(" >`~")
        return "\n".join(lines[:-1] if undecided else lines)
    if _UNDECIDED.match(lines[-1]):
        lines.pop()
    chunk = lines[start:]
    if chunk and chunk[0].lstrip().startswith("|"):
        return "\n".join(lines[:start] + (chunk[:-1] if len(chunk) > 2 else []))
    last = "\n".join(chunk)
    return "\n".join([*lines[:start], last[: _decided(last)].rstrip()])


def mended(text: str) -> str:
    """The text with its open marks closed, and without a last line whose kind is not known yet."""
    lines = text.split("\n")
    fence, start = _end(lines)
    if fence:
        closing = lines[-1].strip() and not lines[-1].strip(f" >{fence[0]}")
        return "\n".join(lines[:-1] if closing else lines)
    if _BEGUN.match(lines[-1]):
        lines.pop()
    chunk = lines[start:]
    if chunk and chunk[0].lstrip(" >").startswith("|"):
        return "\n".join(lines if len(chunk) > 1 else lines[:start])
    return "\n".join([*lines[:start], _closed("\n".join(chunk))])


def closed_until(text: str) -> int:
    """A blank in a paragraph before which nothing is open, so that both sides can be read by themselves; 0 for none."""
    special = _SPECIAL.search(text)
    end = text.rfind(" ", 0, max(0, _decided(text[: special.start()] if special else text) - 1))
    return end if end > 0 and text[end - 1] not in " \n" and text[end + 1] not in " \n" else 0


def _end(lines: Sequence[str]) -> tuple[str, int]:
    """The fence that is open, and the line in which the last paragraph, item, heading or table begins."""
    fence, start = "", 0
    for at, line in enumerate(lines):
        bare = line.lstrip(" \t>")
        if fence:
            if bare.startswith(fence) and not bare.strip(f"{fence[0]} \t"):
                fence, start = "", at + 1
        elif not bare:
            start = at + 1
        elif bare[0] in "`~" and (found := FENCE.match(bare)):
            fence = found[1]
        elif _HEADS.match(bare):
            start = at + (bare[0] == "#" and at + 1 < len(lines))
        elif bare[0] in "-*+0123456789" and _ITEM.match(bare):
            start = at
    return fence, start


def _closed(text: str) -> str:
    text = text[: formulas.undecided(text)]
    text = _TAG.sub("", text)
    code, plain = _open_code(text)
    if code < len(text):
        ticks = _TICKS.match(text, code)
        inside = text[code:].strip("` \n")
        return f"{text.rstrip()}{ticks[0]}" if ticks and inside else text[:code].rstrip()
    if bracket := _BRACKET.search(plain[-2200:]):
        at = len(text) - len(bracket[0])
        label = text[at:].lstrip("!")[1 : 1 + len(bracket[1])]
        text = text[:at] + (label if text[:at].strip(" \t>").strip("\n") and text[at - 1] != "\n" else "")
        plain = plain[:at] + "x" * (len(text) - at)
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
