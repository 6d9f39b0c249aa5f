"""What a command prints."""

import sys

from bot.domain.formatting import strip_controls


def say(text: str) -> None:
    """Prints at once, also into a pipe. Model names come from endpoints, so control characters are cut."""
    sys.stdout.write(f"{strip_controls(text)}\n")
    sys.stdout.flush()
