"""How long a message may be, and where to split a longer one.

Teams counts UTF-16: about 100 KB per message, entities and card included. Source: Microsoft Learn, Teams
platform, "Format your bot messages", size limits.
"""

import re
from dataclasses import dataclass

LONGEST = 38_000
"""UTF-16 units of text in one message: 76 KB, which leaves room for the rest of the activity."""
_FENCE = re.compile(
    r"^([ >]*(?:(?:-|\d{1,10}\.) [ >]*)*(?:\\?\[[ x]\] )?)(`{3,})([\w+#.-]*)[ \t]*$", re.MULTILINE
)
_RULED = re.compile(r"[ >]*-[ -]*|[ >]*\|[|:-]+\|")
"""The line under the head of a table, drawn as code or written."""


@dataclass(frozen=True, slots=True)
class _OpenCode:
    """A code block that is open: where its first line of code begins, and what begins its lines."""

    start: int
    prefix: str
    mark: str
    language: str


def units(text: str) -> int:
    """The length Teams counts: characters beyond the basic plane are two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def parts(text: str, longest: int = LONGEST) -> list[str]:
    """The text in parts that are short enough, split at the best places; code stays code on both sides."""
    found, rest = [], text
    while units(rest) > longest:
        head, rest = _parted(rest, longest)
        found.append(head)
    return [*found, rest]


def _parted(text: str, longest: int) -> tuple[str, str]:
    limit = _fitting(text, longest - 40)
    cut = next((at for mark in ("\n\n", "\n", " ") if (at := text.rfind(mark, limit // 2, limit)) > 0), limit)
    return divided(text, cut, longest)


def divided(text: str, cut: int, longest: int = LONGEST) -> tuple[str, str]:
    """The text up to this character and the rest, each readable alone: code is closed and opened again."""
    head, rest = text[:cut].rstrip(), text[cut:].lstrip("\n")
    code = _open_code(head)
    if code is None:
        table = _last_lines(head, "|") if rest.lstrip(" >").startswith("|") else ""
        return head, _repeated(table, longest) + (rest if table else rest.lstrip())
    fence = f"{code.prefix}{code.mark}"
    again = _repeated(head[code.start :], longest)
    return f"{head}\n{fence}", f"{fence}{code.language}\n{again}{rest}"


def _repeated(table: str, longest: int) -> str:
    """The head of a table that is split, and the line under it; "" where there is none."""
    lines = table.split("\n", 2)
    if len(lines) < 3 or not _RULED.fullmatch(lines[1]) or len(lines[0]) > longest // 8:
        return ""
    return f"{lines[0]}\n{lines[1]}\n"


def _last_lines(text: str, sign: str) -> str:
    """The lines at the end that begin with this sign."""
    start = len(text)
    while start and text[text.rfind("\n", 0, start - 1) + 1 : start].lstrip(" >").startswith(sign):
        start = text.rfind("\n", 0, start - 1) + 1
    return text[start:]


def _fitting(text: str, longest: int) -> int:
    """How many characters fit into that many units."""
    count = longest
    while (over := units(text[:count]) - longest) > 0:
        count -= max(over // 2, 1)
    return count


def _open_code(text: str) -> _OpenCode | None:
    """The code block that is open at the end."""
    code: _OpenCode | None = None
    for found in _FENCE.finditer(text):
        if code is None:
            prefix = re.sub(r"[^ >]", " ", found[1])
            code = _OpenCode(found.end() + 1, prefix, found[2], found[3])
        elif found[2].startswith(code.mark) and not found[3]:
            code = None
    return code
