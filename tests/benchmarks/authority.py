"""The fake's token endpoint over TLS, as MSAL insists on it, with a certificate made for the occasion."""

import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tests.teams.issuer import Issuer


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for this machine and its key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / "authority.pem", folder / "authority.key"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem, secret


@asynccontextmanager
async def authority(issuer: Issuer, folder: Path) -> AsyncIterator[tuple[str, Path]]:
    """An authority of the name "adfs", which MSAL does not look up at Microsoft, and what to trust it by."""
    pem, secret = certificate(folder)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem, secret)

    async def discovery(request: web.Request) -> web.Response:
        url = f"https://{request.host}"
        endpoint = {"token_endpoint": f"{url}/{issuer.home}/oauth2/v2.0/token", "issuer": f"{url}/adfs"}
        return web.json_response({**endpoint, "authorization_endpoint": f"{url}/adfs/authorize"})

    app = web.Application()
    app.add_routes([web.get("/adfs/.well-known/openid-configuration", discovery), *issuer.routes()])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    try:
        yield f"https://localhost:{runner.addresses[0][1]}/adfs", pem
    finally:
        await runner.cleanup()
