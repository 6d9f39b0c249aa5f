"""How long a message may be, and where to split a longer one.

Teams counts UTF-16: about 100 KB per message, entities and card included. Source: Microsoft Learn, Teams
platform, "Format your bot messages", size limits.
"""

import re

LONGEST = 38_000
"""UTF-16 units of text in one message: 76 KB, which leaves room for the rest of the activity."""
FENCE = re.compile(r"^(`{3,})([\w+#.-]*)\s*$", re.MULTILINE)


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
    limit = _fitting(text, longest - 20)
    cut = next((at for mark in ("\n\n", "\n", " ") if (at := text.rfind(mark, limit // 2, limit)) > 0), limit)
    head, rest = text[:cut].rstrip(), text[cut:].lstrip("\n")
    fence = _open_fence(head)
    if fence is None:
        return head, rest.lstrip()
    mark, language = fence
    return f"{head}\n{mark}", f"{mark}{language}\n{rest}"


def _fitting(text: str, longest: int) -> int:
    """How many characters fit into that many units."""
    count = longest
    while (over := units(text[:count]) - longest) > 0:
        count -= max(over // 2, 1)
    return count


def _open_fence(text: str) -> tuple[str, str] | None:
    """The fence and the language of a code block that is open at the end."""
    fence: tuple[str, str] | None = None
    for found in FENCE.finditer(text):
        if fence is None:
            fence = (found[1], found[2])
        elif found[1] == fence[0] and not found[2]:
            fence = None
    return fence
