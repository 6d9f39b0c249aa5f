"""How a bot proves to Entra ID who it is, as Entra ID checks it: a secret, a certificate, another issuer's token.

Source: Microsoft Learn, "OAuth 2.0 client credentials flow", "Certificate credentials", "Workload identity federation".
"""

import base64
import ssl
import time
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
EXCHANGE = "api://AzureADTokenExchange"
CLUSTER = "https://cluster.example/oidc"
ACCOUNT = "system:serviceaccount:chat:switchboard"


@dataclass(frozen=True, kw_only=True)
class KeyPair:
    """An RSA key and its certificate, which it has signed itself."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    def pem(self, password: str = "") -> bytes:
        lock: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if password:
            lock = serialization.BestAvailableEncryption(password.encode())
        private = self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)
        return private + self.certificate.public_bytes(serialization.Encoding.PEM)


def new_pair(name: str = "switchboard") -> KeyPair:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    return KeyPair(key=key, certificate=made.sign(key, hashes.SHA256()))


@cache
def bots_pair() -> KeyPair:
    return new_pair()


@cache
def servers_pair() -> KeyPair:
    """What the fake's https listener shows, and the authority that a bot has to trust for it."""
    return new_pair("127.0.0.1")


def serving(folder: Path) -> ssl.SSLContext:
    file = folder / "server.pem"
    file.write_bytes(servers_pair().pem())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def trusting() -> ssl.SSLContext:
    shown = servers_pair().certificate.public_bytes(serialization.Encoding.PEM).decode()
    return ssl.create_default_context(cadata=shown)


class Refusal(Exception):
    """Entra ID's answer to a proof that is none: OAuth's word and its own number."""

    def __init__(self, status: int, error: str, number: int, said: str) -> None:
        super().__init__(said)
        self.status = status
        self.body = {
            "error": error,
            "error_description": f"AADSTS{number}: {said} Trace ID: {uuid.uuid4()}",
            "error_codes": [number],
        }


@dataclass(kw_only=True)
class AppRegistration:
    """What Entra ID keeps of a bot: its secret, its certificates, and whose tokens it takes for the bot's."""

    app_id: str
    secret: str
    certificates: list[x509.Certificate] = field(default_factory=list)
    federated: dict[tuple[str, str], Any] = field(default_factory=dict)  # public key by issuer and subject
    used: set[str] = field(default_factory=set)

    def prove(self, form: Mapping[str, Any], endpoint: str, audiences: Collection[str]) -> None:
        """Raises Refusal. `endpoint` is the address that was asked, which an assertion has to be for; `audiences` are
        what there are tokens for.
        """
        wanted = str(form.get("scope", "")).removesuffix("/.default")
        if form.get("grant_type") != "client_credentials" or wanted not in audiences:
            raise Refusal(400, "invalid_scope", 70011, "The provided request must include a valid scope.")
        if form.get("client_id") != self.app_id:
            raise Refusal(400, "unauthorized_client", 700016, "Application was not found in the directory.")
        if "client_assertion" not in form:
            if form.get("client_secret") != self.secret:
                raise Refusal(401, "invalid_client", 7000215, "Invalid client secret provided.")
            return
        if form.get("client_assertion_type") != BEARER:
            raise Refusal(400, "invalid_request", 90014, "The client_assertion_type is not supported.")
        token = str(form["client_assertion"])
        header = jwt.get_unverified_header(token)
        if "x5t" in header or "x5t#S256" in header:
            self._certificate(token, header, endpoint)
        else:
            self._federation(token, header)

    def _certificate(self, token: str, header: Mapping[str, Any], endpoint: str) -> None:
        known = {
            (kind, print_of(one, kind)): one for one in self.certificates for kind in ("x5t", "x5t#S256")
        }
        shown = next(
            (
                known[kind, header[kind].rstrip("=")]
                for kind in ("x5t", "x5t#S256")
                if (kind, str(header.get(kind)).rstrip("=")) in known
            ),
            None,
        )
        if shown is None:
            raise Refusal(
                401, "invalid_client", 700027, "The certificate is not registered on the application."
            )
        claims = _claims(token, shown.public_key(), ["RS256", "PS256"], endpoint)
        if not claims["iss"] == claims["sub"] == self.app_id:
            raise Refusal(
                401, "invalid_client", 700021, "Issuer and subject of the assertion are not the client."
            )
        if claims["jti"] in self.used:
            raise Refusal(401, "invalid_client", 700025, "The assertion was used before.")
        self.used.add(claims["jti"])

    def _federation(self, token: str, header: Mapping[str, Any]) -> None:
        told = jwt.decode(token, options={"verify_signature": False})
        key = self.federated.get((str(told.get("iss")), str(told.get("sub"))))
        if key is None:
            raise Refusal(401, "invalid_client", 700213, "No matching federated identity record found.")
        _claims(token, key, ["RS256"], EXCHANGE)


def _claims(token: str, key: Any, algorithms: list[str], audience: str) -> Mapping[str, Any]:
    required = ["exp", "iss", "sub", "aud", "jti"]
    try:
        claims: Mapping[str, Any] = jwt.decode(
            token, key, algorithms=algorithms, audience=audience, options={"require": required}
        )
    except jwt.InvalidAudienceError:
        raise Refusal(401, "invalid_client", 700023, "The assertion is for another audience.") from None
    except jwt.PyJWTError as error:
        raise Refusal(401, "invalid_client", 50027, f"The assertion is not valid: {error}.") from None
    return claims


def print_of(certificate: x509.Certificate, kind: str) -> str:
    made = certificate.fingerprint(hashes.SHA256() if kind == "x5t#S256" else hashes.SHA1())  # noqa: S303 - x5t is that
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def cluster_token(key: rsa.RSAPrivateKey, **claims: Any) -> str:
    """What Kubernetes writes into the file for its program."""
    now = int(time.time())
    whole = {"iss": CLUSTER, "sub": ACCOUNT, "aud": EXCHANGE, "exp": now + 3600, "jti": uuid.uuid4().hex}
    return jwt.encode(whole | claims, key, "RS256")
