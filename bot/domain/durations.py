"""Numbers of seconds that others write, such as a Retry-After: read when they can be one, and only then."""

from typing import Final

LONGEST: Final = 40  # characters of any duration or date; more is not read, as reading it takes time
MOST: Final = 366 * 24 * 3600.0  # seconds: who says more means something else


def seconds_from(said: str) -> float | None:
    """The seconds a text says. None for what is no number, negative, endless, or longer than a year."""
    if len(said) > LONGEST:
        return None
    try:
        return sensible(float(said))
    except ValueError:
        return None


def sensible(seconds: float | None) -> float | None:
    """The same number, None when nobody can wait for so long; neither nan nor infinity can be waited for."""
    return seconds if seconds is not None and 0 <= seconds <= MOST else None
