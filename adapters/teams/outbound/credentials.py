"""The bot's own token for the Bot Connector: one per process, renewed before it runs out.

Source: Microsoft Learn, "Authentication with the Bot Connector API", Bot to Connector, step 1.
"""

import asyncio
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import aiohttp

from adapters.teams.http_session import HttpSession
from bot.domain.errors import PlatformBusy, PlatformRefused
from bot.domain.formatting import clip

log = logging.getLogger(__name__)

AHEAD = 300.0
"""Seconds before its end when a token is renewed."""
WARNED = 60.0
"""Seconds between two warnings."""
REMEDY = (
    "Microsoft refuses the bot's secret: write a new one from Certificates & secrets as TEAMS_APP_PASSWORD, and check "
    "TEAMS_APP_ID and TEAMS_TENANT_ID"
)
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
    """Gives out the token. One request for it at a time; meanwhile a token still valid is given out."""

    def __init__(
        self,
        *,
        http: HttpSession,
        token_url: str,
        app_id: str,
        secret: str,
        scope: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = http
        self._token_url = token_url
        self._form = {
            "grant_type": "client_credentials",
            "client_id": app_id,
            "client_secret": secret,
            "scope": scope,
        }
        self._clock = clock
        self._grant = AccessToken(token="", renew=float("-inf"), end=float("-inf"))
        self._tried = self._failed = self._warned = float("-inf")
        self._refusal = ""
        self._asking = asyncio.Lock()

    async def token(self) -> str:
        """Raises PlatformBusy when no token is available, PlatformRefused when the secret is refused."""
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
        """The Connector refused this token: the next caller gets a new one."""
        if token == self._grant.token:  # otherwise it is renewed already
            self._grant = AccessToken(token="", renew=float("-inf"), end=float("-inf"))

    async def _renew(self) -> None:
        self._tried = self._clock()
        try:
            async with asyncio.timeout(TIMEOUT):
                self._grant = await self._ask()
        except (
            aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError, RecursionError,
        ) as error:  # fmt: skip
            self._failed = self._clock()
            if self._failed - self._warned >= WARNED:
                self._warned = self._failed
                log.warning("teams token not renewed", extra={"error": str(error)[:200]})
            if self._failed >= self._grant.end:
                raise self._unavailable() from error

    def _unavailable(self) -> PlatformBusy:
        text = "no token for the Bot Connector"
        if not self._refusal:
            return PlatformBusy(text, code="token")
        return PlatformRefused(text, code="token", remedy=f"{REMEDY} ({self._refusal})")

    async def _ask(self) -> AccessToken:
        self._refusal = ""
        post = self._http.session.post(self._token_url, data=self._form, allow_redirects=False)
        async with post as response:
            text = await response.text(errors="replace")
        if response.status != 200:
            said = f"{response.status} {_error_code(text)}".strip()
            self._refusal = said if response.status in {400, 401, 403} else ""
            raise ValueError(f"status {said}")
        body = json.loads(text)
        lifetime, now = float(body["expires_in"]), self._clock()
        renew = now + max(lifetime - AHEAD, lifetime / 2)
        return AccessToken(token=str(body["access_token"]), renew=renew, end=now + lifetime)


def _error_code(text: str) -> str:
    """OAuth's word for the refusal ("invalid_client"); "" where a proxy answered something else."""
    try:
        body = json.loads(text)
    except ValueError:
        return ""
    return clip(str(body.get("error", ""))) if isinstance(body, dict) else ""
