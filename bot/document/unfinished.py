"""The end of a text that is still being written, with what is open in it closed: it already looks as it will in the
end. Linear in the text's length.
"""

import re
from collections.abc import Iterator, Sequence

from bot.document import formulas

FENCE = re.compile(r"^(?:[\s>]|[-*+][ \t]|\d{1,9}[.)][ \t])*(`{3,}|~{3,})(.*)$")
_BEGUN = re.compile(r"^[\s>]*+(?:[-*+#|`~=_:\s]*|\d{1,9}[.)]?|(?:[-*+]|\d{1,9}[.)])[ \t]+\[[ xX]?\]?)$")
_HEADS = re.compile(r"#{1,6}[ \t]")
_ITEM = re.compile(r"(?:[-*+]|\d{1,9}[.)])[ \t]")
_TICKS = re.compile(r"`+")
_MARK = re.compile(r"\*+|_+|~~")
_BRACKET = re.compile(
    r"!?\[((?:[^\[\]\n]|\[[^\[\]\n]*\])*+)"  # a label, and as much as there is of its target and title
    r"(?:\](?:\((?:[^()\s]|\([^()\s]*+\)?)*+(?:\s+(?:[\"'(][^\"'\n]*[\"']?)?)?)?)?$"
)
_TAG = re.compile(r"</?[a-z]{0,6} ?/?$", re.IGNORECASE)
_ADDRESS = re.compile(r"<?(?:https?:|mailto:|www\.)", re.IGNORECASE)


def code_end(lines: Sequence[str]) -> tuple[str, int]:
    """The fence that is open at the end, "" when none is, and how many lines there are up to the last one that ended code."""
    fence, quoted, end = "", False, 0
    for place, line in enumerate(lines, 1):
        if fence and quoted and (line.strip() or place < len(lines)) and not line.lstrip().startswith(">"):
            fence, end = "", place - 1  # the quote has ended, and what was open in it
        found = FENCE.match(line) if "```" in line or "~~~" in line else None
        if not found:
            continue
        if not fence:
            if found[1][0] == "~" or "`" not in found[2]:
                fence, quoted = found[1], ">" in line[: found.start(1)]
        elif found[1].startswith(fence) and not line.strip(f" \t>{fence[0]}"):
            fence, end = "", place
    return fence, end


def mended(text: str) -> str:
    """The text with its open marks closed, and without a last line whose kind is not known yet."""
    lines = text.split("\n")
    fence, code = code_end(lines)
    if fence:
        closing = lines[-1].strip() and not lines[-1].strip(f" >{fence[0]}")
        return "\n".join(lines[:-1] if closing else lines)
    if code < len(lines) and _BEGUN.match(lines[-1]):
        lines.pop()
    start = max(code, _last_chunk(lines))
    chunk = lines[start:]
    if chunk and chunk[0].lstrip(" >").startswith("|"):
        row, bar, cell = lines[-1].rpartition("|")
        return "\n".join([*lines[:-1], f"{row}{bar}{_closed(cell)}"] if len(chunk) > 1 else lines[:start])
    return "\n".join([*lines[:start], _closed("\n".join(chunk))])


def _last_chunk(lines: Sequence[str]) -> int:
    """The line in which the last paragraph, item, heading or table begins: marks reach no further."""
    for at in range(len(lines) - 1, -1, -1):
        bare = lines[at].lstrip(" \t>")
        if not bare:
            return at + 1
        if _HEADS.match(bare):
            return at + (at + 1 < len(lines))
        if _ITEM.match(bare):
            return at
    return 0


def _closed(text: str) -> str:
    text = text[: formulas.undecided(text)]
    text = _TAG.sub("", _without_half_address(text))
    code, plain = _open_code(text)
    if code < len(text):
        ticks = _TICKS.match(text, code)
        inside = text[code:].strip("` \n")
        return f"{text.rstrip()}{ticks[0]}" if ticks and inside else text[:code].rstrip()
    for _ in range(2):  # a link, and an image in its label
        if bracket := _BRACKET.search(plain, max(0, len(plain) - 2_200)):
            label = text[bracket.start(1) : bracket.end(1)] if _amid(text, bracket.start()) else ""
            text, plain = text[: bracket.start()] + label, plain[: bracket.start()] + bracket[1]
    text = re.sub(r"(?:^|(?<=[\s(]))[*_~]{1,3}$", "", text).rstrip()
    return text + "".join(mark for _, mark in reversed(list(_open_marks(plain[: len(text)]))))


def _without_half_address(text: str) -> str:
    """Half an address would lead elsewhere."""
    word = max(text.rfind(" "), text.rfind("\n")) + 1
    found = _ADDRESS.search(text, word)
    return text[: found.start()] if found and not text[word : found.start()].endswith("](") else text


def _amid(text: str, at: int) -> bool:
    """Whether words stand before it in its line: without its bracket, a label there could not become a block."""
    return bool(text[text.rfind("\n", 0, at) + 1 : at].strip(" \t>"))


def _open_code(text: str) -> tuple[int, str]:
    """Where a code span is open at the end, and the text with its whole code spans blanked out."""
    spans, first_open = code_spans(text)
    pieces, at = [], 0
    for start, end in spans:
        pieces += [text[at:start], "x" * (end - start)]
        at = end
    return first_open, "".join([*pieces, text[at:]])


def code_spans(text: str) -> tuple[list[tuple[int, int]], int]:
    """Where whole code spans are, and where one is open at the end."""
    runs = list(_TICKS.finditer(text))
    partner: list[int | None] = [None] * len(runs)
    waiting: dict[int, int] = {}
    for place in range(len(runs) - 1, -1, -1):
        size = len(runs[place][0])
        partner[place] = waiting.get(size)
        waiting[size] = place
    found, place, first_open = [], 0, len(text)
    while place < len(runs):
        closing = partner[place]
        if closing is None:
            first_open = min(first_open, runs[place].start())
            place += 1
            continue
        found.append((runs[place].start(), runs[closing].end()))
        place = closing + 1
    return found, first_open


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
