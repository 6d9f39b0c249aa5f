"""OAuth for several workspaces: /slack/install redirects a person to Slack, /slack/oauth_redirect receives
the code.

A state is random, works once, for ten minutes, and only in the browser that started: otherwise somebody could
make another person install the app into a workspace of the attacker's choosing. Source: docs.slack.dev
"Installing with OAuth".
"""

import base64
import hashlib
import hmac
import html
import logging
import math
from collections.abc import Collection
from secrets import token_urlsafe
from urllib.parse import urlencode, urljoin

from aiohttp import ClientError, web
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.install.installations import Installation, OAuthInstallations, granted, same_bot
from adapters.slack.web_errors import said
from bot.delivery.pacing import Clock
from bot.domain.errors import PlatformError, StorageUnavailable
from bot.ports import RateLimiter, SecretStore

COOKIE = "switchboard-slack-state"
LIFE = 600  # seconds
STARTS, STARTS_A_SECOND = (
    60,
    0.5,
)  # anybody may start an installation, and each leaves a record for LIFE seconds
CODE = 512  # characters at most

NOBODY = (
    "Nobody can install Switchboard here yet. Whoever runs it has to name the workspaces that may: "
    'installs = ["T0123"] under [policy] in switchboard.toml.'
)

log = logging.getLogger(__name__)


class OAuthFlow:
    """The two routes, and the exchange of codes and refresh tokens."""

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str,
        scopes: str,
        api_url: str,
        secrets: SecretStore,
        rate_limiter: RateLimiter,
        clock: Clock,
        admitted: Collection[str] | None = None,
    ) -> None:
        self._client_id = client_id
        secret = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self._basic = {"Authorization": f"Basic {secret}"}
        self._scopes = scopes
        self._authorize_url = urljoin(api_url, "/oauth/v2/authorize")
        self._secrets = secrets
        self._rate_limiter = rate_limiter
        self._clock = clock
        self.installations = OAuthInstallations(
            secrets=secrets, clock=clock, exchange=self.exchange, admitted=admitted
        )
        self.client: AsyncWebClient | None = None

    def routes(self) -> list[web.AbstractRouteDef]:
        return [web.get("/slack/install", self._install), web.get("/slack/oauth_redirect", self._redirect)]

    def exchange(self, before: Installation) -> "TokenRenewal":
        return TokenRenewal(oauth=self, before=before)

    async def access(self, *, bot: str = "", **grant: str) -> Installation:
        """Exchanges a code or a refresh token. Raises PlatformError."""
        if self.client is None:
            raise PlatformError("not running yet")
        try:
            # Not the SDK's own method, which uses what aiohttp is about to remove.
            answer = await self.client.api_call("oauth.v2.access", data=grant, headers=self._basic)
            installation = granted(
                answer.data if isinstance(answer.data, dict) else {}, now=self._clock.now(), bot=bot
            )
            if not bot:
                about = await self.client.auth_test(token=installation.token)
                installation = same_bot(
                    installation, Installation(workspace="", token="", bot=str(about["bot_id"]))
                )
        except SlackApiError as error:
            raise said("oauth.v2.access", error) from error
        return installation

    async def _install(self, request: web.Request) -> web.Response:
        if self.installations.closed:
            return _page(403, NOBODY)
        state, cookie = token_urlsafe(32), token_urlsafe(32)
        try:
            if wait := await self._rate_limiter.take("slack-installs", rate=STARTS_A_SECOND, burst=STARTS):
                busy = _page(429, "Too many installations are being started. Try again in a minute.")
                busy.headers["Retry-After"] = f"{math.ceil(wait)}"
                return busy
            await self._secrets.put(_state_name(state), _digest(cookie), seconds=LIFE)
        except StorageUnavailable:
            return _page(503, "Switchboard cannot start an installation right now. Try again in a minute.")
        query = urlencode({"client_id": self._client_id, "scope": self._scopes, "state": state})
        answer = web.Response(status=302, headers={"Location": f"{self._authorize_url}?{query}"})
        answer.set_cookie(
            COOKIE, cookie, max_age=LIFE, path="/slack", secure=True, httponly=True, samesite="Lax"
        )
        return answer

    async def _redirect(self, request: web.Request) -> web.Response:
        try:
            if not await self._started_here(request):
                return _page(
                    400, "This installation was not started in this browser, or too long ago. Start again."
                )
            if request.query.get("error"):
                return _page(200, "Switchboard was not installed. Nothing has changed.")
            code = request.query.get("code", "")
            if not code or len(code) > CODE:
                return _page(400, "Slack sent no code. Start again.")
            installation = await self.access(code=code)
            if not self.installations.may_install(installation):
                return _page(403, await self._turned_away(installation))
            await self.installations.keep(installation)
        except StorageUnavailable:
            return _page(503, "Switchboard cannot keep the installation right now. Try again in a minute.")
        except PlatformError as error:
            log.warning("installation failed", extra={"code": error.code})
            return _page(400, "Slack did not accept this installation. Start again.")
        log.info("installed", extra={"workspace": installation.workspace})
        answer = _page(200, "Switchboard is installed. Open it in Slack and say hello.")
        answer.del_cookie(COOKIE, path="/slack")
        return answer

    async def _turned_away(self, installation: Installation) -> str:
        """Gives back what Slack has granted, so that no bot stays there that never answers."""
        id = installation.workspace
        log.warning("installation of a workspace that is not admitted", extra={"workspace": id})
        try:
            if self.client is not None:
                bearer = {"Authorization": f"Bearer {installation.token}"}
                await self.client.api_call("auth.revoke", headers=bearer)
        except (SlackApiError, ClientError, OSError, TimeoutError) as error:
            log.warning("token not given back", extra={"workspace": id, "why": type(error).__name__})
        return (
            f'This workspace may not install Switchboard. Whoever runs it can allow it: add "{id}" to installs under '
            "[policy] in switchboard.toml."
        )

    async def _started_here(self, request: web.Request) -> bool:
        """Takes the state, so that it works only once, and compares it with the cookie it was bound to."""
        state, cookie = request.query.get("state", ""), request.cookies.get(COOKIE, "")
        if not state or not cookie or len(state) > CODE:
            return False
        bound = await self._secrets.take(_state_name(state))
        return bound is not None and hmac.compare_digest(bound.encode(), _digest(cookie).encode())


class TokenRenewal:
    """Renews one installation's token."""

    def __init__(self, *, oauth: OAuthFlow, before: Installation) -> None:
        self._oauth = oauth
        self._before = before

    async def renewed(self) -> Installation:
        fresh = await self._oauth.access(
            bot=self._before.bot, grant_type="refresh_token", refresh_token=self._before.refresh
        )
        return same_bot(fresh, self._before)


def _state_name(state: str) -> str:
    return f"slack-state:{_digest(state)}"


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def _page(status: int, text: str) -> web.Response:
    headers = {"Content-Security-Policy": "default-src 'none'", "Cache-Control": "no-store"}
    body = f"<!doctype html><title>Switchboard</title><p>{html.escape(text)}</p>"
    return web.Response(status=status, text=body, content_type="text/html", headers=headers)
