"""Where the bot's tokens come from: Microsoft Entra ID, by a proof of who the bot is. Here the proof is a client secret.

Source: Microsoft Learn, "OAuth 2.0 client credentials flow on the Microsoft identity platform".
"""

import json
from dataclasses import dataclass, field
from typing import Protocol

import aiohttp

from adapters.teams.clouds import TokenEndpoint
from adapters.teams.http_session import HttpSession
from bot.domain.errors import SwitchboardError
from bot.domain.formatting import clip

REFUSING = frozenset({400, 401, 403})


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """A token, and the seconds for which it is good."""

    token: str = field(repr=False)
    seconds: float


class TokenNotIssued(SwitchboardError):
    """No token came. `refusal` is what was refused, in a few words; "" where nobody answered, or not as Entra ID does."""

    def __init__(self, why: str, *, refusal: str = "") -> None:
        super().__init__(why)
        self.refusal = refusal


class TokenSource(Protocol):
    """Issues tokens and keeps none: that is for Credentials."""

    @property
    def place(self) -> str:
        """Who is asked, for the operator: an address."""

    @property
    def remedy(self) -> str:
        """What an operator does about a refusal."""

    async def issue(self, scope: str, tenant: str = "") -> IssuedToken:
        """`scope` says what the token is for, `tenant` where ("": the bot's own). Raises TokenNotIssued."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """The bot's app registration, and where tokens for it are asked for."""

    app_id: str
    endpoint: TokenEndpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSecret:
    """Implements TokenSource, over the adapter's own HTTP session."""

    http: HttpSession
    registration: Registration
    secret: str = field(repr=False)
    remedy: str = (
        "Microsoft refuses the bot's secret: write a new one from Certificates & secrets as TEAMS_APP_PASSWORD, and check "
        "TEAMS_APP_ID and TEAMS_TENANT_ID"
    )

    @property
    def place(self) -> str:
        return self.registration.endpoint.url()

    async def issue(self, scope: str, tenant: str = "") -> IssuedToken:
        url = self.registration.endpoint.url(tenant)
        form = {
            "grant_type": "client_credentials",
            "client_id": self.registration.app_id,
            "client_secret": self.secret,
            "scope": scope,
        }
        try:
            async with self.http.session.post(url, data=form, allow_redirects=False) as response:
                return _read(response.status, await response.text(errors="replace"))
        except (aiohttp.ClientError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise TokenNotIssued(f"{type(error).__name__}: {error}") from error


def _read(status: int, text: str) -> IssuedToken:
    if status != 200:
        said = f"{status} {_error_code(text)}".strip()
        raise TokenNotIssued(f"status {said}", refusal=said if status in REFUSING else "")
    body = json.loads(text)
    return IssuedToken(token=str(body["access_token"]), seconds=float(body["expires_in"]))


def _error_code(text: str) -> str:
    """OAuth's word for the refusal ("invalid_client"); "" where a proxy answered something else."""
    try:
        body = json.loads(text)
    except ValueError:
        return ""
    return clip(str(body.get("error", ""))) if isinstance(body, dict) else ""
