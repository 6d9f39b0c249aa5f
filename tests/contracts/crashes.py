"""Kills a worker at one exact moment: while its n-th call to the platform, or its n-th save, hangs."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.ports import Journal
from tests.contracts.conversations import Fault, Place
from tests.doubles import FakeJournal


@dataclass
class MortalJournal(FakeJournal):
    """A journal whose worker dies in its first save: before it was kept, or right after."""

    kept: bool = False
    dying: asyncio.Event = field(default_factory=asyncio.Event)

    async def save(self, ref: Mapping[str, Any]) -> None:
        if self.kept:
            await FakeJournal.save(self, ref)
        self.dying.set()
        await asyncio.Event().wait()


async def killed(
    act: Callable[[Journal], Awaitable[object]], journal: FakeJournal, when: asyncio.Event
) -> bool:
    """Runs `act` and cancels it as soon as `when` is set; False: it was done before. Its own errors are raised."""
    errors: list[Exception] = []
    finished = asyncio.Event()

    async def run() -> None:
        try:
            await act(journal)
        except Exception as error:
            errors.append(error)
        finished.set()

    async with asyncio.TaskGroup() as group:
        work = group.create_task(run())
        waits = [group.create_task(when.wait()), group.create_task(finished.wait())]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        dead = when.is_set() and not finished.is_set()
        for task in (work, *waits):
            task.cancel()
    if errors and not dead:
        raise errors[0]
    return dead


async def killed_in_call(
    place: Place, act: Callable[[Journal], Awaitable[object]], journal: FakeJournal, call: int, fault: Fault
) -> FakeJournal | None:
    """The journal as the next worker gets it, or None when `act` needed fewer calls."""
    place.fault(call, fault)
    dead = await killed(act, journal, place.hanging)
    place.cut()
    return journal.next_attempt() if dead else None


async def killed_in_save(
    place: Place, act: Callable[[Journal], Awaitable[object]], journal: FakeJournal, *, kept: bool
) -> FakeJournal:
    """The journal as the next worker gets it after a death in the first save."""
    mortal = MortalJournal(id=journal.id, started=journal.started, kept=kept)
    dead = await killed(act, mortal, mortal.dying)
    place.cut()

    assert dead, "a sink must save what it posted"
    return FakeJournal(id=journal.id, attempt=2, started=journal.started, ref=mortal.ref)
