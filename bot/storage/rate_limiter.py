"""Limits how often something may happen, for all replicas together."""

from bot.storage.connection import Database
from bot.storage.keys import Keys
from bot.storage.scripts import Scripts


class RedisRateLimiter:
    """The RateLimiter on Redis."""

    def __init__(self, *, database: Database, keys: Keys, scripts: Scripts) -> None:
        self._database = database
        self._keys = keys
        self._scripts = scripts

    async def take(self, name: str, *, rate: float, burst: float, tokens: float = 1) -> float:
        call = self._scripts.call("take", (self._keys.bucket(name),), rate, burst, tokens)
        (wait,) = await self._database.ask(call)
        return float(wait)
