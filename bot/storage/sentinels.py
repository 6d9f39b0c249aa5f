"""Follows the sentinels, so that the old master is left before it throws away what it was told.

In a planned failover it goes on answering for some ten seconds, and what it takes in these is lost (redis/redis#6062).
So every sentinel's announcements are heard, from the beginning of a failover on, and as announcements may get lost,
all are asked every second too. Of a majority that answers, the one with the highest epoch is right, as among
sentinels.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from redis.exceptions import RedisError

from bot.storage.clients import Client, RedisAddress
from bot.storage.link import MasterLink

EVERY, SOON = 1.0, 0.1  # seconds between two rounds of questions: usually, and during a failover
PATIENT = 1.0  # seconds for a sentinel's answer
LOST = (RedisError, OSError, AttributeError, TypeError)  # the last two: redis-py, of a connection dropped
HEARD = {"+try-failover": slice(2, 4), "+promoted-slave": slice(6, 8), "+switch-master": slice(1, 3)}
"""What is announced of a master that is to be left, and which words name it."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentinelView:
    """What one sentinel says of the service."""

    host: str
    port: int
    epoch: int
    failing_over: bool


class SentinelWatch:
    """Tells the link where the master is. Runs beside everything else."""

    def __init__(self, *, sentinels: Sequence[Client], service: str, link: MasterLink) -> None:
        self._sentinels = sentinels
        self._service = service
        self._link = link
        self._stirred = asyncio.Event()
        self._confirmed = float("-inf")
        self._troubles: dict[int, str] = {}
        link.confirmed = self.confirms
        link.doubted = self._stirred.set

    def confirms(self) -> bool:
        """Whether a majority has just said that the master is where the link leads, and stays there."""
        return time.monotonic() - self._confirmed < 3 * EVERY

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look_again())
            for sentinel in self._sentinels:
                group.create_task(self._hear(sentinel))

    async def _hear(self, sentinel: Client) -> None:
        while True:
            try:
                async with aclosing(sentinel.pubsub(ignore_subscribe_messages=True)) as heard:
                    await heard.subscribe(*HEARD)
                    while True:
                        await self._note(await heard.get_message(timeout=EVERY))
            except (
                RedisError,
                OSError,
                AttributeError,
                TypeError,
            ) as error:  # the latter two: a connection dropped
                log.debug("a sentinel is not heard", extra={"why": str(error)})
            await asyncio.sleep(EVERY)

    async def _note(self, message: Mapping[str, Any] | None) -> None:
        if not message:
            return
        words = _text(message["data"]).split()
        host, port = self._link.at
        if self._service in words and words[HEARD[_text(message["channel"])]] == [host, str(port)]:
            self._stirred.set()
            await self._link.suspend("the sentinels are choosing a new master")

    async def _look_again(self) -> None:
        while True:
            self._stirred.clear()
            try:
                await self._look()
            except Exception:
                log.exception("the sentinels could not be asked")  # asked again: it must not end
            try:
                async with asyncio.timeout(EVERY if self._link.led else SOON):
                    await self._stirred.wait()
            except TimeoutError:
                continue

    async def _look(self) -> None:
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(self._ask(number)) for number in range(len(self._sentinels))]
        if self._stirred.is_set():
            return  # these answers may be older than what was announced meanwhile
        views = [view for task in asked if (view := task.result())]
        if 2 * len(views) <= len(self._sentinels):
            why = "; ".join(dict.fromkeys(self._troubles.values()))
            if not self._link.led:
                await self._link.suspend(f"{len(views)} of {len(self._sentinels)} sentinels answer ({why})")
            return
        best = max(views, key=lambda view: view.epoch)
        here = (best.host, best.port)
        agreeing = sum((view.host, view.port) == here for view in views)
        if here == self._link.at and any(view.failing_over for view in views):
            await self._link.suspend("the sentinels are choosing a new master")
        elif here != self._link.at or not self._link.led:
            await self._link.lead(*here)
        elif 2 * agreeing > len(self._sentinels):
            self._confirmed = time.monotonic()

    async def _ask(self, number: int) -> SentinelView | None:
        try:
            async with asyncio.timeout(PATIENT), self._sentinels[number].pipeline(transaction=False) as asked:
                asked.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self._service)
                asked.execute_command("SENTINEL", "MASTER", self._service)
                view = _view(*await asked.execute())
        except (*LOST, TimeoutError, LookupError, ValueError) as error:
            self._troubles[number] = str(error) or "no answer in time"
            return None
        self._troubles.pop(number, None)
        return view


def _view(address: Any, about: Mapping[Any, Any]) -> SentinelView:
    known = {_text(name): _text(value) for name, value in about.items()}
    return SentinelView(
        host=_text(address[0]),
        port=int(address[1]),
        epoch=int(known["config-epoch"]),
        failing_over="failover_in_progress" in known["flags"],
    )


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


@asynccontextmanager
async def watching(address: RedisAddress, link: MasterLink) -> AsyncIterator[None]:
    """The sentinels are watched while the context is open. It may be closed by another task."""
    sentinels = address.sentinels()
    watch = SentinelWatch(sentinels=sentinels, service=address.service, link=link)
    task = asyncio.get_running_loop().create_task(watch.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        for sentinel in sentinels:
            await sentinel.aclose()
