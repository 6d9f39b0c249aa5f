"""Whether replicas have what a server was told. What only the master has, a failover undoes.

A write is followed by WAIT in the same round trip, but only where a replica was seen. No copy in time means that
the write was not taken, though it may stand: whoever sent it sends it again, and every script may run twice.
"""

import logging
import time
from dataclasses import dataclass
from typing import Any

COPY = 500  # milliseconds that a write waits for one replica's copy
OFTEN, RARELY = 1.0, 20.0  # seconds between two looks for replicas where there were none
GLANCE = 50  # milliseconds that a look may take where INFO is forbidden
ALONE = 20.0  # seconds without any copy until a master counts as a single server

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Copies:
    """What is known of one server's replicas, in one term."""

    alone: float = ALONE
    expected: bool = False
    looked: float = float("-inf")
    missing: float = float("inf")  # since when no copy has come
    blind: bool = False  # INFO is forbidden here

    @property
    def unknown(self) -> bool:
        return self.looked == float("-inf")

    @property
    def look(self) -> tuple[str | int, ...]:
        """What tells whether there are replicas. Where INFO is forbidden, a short wait for a copy does."""
        return ("WAIT", 1, GLANCE) if self.blind else ("INFO", "replication")

    def due(self) -> bool:
        """Whether it is time to look for replicas."""
        often = RARELY if self.blind else OFTEN
        return not self.expected and time.monotonic() - self.looked >= often

    def saw(self, answer: Any) -> None:
        """Notes what a look told."""
        if isinstance(answer, Exception) and not self.blind:
            self.blind = True  # and look again, the other way
            return
        self.looked = time.monotonic()
        if isinstance(answer, dict):
            answer = sum(isinstance(each, dict) and each.get("state") == "online" for each in answer.values())
        if isinstance(answer, int) and answer > 0:
            self.expected, self.missing = True, float("inf")

    def took(self, copied: Any, *, confirmed: bool) -> bool:
        """Whether a write counts as taken, by what its WAIT said.

        A replica that is gone for good must not stop the service for ever: after ALONE seconds without any
        copy the server counts as a single one, if it is `confirmed` that it is still the master.
        """
        now = time.monotonic()
        if isinstance(copied, int) and copied > 0:
            self.missing = float("inf")
            return True
        self.missing = min(self.missing, now)
        if now - self.missing < self.alone or not confirmed:
            return False
        self.expected, self.looked, self.missing = False, now, float("inf")
        log.warning(
            "Redis runs WITHOUT a replica: none has copied anything for %.0f s. Events are taken again, and what is "
            "taken now is lost if this server is. Bring a replica back.",
            self.alone,
        )
        return True
