"""The text as the parser gets it: what must not be read as Markdown is made inert, reversibly.

An inert character is its own number in a private plane, which the parser takes for a letter. So a formula keeps its
backslashes and stars, `<` opens no HTML, and in code, where all of that was meant literally, `restored` gives back
exactly what was written.
"""

import re
import unicodedata
from collections import Counter
from functools import lru_cache
from html.entities import html5

from bot.document import bounds, formulas

INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufffe\uffff"
    "\ud800-\udfff\U000f0000-\U000f007f]"
)
"""Controls, and what reorders or hides text. Joiners and direction marks stay: emoji and several scripts need them."""

PLANE = 0xF0000
TABLE, OPEN, CLOSE, FLANK = "\U000f0001", "\U000f0002", "\U000f0003", "\U000f007f"
"""Marks without a character of their own: a table that is too large, a formula's two ends, a letter beside stars."""
MARKED = re.compile("[\U000f0000-\U000f007f]")
LESS = "\U000f003c"  # an inert <

_INERT = {sign: PLANE + sign for sign in range(128) if not chr(sign).isalnum()}
_RESTORE = {PLANE + sign: chr(sign) for sign in range(128)} | dict.fromkeys(
    map(ord, (TABLE, OPEN, CLOSE, FLANK))
)
_NAMES = re.compile(
    r"(?<![A-Za-z0-9])https?://[^\s<>\"'`|\\)\]]+"
    r"|(?<![\w\\])(?:[A-Za-z]:(?=\\)|\\\\(?=\w))[^\s<>\"'`|]+"
    r"|(?<![\w*\\])__[a-z][a-z_]{0,30}__(?=\.\w|\()"
)
"""Addresses, paths of Windows, names of Python: the marks in them are letters."""
_LETTERS = re.compile(r"^__|__$|(?<![*_])[*_]++(?=\.?[A-Za-z0-9/])|^\\\\|(?<!\\)\\(?!\\)")
_HTML = re.compile(
    r"(?<!\\)(?<!\]\()(?<!\]:[ \n])<(?!https?://|mailto:|[\w.+-]{1,64}@[\w.-]{1,255}>)", re.IGNORECASE
)
_LABEL = re.compile(r"\[([^\[\]\n]{1,200})\]")
_DEFINES = re.compile(r"^([ \t>]*+)\[(?!\^)([^\[\]\n]{1,200})\]:", re.MULTILINE)
_REFERENCE = re.compile(r"&(?:#[xX]0*+([0-9a-fA-F]{1,6})|#0*+(\d{1,7})|([A-Za-z][A-Za-z0-9]*+));")
_TITLE = re.compile(
    r"(\]\([\s>]*+(?:<(?:[^<>\\\n]|\\.)*+>|(?:[^\s\]]|\](?!\())*+)\s[\s>]*+)"
    r"(\"(?!(?:[^\"\\\n]|\\.){0,300}+\")|'(?!(?:[^'\\\n]|\\.){0,300}+')|\((?!(?:[^()\\\n]|\\.){0,300}+\)))"
)
"""Where a link's title begins that does not end in its line: the parser's time is quadratic in such a title's lines."""
_TILDE = re.compile(r"(?<![~\\])~(?!~)")
_BESIDE = re.compile(r"[^\w\s*]\*\*[^\W_]")  # as in `**Warning:**text`, or before a word that is strong
_RUNS = re.compile(r"\n+|\*+|~{2,}")
_DELIMITS = re.compile(r"^([ \t>]*+)(?=[|: \t]*+-)[|:\- \t]++$", re.MULTILINE)
_CJK = re.compile(
    "[\u1100-\u11ff\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]"
)


