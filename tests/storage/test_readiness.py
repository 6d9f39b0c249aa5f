"""What is wrong with Redis is said in words, with what to write instead; and what is right is not complained about."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web

from bot.domain.claims import Claim, Outcome, Receipt
from bot.domain.errors import StorageUnavailable
from bot.domain.readiness import Trouble
from bot.ports import TurnHandle
from bot.storage.open import Storage, StorageOptions, open_storage
from bot.storage.remedies import explain_error
from bot.worker import Worker
from tests.events import message, thread, turn
from tests.storage.cluster import Node, cluster
from tests.storage.sentinel import watched
from tests.storage.servers import behind_tls, server, silent_port
from tests.storage.switch import switch

KEEPS = ("--appendonly", "yes")


async def troubles(url: str, *, forgetting: bool = False) -> Sequence[Trouble]:
    async with open_storage(url, StorageOptions(prefix="sb")) as storage:
        return await storage.readiness.troubles(forgetting=forgetting)


async def the_trouble(url: str) -> Trouble:
    """The one thing that stops the work there."""
    (found,) = [each for each in await troubles(url, forgetting=True) if each.stops]
    return found


@pytest.fixture(scope="module")
def plain() -> Iterator[Node]:
    """A server as it should be, with some users on it."""
    with server(*KEEPS) as node:
        for user in USERS:
            node.ask("ACL", "SETUSER", user.name, "on", ">pw", *user.rules)
        yield node


@dataclass(frozen=True)
class User:
    name: str
    rules: tuple[str, ...]
    what: str
    remedy: str


USERS = (
    User("noscript", ("~*", "&*", "+@all", "-@scripting"), "may not run scripts", "+@scripting"),
    User("narrow", ("~other:*", "&*", "+@all"), "may not touch the keys", "~sb:*"),
    User("mute", ("~*", "resetchannels", "+@all"), "may not use the channels", "&sb:*"),
    User("poor", ("~*", "&*", "+@all", "-@stream"), "may not use a command", "+@all -@dangerous"),
)


async def test_all_is_well_and_nothing_is_left_behind(plain: Node) -> None:
    found = await troubles(f"redis://127.0.0.1:{plain.port}")

    assert found == ()
    assert plain.ask("DBSIZE") == ":0\r\n"


async def test_a_worker_never_sees_what_is_tried(storage: Storage) -> None:
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(storage.leases.ready(5))
        await asyncio.sleep(0.2)
        await storage.readiness.troubles()
        entries = await waiting

    assert list(entries) == []


@pytest.mark.parametrize("user", USERS, ids=lambda user: user.name)
async def test_what_a_user_lacks_is_named(plain: Node, user: User) -> None:
    found = await the_trouble(f"redis://{user.name}:pw@127.0.0.1:{plain.port}")

    assert user.what in found.what
    assert user.remedy in found.remedy


async def test_a_user_without_the_dangerous_commands_will_do(plain: Node) -> None:
    plain.ask("ACL", "SETUSER", "careful", "on", ">pw", "~sb:*", "&sb:*", "+@all", "-@dangerous")
    (found,) = await troubles(f"redis://careful:pw@127.0.0.1:{plain.port}")

    assert "could not be seen" in found.what
    assert "+info" in found.remedy
    assert not found.stops


@dataclass(frozen=True)
class Mistake:
    name: str
    url: str  # with {plain}, {locked}, {lone}, {http}, {silent}: ports
    what: str
    remedy: str


MISTAKES = (
    Mistake("wrong password", "redis://:x@127.0.0.1:{locked}", "refuses the user or the password", "right"),
    Mistake("no password", "redis://127.0.0.1:{locked}", "wants a password", "redis://:PASSWORD@HOST"),
    Mistake("cluster password", "redis+cluster://:x@127.0.0.1:{locked}", "refuses the user", "right ones"),
    Mistake("wrong database", "redis://127.0.0.1:{plain}/99", "no database with the number", "/0"),
    Mistake("refused", "redis://127.0.0.1:9", "Nothing listens", "Start Redis"),
    Mistake("cluster refused", "redis+cluster://127.0.0.1:9", "Nothing listens", "Start Redis"),
    Mistake("no socket", "unix:///nonexistent/redis.sock", "no socket at the path", "right path"),
    Mistake("silent", "redis://127.0.0.1:{silent}", "does not answer in time", "firewall"),
    Mistake("http", "redis://127.0.0.1:{http}", "speaks HTTP", "6379"),
    Mistake("http as a cluster", "redis+cluster://127.0.0.1:{http}", "speaks HTTP", "6379"),
    Mistake("https", "rediss://127.0.0.1:{http}", "does not answer in TLS", "redis:// instead of rediss://"),
    Mistake("tls to plain", "rediss://127.0.0.1:{plain}", "does not answer in TLS", "redis:// instead"),
    Mistake("a lone cluster node", "redis://127.0.0.1:{lone}", "Redis Cluster", "redis+cluster://"),
    Mistake("cluster is one server", "redis+cluster://127.0.0.1:{plain}", "single server", "Write redis://"),
    Mistake("no sentinel", "redis+sentinel://127.0.0.1:{plain}/chat", "no sentinel", "single server"),
)


@pytest.fixture(scope="module")
def ports(plain: Node) -> Iterator[dict[str, int]]:
    with ExitStack() as stack:
        locked = stack.enter_context(server("--requirepass", "s3cret"))
        lone = stack.enter_context(server("--cluster-enabled", "yes"))
        yield {
            "plain": plain.port,
            "locked": locked.port,
            "lone": lone.port,
            "silent": silent_port(stack),
        }


@pytest.fixture
async def http() -> AsyncIterator[int]:
    runner = web.AppRunner(web.Application())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield runner.addresses[0][1]
    await runner.cleanup()


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
async def test_a_wrong_address_gets_its_own_remedy(
    mistake: Mistake, ports: dict[str, int], http: int
) -> None:
    found = await the_trouble(mistake.url.format(**ports, http=http))

    assert mistake.what in found.what
    assert mistake.remedy in found.remedy


async def test_a_database_that_is_missing_is_not_called_a_missing_right(plain: Node) -> None:
    (found,) = await troubles(f"redis://127.0.0.1:{plain.port}/99")

    assert "no database with the number" in found.what


async def test_the_certificate_and_the_scheme_have_to_fit(plain: Node, tmp_path: Path) -> None:
    async with behind_tls(plain, tmp_path) as port:
        ca = f"?ssl_ca_certs={tmp_path / 'ca.pem'}"
        fine = await troubles(f"rediss://localhost:{port}{ca}")
        plainly = await the_trouble(f"redis://localhost:{port}")
        untrusted = await the_trouble(f"rediss://localhost:{port}")
        misnamed = await the_trouble(f"rediss://127.0.0.1:{port}{ca}")

    assert fine == ()
    assert "rediss://" in plainly.remedy
    assert "ssl_ca_certs" in untrusted.remedy
    assert "name in the certificate" in misnamed.remedy


async def test_a_node_of_a_cluster_is_no_server_by_itself_and_every_master_is_asked() -> None:
    with cluster() as nodes:
        for node in nodes.nodes:
            node.ask("CONFIG", "SET", "appendonly", "yes")
        lone = [await the_trouble(f"redis://127.0.0.1:{node.port}") for node in nodes.nodes[:3]]
        fine = await troubles(nodes.url)
        nodes.nodes[1].ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        (found,) = await troubles(nodes.url)

    assert all(
        "redis+cluster://" in each.remedy for each in lone
    )  # also the one where all our keys would lie
    assert fine == ()
    assert "allkeys-lru" in found.what


async def test_sentinels_and_replicas_are_told_from_masters() -> None:
    with watched() as trio:
        at_sentinel = await the_trouble(f"redis://127.0.0.1:{trio.sentinels[0].port}")
        at_replica = await the_trouble(f"redis://127.0.0.1:{trio.replica.port}")
        unknown = await the_trouble(trio.url.replace("/chat", "/chap"))
        os.kill(trio.replica.process.pid, signal.SIGSTOP)
        frozen = await the_trouble(trio.url)

    assert "redis+sentinel://" in at_sentinel.remedy
    assert "a replica" in at_replica.what
    assert "sentinel monitor" in unknown.remedy
    assert "No replica of Redis keeps up" in frozen.what


@dataclass(frozen=True)
class Set:
    name: str
    options: tuple[str, ...]
    what: str
    remedy: str
    stops: bool = True


SET = (
    Set("eviction", (*KEEPS, "--maxmemory-policy", "allkeys-lru"), "throws keys away", "noeviction"),
    Set("volatile", (*KEEPS, "--maxmemory-policy", "volatile-ttl"), "(maxmemory-policy volatile-ttl)", "CONFIG"),
    Set("forgets", (), "no append-only file", "SWITCHBOARD_ACCEPT_NO_PERSISTENCE=1", stops=False),
    Set("full", (*KEEPS, "--maxmemory", "1"), "memory is full", "Raise maxmemory"),
    Set("alone", (*KEEPS, "--min-replicas-to-write", "1"), "No replica", "Bring a replica back"),
)  # fmt: skip


@pytest.mark.parametrize("wrong", SET, ids=lambda wrong: wrong.name)
async def test_settings_that_would_lose_events_are_named(wrong: Set) -> None:
    with server(*wrong.options) as node:
        found = await troubles(f"redis://127.0.0.1:{node.port}")

    named = next(each for each in found if wrong.what in each.what)
    assert wrong.remedy in named.remedy
    assert named.stops is wrong.stops


async def test_a_redis_that_forgets_can_be_accepted() -> None:
    with server() as node:
        assert await troubles(f"redis://127.0.0.1:{node.port}", forgetting=True) == ()


async def test_memory_that_is_nearly_full_is_told_before_it_is() -> None:
    with server(*KEEPS) as node:
        node.ask("SETRANGE", "large", 50_000_000, "x")  # beside it, what connections take is nothing
        used = int(node.ask("INFO", "memory").partition("used_memory:")[2].split()[0])
        node.ask("CONFIG", "SET", "maxmemory", int(used / 0.95))
        (found,) = await troubles(f"redis://127.0.0.1:{node.port}")

    assert "nearly full" in found.what
    assert not found.stops


async def test_a_disk_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "dump.rdb").mkdir()  # where the snapshot is to go
    with server(*KEEPS, "--dir", str(tmp_path)) as node:
        node.ask("BGSAVE")
        async with asyncio.timeout(20):
            while "rdb_last_bgsave_status:err" not in node.ask("INFO", "persistence"):  # noqa: ASYNC110 - its own time
                await asyncio.sleep(0.05)
        found = await troubles(f"redis://127.0.0.1:{node.port}")

    assert any("rdb_last_bgsave_status err" in each.what for each in found)


def test_a_host_nobody_knows_is_told() -> None:
    """As the client says it; no test may ask a name server."""
    said = "Error -2 connecting to redis:6379. Name or service not known."
    found = explain_error(StorageUnavailable(said), tls=False)

    assert found.what == "The host in REDIS_URL is not known"


async def test_a_slow_line_is_no_reason_not_to_work(plain: Node, prefix: str) -> None:
    """700 ms for each round trip, of which a new connection takes four; a claim is kept by beats all the while."""
    attempts: list[int] = []

    async def handle(claim: Claim, turn_handle: TurnHandle) -> Outcome:
        await turn_handle.save({"ts": "1"})
        await asyncio.sleep(3.5)  # longer than a lease
        attempts.append(claim.record.attempt)
        return Outcome(append=(turn(),))

    async def apologise(claim: Claim, turn_handle: TurnHandle, why: str) -> None:
        raise AssertionError(why)

    async with (
        switch(plain.port, delay=0.35) as line,
        open_storage(f"{line.url}/1", StorageOptions(prefix=prefix)) as storage,
        open_storage(f"{line.url}/1", StorageOptions(prefix=prefix, per_person=8)) as own,
        asyncio.TaskGroup() as group,
    ):
        working = group.create_task(Worker(leases=own.leases, handle=handle, apologise=apologise).run())
        async with asyncio.TaskGroup() as people:
            puts = [people.create_task(storage.inbox.put(message(where=thread(f"t{n}")))) for n in range(8)]
        async with asyncio.timeout(40):
            while len(attempts) < len(puts):  # noqa: ASYNC110 - whatever the worker comes to
                await asyncio.sleep(0.1)
        found = await storage.readiness.troubles()
        working.cancel()

    assert {each.result() for each in puts} == {Receipt.ACCEPTED}
    assert attempts == [1] * len(puts)
    assert found == ()
