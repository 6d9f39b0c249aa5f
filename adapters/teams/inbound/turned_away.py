"""Who of another organisation was told lately that they may not ask: a word now and then, not one for every message."""

from collections import OrderedDict

from bot.delivery.pacing import Clock
from bot.domain.events import Event

PAUSE = 3_600.0  # seconds until somebody is told again in the same conversation
KEPT = 1_000


class TurnedAway:
    """Remembers in memory alone: another process, or a restart, tells once more."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._told: OrderedDict[tuple[str, str], float] = OrderedDict()

    def is_due(self, event: Event) -> bool:
        """Whether to tell the author now; then they count as told."""
        key, now = (event.thread.channel, event.author.id), self._clock.now()
        if now - self._told.get(key, now - PAUSE) < PAUSE:
            return False
        self._told[key] = now
        self._told.move_to_end(key)
        if len(self._told) > KEPT:
            self._told.popitem(last=False)
        return True
