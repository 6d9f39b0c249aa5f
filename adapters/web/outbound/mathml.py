"""TeX as elements of MathML, in nested lists: [name, attributes, *elements or strings]. Pure.

The library writes what it read into attributes and text, so its output is believed in nothing: only elements and
attributes of these lists go on, and lengths only while they are small, so that no formula is drawn over the page.
"""

import html
import re
import unicodedata
from functools import lru_cache
from typing import Any, Final
from xml.etree.ElementTree import Element

from latex2mathml.converter import Converter

from bot.document import bounds
from bot.document.source import clean

IN_ALL: Final = 20_000
"""Characters of all formulas of a text: two of them are an element, and a browser lays out 20,000 in a second."""
DEPTH: Final = 60
"""Elements within each other."""
OVERHANG: Final = 24
"""How far all of a formula may reach over what is beside it: elements, characters and ems."""

_ELEMENTS: Final = re.compile(
    "mrow|mi|mo|mn|mtext|mspace|mstyle|mfrac|msqrt|mroot|msub|msup|msubsup|munder|mover|munderover|mmultiscripts|"
    "mprescripts|none|mtable|mtr|mtd|mpadded|mphantom|menclose"
)
_WORDS: Final = re.compile(
    "accent|accentunder|columnalign|columnlines|columnspan|displaystyle|fence|form|largeop|mathvariant|movablelimits|"
    "notation|rowlines|rowspan|scriptlevel|separator|stretchy|symmetric"
)
_LENGTHS: Final = re.compile("depth|height|linethickness|lspace|maxsize|minsize|rspace|voffset|width")
_WORD: Final = re.compile(r"[a-z0-9+ -]{1,60}")
_LENGTH: Final = re.compile(
    r"\+?\d?(?:\.\d{1,4})?(?:em|ex)?|\+?\d{1,2}(?:\.\d{1,4})?(?:px|pt|mu|%)|-[01]?(?:\.\d{1,4})?em"
)
_MOVES: Final = re.compile(r"(-?)\+?([0-9]*\.?[0-9]+)(em|ex)?")
_SIZES: Final = {
    **dict.fromkeys(("mfrac", "mroot", "msub", "msup", "munder", "mover"), 2),
    **dict.fromkeys(("msubsup", "munderover"), 3),
}
"""How many elements are in them, always."""
_NAMED: Final = {
    f"{sign}{name}mathspace": f"{minus}{size}em"
    for name, size in (("thin", "0.167"), ("medium", "0.222"), ("thick", "0.278"))
    for sign, minus in (("", ""), ("negative", "-"))
}
"""Lengths that browsers no longer know by name."""
_ENVIRONMENT: Final = re.compile(r"\\(begin|end)\s*\{\s*([a-zA-Z]+)\*?\s*\}")
_ENVIRONMENTS: Final = {
    **{name: name for name in ("matrix", "pmatrix", "bmatrix", "Bmatrix", "vmatrix", "Vmatrix")},
    **{name: name for name in ("smallmatrix", "array", "cases", "split")},
    **dict.fromkeys(("aligned", "align", "eqnarray", "flalign"), "split"),
    **dict.fromkeys(("gathered", "gather", "equation", "multline", "displaymath", "math"), "matrix"),
    **dict.fromkeys(("dcases", "rcases"), "cases"),
}
"""Those that models write, as those that the library knows. It takes others for plain groups."""
_LIMITS: Final = frozenset(
    {"lim", "max", "min", "sup", "inf", "arg max", "arg min", "lim inf", "lim sup", "det", "gcd", "Pr"}
)
_UNDER: Final = {"msub": "munder", "msup": "mover", "msubsup": "munderover"}
_DEFINES: Final = re.compile(r"\\(?:def|let|newcommand|newenvironment|DeclareMathOperator)(?![a-zA-Z])")
"""What a formula defines may be used in its own definition: a few characters would become billions."""


@lru_cache(maxsize=200)  # one may be 300 kB
def drawn(tex: str, display: bool) -> list[Any] | None:
    """The elements inside of <math>; None for what cannot be drawn, such as an unknown command. Linear in the length."""
    if len(tex) > bounds.MATH or _DEFINES.search(tex):
        return None
    try:
        known = _ENVIRONMENT.sub(lambda found: f"\\{found[1]}{{{_ENVIRONMENTS[found[2]]}}}", tex)
        root = Converter(display="block" if display else "inline").convert_to_element(known)
        made = [_element(child, 0) for child in root]
        return made if sum(map(_overhang, made)) <= OVERHANG else None
    except Exception:  # whatever the library raises at somebody's TeX, people read the source
        return None


def _element(found: Element, depth: int) -> list[Any]:
    name, text = found.tag, clean(html.unescape(found.text or ""))
    unknown = text.startswith("\\") and len(text) > 1 and name != "mtext"
    if unknown or depth > DEPTH or not _ELEMENTS.fullmatch(name):
        raise ValueError(name)
    attributes = {name: value for name, raw in found.items() if (value := _attribute(name, raw))}
    inside = [_element(child, depth + 1) for child in found]
    if len(inside) != _SIZES.get(name, len(inside)):
        raise ValueError(name)
    if name == "mi" and len(text) == 1 and unicodedata.category(text) == "Sm":
        name = "mo"  # only operators have space around them
    if (
        name in _UNDER
        and inside
        and inside[0][0] == "mo"
        and _LIMITS.intersection(map(_spaced, inside[0][2:]))
    ):
        name = _UNDER[name]
        inside[0][1]["movablelimits"] = "true"
    return [name, attributes, *([text] if text else []), *inside]


def _overhang(made: Any) -> float:
    """Of an element: what is said to be narrower or lower than it is, and all moves."""
    if isinstance(made, str):
        return 0
    name, attributes, *inside = made
    padded = name == "mpadded"
    moves = (
        float(number) / (1 if unit else 10)
        for key, value in attributes.items()
        for minus, number, unit in _MOVES.findall(value)
        if minus or (padded and key in {"lspace", "voffset"})
    )
    return sum(map(_overhang, inside)) + sum(moves) + (_count(made) if padded and attributes else 0)


def _count(made: Any) -> int:
    return len(made) if isinstance(made, str) else 1 + sum(map(_count, made[2:]))


def _spaced(text: Any) -> str:
    return " ".join(text.split()) if isinstance(text, str) else ""


def _attribute(name: str, raw: str) -> str:
    """The value as it may go on, "" when it may not."""
    value = _NAMED.get(raw, raw)
    pattern = _WORD if _WORDS.fullmatch(name) else _LENGTH if _LENGTHS.fullmatch(name) else None
    return value if pattern and pattern.fullmatch(value) else ""
