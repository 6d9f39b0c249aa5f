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

ISSUER = "https://api.botframework.com"
SCOPE = "https://api.botframework.com/.default"
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


@dataclass(kw_only=True)
class Issuer:
    """Signs what people's clients send to the bot, and hands the bot its own token."""

    app_id: str
    secret: str
    key: Key = field(default_factory=usual_key)
    url: str = ""
    published: list[dict[str, Any]] = field(default_factory=list)
    trouble: dict[str, Trouble] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    lifetime: float = 3599.0
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    granted: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.published = [self.key.public()]

    @property
    def metadata_url(self) -> str:
        return f"{self.url}/v1/.well-known/openidconfiguration"

    @property
    def token_url(self) -> str:
        return f"{self.url}/botframework.com/oauth2/v2.0/token"

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

    def valid(self, authorization: str) -> bool:
        """Whether this header carries a token we granted that has not run out."""
        scheme, _, token = authorization.partition(" ")
        return scheme == "Bearer" and self.granted.get(token, 0.0) > time.time()

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
        wanted = {"grant_type": "client_credentials", "client_id": self.app_id, "scope": SCOPE}
        if any(form.get(name) != value for name, value in wanted.items()):
            return web.json_response({"error": "invalid_request"}, status=400)
        if form.get("client_secret") != self.secret:
            return web.json_response({"error": "invalid_client"}, status=401)
        token = jwt.encode({"aud": ISSUER, "jti": uuid.uuid4().hex}, self.key.private, "RS256")
        self.granted[token] = time.time() + self.lifetime
        grant = {"token_type": "Bearer", "expires_in": int(self.lifetime), "access_token": token}
        return await self._answer("token", grant)
