"""What is asked of Redis in one tick of the loop goes there together: one write on one connection, and one read.

A system call costs as much as a script. So nobody sends alone: whoever asks in the same tick shares a batch, and so do
those who ask while MOST batches for the same place are under way. Each has its own answers, errors and patience; a batch
that fails fails for everybody in it, and each asks again.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

MOST = 4  # batches under way to one place; a slow line carries that many at once

Place = TypeVar("Place", bound=Hashable)
Question = TypeVar("Question")


@dataclass(slots=True)
class _Lane(Generic[Question]):
    """The way to one place."""

    waiting: list[tuple[asyncio.Future[list[Any]], Sequence[Question]]] = field(default_factory=list)
    under_way: int = 0
    called: bool = False


class Batches(Generic[Place, Question]):
    """`send` asks several questions at one place in one go; its answers are values, errors among them, in order."""

    def __init__(self, send: Callable[[Place, Sequence[Question]], Awaitable[Sequence[Any]]]) -> None:
        self._send = send
        self._lanes: defaultdict[Place, _Lane[Question]] = defaultdict(_Lane)
        self._sending: set[asyncio.Task[None]] = set()

    async def answers(self, place: Place, questions: Sequence[Question]) -> list[Any]:
        """The answers to these. Raises what `send` raises. Whoever is cancelled leaves without their answers."""
        loop = asyncio.get_running_loop()
        lane = self._lanes[place]
        answered: asyncio.Future[list[Any]] = loop.create_future()
        lane.waiting.append((answered, questions))
        if not lane.called:
            lane.called = True
            loop.call_soon(self._set_off, place, lane)
        return await answered

    async def close(self) -> None:
        for task in self._sending:
            task.cancel()
        if self._sending:
            await asyncio.wait(self._sending)

    def _set_off(self, place: Place, lane: _Lane[Question]) -> None:
        lane.called = False
        batch = [each for each in lane.waiting if not each[0].done()]  # some have left
        if not batch or lane.under_way >= MOST:
            lane.waiting = batch
            return
        lane.waiting = []
        lane.under_way += 1
        # Its errors go to those who asked, and a group's would end everybody.
        task = asyncio.create_task(self._carry(place, lane, batch))  # noqa: TID251
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _carry(
        self,
        place: Place,
        lane: _Lane[Question],
        batch: list[tuple[asyncio.Future[list[Any]], Sequence[Question]]],
    ) -> None:
        try:
            answers = await self._send(place, [one for _, questions in batch for one in questions])
            first = 0
            for answered, questions in batch:
                if not answered.done():
                    answered.set_result(list(answers[first : first + len(questions)]))
                first += len(questions)
        except BaseException as error:
            for answered, _ in batch:
                if answered.done():
                    continue
                if isinstance(error, Exception):
                    answered.set_exception(error)
                else:
                    answered.cancel()
            if not isinstance(error, Exception):
                raise
        finally:
            lane.under_way -= 1
            if lane.waiting:
                self._set_off(place, lane)
