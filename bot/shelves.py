"""Seams of two small shelves in Redis that other parts put things on."""

from typing import Protocol


class Vault(Protocol):
    """Small secrets and passing notes of other parts, sealed when a key is set. Implemented by bot.storage.secrets."""

    async def put(self, name: str, value: str, *, seconds: int | None = None) -> None:
        """Kept for that long, or until it is deleted."""
        ...

    async def get(self, name: str) -> str | None: ...

    async def take(self, name: str) -> str | None:
        """Returns it once: of several who take at the same moment, one gets it."""
        ...

    async def delete(self, name: str) -> None: ...


class Budget(Protocol):
    """Token buckets, shared by all replicas. Implemented by bot.storage.rate_limiter."""

    async def take(self, name: str, *, rate: float, burst: float, tokens: float = 1) -> float:
        """Takes tokens of a bucket that fills by `rate` a second up to `burst`.

        Returns 0 when there were enough, else the seconds until there are.
        """
        ...
