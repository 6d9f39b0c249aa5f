"""Verifies every request before any of its content is used.

Botbuilder's own validator fetches keys with blocking calls and answers forged tokens with 500, so this one is
used instead. Source: Microsoft Learn, "Authentication with the Bot Connector API", Connector to Bot.
"""

import asyncio
import base64
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from aiohttp import HttpVersion11, web

from adapters.teams.clouds import Hosts, absolute_url
from adapters.teams.inbound.activity import IncomingActivity
from adapters.teams.inbound.signing_keys import KeysUnavailable, SigningKey, SigningKeys
from bot.domain.errors import SwitchboardError
from bot.serving.local_request import addressed_here, from_here, passed_on
from bot.settings.environment import loopback

FROM_A_PAGE = ("Origin", "Sec-Fetch-Site")
LEEWAY = 300
LONGEST = 16_384
"""Characters of a token. Genuine ones have about 1500."""
KNOWN = 1_000
"""Tokens that are remembered. One may come with many activities until it has run out."""
OPTIONS: Any = {"require": ["exp", "iss", "aud"], "strict_aud": True, "enforce_minimum_key_length": True}


class RequestDenied(SwitchboardError):
    """The request is not authentic (401), not for this bot (403), or cannot be verified now (503). `tenant` is the one
    whose people may not use the bot, where that is the reason.
    """

    def __init__(self, status: int, why: str, *, tenant: str = "") -> None:
        super().__init__(why)
        self.status = status
        self.tenant = tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedToken:
    """A valid token: signed by a key with these endorsements, issued for one serviceUrl."""

    service_url: str
    endorsements: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownToken:
    """What the same bytes say again, for as long as `key` is published as it was, and until `end` (Unix seconds)."""

    kid: str
    key: SigningKey
    end: float
    bearer: VerifiedToken


class TokenValidator:
    """Admits requests of the Bot Connector, for allowed tenants, from hosts that the bot may answer."""

    def __init__(
        self, *, keys: SigningKeys, app_id: str, issuer: str, tenants: frozenset[str], hosts: Hosts
    ) -> None:
        if not app_id or not tenants:
            raise ValueError("An empty app id or list of tenants would let anybody in, or nobody.")
        self._keys = keys
        self._app_id = app_id
        self._issuer = issuer
        self._tenants = frozenset(tenant.lower() for tenant in tenants)
        self._hosts = hosts
        self._known: dict[bytes, KnownToken] = {}  # by their digests, so that no token is kept

    async def verify(self, request: web.BaseRequest) -> VerifiedToken:
        """Verifies the Authorization header, before the body is read. Raises RequestDenied."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > LONGEST:
            raise RequestDenied(401, "no bearer token")
        digest = hashlib.sha256(token.encode(errors="surrogatepass")).digest()
        known = self._known.get(digest)
        kid = known.kid if known else _key_id(token)
        try:
            key = await self._keys.find(kid)
        except KeysUnavailable as error:
            raise RequestDenied(503, str(error)) from None
        if key is None:
            raise RequestDenied(401, "unknown key")
        if known is None or known.key is not key or time.time() >= known.end:
            known = self._believe(token, kid, key)
            self._remember(digest, known)
        return known.bearer

    def _remember(self, digest: bytes, token: KnownToken) -> None:
        self._known[digest] = token
        if len(self._known) > KNOWN:
            del self._known[next(iter(self._known))]

    def _believe(self, token: str, kid: str, key: SigningKey) -> KnownToken:
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token,
                key.key,
                algorithms=["RS256"],
                audience=self._app_id,
                issuer=self._issuer,
                leeway=LEEWAY,
                options=OPTIONS,
            )
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as error:
            raise RequestDenied(401, type(error).__name__) from None
        url = claims.get("serviceurl")
        if not isinstance(url, str) or not url:
            raise RequestDenied(401, "no serviceurl claim")
        bearer = VerifiedToken(service_url=url, endorsements=key.endorsements)
        return KnownToken(kid=kid, key=key, end=int(claims["exp"]) + LEEWAY, bearer=bearer)

    def admit(self, bearer: VerifiedToken, incoming: IncomingActivity) -> None:
        """Raises RequestDenied for a token of another activity, and for a tenant that is not allowed."""
        if incoming.channel_id != "msteams" or incoming.channel_id not in bearer.endorsements:
            raise RequestDenied(401, "not endorsed for this channel")
        if not incoming.service_url or incoming.service_url.rstrip("/") != bearer.service_url.rstrip("/"):
            raise RequestDenied(401, "another serviceUrl")
        url = absolute_url(incoming.service_url)
        if url is None or not self._hosts.allow(url):
            raise RequestDenied(403, "serviceUrl host is not allowed")
        if len(incoming.tenants) != 1:
            raise RequestDenied(403, "it names no tenant, or several")
        (tenant,) = incoming.tenants
        if tenant not in self._tenants and "*" not in self._tenants:
            raise RequestDenied(403, "tenant is not allowed", tenant=tenant)


def _key_id(token: str) -> str:
    """The id of the key that signs the token. PyJWT would parse the whole token for it, twice in all."""
    try:
        header = json.loads(base64.urlsafe_b64decode(token.partition(".")[0] + "=="))
    except (ValueError, RecursionError):
        raise RequestDenied(401, "no token") from None
    kid = header.get("kid") if isinstance(header, dict) else None
    if not isinstance(kid, str) or header.get("alg") != "RS256":
        raise RequestDenied(401, "not RS256 with a key id")
    return kid


class PlaygroundValidator:
    """For Microsoft 365 Agents Playground, which signs nothing: only requests from and for this machine.

    Nothing proves that, so the settings never allow it beside a bot or a platform that others reach over HTTP.
    """

    async def verify(self, request: web.BaseRequest) -> VerifiedToken:
        """Raises RequestDenied for what may come from a browser's page, a foreign host name, a proxy or a
        tunnel. A plain reverse proxy speaks HTTP/1.0, which the playground does not.
        """
        await asyncio.sleep(0)
        headers = request.headers
        if (
            not from_here(request.remote or "")
            or not addressed_here(headers.get("Host", ""))
            or request.version < HttpVersion11
            or passed_on(headers)
            or any(name in headers for name in FROM_A_PAGE)
        ):
            raise RequestDenied(403, "not sent by a program on this machine")
        return VerifiedToken(service_url="", endorsements=frozenset())

    def admit(self, bearer: VerifiedToken, incoming: IncomingActivity) -> None:
        url = absolute_url(incoming.service_url)
        if url is None or url.scheme != "http" or not loopback(url.host or ""):
            raise RequestDenied(403, "serviceUrl is not on this machine")
