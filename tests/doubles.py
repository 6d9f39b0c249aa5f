"""Stand-ins that implement the ports, for tests of one side of a seam at a time."""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.domain.claims import Receipt
from bot.domain.errors import StorageUnavailable
from bot.domain.events import Event, ThreadKey
from bot.domain.replies import Option
from bot.domain.stop import StopSignal
from bot.domain.stream_parts import ShownPart
from bot.domain.turns import Progress, Turn


@dataclass
class FakeTurnHandle:
    """A turn handle in memory. `saves` keeps every state a sink saved, in order."""

    id: str = "turn-1"
    attempt: int = 1
    started: float = 0.0
    ref: Mapping[str, Any] | None = None
    saves: list[Mapping[str, Any]] = field(default_factory=list)
    stop: StopSignal = field(default_factory=StopSignal)
    finals: list[Turn] = field(default_factory=list)
    progress: list[Progress] = field(default_factory=list)

    async def save(self, ref: Mapping[str, Any]) -> None:
        self.ref = ref
        self.saves.append(ref)

    async def advance(self, progress: Progress) -> None:
        self.progress.append(progress)

    async def keep(self, final: Turn) -> None:
        self.finals.append(final)

    def next_attempt(self) -> "FakeTurnHandle":
        """The handle as the worker that takes over sees it."""
        return FakeTurnHandle(
            id=self.id, attempt=self.attempt + 1, started=self.started, ref=self.ref, saves=self.saves
        )


@dataclass
class FakeInbox:
    """Takes every event once. With `down` set it refuses like a Redis that is away."""

    events: list[Event] = field(default_factory=list)
    down: bool = False
    answer: Receipt = Receipt.ACCEPTED

    async def put(self, event: Event) -> Receipt:
        if self.down:
            raise StorageUnavailable("down")
        if any(
            event.id == seen.id and event.thread.workspace == seen.thread.workspace for seen in self.events
        ):
            return Receipt.DUPLICATE
        self.events.append(event)
        return self.answer


@dataclass
class FakeSecrets:
    """A SecretStore in memory, which forgets nothing by itself."""

    kept: dict[str, str] = field(default_factory=dict)

    async def put(self, name: str, value: str, *, seconds: int | None = None) -> None:
        self.kept[name] = value

    async def get(self, name: str) -> str | None:
        return self.kept.get(name)

    async def take(self, name: str) -> str | None:
        return self.kept.pop(name, None)

    async def delete(self, name: str) -> None:
        self.kept.pop(name, None)


async def shown(parts: Iterable[ShownPart]) -> AsyncGenerator[ShownPart, None]:
    """A stream of ready-made pieces."""
    for part in parts:
        yield part


async def nothing_found(thread: ThreadKey, words: str, prefix: str) -> Sequence[Option]:
    """An OptionSearch where nothing matches."""
    return ()
