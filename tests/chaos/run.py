"""One chaos run: people ask, processes and the server are killed, and in the end everything is counted."""

import asyncio
import multiprocessing
import os
import random
import re
import signal
import socket
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess

from bot.domain.errors import StorageUnavailable
from bot.storage.open import Storage, StorageOptions, open_storage
from tests.chaos.playground import Delivery, Playground
from tests.chaos.replica import Replica, run
from tests.chaos.servers import EmbeddedServer, Server

QUESTION = re.compile(r"You asked: \D*(\d+) of conversation (\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much of everything. Pauses and times are in seconds."""

    conversations: int
    messages: int  # in each
    worker_kills: int
    server_kills: int
    freezes: int = 0  # a process stopped in the middle of a word, continued when its leases have run out
    replicas: int = 4
    kill_pause: float = 0.9
    drop_rate: float = 0.05
    duplicate_rate: float = 0.10
    lease: float = 1.5
    patience: float = 120.0  # after the last kill, until everything must be answered
    seed: int = 1


@dataclass(slots=True, kw_only=True)
class Figures:
    """What came of it. All but what was done, the excused and the last two must be 0, orphans but the excused."""

    messages: int = 0
    deliveries: int = 0
    worker_kills: int = 0
    server_kills: int = 0
    freezes: int = 0
    planned: int = 0  # failovers that an operator asked for
    lost: int = 0
    duplicated: int = 0
    out_of_order: int = 0
    orphans: int = 0  # messages of the bot that hold no whole answer
    excused: int = 0  # of these, so many may be: the platform lost the answer to their post
    stuck: int = 0  # conversations that still have work
    forgotten: int = 0  # conversations whose memory is not what was said
    seconds: float = 0.0
    details: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        faults = (self.lost, self.duplicated, self.out_of_order, self.stuck, self.forgotten)
        return not any(faults) and self.orphans <= self.excused

    def __str__(self) -> str:
        return (
            f"{self.messages} messages in {self.deliveries} deliveries, {self.worker_kills} worker kills, "
            f"{self.server_kills} server kills, {self.planned} planned failovers, {self.freezes} freezes, "
            f"{self.seconds:.0f} s: {self.lost} lost, "
            f"{self.duplicated} duplicated, {self.out_of_order} out of order, "
            f"{self.orphans} orphans (of {self.excused} possible), {self.stuck} stuck, {self.forgotten} forgotten"
        )


class Chaos:
    """Keeps replicas running and killed, and people asking."""

    def __init__(self, *, plan: Plan, playground: Playground, redis_url: str, server: Server) -> None:
        self._plan = plan
        self._playground = playground
        self._redis_url = redis_url
        self._server = server
        self._random = random.Random(plan.seed)  # noqa: S311 - a test's dice
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tests.chaos.replica", *playground.modules])
        self._ports = free_ports(plan.replicas)
        self._processes: dict[int, ForkServerProcess] = {}
        self.figures = Figures()

    @asynccontextmanager
    async def replicas(self) -> AsyncIterator[None]:
        try:
            for port in self._ports:
                self._start(port)
            yield
        finally:
            for process in self._processes.values():
                process.kill()
                process.join()

    async def rage(self) -> None:
        """Kills until the plan is carried out; whatever died is started anew at once."""
        plan, figures = self._plan, self.figures
        async with asyncio.TaskGroup() as aside:
            for number in range(1, plan.worker_kills + 1):
                await asyncio.sleep(plan.kill_pause * self._random.uniform(0.5, 1.5))
                self._revive()
                await self._kill(self._random.choice(self._ports))
                if number * plan.server_kills // plan.worker_kills > figures.server_kills:
                    figures.server_kills += 1
                    aside.create_task(self._server.kill())
                if number * plan.freezes // plan.worker_kills > figures.freezes:
                    figures.freezes += 1
                    aside.create_task(self._freeze(self._random.choice(self._ports)))

    async def people(self) -> None:
        async with asyncio.TaskGroup() as group:
            for conversation in range(self._plan.conversations):
                group.create_task(self._person(conversation))

    async def settle(self, storage: Storage) -> None:
        """Waits until nothing is left to do, or until patience is over."""
        deadline = time.monotonic() + self._plan.patience
        while time.monotonic() < deadline:
            self._revive()
            if not await self._busy(storage):
                return
            await asyncio.sleep(0.2)

    async def count(self, storage: Storage) -> None:
        for conversation in range(self._plan.conversations):
            asked = list(range(self._plan.messages))
            shown = self._playground.shown(conversation)
            answered = [
                number for each in shown if each.whole for number in answer_to(each.text, conversation)
            ]
            self.figures.lost += len(set(asked) - set(answered))
            self.figures.duplicated += len(answered) - len(set(answered))
            self.figures.out_of_order += answered != sorted(answered)
            orphans = [each for each in shown if not (each.whole and answer_to(each.text, conversation))]
            self.figures.orphans += len(orphans)
            thread = self._playground.thread(conversation)
            remembered = [turn.asked.text for turn in await storage.memory.recall(thread)]
            self.figures.forgotten += remembered != [question(number, conversation) for number in asked]
            if answered != asked or orphans:
                self.figures.details.append(f"{conversation}: {answered} {orphans}")
        self.figures.excused = self._playground.excused
        self.figures.stuck = await self._busy(storage)

    async def _person(self, conversation: int) -> None:
        """Asks one question after the other, without waiting for answers."""
        plan = self._plan
        length = plan.worker_kills * plan.kill_pause
        for number in range(plan.messages):
            await asyncio.sleep(self._random.uniform(0, 2 * length / plan.messages))
            deliveries = self._playground.ask(conversation, question(number, conversation))
            self.figures.messages += 1
            for delivery in deliveries:
                await self.until_acknowledged(delivery)
            if self._random.random() < plan.duplicate_rate:
                await self.until_acknowledged(self._random.choice(deliveries))

    async def until_acknowledged(self, delivery: Delivery) -> None:
        """A platform delivers again what was not acknowledged; here a little faster."""
        while True:
            self.figures.deliveries += 1
            if await self._playground.deliver(delivery, self._random.choice(self._ports)):
                return
            await asyncio.sleep(0.05)

    async def _busy(self, storage: Storage) -> int:
        keys, shards = storage.keys, range(storage.keys.shards)
        places = [
            place
            for shard in shards
            for place in (keys.line(shard)[2], keys.leases(shard), keys.delay(shard))
        ]
        try:
            return sum(map(int, await storage.database.ask(*(("ZCARD", place) for place in places))))
        except StorageUnavailable:
            return 1

    async def _kill(self, port: int) -> None:
        process = self._processes[port]
        process.kill()
        await asyncio.to_thread(process.join)
        self.figures.worker_kills += 1
        self._start(port)

    async def _freeze(self, port: int) -> None:
        """What a process does that believes to hold a lease it has lost: it wakes up in the middle of a turn."""
        process = self._processes[port]
        assert process.pid is not None
        os.kill(process.pid, signal.SIGSTOP)
        await asyncio.sleep(self._plan.lease * 1.5)
        if process.is_alive():
            os.kill(process.pid, signal.SIGCONT)

    def _revive(self) -> None:
        for port, process in self._processes.items():
            if not process.is_alive():
                self.figures.details.append(f"a replica ended by itself: {process.exitcode}")
                self._start(port)

    def _start(self, port: int) -> None:
        replica = Replica(
            redis_url=self._redis_url,
            prefix="chaos",
            lease=self._plan.lease,
            port=port,
            environment=self._playground.environment,
        )
        self._processes[port] = self._context.Process(target=run, args=(replica,), daemon=True)
        self._processes[port].start()


async def chaos(plan: Plan, playground: Playground, server: Server | None = None) -> Figures:
    """Carries the plan out on a server of its own and returns what it came to."""
    began = time.monotonic()
    server = server or EmbeddedServer()
    async with (
        playground.running(drop_rate=plan.drop_rate),
        server.running() as url,
        open_storage(url, StorageOptions(prefix="chaos")) as storage,
    ):
        raging = Chaos(plan=plan, playground=playground, redis_url=url, server=server)
        async with raging.replicas():
            async with asyncio.TaskGroup() as group:
                group.create_task(raging.rage())
                group.create_task(raging.people())
            await raging.settle(storage)
            await raging.count(storage)
    raging.figures.seconds = time.monotonic() - began
    return raging.figures


def question(number: int, conversation: int) -> str:
    return f"{number} of conversation {conversation}"


def answer_to(text: str, conversation: int) -> list[int]:
    """The questions a message answers: one, if all is well."""
    return [int(number) for number, where in QUESTION.findall(text) if int(where) == conversation]


def free_ports(count: int) -> Sequence[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
    finally:
        for each in sockets:
            each.close()
