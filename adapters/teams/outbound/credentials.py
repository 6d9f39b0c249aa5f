"""The bot's token for one service: one per process, renewed before it runs out.

Source: Microsoft Learn, "Authentication with the Bot Connector API", Bot to Connector, step 1.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from adapters.teams.outbound.token_source import TokenNotIssued, TokenSource
from bot.domain.errors import PlatformBusy, PlatformRefused

log = logging.getLogger(__name__)

AHEAD = 300.0
"""Seconds before its end when a token is renewed."""
WARNED = 60.0
"""Seconds between two warnings."""
TIMEOUT = 5.0
PAUSE = 10.0
"""Seconds between two attempts to renew a token that is still valid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A token, and the times on the clock when it is renewed and when it ends."""

    token: str = field(repr=False)
    renew: float
    end: float


class Credentials:
    """Gives out the token for one scope in one tenant ("": the bot's own). One request for it at a time; meanwhile a token
    still valid is given out.
    """

    def __init__(
        self,
        *,
        source: TokenSource,
        scope: str,
        tenant: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._scope = scope
        self._tenant = tenant
        self._clock = clock
        self._grant = AccessToken(token="", renew=float("-inf"), end=float("-inf"))
        self._tried = self._failed = self._warned = float("-inf")
        self._refusal = ""
        self._asking = asyncio.Lock()

    async def token(self) -> str:
        """Raises PlatformBusy when no token is available, PlatformRefused when the bot's proof is refused."""
        now = self._clock()
        waits = self._asking.locked() or now - self._tried < PAUSE
        if now < self._grant.renew or (now < self._grant.end and waits):
            return self._grant.token
        async with self._asking:
            # Another caller failed while this one waited: asking again would make every caller wait.
            if self._failed > now and self._clock() >= self._grant.end:
                raise self._unavailable()
            if self._clock() >= self._grant.renew:
                await self._renew()
        return self._grant.token

    def refused(self, token: str) -> None:
        """The service refused this token: the next caller gets a new one."""
        if token == self._grant.token:  # otherwise it is renewed already
            self._grant = AccessToken(token="", renew=float("-inf"), end=float("-inf"))

    async def _renew(self) -> None:
        self._tried = self._clock()
        try:
            self._grant = await self._ask()
        except TokenNotIssued as error:
            self._failed = self._clock()
            self._refusal = error.refusal
            if self._failed - self._warned >= WARNED:
                self._warned = self._failed
                log.warning("teams token not renewed", extra={"error": str(error)[:200]})
            if self._failed >= self._grant.end:
                raise self._unavailable() from error

    def _unavailable(self) -> PlatformBusy:
        text = f"no token for {self._scope}"
        if not self._refusal:
            return PlatformBusy(text, code="token")
        return PlatformRefused(text, code="token", remedy=f"{self._source.remedy} ({self._refusal})")

    async def _ask(self) -> AccessToken:
        try:
            async with asyncio.timeout(TIMEOUT):
                issued = await self._source.issue(self._scope, self._tenant)
        except TimeoutError:
            raise TokenNotIssued(f"no answer in {TIMEOUT:g} s") from None
        now = self._clock()
        renew = now + max(issued.seconds - AHEAD, issued.seconds / 2)
        return AccessToken(token=issued.token, renew=renew, end=now + issued.seconds)
