"""The last resort of everything that renders: the text itself, plain. An answer was paid for; it is never lost.

Also what keeps renderers quick: a table is filled up to its head's width, so that a few kilobytes would become
millions of cells.
"""

import logging
from collections.abc import Callable
from typing import Final, TypeVar

CELLS: Final = 1_500  # of all tables of a text: fifteen columns and a hundred rows

log = logging.getLogger(__name__)

Shown = TypeVar("Shown")


def rendered(text: str, render: Callable[[str], Shown], plain: Callable[[str], Shown]) -> Shown:
    """The text as `render` shows it. Whatever that raises, it is shown by `plain`, which knows no markup."""
    try:
        return render(text)
    except Exception as error:  # whatever it is, people get the text
        log.warning("not rendered", extra={"error": type(error).__name__, "characters": len(text)})
        return plain(text)


def without_wide_tables(text: str) -> str:
    """The text, in which tables of too many cells are none any more: their rows stay as lines."""
    if "|" not in text and ":" not in text:
        return text
    lines, left = text.split("\n"), CELLS
    for at, line in enumerate(lines):
        columns = _columns(line)
        if not columns:
            continue
        end = next((end for end in range(at + 1, len(lines)) if not lines[end].strip()), len(lines))
        if columns * (end - at) > left:
            lead = len(line) - len(line.lstrip(" \t>"))
            lines[at] = f"{line[:lead]}\\{line[lead:]}"
        else:
            left -= columns * (end - at)
    return "\n".join(lines)


def _columns(line: str) -> int:
    """How many columns a line announces that separates a head from its rows; 0 for any other line."""
    marks = line.lstrip(" \t>").strip()
    if "-" not in marks or not set(marks) <= set("|-: \t"):
        return 0
    return marks.strip("|").count("|") + 1
