"""Encrypted records, found by name: installations, one-time OAuth states."""

import logging

from bot.domain.errors import SettingsError
from bot.storage.connection import Database
from bot.storage.encryption import PLAIN, RecordCipher, RecordPlace, UnreadableRecord
from bot.storage.keys import Keys
from bot.storage.scripts import Word

PROOF = "the-key-that-seals"
ELSEWHERE = (
    "start with an empty storage: another SWITCHBOARD_DATA_DIR, or another database number in REDIS_URL"
)

log = logging.getLogger(__name__)


class RedisSecretStore:
    """The SecretStore on Redis. Names are hashed; a value that cannot be decrypted counts as absent."""

    def __init__(self, *, database: Database, keys: Keys, cipher: RecordCipher) -> None:
        self._database = database
        self._keys = keys
        self._cipher = cipher

    async def put(self, name: str, value: str, *, seconds: int | None = None) -> None:
        expiry: tuple[Word, ...] = () if seconds is None else ("EX", seconds)
        sealed = self._cipher.encrypt(value.encode(), about=_place(name))
        await self._database.ask(("SET", self._keys.secrets(name), sealed, *expiry))

    async def get(self, name: str) -> str | None:
        return await self._open("GET", name)

    async def take(self, name: str) -> str | None:
        return await self._open("GETDEL", name)

    async def prove(self) -> None:
        """Raises SettingsError when what is stored was not sealed with these keys, or with none if there is none:
        this process would store events that no other can read, and put aside those that others have stored.
        """
        (stored,) = await self._database.ask(("GET", self._keys.secrets(PROOF)))
        try:
            if stored is not None:
                self._cipher.decrypt(stored, about=_place(PROOF))
        except UnreadableRecord as error:
            raise SettingsError(_remedy(stored, has_key=self._cipher.seals)) from error
        await self.put(PROOF, "")  # with the first key, so that an old one can be removed later

    async def delete(self, name: str) -> None:
        await self._database.ask(("DEL", self._keys.secrets(name)))

    async def _open(self, command: str, name: str) -> str | None:
        (stored,) = await self._database.ask((command, self._keys.secrets(name)))
        if stored is None:
            return None
        try:
            return self._cipher.decrypt(stored, about=_place(name)).decode()
        except UnreadableRecord as error:
            log.warning(
                "a stored secret is not believed", extra={"kind": name.partition(":")[0], "why": str(error)}
            )
            return None


def _place(name: str) -> RecordPlace:
    return RecordPlace(kind="secret", of=name)


def _remedy(proof: bytes, *, has_key: bool) -> str:
    if proof[:1] == PLAIN:
        return (
            "SWITCHBOARD_ENCRYPTION_KEY is set, but what is stored was stored without a key, and with one nothing is "
            f"believed that is not sealed. Either {ELSEWHERE}; or remove the key to go on without."
        )
    if not has_key:
        return (
            "SWITCHBOARD_ENCRYPTION_KEY is not set, but what is stored was sealed with one. Set it again; without it, "
            f"{ELSEWHERE}."
        )
    return (
        "SWITCHBOARD_ENCRYPTION_KEY is not the key that what is stored was sealed with. Write that one, or both "
        "with a comma between them, the new one first."
    )
