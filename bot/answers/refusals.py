"""What a chat platform refuses at the moment: the bot's token, its secret, its rights. The turns wait for that to be
mended, so the operator has to learn it: a warning once a minute, the remedy in /readyz, a number in the metrics.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.domain.claims import Claim
from bot.domain.errors import PlatformRefused
from bot.domain.readiness import Trouble
from bot.interceptor import Ending, EndingKind, Interceptor
from bot.serving.metrics import Meter

KEPT = 420.0  # seconds; a turn is tried again sooner, here or in another process, which then knows
WARNED = 60.0
MOST = 10_000  # conversations

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingTurn:
    """A turn that waits because of a refusal, and when that was last seen."""

    platform: str
    remedy: str
    at: float


class PlatformRefusals(Interceptor):
    """Knows which conversations wait because of a refusal, until the same turn comes to another end."""

    def __init__(self, *, meter: Meter, now: Callable[[], float] = time.monotonic) -> None:
        self._meter = meter
        self._now = now
        self._waiting: dict[str, WaitingTurn] = {}
        self._warned: dict[tuple[str, str], float] = {}
        self._platforms: set[str] = set()

    def ended(self, claim: Claim, ending: Ending) -> None:
        conversation, platform = claim.queue_entry.conversation, claim.event.thread.platform
        if ending.kind is EndingKind.RETRIED and isinstance(ending.error, PlatformRefused):
            self._refused(conversation, platform, ending.error)
        elif self._waiting and ending.kind in {EndingKind.DONE, EndingKind.BURIED, EndingKind.RETRIED}:
            self._waiting.pop(conversation, None)
            self._current()

    def troubles(self) -> Sequence[Trouble]:
        """One for each remedy, with how many conversations wait for it. They stop nothing: a platform that refuses the
        bot's token still delivers, and what it delivers is stored.
        """
        found: dict[tuple[str, str], int] = {}
        for turn in self._current():
            found[turn.platform, turn.remedy] = found.get((turn.platform, turn.remedy), 0) + 1
        return [
            Trouble(what=f"{platform}: waiting conversations: {count}", remedy=remedy, stops=False)
            for (platform, remedy), count in sorted(found.items())
        ]

    def _refused(self, conversation: str, platform: str, error: PlatformRefused) -> None:
        now = self._now()
        self._waiting.pop(conversation, None)
        self._waiting[conversation] = WaitingTurn(platform=platform, remedy=error.remedy, at=now)
        if len(self._waiting) > MOST:
            del self._waiting[next(iter(self._waiting))]
        self._platforms.add(platform)
        self._meter.count("platform_refused_total", platform=platform, code=error.code)
        waiting = len(self._current())
        if now - self._warned.get((platform, error.code), now - WARNED) >= WARNED:
            self._warned[platform, error.code] = now
            log.warning(
                "a platform refuses the bot; what it has to say waits",
                extra={"platform": platform, "code": error.code, "remedy": error.remedy, "waiting": waiting},
            )

    def _current(self) -> Sequence[WaitingTurn]:
        """Those that wait now; the oldest stand first."""
        old = self._now() - KEPT
        while self._waiting and next(iter(self._waiting.values())).at < old:
            del self._waiting[next(iter(self._waiting))]
        found = tuple(self._waiting.values())
        for platform in self._platforms:
            count = sum(turn.platform == platform for turn in found)
            self._meter.level("platform_refused", count, platform=platform)
        return found
