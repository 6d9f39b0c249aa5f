"""From REDIS_URL to redis-py's clients: one for commands, and one for blocking reads, which hold connections.

redis://, rediss://, unix://; and with several addresses, separated by commas: redis+cluster://host:port,... and
redis+sentinel://host:port,.../service/db. rediss+cluster:// and rediss+sentinel:// use TLS. What stands before
the @ is for Redis itself; sentinels have ?sentinel_username=...&sentinel_password=...
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from redis.asyncio import BlockingConnectionPool, Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.maint_notifications import MaintNotificationsConfig

from bot.domain.errors import SettingsError
from bot.storage.keys import TAGS

PATIENCE = 2.0  # seconds for a round trip; Slack waits three for its answer
HANDSHAKE = 6.0  # seconds to connect with TLS, which takes three round trips
SLOWEST = 6.0  # seconds until a blocking read counts as failed
DROPPING = 0.2  # seconds to say goodbye
CONNECTIONS = 64

Client = Any  # Redis | RedisCluster: redis-py types their commands as sync-or-async unions
Greet = Callable[[Any], Awaitable[None]]
"""Makes the acquaintance of a server on a connection that was just opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clients:
    """The clients of one server, or of one cluster."""

    commands: Client
    waiting: Client

    async def drop(self) -> None:
        """Ends every connection at once, those that somebody waits at too. Not for a cluster."""
        for client in (self.commands, self.waiting):
            with suppress(RedisError, OSError, TimeoutError):
                async with asyncio.timeout(DROPPING):
                    await client.connection_pool.disconnect(inuse_connections=True)

    async def close(self) -> None:
        await self.commands.aclose()
        await self.waiting.aclose()


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisAddress:
    """REDIS_URL, taken apart. `shape`: "", "cluster" or "sentinel"."""

    url: str
    shape: str
    hosts: tuple[tuple[str, int], ...] = ()
    service: str = ""

    @property
    def scheme(self) -> str:
        return self.url.partition(":")[0].partition("+")[0]

    @property
    def shards(self) -> int:
        return len(TAGS) if self.shape == "cluster" else 1

    def clients(self, greet: Greet, host: str = "", port: int = 0) -> Clients:
        """Connects nothing yet. `host` and `port`: where the sentinels' master is."""
        if self.shape == "cluster":
            return Clients(commands=self._cluster(PATIENCE), waiting=self._cluster(SLOWEST))
        url = self.server(host, port) if self.shape else self.url
        return Clients(commands=_server(url, PATIENCE, greet), waiting=_server(url, SLOWEST, greet))

    def sentinels(self) -> tuple[Client, ...]:
        return tuple(_server(self._sentinel(host, port), PATIENCE, None) for host, port in self.hosts)

    def _cluster(self, patience: float) -> RedisCluster:
        parts = urlsplit(self.url)
        return RedisCluster(
            startup_nodes=[ClusterNode(host, port) for host, port in self.hosts],
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            ssl=self.scheme == "rediss",
            max_connections=CONNECTIONS,
            reinitialize_steps=0,  # otherwise it drops every connection while others use them
            legacy_responses=False,
            socket_timeout=patience,
            socket_connect_timeout=HANDSHAKE if self.scheme == "rediss" else PATIENCE,
            retry=Retry(NoBackoff(), 0),
        )

    def server(self, host: str, port: int) -> str:
        parts = urlsplit(self.url)
        db = parts.path.strip("/").partition("/")[2] or "0"
        who, at, _ = parts.netloc.rpartition("@")
        query = urlencode([(name, value) for name, value in _query(parts) if "sentinel_" not in name])
        return f"{self.scheme}://{who}{at}{_bracketed(host)}:{port}/{db}?{query}"

    def _sentinel(self, host: str, port: int) -> str:
        said = dict(_query(urlsplit(self.url)))
        user, secret = said.get("sentinel_username", ""), said.get("sentinel_password", "")
        who = f"{quote(user, safe='')}:{quote(secret, safe='')}@" if user or secret else ""
        query = urlencode({name: value for name, value in said.items() if name.startswith("ssl_")})
        return f"{self.scheme}://{who}{_bracketed(host)}:{port}/0?{query}"


def read_address(url: str) -> RedisAddress:
    """Raises SettingsError for a URL that cannot be used."""
    try:
        parts = urlsplit(url)
        address = RedisAddress(
            url=url,
            shape=parts.scheme.partition("+")[2],
            hosts=_hosts(parts) if "+" in parts.scheme else (),
            service=parts.path.strip("/").partition("/")[0],
        )
        usable = not address.shape or (
            address.scheme in {"redis", "rediss"}
            and (address.shape == "cluster" or (address.shape == "sentinel" and bool(address.service)))
        )
        if address.shape != "cluster":
            BlockingConnectionPool.from_url(address.server("localhost", 1) if address.shape else url)
    except ValueError:
        usable = False
    if not usable:
        raise SettingsError(
            "REDIS_URL cannot be used. It looks like redis://HOST:6379/0, rediss://..., unix:///PATH, "
            "redis+cluster://HOST:PORT,HOST:PORT or redis+sentinel://HOST:PORT,HOST:PORT/SERVICE."
        )
    if not _numbered(address):
        raise SettingsError(
            "What follows the host in REDIS_URL is no database number. Write /0 or another number (a cluster has only 0, "
            "a Sentinel's comes after its service); a / in a password is written %2F."
        )
    return address


def _numbered(address: RedisAddress) -> bool:
    """redis-py takes database 0 for what is no number: somebody else's, where a database of one's own was meant."""
    parts = urlsplit(address.url)
    if parts.scheme == "unix":
        return True  # the path is the socket's; the number is in the query, which redis-py reads
    path = parts.path.strip("/")
    number = path.partition("/")[2] if address.shape == "sentinel" else path
    return number in {"", "0"} or (address.shape != "cluster" and bool(re.fullmatch("[0-9]+", number)))


def _server(url: str, patience: float, greet: Greet | None) -> Redis:
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS,
        timeout=PATIENCE,
        legacy_responses=False,  # the same answers on RESP2 and RESP3
        socket_timeout=patience,
        socket_connect_timeout=HANDSHAKE if url.startswith("rediss") else PATIENCE,
        retry=Retry(NoBackoff(), 0),
        redis_connect_func=greet,
        driver_info=None,  # every word less is a round trip less on a slow line
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
    )
    return Redis.from_pool(pool)


def _query(parts: SplitResult) -> list[tuple[str, str]]:
    return parse_qsl(parts.query)


def _hosts(parts: SplitResult) -> tuple[tuple[str, int], ...]:
    """`host:port` pairs separated by commas; an IPv6 host is in brackets."""
    found = [urlsplit(f"//{address}") for address in parts.netloc.rpartition("@")[2].split(",")]
    return tuple((each.hostname or "127.0.0.1", each.port or 6379) for each in found)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
