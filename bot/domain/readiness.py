"""What stands in the way of work, in words an operator can act on."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One thing that is wrong. `stops`: no event can be taken in, or what is taken in would not be kept."""

    what: str
    remedy: str
    stops: bool = True

    def __str__(self) -> str:
        return f"{self.what}. {self.remedy}."


Readiness = Callable[[], Awaitable[Sequence[Trouble]]]
"""Says what stands in the way; nothing that `stops` means that this process can take work."""
