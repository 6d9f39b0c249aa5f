"""Encryption of stored text, when the operator sets a key: a stolen disk or backup is unreadable.

The first byte says whether a record is encrypted. Records from before the key was set stay readable. Of
several keys (separated by commas) the first encrypts and all of them decrypt, so that a key can be replaced.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.domain.errors import SettingsError, SwitchboardError

PLAIN, SEALED = b"p", b"g"
NONCE = 12  # bytes, as AES-GCM wants it
SHORTEST_KEY = 32  # characters


class UnreadableRecord(SwitchboardError):
    """A stored record cannot be decrypted with the given keys, or is not what this version writes."""


class RecordCipher:
    """AES-256-GCM, or no encryption without a key. Decrypting needs the same `about`, the record's place."""

    def __init__(self, keys: str = "") -> None:
        """Raises SettingsError for a key that is too short."""
        self._ciphers = tuple(_cipher(key.strip()) for key in keys.split(",") if key.strip())

    def encrypt(self, data: bytes, *, about: str) -> bytes:
        if not self._ciphers:
            return PLAIN + data
        nonce = os.urandom(NONCE)
        return SEALED + nonce + self._ciphers[0].encrypt(nonce, data, about.encode())

    def decrypt(self, stored: bytes, *, about: str) -> bytes:
        """Raises UnreadableRecord."""
        how, body = stored[:1], stored[1:]
        if how == PLAIN:
            return body
        for cipher in self._ciphers if how == SEALED else ():
            try:
                return cipher.decrypt(body[:NONCE], body[NONCE:], about.encode())
            except (InvalidTag, ValueError):  # ValueError: too short to hold a nonce
                continue
        raise UnreadableRecord("A stored record cannot be opened. Was SWITCHBOARD_ENCRYPTION_KEY changed?")


def _cipher(key: str) -> AESGCM:
    if len(key) < SHORTEST_KEY:
        raise SettingsError(
            f"SWITCHBOARD_ENCRYPTION_KEY is too short to be a key: it needs {SHORTEST_KEY} characters or more. "
            "Make one with: openssl rand -base64 32"
        )
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"switchboard storage")
    return AESGCM(derive.derive(key.encode()))
