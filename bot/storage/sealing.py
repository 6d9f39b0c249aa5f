"""AES-256-GCM with a key that is derived from the operator's. Imported only where a key is set: the library costs every
process 6 MB.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE = 12  # bytes, as AES-GCM wants it


class Seal:
    """One key. `about` is bound to what is sealed."""

    def __init__(self, key: str) -> None:
        derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"switchboard storage")
        self._cipher = AESGCM(derive.derive(key.encode()))

    def seal(self, data: bytes, about: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, data, about)

    def opened(self, sealed: bytes, about: bytes) -> bytes | None:
        """None: it was sealed with another key, was changed, or belongs elsewhere."""
        try:
            return self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], about)
        except (InvalidTag, ValueError):  # ValueError: too short to hold a nonce
            return None
