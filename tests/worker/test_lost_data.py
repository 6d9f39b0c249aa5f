"""Where Redis loses everything, a turn that runs does not stop in mid-word: it goes on, is remembered, and ends."""

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from bot.domain.claims import Claim, Outcome
from bot.domain.errors import PlatformBusy
from bot.ports import TurnHandle
from bot.storage.embedded import server_binary, wait_until
from bot.storage.open import StorageOptions, open_storage
from bot.worker import WorkerLimits
from tests.events import message, thread, turn
from tests.storage.cluster import Node, answers, free_pair
from tests.storage.switch import switch
from tests.worker.test_worker import LEASE, Script, until, until_quiet, working


class Server:
    """A server that forgets everything when it dies."""

    def __init__(self) -> None:
        self.port = free_pair()
        self.url = f"redis://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        words = ("--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
        self._process = subprocess.Popen([server_binary(), *words], stdout=subprocess.DEVNULL)
        node = Node(self.port, self._process)
        assert wait_until(lambda: answers(node), 10.0)

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()


@contextmanager
def forgetful_server() -> Iterator[Server]:
    server = Server()
    server.start()
    try:
        yield server
    finally:
        server.kill()


async def test_an_answer_in_the_middle_of_a_restart_that_lost_everything_is_ended() -> None:
    terms, go_on, halfway = StorageOptions(lease=3), asyncio.Event(), asyncio.Event()

    async def long(claim: Claim, turn_handle: TurnHandle) -> Outcome:
        await turn_handle.save({"ts": "1"})
        halfway.set()
        await go_on.wait()
        await turn_handle.save({"ts": "1", "length": 2})
        await turn_handle.keep(turn("long"))
        return Outcome(append=(turn("long"),))

    script = Script(parts={"long": long})
    with forgetful_server() as server:
        async with open_storage(server.url, terms) as storage, working(server.url, terms, script):
            await storage.inbox.put(message("before"))
            await until_quiet(storage)
            await storage.inbox.put(message("long"))
            await halfway.wait()
            server.kill()
            server.start()
            go_on.set()
            await until(lambda: "long" in script.done)
            await until_quiet(storage)
            said = [each.asked.text for each in await storage.memory.recall(thread())]

    assert script.begun == ["before", "long"]
    assert said == ["before", "long"]


async def test_an_answer_that_was_given_up_in_an_outage_that_lost_everything_is_taken_up_again() -> None:
    terms, halfway = StorageOptions(lease=LEASE), asyncio.Event()
    refs: list[object] = []

    async def long(claim: Claim, turn_handle: TurnHandle) -> Outcome:
        refs.append(turn_handle.ref)
        if turn_handle.ref is None:
            await turn_handle.save({"ts": "1"})
            halfway.set()
            await asyncio.sleep(3600)
        return Outcome(append=(turn("long"),))

    script = Script(parts={"long": long})
    with forgetful_server() as server:
        async with open_storage(server.url, terms) as storage, working(server.url, terms, script):
            await storage.inbox.put(message("before"))
            await until_quiet(storage)
            await storage.inbox.put(message("long"))
            await halfway.wait()
            server.kill()
            await asyncio.sleep(LEASE * 2)  # longer than a worker dares to go on without a beat
            server.start()
            await until(lambda: "long" in script.done)
            await until_quiet(storage)
            said = [each.asked.text for each in await storage.memory.recall(thread())]

    assert refs == [None, {"ts": "1"}]
    assert said == ["before", "long"]


async def test_a_turn_that_is_put_off_after_everything_was_lost_knows_what_it_has_posted() -> None:
    refs: list[object] = []

    with forgetful_server() as server:

        async def busy(claim: Claim, turn_handle: TurnHandle) -> Outcome:
            refs.append(turn_handle.ref)
            if turn_handle.ref is None:
                await turn_handle.save({"ts": "1"})
                async with open_storage(server.url, StorageOptions()) as other:
                    await other.database.ask(("FLUSHALL",))
                raise PlatformBusy("busy", retry_after=0.25)
            return Outcome(append=(turn("busy"),))

        script = Script(parts={"busy": busy})
        terms = StorageOptions(lease=6)  # hardly a beat comes in between
        async with open_storage(server.url, terms) as storage, working(server.url, terms, script):
            await storage.inbox.put(message("busy"))
            await until(lambda: len(refs) > 1)
            await until_quiet(storage)

    assert refs == [None, {"ts": "1"}]


async def test_many_turns_survive_a_loss_over_a_slow_line() -> None:
    """They are written anew together: one after the other would take longer than a lease."""
    terms, many, go_on = StorageOptions(lease=3, per_person=100), 60, asyncio.Event()

    async def long(claim: Claim, turn_handle: TurnHandle) -> Outcome:
        await go_on.wait()
        return Outcome(append=(turn("long"),))

    script = Script(parts={"long": long})
    limits = WorkerLimits(per_person=100)
    with forgetful_server() as server:
        async with (
            switch(server.port, delay=0.04) as slow,
            open_storage(server.url, terms) as storage,
            working(slow.url, terms, script, limits),
        ):
            for number in range(many):
                await storage.inbox.put(message("long", where=thread(f"t{number}")))
            await until(lambda: len(script.begun) == many)
            await storage.database.ask(("FLUSHALL",))
            leases = storage.keys.leases(0)
            async with asyncio.timeout(10):
                while await storage.database.ask(("ZCARD", leases)) != [many]:  # noqa: ASYNC110 - another process's
                    await asyncio.sleep(0.05)
            await asyncio.sleep(terms.lease)  # whoever was given up would be begun again
            go_on.set()
            await until(lambda: len(script.done) >= many)
            await until_quiet(storage)

    assert len(script.begun) == len(script.done) == many
