"""Kills a worker at one exact moment: while its n-th call to the platform, or its n-th save, hangs."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.ports import TurnHandle
from tests.contracts.conversations import Fault, Place
from tests.doubles import FakeTurnHandle


@dataclass
class MortalJournal(FakeTurnHandle):
    """A journal whose worker dies in its first save: before it was kept, or right after."""

    kept: bool = False
    dying: asyncio.Event = field(default_factory=asyncio.Event)

    async def save(self, ref: Mapping[str, Any]) -> None:
        if self.kept:
            await FakeTurnHandle.save(self, ref)
        self.dying.set()
        await asyncio.Event().wait()


async def killed(
    act: Callable[[TurnHandle], Awaitable[object]], turn_handle: FakeTurnHandle, when: asyncio.Event
) -> bool:
    """Runs `act` and cancels it as soon as `when` is set; False: it was done before. Its own errors are raised."""
    errors: list[Exception] = []
    finished = asyncio.Event()

    async def run() -> None:
        try:
            await act(turn_handle)
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
    place: Place,
    act: Callable[[TurnHandle], Awaitable[object]],
    turn_handle: FakeTurnHandle,
    call: int,
    fault: Fault,
) -> FakeTurnHandle | None:
    """The journal as the next worker gets it, or None when `act` needed fewer calls."""
    place.fault(call, fault)
    dead = await killed(act, turn_handle, place.hanging)
    place.cut()
    return turn_handle.next_attempt() if dead else None


async def killed_in_save(
    place: Place, act: Callable[[TurnHandle], Awaitable[object]], turn_handle: FakeTurnHandle, *, kept: bool
) -> FakeTurnHandle:
    """The journal as the next worker gets it after a death in the first save."""
    mortal = MortalJournal(id=turn_handle.id, started=turn_handle.started, kept=kept)
    dead = await killed(act, mortal, mortal.dying)
    place.cut()

    assert dead, "a sink must save what it posted"
    return FakeTurnHandle(id=turn_handle.id, attempt=2, started=turn_handle.started, ref=mortal.ref)
