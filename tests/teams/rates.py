"""The documented send limits, as sliding windows."""

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.teams.refusals import Refused

SENDS = ((7, 1.0), (8, 2.0), (60, 30.0), (1800, 3600.0))
"""Per bot and conversation: at most so many in so many seconds. Typing and edits count."""
APP = ((50, 1.0),)
REACTIONS = ((2, 1.0),)


@dataclass
class Rates:
    clock: Callable[[], float]
    hint: bool = True
    sent: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def count(self, key: str, limits: tuple[tuple[int, float], ...]) -> None:
        """Counts one call, or refuses it with 429 when any window is full."""
        now, times = self.clock(), self.sent[key]
        while times and now - times[0] > limits[-1][1]:
            times.popleft()
        for most, seconds in limits:
            inside = [at for at in times if now - at < seconds]
            if len(inside) >= most:
                wait = seconds - (now - inside[0])
                raise Refused(
                    429, "Throttled", "API calls quota exceeded.", retry_after=wait if self.hint else None
                )
        times.append(now)
