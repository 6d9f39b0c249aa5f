"""An answer while it grows: read at the model's speed, drawn at the platform's.

The two are independent: pieces are taken in while an earlier state is still on its way to the platform, so a slow
platform never slows the model down, and whatever came meanwhile goes out together.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from bot.delivery.pacing import Clock
from bot.domain.stream_parts import Closing, ShownPart, Status, Text, Thinking


@dataclass(slots=True)
class GrowingAnswer:
    """What is known of an answer so far. `closing` is set with the last piece."""

    text: str = ""
    status: str = ""
    thinking: bool = False  # the model is thinking now: it has not said anything since
    closing: Closing | None = None

    def take(self, part: ShownPart) -> None:
        match part:
            case Text(text):
                self.text += text
                self.thinking = False
            case Thinking():
                self.thinking = True
            case Status(text):
                self.status = text
            case Closing():
                self.closing = part


async def follow(
    parts: AsyncGenerator[ShownPart, None],
    draw: Callable[[GrowingAnswer], Awaitable[float]],
    *,
    clock: Clock,
    pulse: float | None = None,
) -> GrowingAnswer:
    """Reads to the end; calls `draw` with what is there whenever there is something new and it may be shown.

    With a `pulse` it is also called at the start, and again after so many seconds in which nothing came.

    `draw` returns the seconds to leave the platform alone. It is not called with the closed answer, which is
    returned: a pause ends at once when the answer does. The first error of either side ends both and is raised
    as it is.
    """
    answer = GrowingAnswer()
    changed, ended = asyncio.Event(), asyncio.Event()

    async def read() -> None:
        async with aclosing(parts):
            async for part in parts:
                answer.take(part)
                changed.set()
        ended.set()
        changed.set()

    async def show(group: asyncio.TaskGroup) -> None:
        if pulse is not None:
            await _first(group, clock.sleep(await draw(answer)), ended.wait())
        while not ended.is_set():
            await _first(group, changed.wait(), *([] if pulse is None else [clock.sleep(pulse)]))
            changed.clear()
            if ended.is_set() or answer.closing:
                continue
            await _first(group, clock.sleep(await draw(answer)), ended.wait())

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(read())
            await show(group)
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return answer


async def _first(group: asyncio.TaskGroup, *waits: Coroutine[Any, Any, object]) -> None:
    """Waits until one of them is over, and lets go of the others."""
    tasks = [group.create_task(wait) for wait in waits]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
