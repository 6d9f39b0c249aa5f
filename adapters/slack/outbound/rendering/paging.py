"""Long answers in several messages: where to cut, so that each page is readable by itself.

A cut never moves, however the text grows: full messages are final.
"""

import re
from dataclasses import dataclass

from bot.document.unfinished import FENCE, code_end

PAGE = 9_000  # bytes; Slack allows about 12,000 characters or 11,000 bytes in one streamed message


@dataclass(frozen=True, slots=True)
class Cut:
    """The end of a page: how far into the text it reaches, and what the next page starts with."""

    end: int
    close: str = ""  # added to this page
    reopen: str = ""  # put before the next


def pages(text: str, cuts: list[Cut], *, page: int = PAGE) -> list[str]:
    """The text page by page. Adds to `cuts` where another page became full; keeps the existing cuts."""
    while True:
        start = cuts[-1].end if cuts else 0
        head = cuts[-1].reopen if cuts else ""
        cut = _cut_after(head, text[start:], page)
        if cut is None:
            break
        cuts.append(Cut(start + cut.end, cut.close, cut.reopen))
    parts, start, head = [], 0, ""
    for cut in cuts:
        parts.append(head + text[start : cut.end] + cut.close)
        start, head = cut.end, cut.reopen
    return [*parts, head + text[start:]]


def _cut_after(head: str, text: str, page: int) -> Cut | None:
    """Where to end a page that starts with `head` and the text; None while everything fits."""
    room = page - len(head.encode())
    if len(text.encode()) <= room:
        return None
    fits = text.encode()[:room].decode(errors="ignore")
    end = _best_end(fits)
    lines = (head + text[:end]).split("\n")
    if fence := code_end(lines)[0]:
        quote, info = _opener(lines, fence)
        mark = (quote if ">" in quote else "") + fence
        return Cut(end, ("" if text[:end].endswith("\n") else "\n") + mark, f"{mark}{info[:80]}\n")
    return Cut(end, "", _table_head(head + text[:end]))


def _opener(lines: list[str], fence: str) -> tuple[str, str]:
    """The text before and after the opening fence of the code block that the lines end in."""
    found = (FENCE.match(line) for line in reversed(lines))
    return next((one[0][: one.start(1)], one[2].strip()) for one in found if one and one[1] == fence)


def _best_end(fits: str) -> int:
    """The last good place in the second half: a blank line, a line's end, a sentence's, a word's."""
    for mark in (r"\n\s*\n", r"\n", r"[.!?]\s", r"\s"):
        ends = [found.end() for found in re.finditer(mark, fits)]
        if ends and ends[-1] > len(fits) // 2:
            return ends[-1]
    return len(fits)


def _table_head(page: str) -> str:
    """The head of the table that a page ends within, to be repeated on the next."""
    if not page.endswith("\n") or page.endswith("\n\n"):
        return ""
    block = page.rstrip("\n").rsplit("\n\n", 1)[-1].split("\n")
    at = next(
        (at for at, line in enumerate(block) if "|" in line and "-" in line and not line.strip("|:- \t")),
        0,
    )
    head = "\n".join(block[at - 1 : at + 1]) + "\n" if at else ""
    return head if len(head) < 1000 else ""
