"""What an answer did with tools so far, and what its rounds used."""

from dataclasses import dataclass, field, fields, replace

from bot.domain.generated import FileNote
from bot.domain.stream_parts import Source, Usage
from bot.domain.turns import Before, Progress, Step, StepState, Turn


@dataclass(slots=True)
class WorkSoFar:
    """The calls of all rounds, and the sum of those that ended."""

    steps: list[Step] = field(default_factory=list)  # those of earlier messages included
    before: str = ""  # the answer's text in earlier messages
    exhausted: bool = False  # tools were called to the last round
    closed: int = 0  # characters of this message in rounds that ended
    _ended: Progress = field(default_factory=Progress)

    @property
    def pending(self) -> bool:
        """Whether a call waits for a person."""
        return any(step.state is StepState.ASKED for step in self.steps)

    @property
    def rounds(self) -> int:
        return len({step.round for step in self.steps})

    def stop(self) -> None:
        """Whoever stops an answer does not want what it still asks for."""
        self.steps = [
            replace(step, state=StepState.REFUSED) if step.state is StepState.ASKED else step
            for step in self.steps
        ]

    def advanced(self, text: str, sources: tuple[Source, ...], files: tuple[FileNote, ...]) -> Progress:
        """How far it is, to be stored; `text`, `sources` and `files` are this message's."""
        return replace(self._ended, text=text, sources=sources, files=files, steps=tuple(self.steps))

    def resume(self, progress: Progress) -> None:
        """Begins where an earlier attempt had come to; its text is still to be shown."""
        self.steps, self._ended, self.closed = list(progress.steps), progress, len(progress.text)

    def end_round(self, usage: Usage | None, cost: float | None, served: str, length: int) -> None:
        """Adds up what the round used; `cost` in USD. This message has so many characters now."""
        self._ended = replace(self._ended, usage=self.usage(usage), cost=self.cost(cost), served_by=served)
        self.closed = length

    def usage(self, last: Usage | None) -> Usage | None:
        """Of all rounds, with the last one's."""
        return added(self._ended.usage, last)

    def cost(self, last: float | None) -> float | None:
        """The same in USD."""
        known = [one for one in (self._ended.cost, last) if one is not None]
        return sum(known) if known else None


def added(one: Usage | None, other: Usage | None) -> Usage | None:
    """What two requests used together; None where nothing is known of either."""
    if one is None or other is None:
        return one or other
    counts = {each.name: getattr(one, each.name) + getattr(other, each.name) for each in fields(Usage)}
    return Usage(**counts | {"estimated": one.estimated or other.estimated})


def said_before(turn: Turn) -> str:
    """What a turn that goes on had said, as the rest of its answer follows it."""
    return f"{turn.answer.rstrip()}\n\n" if turn.answer.strip() else ""


def continued(before: Turn, after: Turn) -> Turn:
    """One turn of an answer that waited for a person, and its rest."""
    known = [one for one in (before.cost, after.cost) if one is not None]
    return replace(
        after,
        answer=(said_before(before) + after.answer).rstrip(),
        sources=(*before.sources, *after.sources),
        files=(*before.files, *after.files),
        tables=before.tables + after.tables,
        usage=added(before.usage, after.usage),
        cost=sum(known) if known else None,
        shown=(*before.shown, *after.shown),
        before=Before(
            characters=len(said_before(before)),
            messages=len(before.shown),
            sources=len(before.sources),
            files=len(before.files),
        ),
        seconds=round(before.seconds + after.seconds, 1),
    )
