"""The inlines of one paragraph, heading or cell, from what the parser read: words, formulas, and the few HTML tags that
have a plain meaning. All other tags are text.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bot.document.nodes import (
    CodeSpan,
    Emphasis,
    FootnoteMark,
    Formula,
    Inline,
    LineBreak,
    Link,
    Picture,
    Strike,
    Strong,
    Words,
)
from bot.document.source import CLOSE, LESS, OPEN, restored

Raw = str | Inline
"""What the parser gives: a piece of text, or an inline that is complete."""

_SPECIAL = re.compile(
    f"{OPEN}([^{OPEN}{CLOSE}]*+){CLOSE}|{LESS}(/?)(br|b|strong|i|em|s|del|strike|code|kbd|tt|sub|sup)[ \\t]*/?>",
    re.IGNORECASE,
)
_DEPTH = 4  # tags within each other
_LOWERED = str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")
_RAISED = str.maketrans("0123456789+-=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ")


def assembled(raw: Sequence[Raw], *, marked: bool) -> tuple[Inline, ...]:
    """`marked`: the text holds inert characters, so formulas and tags have to be looked for."""
    if len(raw) == 1 and not marked:
        (only,) = raw
        return (Words(only),) if isinstance(only, str) else (only,)
    pieces = list(_merged(raw))
    if marked:
        pieces = _translated(pieces)
    found = [Words(piece) if isinstance(piece, str) else piece for piece in _merged(pieces)]
    while found and isinstance(found[-1], LineBreak):
        found.pop()
    start = next((at for at, one in enumerate(found) if not isinstance(one, LineBreak)), 0)
    return tuple(found[start:])


def spliced(before: tuple[Inline, ...], after: tuple[Inline, ...]) -> tuple[Inline, ...]:
    """Two parts of one paragraph."""
    match before, after:
        case (*first, Words(left)), (Words(right), *last):
            return (*first, Words(left + right), *last)
    return before + after


def plain(inlines: Sequence[Inline]) -> str:
    """The words inside, without any style."""
    return "".join(map(_plainly, inlines))


def _plainly(inline: Inline) -> str:
    match inline:
        case Words(text) | CodeSpan(text) | Formula(written=text):
            return text
        case LineBreak():
            return "\n"
        case Picture(alt, source):
            return alt or source
        case FootnoteMark(label):
            return f"[{label}]"
        case Strong(inside) | Emphasis(inside) | Strike(inside):
            return plain(inside)
        case Link(inlines=inside):
            return plain(inside)


def _merged(raw: Sequence[Raw]) -> Iterator[Raw]:
    """Neighbouring pieces of text as one."""
    text: list[str] = []
    for piece in raw:
        if isinstance(piece, str):
            text.append(piece)
            continue
        if text:
            yield "".join(text)
            text = []
        yield piece
    if text and any(text):
        yield "".join(text)


@dataclass(slots=True)
class _OpenTag:
    name: str
    place: int  # in the list of what came out: the tag as text


def _translated(pieces: Sequence[Raw]) -> list[Raw]:
    out: list[Raw] = []
    tags: list[_OpenTag] = []
    for piece in pieces:
        if not isinstance(piece, str):
            out.append(piece)
            continue
        at = 0
        for found in _SPECIAL.finditer(piece):
            if found.start() > at:
                out.append(restored(piece[at : found.start()]))
            at = found.end()
            if found[3] is None:
                out.append(_formula(restored(found[1])))
            else:
                _tag(found[3].lower(), bool(found[2]), restored(found[0]), out, tags)
        if at < len(piece):
            out.append(restored(piece[at:]))
    return out


def _tag(name: str, closing: bool, written: str, out: list[Raw], tags: list[_OpenTag]) -> None:
    if name == "br":
        out.append(LineBreak())
        return
    if not closing:
        if len(tags) < _DEPTH:
            tags.append(_OpenTag(name, len(out)))
        out.append(written)
        return
    depth = next((at for at in range(len(tags) - 1, -1, -1) if tags[at].name == name), None)
    if depth is None:
        out.append(written)
        return
    place = tags[depth].place
    del tags[depth:]
    made = _MEANING[name](list(_merged(out[place + 1 :])))
    if made is None:
        out.append(written)
    else:
        out[place:] = made


def _styled(node: Callable[[tuple[Inline, ...]], Inline]) -> Callable[[list[Raw]], list[Raw] | None]:
    def styled(inside: list[Raw]) -> list[Raw] | None:
        return [node(tuple(Words(one) if isinstance(one, str) else one for one in inside))] if inside else []

    return styled


def _coded(inside: list[Raw]) -> list[Raw] | None:
    return [CodeSpan(inside[0])] if len(inside) == 1 and isinstance(inside[0], str) else None


def _shifted(signs: dict[int, int]) -> Callable[[list[Raw]], list[Raw] | None]:
    """Digits that Unicode has above or below the line; None for what it has not."""

    def shifted(inside: list[Raw]) -> list[Raw] | None:
        text = inside[0] if len(inside) == 1 and isinstance(inside[0], str) else ""
        return [text.translate(signs)] if text and all(ord(sign) in signs for sign in text) else None

    return shifted


_MEANING: dict[str, Callable[[list[Raw]], list[Raw] | None]] = {
    **dict.fromkeys(("b", "strong"), _styled(Strong)),
    **dict.fromkeys(("i", "em"), _styled(Emphasis)),
    **dict.fromkeys(("s", "del", "strike"), _styled(Strike)),
    **dict.fromkeys(("code", "kbd", "tt"), _coded),
    "sub": _shifted(_LOWERED),
    "sup": _shifted(_RAISED),
}


def _formula(written: str) -> Formula:
    size = 1 if written[0] == "$" != written[1] else 2
    first, *others = written.split("\n")
    quoted = all(line.lstrip(" \t").startswith(">") for line in others)
    written = "\n".join([first, *(line.lstrip(" \t>" if quoted else " \t") for line in others)])
    return Formula(written, written[size:-size].strip(), display=written[:2] in {"$$", "\\["})
