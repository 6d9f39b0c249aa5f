"""Encryption of stored text, when the operator sets a key: a stolen disk or backup is unreadable, and who can
write to Redis but has no key can make nobody believe anything.

Each record is sealed to its place, and opens nowhere else. The first byte says whether it is encrypted; once a
key is set, a record that is not is refused. Of several keys (separated by commas) the first encrypts and all of
them decrypt, so that a key can be replaced.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bot.domain.errors import SettingsError, SwitchboardError
from bot.storage.key_strength import weakness

if TYPE_CHECKING:
    from bot.storage.sealing import Seal

PLAIN, SEALED = b"p", b"g"


class UnreadableRecord(SwitchboardError):
    """A stored record cannot be believed: it is not encrypted though there is a key, was sealed with another
    key, was changed, or stands in another place than it was written for.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPlace:
    """Where a record belongs. `of` is its conversation, chat or name; `at` tells it from others of its kind."""

    kind: Literal[
        "event",
        "turn",
        "record",
        "secret",
        "post",
        "growth",
        "title",
        "picture",
        "schedule",
        "sign-in",
        "agent",
        "observation",
    ]
    of: str
    at: str = ""

    def __bytes__(self) -> bytes:
        return json.dumps([self.kind, self.of, self.at]).encode()


class RecordCipher:
    """AES-256-GCM, or no encryption without a key. Decrypting needs the same `about`, the record's place."""

    def __init__(self, keys: str = "") -> None:
        """Raises SettingsError for a key that could be guessed."""
        self._seals = _seals(keys)

    @property
    def seals(self) -> bool:
        """Whether there is a key."""
        return bool(self._seals)

    def encrypt(self, data: bytes, *, about: RecordPlace) -> bytes:
        if not self._seals:
            return PLAIN + data
        return SEALED + self._seals[0].seal(data, bytes(about))

    def decrypt(self, stored: bytes, *, about: RecordPlace) -> bytes:
        """Raises UnreadableRecord."""
        how, body = stored[:1], stored[1:]
        if how == PLAIN and not self._seals:
            return body
        for seal in self._seals if how == SEALED else ():
            if (opened := seal.opened(body, bytes(about))) is not None:
                return opened
        raise UnreadableRecord(_objection(how, has_key=self.seals))


def _objection(how: bytes, *, has_key: bool) -> str:
    if how == PLAIN:
        return "A stored record is not encrypted, though SWITCHBOARD_ENCRYPTION_KEY is set."
    if how == SEALED and not has_key:
        return "A stored record is encrypted, but SWITCHBOARD_ENCRYPTION_KEY is not set."
    return "A stored record was sealed with another key, was changed, or belongs elsewhere."


def _seals(keys: str) -> Sequence["Seal"]:
    found = [key.strip() for key in keys.split(",") if key.strip()]
    for key in found:
        if reason := weakness(key):
            raise SettingsError(
                f"SWITCHBOARD_ENCRYPTION_KEY {reason}. Make one with: openssl rand -base64 32"
                " (of several, separated by commas, each has to be one)"
            )
    if not found:
        return ()
    from bot.storage.sealing import Seal  # noqa: PLC0415 - 6 MB that nobody needs without a key

    return [Seal(key) for key in found]
