"""The worst inputs of a regular expression: made from its own pieces, so that they nearly match for long.

Used by the tests that let no pattern of the tree take more than linear time on text of others.
"""

import re
from collections.abc import Iterator
from itertools import pairwise, product
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

ALPHABET = (
    "0",
    "9",
    "a",
    "Z",
    "ab",
    " ",
    "\n",
    "\t",
    "-",
    "_",
    ".",
    "*",
    "`",
    "[",
    "]",
    "(",
    "<",
    ">",
    "|",
    ":",
    "/",
)
ENDS = ("", "!", "\n", "\x00", " ")
CANDIDATES = "wa7-._~* :/|[(\\\"'<\u00e9"
MOST = 700  # inputs of one pattern
BY_CATEGORY = {
    "DIGIT": r"\d",
    "SPACE": r"\s",
    "WORD": r"\w",
    "NOT_DIGIT": r"\D",
    "NOT_SPACE": r"\S",
    "NOT_WORD": r"\W",
}


def worst_inputs(pattern: re.Pattern[str], size: int) -> Iterator[str]:
    """Texts of `size` characters. What repeats is a piece of the pattern, two of them, or a whole match."""
    tree = parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE)
    found = [piece for piece in dict.fromkeys(_pieces(tree)) if piece]
    whole = _match(tree)
    middles = dict.fromkeys(
        (
            *ALPHABET,
            *found,
            whole,
            whole[:-1],
            *(one + two for one, two in pairwise(found)),
            *(one + two for one, two in product(found[:12], ("-", " ", *found[:8]))),
            *(run + joint for run in found if len(run) > 1 for joint in "-. :/"),
        )
    )
    starts = dict.fromkeys(("", *found[:3], whole, *(whole[:at] for at in range(1, min(len(whole), 9)))))
    made = 0
    for start, middle in product(starts, middles):
        if not middle or made >= MOST:
            continue
        made += 1
        body = start + middle * (size // len(middle) + 1)
        yield body[: size - 1] + ENDS[made % len(ENDS)]


def _pieces(tree: Any) -> Iterator[str]:
    """Each run of literals, and one character of each set."""
    run = ""
    for kind, value in tree:
        if kind is sre.LITERAL:
            run += chr(value)
            continue
        if run:
            yield run
        run = ""
        yield from _inside(kind, value)
    if run:
        yield run


def _inside(kind: Any, value: Any) -> Iterator[str]:
    match str(kind):
        case "IN" | "NOT_LITERAL" | "ANY":
            yield from _letters(kind, value)
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            yield from _pieces(value[2])
        case "SUBPATTERN":
            yield from _pieces(value[3])
        case "BRANCH":
            for branch in value[1]:
                yield from _pieces(branch)
                yield _match(branch)
        case "ASSERT" | "ASSERT_NOT":
            yield from _pieces(value[1])
        case "ATOMIC_GROUP":
            yield from _pieces(value)


def _match(tree: Any) -> str:
    """A text that matches, as far as that can be said without trying."""
    return "".join(_one(kind, value) for kind, value in tree)


def _one(kind: Any, value: Any) -> str:
    match str(kind):
        case "LITERAL":
            return chr(int(value))
        case "IN" | "NOT_LITERAL" | "ANY":
            return _letter(kind, value)
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            least, most, inner = value
            return _match(inner) * int(min(max(least, 1), most))
        case "SUBPATTERN":
            return _match(value[3])
        case "BRANCH":
            return _match(value[1][0])
        case "ASSERT" if value[0] < 0:
            return _match(value[1])
        case "ATOMIC_GROUP":
            return _match(value)
    return ""


def _letter(kind: Any, value: Any) -> str:
    return next(_letters(kind, value))


def _letters(kind: Any, value: Any) -> Iterator[str]:
    """One of the set's own, and whatever else of the usual suspects is in it."""
    if kind is sre.ANY:
        yield "a"
        return
    if kind is sre.NOT_LITERAL:
        value = [(sre.NEGATE, None), (sre.LITERAL, value)]
    inside = "".join(_spelled(*member) for member in value)
    members = re.compile(f"[{inside}]")
    if value[0][0] is sre.LITERAL:
        yield chr(value[0][1])
    elif value[0][0] is sre.RANGE:
        yield chr(value[0][1][0])
    yield from (letter for letter in CANDIDATES if members.fullmatch(letter))


def _spelled(kind: Any, what: Any) -> str:
    if kind is sre.NEGATE:
        return "^"
    if kind is sre.LITERAL:
        return f"\\{chr(what)}" if not chr(what).isalnum() else chr(what)
    if kind is sre.RANGE:
        return f"{_spelled(sre.LITERAL, what[0])}-{_spelled(sre.LITERAL, what[1])}"
    return BY_CATEGORY[str(what).removeprefix("CATEGORY_")]
