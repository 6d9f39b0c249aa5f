"""What a failover would undo was never acknowledged."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress

import pytest

from bot.domain.claims import Outcome, Receipt
from bot.domain.errors import StorageUnavailable
from bot.domain.turns import TurnRecord
from bot.storage.open import Storage, StorageOptions, open_storage
from tests.contracts.leases import claim_next
from tests.events import message, thread
from tests.storage.cluster import Node, until
from tests.storage.sentinel import Watched, watched
from tests.storage.switch import switch


@pytest.fixture
def trio() -> Iterator[Watched]:
    with watched() as servers:
        yield servers


@pytest.fixture(params=["sentinels", "one address"])
async def replicated(trio: Watched, prefix: str, request: pytest.FixtureRequest) -> AsyncIterator[Storage]:
    url = trio.url if request.param == "sentinels" else f"redis://127.0.0.1:{trio.master.port}"
    async with open_storage(url, StorageOptions(prefix=prefix, lease=30)) as opened:
        assert await opened.inbox.put(message()) is Receipt.ACCEPTED
        yield opened


def freeze(node: Node) -> None:
    os.kill(node.process.pid, signal.SIGSTOP)


def thaw(node: Node) -> None:
    os.kill(node.process.pid, signal.SIGCONT)


async def test_an_event_that_no_replica_has_is_refused_until_one_has_it(
    trio: Watched, replicated: Storage
) -> None:
    where = thread("elsewhere")
    replica = trio.replica
    freeze(replica)
    for _ in range(2):  # the second time, it is there already: that is no reason to say that it is safe
        with pytest.raises(StorageUnavailable, match="no replica has copied it"):
            await replicated.inbox.put(message(id="e-late", where=where))
    thaw(replica)
    receipt = await replicated.inbox.put(message(id="e-late", where=where))

    assert receipt is Receipt.DUPLICATE
    assert replica.ask("XLEN", replicated.keys.mail(where.digest)) == ":1\r\n"


async def test_what_a_worker_does_waits_for_a_replica_too(trio: Watched, replicated: Storage) -> None:
    claim = await claim_next(replicated)
    replica = trio.replica
    freeze(replica)
    with pytest.raises(StorageUnavailable):
        await replicated.leases.save(claim, TurnRecord(id=claim.record.id, attempt=1, ref={"ts": "1"}))
    with pytest.raises(StorageUnavailable):
        await replicated.leases.beat([claim], seconds=replicated.leases.seconds)
    with pytest.raises(StorageUnavailable):
        await replicated.leases.commit(claim, Outcome())
    thaw(replica)
    await replicated.leases.commit(claim, Outcome())

    assert replica.ask("XLEN", replicated.keys.mail(claim.queue_entry.conversation)) == ":0\r\n"


async def test_a_user_who_may_not_ask_info_is_protected_too(trio: Watched, prefix: str) -> None:
    master = trio.master
    master.ask("ACL", "SETUSER", "careful", "on", ">pw", "~*", "&*", "+@all", "-@dangerous")
    url = f"redis://careful:pw@127.0.0.1:{master.port}"
    async with open_storage(url, StorageOptions(prefix=prefix)) as storage:
        assert await storage.inbox.put(message()) is Receipt.ACCEPTED
        freeze(trio.replica)
        with pytest.raises(StorageUnavailable, match="no replica has copied it"):
            await storage.inbox.put(message())


@pytest.mark.parametrize("replicated", ["sentinels"], indirect=True)
async def test_a_claim_that_no_replica_has_is_none_and_no_crash_either(
    trio: Watched, replicated: Storage
) -> None:
    (queue_entry,) = await replicated.leases.ready(1)
    replica = trio.replica
    freeze(replica)
    for _ in range(2):
        with pytest.raises(StorageUnavailable):
            await replicated.leases.claim(queue_entry)
    thaw(replica)
    claim = await replicated.leases.claim(queue_entry)

    assert claim is not None
    assert (claim.record.attempt, claim.record.crashes) == (1, 0)


async def test_a_replica_that_is_gone_for_good_stops_nothing_for_ever(
    trio: Watched, prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_storage(trio.url, StorageOptions(prefix=prefix, alone=4.0)) as storage:
        assert await storage.inbox.put(message()) is Receipt.ACCEPTED
        replica = trio.replica
        replica.kill()
        with pytest.raises(StorageUnavailable):
            await storage.inbox.put(message(id="e-alone"))
        async with asyncio.timeout(20):
            while True:
                try:
                    receipt = await storage.inbox.put(message(id="e-alone"))
                    break
                except StorageUnavailable:
                    await asyncio.sleep(0.1)
        assert receipt is Receipt.DUPLICATE
        assert "WITHOUT a replica" in caplog.text
        trio.restart(replica)
        until(trio.whole)
        freeze(trio.replica)
        await asyncio.sleep(
            1.1
        )  # the next look for replicas is due; it finds one, if only for the next event
        with suppress(StorageUnavailable):
            await storage.inbox.put(message())
        with pytest.raises(StorageUnavailable):
            await storage.inbox.put(message())


async def test_at_a_switch_everything_that_waits_ends_and_starts_anew_on_the_new_master(
    trio: Watched, prefix: str
) -> None:
    async with open_storage(trio.url, StorageOptions(prefix=prefix)) as storage:
        before = storage.database.term
        stops = storage.leases.stops()
        async with asyncio.TaskGroup() as group:
            hearing = group.create_task(_caught(anext(stops)))
            await asyncio.sleep(0.2)
            asked = asyncio.get_running_loop().time()
            await asyncio.to_thread(trio.fail_over)
            assert isinstance(await hearing, StorageUnavailable)
            took = asyncio.get_running_loop().time() - asked
        await stops.aclose()
        receipt = await storage.inbox.put(message(where=thread("after")))

    assert took < 1.9  # and not the two seconds of a read that waits
    assert storage.database.term > before
    assert receipt is Receipt.ACCEPTED
    assert trio.master.ask("XLEN", storage.keys.mail(thread("after").digest)) == ":1\r\n"


async def _caught(asked: object) -> object:
    try:
        return await asked  # type: ignore[misc]
    except StorageUnavailable as error:
        return error


async def test_the_word_of_a_minority_of_sentinels_moves_nobody(prefix: str) -> None:
    with watched(sentinels=3) as trio:
        async with open_storage(trio.url, StorageOptions(prefix=prefix, alone=1.0)) as storage:
            assert await storage.inbox.put(message()) is Receipt.ACCEPTED
            before = storage.database.term
            for sentinel in trio.sentinels[1:]:
                freeze(sentinel)
            await asyncio.sleep(4)  # what a majority said counts for three seconds
            receipt = await storage.inbox.put(message())
            freeze(trio.replica)
            with pytest.raises(StorageUnavailable):
                await storage.inbox.put(message())  # nobody confirms that this master may go on alone
            after = storage.database.term

    assert receipt is Receipt.ACCEPTED
    assert after == before


async def test_sentinels_and_servers_with_passwords_of_their_own(prefix: str) -> None:
    guarded = (
        "user default on nopass ~* &* -@all +ping +sentinel|master",
        "user watch on >se/ntinel ~* &* +@all",
    )
    asks = "?sentinel_username=watch&sentinel_password=se%2Fntinel"
    with watched(
        options=("user bot on >d@ta ~* &* +@all",), sentinel_options=guarded, secret="bot:d%40ta@", asks=asks
    ) as guardians:
        async with open_storage(guardians.url, StorageOptions(prefix=prefix)) as storage:
            receipt = await storage.inbox.put(message())
        guardians.asks = asks.replace("se%2Fntinel", "wrong")
        async with open_storage(guardians.url, StorageOptions(prefix=prefix)) as storage:
            with pytest.raises(
                StorageUnavailable, match=r"0 of 1 sentinels answer .*invalid username-password"
            ):
                await storage.inbox.put(message())

    assert receipt is Receipt.ACCEPTED


async def test_an_address_that_leads_to_a_replica_is_not_one_to_work_with(trio: Watched, prefix: str) -> None:
    async with open_storage(
        f"redis://127.0.0.1:{trio.replica.port}", StorageOptions(prefix=prefix)
    ) as storage:
        with pytest.raises(StorageUnavailable, match="a replica"):
            await storage.secrets.get("x")


async def test_another_server_at_the_same_address_is_a_failover(trio: Watched, prefix: str) -> None:
    with watched() as others:
        async with (
            switch(trio.master.port) as led,
            open_storage(led.url, StorageOptions(prefix=prefix)) as storage,
        ):
            await storage.inbox.put(message())
            before = storage.database.term
            led.port = others.master.port
            led.cut()
            await storage.inbox.put(message())
            after = storage.database.term

    assert after > before


async def test_a_server_that_was_degraded_is_left_and_the_address_asked_anew(
    trio: Watched, prefix: str
) -> None:
    async with (
        switch(trio.master.port) as led,
        open_storage(led.url, StorageOptions(prefix=prefix)) as storage,
    ):
        assert await storage.inbox.put(message(id="e1")) is Receipt.ACCEPTED
        await asyncio.to_thread(trio.fail_over)
        led.port = trio.master.port  # the name moved; the connections are still those to the old master
        await asyncio.to_thread(until, trio.whole)  # by then the old master was made a replica
        receipt = await storage.inbox.put(message(id="e2"))

    assert receipt is Receipt.ACCEPTED
    assert trio.master.ask("XLEN", storage.keys.mail(thread().digest)) == ":2\r\n"
