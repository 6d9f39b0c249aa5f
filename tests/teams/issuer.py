"""The identity side of the fake: key metadata, the key set with endorsements, the token endpoint, and minting.

What may be wrong with a token is decided by the caller of `mint`; what may be wrong with the endpoints (slow,
failing, hanging) by `trouble`. Everything asked for is counted.
"""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.teams.proofs import AppRegistration, Refusal

ISSUER = "https://api.botframework.com"
HOME = "72f988bf-86f1-41af-91ab-2d7cd011db47"
"""The tenant in which the bot is registered."""
ENDORSED = ("msteams", "webchat", "skype")


@dataclass(kw_only=True)
class Key:
    """One signing key. `private` is made once per process: 2048 bits take a while."""

    kid: str
    private: Any
    endorsements: tuple[str, ...] = ENDORSED

    def public(self) -> dict[str, Any]:
        entry = dict(jwt.algorithms.RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True))
        return {
            **entry,
            "kid": self.kid,
            "use": "sig",
            "x5t": self.kid,
            "endorsements": list(self.endorsements),
        }


def new_key(kid: str = "", bits: int = 2048, endorsements: tuple[str, ...] = ENDORSED) -> Key:
    private = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    return Key(kid=kid or uuid.uuid4().hex[:12], private=private, endorsements=endorsements)


@cache
def usual_key() -> Key:
    """The key every fake starts with: making one takes longer than most tests."""
    return new_key("usual")


@dataclass
class Trouble:
    """How an endpoint misbehaves: seconds of delay, a status instead of an answer, or never answering."""

    delay: float = 0.0
    status: int = 200
    hang: bool = False
    garbage: bool = False

    async def strike(self) -> web.Response | None:
        if self.hang:
            await asyncio.Event().wait()
        await asyncio.sleep(self.delay)
        if self.garbage:
            return web.Response(text="<html>maintenance</html>", content_type="text/html")
        return None if self.status == 200 else web.Response(status=self.status)


@dataclass(frozen=True, kw_only=True)
class Granted:
    """A token that was given out: for whom, for what, where, and until when."""

    client: str
    audience: str
    tenant: str
    end: float


@dataclass(kw_only=True)
class Issuer:
    """Signs what people's clients send to the bot, and hands the bot its own tokens. `home` is where it is registered."""

    registration: AppRegistration
    home: str = HOME
    key: Key = field(default_factory=usual_key)
    url: str = ""
    secure_url: str = ""  # the same over https
    published: list[dict[str, Any]] = field(default_factory=list)
    trouble: dict[str, Trouble] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    lifetime: float = 3599.0
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    granted: dict[str, Granted] = field(default_factory=dict)
    audiences: set[str] = field(default_factory=lambda: {ISSUER})

    def __post_init__(self) -> None:
        self.published = [self.key.public()]

    @property
    def app_id(self) -> str:
        return self.registration.app_id

    @property
    def secret(self) -> str:
        return self.registration.secret

    @property
    def metadata_url(self) -> str:
        return f"{self.url}/v1/.well-known/openidconfiguration"

    @property
    def token_url(self) -> str:
        return f"{self.url}/{self.home}/oauth2/v2.0/token"

    @property
    def secure_token_url(self) -> str:
        return f"{self.secure_url}/{self.home}/oauth2/v2.0/token"

    def rotate(self, *, keep: bool = True) -> None:
        """Publishes a new key and signs with it; with `keep` the old one stays published."""
        self.key = new_key()
        self.published = [*(self.published if keep else ()), self.key.public()]

    def mint(
        self,
        service_url: str,
        *,
        key: Key | None = None,
        algorithm: str = "RS256",
        headers: Mapping[str, Any] | None = None,
        drop: tuple[str, ...] = (),
        **claims: Any,
    ) -> str:
        """A token as the Bot Connector signs it, with `claims` replaced and those in `drop` left out."""
        now = int(time.time())
        whole: dict[str, Any] = {
            "iss": ISSUER,
            "aud": self.app_id,
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
            "serviceurl": service_url,
        }
        whole |= claims
        for name in drop:
            whole.pop(name)
        signer = key or self.key
        return jwt.encode(whole, signer.private, algorithm, headers={"kid": signer.kid, **(headers or {})})

    def grant(self, *, audience: str, tenant: str, client: str = "") -> str:
        """A token for the bot to use."""
        token = jwt.encode({"aud": audience, "jti": uuid.uuid4().hex}, self.key.private, "RS256")
        end = time.time() + self.lifetime
        self.granted[token] = Granted(client=client or self.app_id, audience=audience, tenant=tenant, end=end)
        return token

    def bearer(self, authorization: str) -> Granted | None:
        """What this header's token was granted for, while it has not run out."""
        scheme, _, token = authorization.partition(" ")
        granted = self.granted.get(token)
        return granted if scheme == "Bearer" and granted and granted.end > time.time() else None

    def valid(self, authorization: str) -> bool:
        """Whether the Connector takes this header: the bot's own token, for the Connector, from its home tenant."""
        granted = self.bearer(authorization)
        own = (self.app_id, ISSUER, self.home)
        return granted is not None and (granted.client, granted.audience, granted.tenant) == own

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/.well-known/openidconfiguration", self._metadata),
            web.get("/v1/.well-known/keys", self._keys),
            web.post("/{tenant}/oauth2/v2.0/token", self._token),
        ]

    async def _answer(self, name: str, body: Mapping[str, Any]) -> web.Response:
        self.calls[name] += 1
        self.asked.set()
        trouble = self.trouble.get(name)
        return (trouble and await trouble.strike()) or web.json_response(body)

    async def _metadata(self, request: web.Request) -> web.Response:
        return await self._answer(
            "metadata",
            {
                "issuer": ISSUER,
                "authorization_endpoint": "https://invalid.botframework.com",
                "jwks_uri": f"{self.url}/v1/.well-known/keys",
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            },
        )

    async def _keys(self, request: web.Request) -> web.Response:
        return await self._answer("keys", {"keys": self.published})

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        audience = str(form.get("scope", "")).removesuffix("/.default")
        try:
            self.registration.prove(form, str(request.url), self.audiences)
        except Refusal as refusal:
            return web.json_response(refusal.body, status=refusal.status)
        token = self.grant(audience=audience, tenant=request.match_info["tenant"])
        grant = {"token_type": "Bearer", "expires_in": int(self.lifetime), "access_token": token}
        return await self._answer("token", grant)
