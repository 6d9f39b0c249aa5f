"""Pieces of Markdown for a model. What would end a mark too early is escaped; the words themselves stay as they are."""

import re
from collections.abc import Sequence

from bot.files.limits import table

HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
MARKS = {"b": "**", "strong": "**", "i": "*", "em": "*", "s": "~~", "strike": "~~", "del": "~~"}
LISTS, CODE = ("ul", "ol"), ("pre", "codeblock")
LINKED = ("http://", "https://", "mailto:", "tel:")
LANGUAGE = re.compile(r"[\w+#.-]{1,30}")
TICKS = re.compile(r"`+")
IN_ADDRESS = str.maketrans({" ": "%20", "(": "%28", ")": "%29", "<": "%3C", ">": "%3E"})


def inline(tag: str, words: str, address: str) -> str:
    """An element inside a line, `address` where it leads. One of an unknown tag is its words."""
    if tag == "code":
        return code(words)
    if tag == "a":
        return link(words, address)
    if tag in HEADINGS and words.strip():
        return f"{'#' * int(tag[1])} {words.strip()}"
    return marked(words, MARKS[tag]) if tag in MARKS else words


def block(
    tag: str, lines: Sequence[str], *, rows: Sequence[Sequence[str]], language: str, inside: str
) -> list[str]:
    """An element of whole lines; `inside` is the tag of the one around it. Blank lines end what would go on."""
    if tag in CODE:
        return code_block(lines, language) if lines else []
    if tag in LISTS and inside in LISTS:
        return [f"  {line}" for line in lines]
    if tag in LISTS and inside == "li":
        return list(lines)
    if tag == "blockquote":
        lines = [f"> {line}".rstrip() for line in lines]
    shown = [*lines, *table(row for row in rows if row)]
    return ["", *shown, ""] if shown else []


def marked(words: str, mark: str) -> str:
    """Emphasis around the words, blanks outside of it."""
    core = words.strip()
    if not core or (core.startswith(mark) and core.endswith(mark)):
        return words
    start = words.index(core)
    return f"{words[:start]}{mark}{core}{mark}{words[start + len(core) :]}"


def code(words: str) -> str:
    ticks = "`" * (_longest_ticks(words) + 1)
    pad = " " if words.startswith("`") or words.endswith("`") else ""
    return f"{ticks}{pad}{words}{pad}{ticks}" if words.strip() else words


def code_block(lines: Sequence[str], language: str) -> list[str]:
    fence = "`" * max(3, _longest_ticks("\n".join(lines)) + 1)
    named = LANGUAGE.fullmatch(language)
    return [f"{fence}{language if named else ''}", *lines, fence]


def link(words: str, address: str) -> str:
    """Words that lead somewhere: `[words](address)`, or the address where the words are nothing else."""
    label, address = " ".join(words.split()), address.strip()
    if not label or not address.lower().startswith(LINKED):
        return words
    if _bare(label) == _bare(address):
        return address if address.lower().startswith("http") else label
    label = label.replace("[", "\\[").replace("]", "\\]")
    return f"[{label}]({address.translate(IN_ADDRESS)})"


def item(lines: Sequence[str], sign: str) -> list[str]:
    """One item of a list; what stands below its first line is indented."""
    indent = " " * (len(sign) + 1)
    return [f"{indent if number else f'{sign} '}{line}" for number, line in enumerate(lines) if line]


def without_blank_ends(lines: Sequence[str]) -> list[str]:
    """Without blank lines at both ends."""
    kept = list(lines)
    while kept and not kept[-1].strip():
        kept.pop()
    first = next((number for number, line in enumerate(kept) if line.strip()), 0)
    return kept[first:]


def _longest_ticks(text: str) -> int:
    return max((len(run) for run in TICKS.findall(text)), default=0)


def _bare(address: str) -> str:
    found = address.casefold()
    return next((found.removeprefix(start) for start in LINKED if found.startswith(start)), found).rstrip("/")
