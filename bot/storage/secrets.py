"""Encrypted records, found by name: installations, one-time OAuth states."""

from bot.domain.errors import SettingsError
from bot.storage.connection import Database
from bot.storage.encryption import RecordCipher, UnreadableRecord
from bot.storage.keys import Keys
from bot.storage.scripts import Word

PROOF = "the-key-that-seals"


class RedisSecretStore:
    """The SecretStore on Redis. Names are hashed; a value that cannot be decrypted counts as absent."""

    def __init__(self, *, database: Database, keys: Keys, cipher: RecordCipher) -> None:
        self._database = database
        self._keys = keys
        self._cipher = cipher

    async def put(self, name: str, value: str, *, seconds: int | None = None) -> None:
        expiry: tuple[Word, ...] = () if seconds is None else ("EX", seconds)
        sealed = self._cipher.encrypt(value.encode(), about=name)
        await self._database.ask(("SET", self._keys.secrets(name), sealed, *expiry))

    async def get(self, name: str) -> str | None:
        return await self._open("GET", name)

    async def take(self, name: str) -> str | None:
        return await self._open("GETDEL", name)

    async def prove(self) -> None:
        """Raises SettingsError when the stored data was encrypted with another key: this process would store
        events that no other can read, and put aside those that others have stored.
        """
        (stored,) = await self._database.ask(("GET", self._keys.secrets(PROOF)))
        try:
            if stored is not None:
                self._cipher.decrypt(stored, about=PROOF)
        except UnreadableRecord as error:
            raise SettingsError(
                "SWITCHBOARD_ENCRYPTION_KEY is not the key that what is stored was sealed with. Write that one, or both "
                "with a comma between them, the new one first."
            ) from error
        await self.put(PROOF, "")  # with the first key, so that an old one can be removed later

    async def delete(self, name: str) -> None:
        await self._database.ask(("DEL", self._keys.secrets(name)))

    async def _open(self, command: str, name: str) -> str | None:
        (stored,) = await self._database.ask((command, self._keys.secrets(name)))
        if stored is None:
            return None
        try:
            return self._cipher.decrypt(stored, about=name).decode()
        except UnreadableRecord:
            return None
