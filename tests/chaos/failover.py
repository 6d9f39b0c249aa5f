"""Failovers under load: a master, two replicas, three sentinels, and people who ask all the while."""

import asyncio
import time
from dataclasses import dataclass

from bot.storage.open import StorageOptions, open_storage
from tests.chaos.playground import Playground
from tests.chaos.run import Chaos, Figures, Plan, question
from tests.chaos.servers import EmbeddedServer
from tests.storage.sentinel import Watched, watched

WHOLE = 90.0  # seconds until every replica follows the new master


@dataclass(frozen=True, slots=True, kw_only=True)
class FailoverPlan:
    """In every round each conversation asks once, somewhere in the window, and the master changes amid it."""

    planned: int
    kills: int
    conversations: int = 24
    window: float = 6.0  # seconds
    replicas: int = 3
    lease: float = 3.0
    seed: int = 1

    @property
    def rounds(self) -> int:
        return self.planned + self.kills


class FailoverChaos(Chaos):
    """Rounds of questions and failovers; what was asked is counted as in any other chaos."""

    def __init__(self, *, plan: FailoverPlan, playground: Playground, servers: Watched) -> None:
        whole = Plan(
            conversations=plan.conversations,
            messages=plan.rounds,
            worker_kills=0,
            server_kills=0,
            replicas=plan.replicas,
            lease=plan.lease,
            seed=plan.seed,
        )
        super().__init__(plan=whole, playground=playground, redis_url=servers.url, server=EmbeddedServer())
        self._rounds = plan
        self._servers = servers

    async def play(self) -> None:
        kinds = ["planned"] * self._rounds.planned + ["kill"] * self._rounds.kills
        self._random.shuffle(kinds)
        for number, kind in enumerate(kinds):
            async with asyncio.TaskGroup() as group:
                group.create_task(self._fail_over(kind))
                for conversation in range(self._rounds.conversations):
                    group.create_task(self._ask(number, conversation))
            if number + 1 == self._rounds.rounds:
                return
            deadline = time.monotonic() + WHOLE
            while not await asyncio.to_thread(self._servers.whole):
                assert time.monotonic() < deadline, "the replicas do not follow"
                await asyncio.sleep(0.2)

    async def _fail_over(self, kind: str) -> None:
        await asyncio.sleep(self._rounds.window * self._random.uniform(0.2, 0.4))
        if kind == "planned":
            await asyncio.to_thread(self._servers.fail_over)
            self.figures.planned += 1
            return
        killed = await asyncio.to_thread(self._servers.kill_master)
        self.figures.server_kills += 1
        await asyncio.to_thread(self._servers.restart, killed)

    async def _ask(self, number: int, conversation: int) -> None:
        await asyncio.sleep(self._rounds.window * self._random.random())
        deliveries = self._playground.ask(conversation, question(number, conversation))
        self.figures.messages += 1
        for delivery in deliveries:
            await self.until_acknowledged(delivery)


async def failovers(plan: FailoverPlan, playground: Playground) -> Figures:
    """Carries the plan out and returns what it came to."""
    began = time.monotonic()
    with watched(replicas=2, sentinels=3) as servers:
        terms = StorageOptions(prefix="chaos")
        async with playground.running(drop_rate=0), open_storage(servers.url, terms) as storage:
            chaos = FailoverChaos(plan=plan, playground=playground, servers=servers)
            async with chaos.replicas():
                await chaos.play()
                await chaos.settle(storage)
                await chaos.count(storage)
    chaos.figures.seconds = time.monotonic() - began
    return chaos.figures
