"""The connection to Redis: one pool for commands, one client for blocking reads, and all error handling.
redis-py's own retries are off: they would repeat any command ten times, for a minute. Here a command is
repeated only until its `patience` is over, and every command may safely run twice.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any, TypeVar
from urllib.parse import SplitResult, unquote, urlsplit

from redis.asyncio import BlockingConnectionPool, Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import (
    BusyLoadingError,
    ClusterDownError,
    NoScriptError,
    ReadOnlyError,
    RedisClusterException,
    RedisError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import TimeoutError as TooSlow

from bot.domain.errors import SettingsError, StorageUnavailable
from bot.storage import bells
from bot.storage.cancellation import heeding_cancellation
from bot.storage.scripts import ScriptCall, Word

PASSING = (
    NotConnected,
    TooSlow,
    BusyLoadingError,
    ClusterDownError,
    ReadOnlyError,
    TryAgainError,
    RedisClusterException,
    OSError,
)
DROPPED = (AttributeError, TypeError)  # of a lost connection: redis-py's cluster, Python 3.12's streams
PATIENCE = 2.0  # seconds for a command; Slack waits three for its answer
WAIT = 2.0  # seconds that a blocking read waits
SLOWEST = 6.0  # seconds until a blocking read counts as failed
CLUSTER_SHARDS = 64
CONNECTIONS = 64
COPY = 100  # milliseconds that a write waits for a replica's copy
ALONE = 60.0  # seconds without such waits after no replica answered

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")
Question = ScriptCall | tuple[Word, ...]
Client = Any  # Redis | RedisCluster: redis-py types their commands as sync-or-async unions


class Database:
    """One Redis, a cluster or behind sentinels too. Every method raises StorageUnavailable and no other."""

    def __init__(self, *, commands: Client, waiting: Client, shards: int, replicated: bool) -> None:
        self._commands = commands
        self._waiting = waiting
        self._replicated = replicated
        self._alone_until = 0.0
        self.shards = shards

    async def ask(self, *questions: Question, patience: float = PATIENCE) -> list[Any]:
        """Sends all in one round trip (on a cluster, in parallel) and returns the answers in order."""
        return await _patiently(lambda: self._once(questions), patience)

    async def ask_for_good(self, call: ScriptCall) -> Any:
        """Sends one and, if Redis is replicated, waits for a replica's copy: a failover must not undo it."""
        return await _patiently(lambda: self._once_copied(call), PATIENCE)

    async def wait_for(self, *words: Word, key: str) -> Any:
        """Sends one command that may block up to WAIT seconds in Redis. It is not repeated when it fails."""
        return await _patiently(lambda: self._wait_once(words, key), SLOWEST, again=False)

    async def listen(self, *channels: str) -> AsyncGenerator[tuple[str, str], None]:
        """Yields (channel, message), and (channel, "") for each as soon as it is heard. Raises StorageUnavailable when a
        connection ends, or when a cluster moves a channel to another node.
        """
        try:
            await self._know_the_nodes()
            if isinstance(self._waiting, RedisCluster):
                messages = bells.of_nodes(self._waiting, channels)
            else:
                messages = bells.of_server(self._waiting, channels)
            async with aclosing(messages):
                while True:
                    with heeding_cancellation():
                        message = await anext(messages)
                    yield message
        except (*PASSING, RedisError) as error:
            raise StorageUnavailable(str(error)) from error

    async def _once(self, questions: tuple[Question, ...]) -> list[Any]:
        if len(questions) == 1:
            return [await self._single(questions[0])]
        async with self._commands.pipeline(transaction=False) as pipeline:
            for question in questions:
                pipeline.execute_command(*_words(question))
            try:
                answers = await pipeline.execute(raise_on_error=False)
            except (*PASSING, *DROPPED) as error:
                if self.shards == 1:
                    raise NotConnected(str(error)) from error
                answers = [error] * len(questions)
        return [
            await self._judge(question, answer) for question, answer in zip(questions, answers, strict=True)
        ]

    async def _once_copied(self, call: ScriptCall) -> Any:
        now = asyncio.get_running_loop().time()
        if not self._replicated or now < self._alone_until:
            return await self._single(call)
        there: dict[str, Any] = {}
        if isinstance(self._commands, RedisCluster):
            await self._commands.initialize()
            there = {"target_nodes": self._commands.get_node_from_key(call.keys[0])}
        try:
            async with self._commands.pipeline(transaction=False) as pipeline:
                pipeline.execute_command(*call.words)
                pipeline.execute_command("WAIT", 1, COPY, **there)
                answer, copies = await pipeline.execute()
        except (*PASSING, *DROPPED, NoScriptError):
            return await self._single(call)  # makes a cluster's client look for the new master
        if not isinstance(copies, int) or not copies:
            self._alone_until = now + ALONE
            log.warning("no replica keeps up; a failover may lose what it has not copied")
        return answer

    async def _judge(self, question: Question, answer: Any) -> Any:
        # A cluster's client looks for a new master only when a single command has failed.
        if isinstance(answer, NoScriptError) or (
            self.shards > 1 and isinstance(answer, (*PASSING, *DROPPED))
        ):
            return await self._single(question)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def _single(self, question: Question) -> Any:
        try:
            return await self._commands.execute_command(*_words(question))
        except NoScriptError:
            if not isinstance(question, ScriptCall):
                raise
            return await self._commands.execute_command(*question.words_in_full)
        except DROPPED as error:
            raise NotConnected("connection dropped") from error

    async def _wait_once(self, words: tuple[Word, ...], key: str) -> Any:
        await self._know_the_nodes()
        if isinstance(self._waiting, RedisCluster):
            node = self._waiting.get_node_from_key(key)
            return await self._waiting.execute_command(*words, target_nodes=node)
        return await self._waiting.execute_command(*words)

    async def _know_the_nodes(self) -> None:
        """A cluster's client has to be initialised before it can tell a key's node. Later calls are free."""
        if isinstance(self._waiting, RedisCluster):
            await self._waiting.initialize()


