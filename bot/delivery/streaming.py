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
from bot.domain.generated import GeneratedFile
from bot.domain.shown_steps import ShownStep
from bot.domain.stream_parts import BranchPlace, Closing, ShownPart, Source, Status, Text, Thinking

DRAWS = 200  # a second in one process: with more growing answers, each is drawn more seldom


@dataclass(slots=True)
class _Crowd:
    """The answers that grow in this process."""

    size: int = 0

    @property
    def pause(self) -> float:
        return self.size / DRAWS


_CROWD = _Crowd()


@dataclass(slots=True)
class GrowingAnswer:
    """What is known of an answer so far. `closing` is set by the last part. Whoever draws it sets `again` when it is to be
    drawn once more after the pause, also if nothing new comes.
    """

    text: str = ""
    status: str = ""  # what is happening since the last text came
    thinking: bool = False  # the model is thinking now: no text has come since
    closing: Closing | None = None
    place: BranchPlace | None = None
    again: bool = False
    files: list[GeneratedFile] = field(default_factory=list)
    _sources: dict[int, Source] = field(default_factory=dict)
    _steps: dict[str, ShownStep] = field(default_factory=dict)

    @property
    def sources(self) -> tuple[Source, ...]:
        """In the order of their numbers."""
        return tuple(self._sources[number] for number in sorted(self._sources))

    @property
    def steps(self) -> tuple[ShownStep, ...]:
        """In the order in which they began."""
        return tuple(self._steps.values())

    def take(self, part: ShownPart) -> None:
        match part:
            case Text(text):
                self.text += text
                self.thinking, self.status = False, ""
            case Thinking():
                self.thinking = True
            case Source(number=number):
                self._sources[number] = part
            case ShownStep(id=id):
                self._steps[id] = part
            case GeneratedFile():
                self.files.append(part)
            case Status(text):
                self.status = text
            case BranchPlace():
                self.place = part
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

    What is complete within the seconds of `together` is not drawn: its one message is the whole answer. With a `pulse`,
    `draw` is also called at the start, and again after so many seconds without a part.

    `draw` returns the seconds to pause. It is not called for the closed answer, which is returned: a pause
    ends at once when the answer does. The first error of either side ends both and is raised unchanged.
    """
    following = _Following(draw=draw, clock=clock, pulse=pulse, together=together)
    _CROWD.size += 1
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(following.read(parts))
            await following.show(group)
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    finally:
        _CROWD.size -= 1
    return following.answer


@dataclass(slots=True, kw_only=True)
class _Following:
    """One answer while it is followed."""

    draw: Callable[[GrowingAnswer], Awaitable[float]]
    clock: Clock
    pulse: float | None
    together: float
    answer: GrowingAnswer = field(default_factory=GrowingAnswer)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self, parts: AsyncGenerator[ShownPart, None]) -> None:
        async with aclosing(parts):
            async for part in parts:
                self.answer.take(part)
                self.changed.set()
        self.ended.set()
        self.changed.set()

    async def show(self, group: asyncio.TaskGroup) -> None:
        if self.together:
            await self._until_ended(group, self.together)
        if self.pulse is not None:
            await self._drawn(group)
        while not self.ended.is_set():
            pulse = [] if self.pulse is None else [self.clock.sleep(self.pulse)]
            await _first(group, self.changed.wait(), *pulse)
            self.changed.clear()
            if self.ended.is_set() or self.answer.closing:
                continue
            await self._drawn(group)
            if self.answer.again:
                self.changed.set()

    async def _drawn(self, group: asyncio.TaskGroup) -> None:
        """Draws it, and waits for the pause."""
        pause = await self.draw(self.answer)
        await self._until_ended(group, max(pause, _CROWD.pause))

    async def _until_ended(self, group: asyncio.TaskGroup, seconds: float) -> None:
        await _first(group, self.clock.sleep(seconds), self.ended.wait())


async def _first(group: asyncio.TaskGroup, *waits: Coroutine[Any, Any, object]) -> None:
    """Waits until one of them is done, and cancels the others."""
    tasks = [group.create_task(wait) for wait in waits]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
