"""Servers that are set up as somebody might have set them up."""

import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.storage.embedded import server_binary
from tests.storage.cluster import Node, answers, free_pair, until
from tests.storage.switch import Switch


@contextmanager
def server(*options: str) -> Iterator[Node]:
    """One server with these options, without persistence unless they say so."""
    with ExitStack() as stack:
        home = stack.enter_context(TemporaryDirectory(prefix="sb-"))
        port = free_pair()
        plain = ["--port", str(port), "--bind", "127.0.0.1", "--dir", home, "--save", ""]
        if "--cluster-enabled" in options:  # else it is 10,000 more, which may be more than there are
            plain += ["--cluster-port", str(port + 1)]
        process = stack.enter_context(
            subprocess.Popen([server_binary(), *plain, *options], stdout=subprocess.DEVNULL)
        )
        stack.callback(process.kill)
        node = Node(port, process)
        until(lambda: _talks(node))
        yield node


def _talks(node: Node) -> bool:
    with suppress(OSError):
        return answers(node) or "NOAUTH" in node.ask("PING")
    return False


@asynccontextmanager
async def behind_tls(node: Node, folder: Path) -> AsyncIterator[int]:
    """The port at which the server speaks TLS, with the certificate `folder`/ca.pem for localhost."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    line = Switch(node.port)
    async with line.open(ssl=context):
        yield line.at


def silent_port(stack: ExitStack) -> int:
    """A port that takes connections and says nothing."""
    listener = stack.enter_context(socket.socket())
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return int(listener.getsockname()[1])