def clean(text: str) -> str:
    """The text without characters that nobody can see, with one kind of line feed."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return INVISIBLE.sub("", text)


def prepared(text: str, *, whole: bool) -> str:
    """A clean text as the parser may read it. `whole`: it is no part of another one."""
    if "$" in text or "\\(" in text or "\\[" in text:
        text = _with_formulas(text)
    if "://" in text or "\\" in text or "__" in text:
        text = with_names(text)
    if whole and "]:" in text:
        text = _with_definitions(text)
    if "](" in text:
        text = _TITLE.sub(lambda title: title[1] + title[2].translate(_INERT), text)
    if "&" in text:
        text = _REFERENCE.sub(_unless_unseen, text)
    if "<" in text:
        text = _HTML.sub(LESS, text)
    if "~" in text:
        text = _TILDE.sub("\U000f007e", text)
    if "*" in text or "~~" in text:
        text = with_flanks(text)
    if "|" in text and "-" in text:
        text = _without_vast_tables(text)
    return text


def with_names(text: str) -> str:
    """Addresses, paths and names whose marks are none. As long as before."""
    return _NAMES.sub(_as_written, text)


def _as_written(name: re.Match[str]) -> str:
    return _LETTERS.sub(lambda mark: mark[0].translate(_INERT), name[0])


def _unless_unseen(reference: re.Match[str]) -> str:
    """A character's name or number stays as it is written where the character itself would have been left out."""
    hexadecimal, decimal, name = reference.groups()
    code = int(hexadecimal, 16) if hexadecimal else int(decimal or 0)
    signs = html5.get(f"{name};", "") if name else chr(code) if code <= 0x10FFFF else ""
    unseen = INVISIBLE.search(signs) or "\n" in signs or "\r" in signs
    return reference[0].translate(_INERT) if unseen else reference[0]


def restored(text: str) -> str:
    """What was written, before it was prepared."""
    return text.translate(_RESTORE) if is_marked(text) else text


def is_marked(text: str) -> bool:
    """Whether anything in it is inert."""
    return not text.isascii() and MARKED.search(text) is not None


def _with_definitions(text: str) -> str:
    """Definitions that nothing refers to are text: a list of sources at the end of an answer is one."""
    labels = Counter(found[1].casefold() for found in _LABEL.finditer(text))
    return _DEFINES.sub(
        lambda found: (
            found[0] if labels[found[2].casefold()] > 1 else f"{found[1]}{FLANK}{found[0][len(found[1]) :]}"
        ),
        text,
    )


def _with_formulas(text: str) -> str:
    out, at = [], 0
    for start, end in formulas.spans(text):
        out += [text[at:start], OPEN, text[start:end].translate(_INERT), CLOSE]
        at = end
    return "".join([*out, text[at:]]) if out else text


def with_flanks(text: str) -> str:
    """A mark that counts as a letter, where people mean emphasis and CommonMark sees none: beside the punctuation of
    languages without spaces, and at `**Warning:**text`.
    """
    if not (_BESIDE.search(text) or (not text.isascii() and _CJK.search(text))):
        return text
    out, at, bold = [], 0, False
    for run in _RUNS.finditer(text):
        start, end = run.span()
        if run[0][0] == "\n":
            bold = False
            continue
        before, after = text[start - 1 : start] or "\n", text[end : end + 1] or "\n"
        near = bool(_CJK.match(before) or _CJK.match(after))
        if _mark(after) and _letter(before) and near:
            out += [text[at:end], FLANK]
            at = end
        elif _mark(before) and _letter(after) and (near or (bold and run[0] == "**")):
            out += [text[at:start], FLANK]
            at = start
        bold = bold != run[0].startswith("**")
    return "".join([*out, text[at:]]) if out else text


@lru_cache(maxsize=4096)
def _mark(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "PS"


def _letter(sign: str) -> bool:
    return not sign.isspace() and not _mark(sign)


def _without_vast_tables(text: str) -> str:
    """The text, in which a table of too many cells is marked to be none."""
    out, at, left = [], 0, bounds.CELLS_IN_ALL
    heads = [found for found in _DELIMITS.finditer(text) if "|" in found[0] or ":" in found[0]]
    ends = [found.start() for found in heads[1:]] + [len(text)] * bool(heads)
    for found, limit in zip(heads, ends, strict=True):
        columns = found[0].strip(" \t>|").count("|") + 1
        blank = text.find("\n\n", found.end(), limit)
        rows = text.count("\n", found.end(), limit if blank < 0 else blank) + 1
        cells = columns * rows
        if columns > bounds.COLUMNS or cells > min(bounds.CELLS, left):
            out += [text[at : found.end(1)], TABLE]
            at = found.end(1)
        else:
            left -= cells
    return "".join([*out, text[at:]]) if out else text
