"""A growing answer: read at the model's speed, shown at the platform's.

The two are independent: parts are read while an earlier state is still being sent to the platform. So a slow
platform never slows the model down, and all parts that came meanwhile are shown together.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from bot.delivery.pacing import Clock
from bot.domain.stream_parts import Closing, GeneratedPicture, ShownPart, Source, Status, Text, Thinking


@dataclass(slots=True)
class GrowingAnswer:
    """What is known of an answer so far. `closing` is set by the last part. Whoever draws it sets `again` when it is to be
    drawn once more after the pause, also if nothing new comes.
    """

    text: str = ""
    status: str = ""
    thinking: bool = False  # the model is thinking now: no text has come since
    closing: Closing | None = None
    again: bool = False
    pictures: list[GeneratedPicture] = field(default_factory=list)
    _sources: dict[int, Source] = field(default_factory=dict)

    @property
    def sources(self) -> tuple[Source, ...]:
        """In the order of their numbers."""
        return tuple(self._sources[number] for number in sorted(self._sources))

    def take(self, part: ShownPart) -> None:
        match part:
            case Text(text):
                self.text += text
                self.thinking = False
            case Thinking():
                self.thinking = True
            case Source(number=number):
                self._sources[number] = part
            case GeneratedPicture():
                self.pictures.append(part)
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
    together: float = 0.0,
) -> GrowingAnswer:
    """Reads the stream to its end. Calls `draw` with the answer so far when there is something new and the
    pause is over.

    What is complete within the seconds of `together` is not drawn: its one message is the whole answer. With a `pulse`, `draw` is also called at the start, and again after so many seconds without a part.

    `draw` returns the seconds to pause. It is not called for the closed answer, which is returned: a pause
    ends at once when the answer does. The first error of either side ends both and is raised unchanged.
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
        if together:
            await _first(group, clock.sleep(together), ended.wait())
        if pulse is not None:
            await _first(group, clock.sleep(await draw(answer)), ended.wait())
        while not ended.is_set():
            await _first(group, changed.wait(), *([] if pulse is None else [clock.sleep(pulse)]))
            changed.clear()
            if ended.is_set() or answer.closing:
                continue
            await _first(group, clock.sleep(await draw(answer)), ended.wait())
            if answer.again:
                changed.set()

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(read())
            await show(group)
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return answer


async def _first(group: asyncio.TaskGroup, *waits: Coroutine[Any, Any, object]) -> None:
    """Waits until one of them is done, and cancels the others."""
    tasks = [group.create_task(wait) for wait in waits]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
