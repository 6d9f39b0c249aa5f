"""What the log says of refused requests."""

import logging
import time
from collections.abc import Callable

from adapters.teams.inbound.token_validator import RequestDenied
from bot.domain.formatting import clip

PAUSE = 60.0
"""Seconds between two lines about one tenant."""
MOST = 20
"""Tenants that are named in that time."""
REMEDY = "add the tenant to TEAMS_ALLOWED_TENANTS if its people may ask; otherwise nothing has to be done"

log = logging.getLogger(__name__)


class RefusalLog:
    """Says why. Of tenants that are not allowed it says so seldom enough that nobody can fill the log by asking."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._named: dict[str, float] = {}

    def note(self, denied: RequestDenied) -> None:
        if not denied.tenant:
            log.warning("teams request refused", extra={"status": denied.status, "why": str(denied)})
        elif self._due(denied.tenant):
            fields = {"status": denied.status, "tenant": clip(denied.tenant), "remedy": REMEDY}
            log.warning("teams tenant not allowed", extra=fields)

    def _due(self, tenant: str) -> bool:
        now = self._clock()
        self._named = {name: at for name, at in self._named.items() if now - at < PAUSE}
        if tenant in self._named or len(self._named) >= MOST:
            return False
        self._named[tenant] = now
        return True
