"""The last resort of everything that renders: the text itself, plain. An answer was paid for; it is never lost."""

import logging
from collections.abc import Callable
from typing import TypeVar

log = logging.getLogger(__name__)

Shown = TypeVar("Shown")


def rendered(text: str, render: Callable[[str], Shown], plain: Callable[[str], Shown]) -> Shown:
    """The text as `render` shows it. Whatever that raises, it is shown by `plain`, which knows no markup."""
    try:
        return render(text)
    except Exception as error:  # whatever it is, people get the text
        log.warning("not rendered", extra={"error": type(error).__name__, "characters": len(text)})
        return plain(text)
