"""The keys that sign Teams' requests: fetched without blocking, cached for a day, refreshed for an unknown
key id.

Source: Microsoft Learn, "Authentication with the Bot Connector API", Connector to Bot, steps 2 to 4.
"""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import jwt

from adapters.teams.http_session import HttpSession
from bot.domain.errors import SwitchboardError
from bot.serving.plain_http import read_up_to

log = logging.getLogger(__name__)

LIFETIME = 24 * 3600.0
PAUSE = 60.0
"""Seconds between two refreshes for an unknown key id, so that forged ids cannot cause more."""
FIRST_PAUSE = 5.0
"""Seconds between two attempts while there are no keys at all; short, as every message waits for them."""
TIMEOUT = 5.0
LARGEST = 1 << 20


class KeysUnavailable(SwitchboardError):
    """No keys are known and none can be fetched, so no request can be verified now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """One key and the channels whose activities it may sign."""

    key: Any
    endorsements: frozenset[str]


class SigningKeys:
    """Finds a key by its id. One refresh at a time; while one runs, known keys are served from memory.

    `clock` is monotonic, in seconds.
    """

    def __init__(
        self, *, http: HttpSession, metadata_url: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._http = http
        self._metadata_url = metadata_url
        self._clock = clock
        self._keys: Mapping[str, SigningKey] = {}
        self._fetched = -LIFETIME
        self._tried = self._ended = -LIFETIME
        self._refreshing = asyncio.Lock()

    async def find(self, kid: str) -> SigningKey | None:
        """The key, or None for an id that Microsoft does not publish. Raises KeysUnavailable."""
        known = self._keys.get(kid)
        if known and (self._fresh or self._refreshing.locked() or not self._due):
            return known
        await self._refresh(kid)
        if not self._keys:
            raise KeysUnavailable("the key metadata cannot be read")
        return self._keys.get(kid)

    @property
    def _fresh(self) -> bool:
        return self._clock() - self._fetched < LIFETIME

    @property
    def _due(self) -> bool:
        return self._clock() - self._tried >= (PAUSE if self._keys else FIRST_PAUSE)

    async def _refresh(self, kid: str) -> None:
        came = self._clock()
        async with self._refreshing:
            if (kid in self._keys and self._fresh) or not self._due or self._ended > came:
                return  # another caller has tried while this one waited
            first, now = not self._keys, self._clock()
            self._tried = now
            try:
                async with asyncio.timeout(TIMEOUT):
                    self._keys = _parse(await self._fetch())
            except (aiohttp.ClientError, TimeoutError, ValueError, RecursionError) as error:
                log.warning("teams keys not refreshed", extra={"error": type(error).__name__})
                self._ended = self._clock()
            else:
                self._fetched = now
                if first:
                    self._tried = now - PAUSE

    async def _fetch(self) -> Any:
        metadata = await self._read(self._metadata_url)
        url = metadata.get("jwks_uri") if isinstance(metadata, dict) else None
        if not isinstance(url, str) or not url.startswith(("https://", "http://")):
            raise ValueError("the metadata names no jwks_uri")
        if url.startswith("http://") and self._metadata_url.startswith("https://"):
            raise ValueError("the keys would come over plain http")
        return await self._read(url)

    async def _read(self, url: str) -> Any:
        async with self._http.session.get(url, allow_redirects=False) as response:
            if response.status != 200:
                raise ValueError(f"status {response.status}")
            body = await read_up_to(LARGEST, response.content.iter_any())
            return json.loads(body)


def _parse(document: Any) -> Mapping[str, SigningKey]:
    """The RSA keys of a JWKS document by id. Raises ValueError when it holds none."""
    entries = document.get("keys") if isinstance(document, dict) else None
    found = {}
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict) or entry.get("kty") != "RSA" or not isinstance(entry.get("kid"), str):
            continue
        endorsed = entry.get("endorsements")
        try:
            key = jwt.PyJWK(entry, "RS256").key
        except (jwt.PyJWTError, ValueError, TypeError):
            continue
        channels = frozenset(endorsed) if isinstance(endorsed, list) else frozenset()
        found[entry["kid"]] = SigningKey(key=key, endorsements=channels)
    if not found:
        raise ValueError("the key set holds no RSA key")
    return found
