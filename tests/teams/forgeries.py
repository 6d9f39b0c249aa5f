"""Tokens that are not Teams', each wrong in one way."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding

from tests.teams.fake import FakeTeams
from tests.teams.issuer import new_key

OTHER = new_key("other")
WEAK = new_key("weak", bits=1024)
SKYPE = new_key("skype", endorsements=("skype",))
BARE = new_key("bare", endorsements=())
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()

Forge = Callable[[FakeTeams], str]


def mint(teams: FakeTeams, **wishes: Any) -> str:
    return teams.issuer.mint(teams.people.service_url, **wishes)


def with_claims(**claims: Any) -> Forge:
    return lambda teams: mint(teams, **claims)


def without(*names: str) -> Forge:
    return lambda teams: mint(teams, drop=names)


def with_headers(**headers: Any) -> Forge:
    return lambda teams: mint(teams, key=OTHER, headers=headers)


def assembled(teams: FakeTeams, header: Any, payload: Any, sign: Callable[[bytes], bytes]) -> str:
    """A token put together by hand, for what no library agrees to sign."""

    def part(value: Any) -> bytes:
        raw = value if isinstance(value, bytes) else json.dumps(value).encode()
        return base64.urlsafe_b64encode(raw).rstrip(b"=")

    message = part(header) + b"." + part(payload)
    return (message + b"." + part(sign(message))).decode()


def claims(teams: FakeTeams) -> dict[str, Any]:
    options: Any = {"verify_signature": False}
    return jwt.decode(mint(teams), options=options)


def confused(teams: FakeTeams) -> str:
    """HS256 with the public key as its secret."""
    pem = teams.issuer.key.private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    header = {"alg": "HS256", "typ": "JWT", "kid": teams.issuer.key.kid}
    return assembled(teams, header, claims(teams), lambda text: hmac.new(pem, text, hashlib.sha256).digest())


def unsigned(alg: Any) -> Forge:
    return lambda teams: assembled(
        teams, {"alg": alg, "kid": teams.issuer.key.kid}, claims(teams), lambda _: b""
    )


def swapped(teams: FakeTeams) -> str:
    """The signature of one token under the claims of another."""
    header, _, signature = mint(teams, aud="somebody else").split(".")
    return ".".join((header, mint(teams).split(".")[1], signature))


def embedded(teams: FakeTeams) -> str:
    key = {name: value for name, value in OTHER.public().items() if name in {"kty", "n", "e"}}
    return mint(teams, key=OTHER, headers={"jwk": key, "kid": teams.issuer.key.kid})


def published(key: Any) -> Forge:
    """Signed by a key that is in the key set, but not one that Teams' messages may be signed with."""

    def forge(teams: FakeTeams) -> str:
        teams.issuer.published.append(key.public())
        return mint(teams, key=key)

    return forge


def weak(teams: FakeTeams) -> str:
    """Signed by a published key that is too short to trust."""
    teams.issuer.published.append(WEAK.public())
    header = {"alg": "RS256", "kid": "weak"}
    return assembled(
        teams,
        header,
        claims(teams),
        lambda text: WEAK.private.sign(text, padding.PKCS1v15(), hashes.SHA256()),
    )


def elliptic(teams: FakeTeams) -> str:
    entry = jwt.algorithms.ECAlgorithm.to_jwk(EC.public_key(), as_dict=True)
    teams.issuer.published.append({**entry, "kid": "ec", "endorsements": ["msteams"]})
    return jwt.encode(claims(teams), EC, "ES256", headers={"kid": "ec"})


def lying_elliptic(teams: FakeTeams) -> str:
    elliptic(teams)
    return assembled(teams, {"alg": "RS256", "kid": "ec"}, claims(teams), lambda text: b"x" * 64)


def seconds_from_now(seconds: float) -> int:
    return int(time.time() + seconds)