@asynccontextmanager
async def open_database(url: str) -> AsyncIterator[Database]:
    """Opens what REDIS_URL names; connects on the first command. Raises SettingsError for a URL it cannot
    use.

    redis://, rediss://, unix://; and with several addresses, separated by commas:
    redis+cluster://host:port,... and redis+sentinel://host:port,.../service/db. rediss+cluster:// and
    rediss+sentinel:// use TLS.
    """
    parts = urlsplit(url)
    scheme, _, shape = parts.scheme.partition("+")
    try:
        if shape == "cluster" and scheme in {"redis", "rediss"}:
            clients, shards = _cluster(parts, tls=scheme == "rediss"), CLUSTER_SHARDS
        elif shape == "sentinel" and scheme in {"redis", "rediss"}:
            clients, shards = _sentinel(parts, tls=scheme == "rediss"), 1
        else:
            clients, shards = _single_server(url), 1
    except (ValueError, RedisClusterException) as error:
        raise SettingsError(
            "REDIS_URL cannot be used. It looks like redis://HOST:6379/0, rediss://..., unix:///PATH, "
            "redis+cluster://HOST:PORT,HOST:PORT or redis+sentinel://HOST:PORT,HOST:PORT/SERVICE."
        ) from error
    commands, waiting = clients[0], clients[1]
    try:
        yield Database(commands=commands, waiting=waiting, shards=shards, replicated=bool(shape))
    finally:
        for client in clients:
            await client.aclose()


def _options(*, patience: float) -> dict[str, Any]:
    return {
        "legacy_responses": False,  # the same answers on RESP2 and RESP3
        "socket_timeout": patience,
        "socket_connect_timeout": PATIENCE,
        "retry": Retry(NoBackoff(), 0),
    }


def _single_server(url: str) -> tuple[Client, ...]:
    def client(patience: float) -> Redis:
        pool = BlockingConnectionPool.from_url(
            url, max_connections=CONNECTIONS, timeout=PATIENCE, **_options(patience=patience)
        )
        return Redis.from_pool(pool)

    return client(PATIENCE), client(SLOWEST)


def _cluster(parts: SplitResult, *, tls: bool) -> tuple[Client, ...]:
    def client(patience: float) -> RedisCluster:
        return RedisCluster(
            startup_nodes=[ClusterNode(host, port) for host, port in _addresses(parts)],
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            ssl=tls,
            max_connections=CONNECTIONS,
            reinitialize_steps=0,  # otherwise it drops every connection while others use them
            **_options(patience=patience),
        )

    return client(PATIENCE), client(SLOWEST)


def _sentinel(parts: SplitResult, *, tls: bool) -> tuple[Client, ...]:
    service, _, db = parts.path.strip("/").partition("/")
    if not service:
        raise ValueError("no service name")
    sentinels = Sentinel(  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
        _addresses(parts), sentinel_kwargs={"ssl": tls, **_options(patience=PATIENCE)}
    )

    def client(patience: float) -> Redis:
        found: Redis = sentinels.master_for(
            service,
            db=int(db or 0),
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            ssl=tls,
            max_connections=CONNECTIONS,
            **_options(patience=patience),
        )
        return found

    return client(PATIENCE), client(SLOWEST), sentinels


def _addresses(parts: SplitResult) -> list[tuple[str, int]]:
    """`host:port` pairs separated by commas; an IPv6 host is in brackets."""
    found = [urlsplit(f"//{address}") for address in parts.netloc.rpartition("@")[2].split(",")]
    return [(each.hostname or "127.0.0.1", each.port or 6379) for each in found]


def _words(question: Question) -> tuple[Word, ...]:
    return question.words if isinstance(question, ScriptCall) else question


async def _patiently(ask: Callable[[], Awaitable[Answer]], seconds: float, *, again: bool = True) -> Answer:
    trouble: BaseException | None = None
    pause = 0.02
    try:
        async with asyncio.timeout(seconds):
            while True:
                try:
                    with heeding_cancellation():
                        return await ask()
                except PASSING as error:
                    trouble = error  # says more than the TimeoutError that ends the loop
                if not again:
                    break
                await asyncio.sleep(pause)
                pause = min(pause * 2, 0.3)
    except TimeoutError as error:
        trouble = trouble or error
    except RedisError as error:
        raise StorageUnavailable(str(error)) from error
    raise StorageUnavailable(str(trouble) or "no answer") from trouble