FORGERIES: dict[str, Forge] = {
    "no header": lambda _: "",
    "no token": lambda _: "Bearer ",
    "blank token": lambda _: "Bearer  ",
    "basic": lambda _: "Basic dGVhbXM6aHVzaA==",
    "another scheme": lambda teams: f"Token {mint(teams)}",
    "not a token": lambda _: "Bearer hello",
    "three words": lambda _: "Bearer a.b.c",
    "two dots": lambda _: "Bearer ..",
    "four parts": lambda teams: f"Bearer {mint(teams)}.x",
    "two tokens": lambda teams: f"Bearer {mint(teams)} {mint(teams)}",
    "huge": lambda _: "Bearer " + "a" * 7000,
    "alg none": unsigned("none"),
    "alg None": unsigned("None"),
    "alg empty": unsigned(""),
    "alg null": unsigned(None),
    "alg list": unsigned(["RS256"]),
    "rs256 unsigned": unsigned("RS256"),
    "hs256 with the public key": confused,
    "hs256 with the app id": lambda teams: jwt.encode(
        claims(teams), teams.issuer.app_id.ljust(64), "HS256", headers={"kid": teams.issuer.key.kid}
    ),
    "rs384": lambda teams: mint(teams, algorithm="RS384"),
    "rs512": lambda teams: mint(teams, algorithm="RS512"),
    "ps256": lambda teams: mint(teams, algorithm="PS256"),
    "es256": elliptic,
    "es256 that says rs256": lying_elliptic,
    "eddsa": lambda teams: jwt.encode(claims(teams), ED, "EdDSA", headers={"kid": teams.issuer.key.kid}),
    "no kid": lambda teams: jwt.encode(claims(teams), teams.issuer.key.private, "RS256"),
    "unknown kid": lambda teams: mint(teams, key=OTHER),
    "kid number": lambda teams: assembled(
        teams, {"alg": "RS256", "kid": 7}, claims(teams), lambda _: b"x" * 256
    ),
    "kid list": lambda teams: assembled(
        teams, {"alg": "RS256", "kid": [teams.issuer.key.kid]}, claims(teams), lambda _: b"x" * 256
    ),
    "kid path": with_headers(kid="../../../etc/passwd"),
    "kid empty": with_headers(kid=""),
    "known kid, another key": lambda teams: mint(teams, key=OTHER, headers={"kid": teams.issuer.key.kid}),
    "its own key inside": embedded,
    "jku": lambda teams: mint(
        teams, key=OTHER, headers={"jku": teams.canary_url, "kid": teams.issuer.key.kid}
    ),
    "x5u": lambda teams: mint(
        teams, key=OTHER, headers={"x5u": teams.canary_url, "kid": teams.issuer.key.kid}
    ),
    "crit": lambda teams: mint(teams, headers={"crit": ["exp2"], "exp2": 1}),
    "weak key": weak,
    "key for another channel": published(SKYPE),
    "key for no channel": published(BARE),
    "expired by 301 seconds": lambda teams: mint(teams, exp=seconds_from_now(-302)),
    "expired long ago": lambda teams: mint(teams, exp=seconds_from_now(-86400)),
    "no exp": without("exp"),
    "exp null": with_claims(exp=None),
    "exp word": with_claims(exp="tomorrow"),
    "exp list": with_claims(exp=[seconds_from_now(3600)]),
    "exp infinite": with_claims(exp=float("inf")),
    "exp not a number": with_claims(exp=float("nan")),
    "not yet": lambda teams: mint(teams, nbf=seconds_from_now(400)),
    "issued tomorrow": lambda teams: mint(teams, iat=seconds_from_now(86400)),
    "no iss": without("iss"),
    "iss empty": with_claims(iss=""),
    "iss another": with_claims(iss="https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/"),
    "iss with slash": with_claims(iss="https://api.botframework.com/"),
    "iss number": lambda teams: assembled(
        teams, {"alg": "RS256", "kid": teams.issuer.key.kid}, {**claims(teams), "iss": 7}, lambda _: b"x"
    ),
    "iss of another cloud": with_claims(iss="https://api.botframework.us"),
    "no aud": without("aud"),
    "aud empty": with_claims(aud=""),
    "aud another": with_claims(aud="00000000-0000-0000-0000-000000000000"),
    "aud of several": lambda teams: mint(teams, aud=[teams.issuer.app_id, "another"]),
    "aud almost": lambda teams: mint(teams, aud=teams.issuer.app_id + " "),
    "no serviceurl": without("serviceurl"),
    "serviceurl another": with_claims(serviceurl="https://smba.trafficmanager.net/emea/"),
    "serviceurl empty": with_claims(serviceurl=""),
    "serviceurl number": with_claims(serviceurl=7),
    "serviceurl list": lambda teams: mint(teams, serviceurl=[teams.people.service_url]),
    "serviceurl longer": lambda teams: mint(teams, serviceurl=teams.people.service_url + "x/"),
    "serviceurl without path": lambda teams: mint(teams, serviceurl=teams.origin),
    "cut signature": lambda teams: mint(teams)[:-20],
    "changed signature": lambda teams: mint(teams)[:-20] + "A" * 20,
    "no signature": lambda teams: mint(teams).rpartition(".")[0] + ".",
    "swapped claims": swapped,
    "claims list": lambda teams: assembled(
        teams, {"alg": "RS256", "kid": teams.issuer.key.kid}, [], lambda _: b"x"
    ),
    "claims no json": lambda teams: assembled(
        teams, {"alg": "RS256", "kid": teams.issuer.key.kid}, b"{", lambda _: b"x"
    ),
    "header no json": lambda teams: assembled(teams, b"{", claims(teams), lambda _: b"x"),
    "header list": lambda teams: assembled(teams, [], claims(teams), lambda _: b"x"),
    "our own outgoing token": lambda teams: jwt.encode(
        {"aud": "https://api.botframework.com", "jti": "x"}, teams.issuer.key.private, "RS256"
    ),
}
