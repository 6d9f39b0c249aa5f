"""Several models answer one question at once, each in a column of its own, none waiting for another."""

import asyncio
import hashlib
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

from bot.answers.answering import Answers
from bot.answers.attempt import Attempt
from bot.answers.comparison_words import (
    ALONE,
    NO_TOOLS,
    column_closing,
    column_text,
    heading,
    hidden_notice,
    unread_by_some,
)
from bot.answers.fallback import FallbackRouter
from bot.answers.question import PromptBuilder, Question, caller_of
from bot.answers.tools.toolbox import Toolbox
from bot.context import Context
from bot.domain.catalog import Model
from bot.domain.errors import Fenced
from bot.domain.formatting import clean_name
from bot.domain.stream_parts import BranchPlace, ShownPart, Source, Status, Text, Thinking
from bot.domain.turns import Candidate
from bot.models.pricing import Prices
from bot.turn_ports import ColumnHandle

LABELS = "ABCD"


@dataclass(slots=True, kw_only=True)
class Seat:
    """One model at the table. `label` is the name it is shown by."""

    model: Model
    label: str
    hidden: bool
    handle: ColumnHandle
    answers: list[Candidate] = field(default_factory=list)  # one, in the end


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What came of it. `notice`: what the person has to know of files and tools."""

    candidates: tuple[Candidate, ...]
    notice: str


class SideBySide:
    """Asks several models the same question. A model that has finished is never asked again."""

    def __init__(
        self,
        *,
        fallback: FallbackRouter,
        answers: Answers,
        prices: Prices,
        toolbox: Toolbox,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._fallback = fallback
        self._answers = answers
        self._prices = prices
        self._toolbox = toolbox
        self._clock = clock

    async def ask(
        self,
        context: Context,
        question: Question,
        models: Sequence[Model],
        *,
        hidden: bool = False,
        folded: bool = False,
        place: BranchPlace | None = None,
    ) -> Asked:
        """All answers, once the last has ended. What a sink raises is raised when the others have ended, too. `place`: theirs,
        where that is shown.
        """
        seats = _seats(context, models, hidden=hidden, folded=folded)
        async with self._answers.prompts(context, question, [seat.model for seat in seats]) as prompt_for:
            unread = prompt_for.files.notice(*models)
            troubles = await _all_of([self._seated(context, seat, prompt_for, place) for seat in seats])
        if troubles:
            raise troubles[0]
        caller = caller_of(context, question)
        offered = [await self._toolbox.offered(context, model, caller) for model in models]
        unread = unread_by_some(unread) if hidden else unread
        notice = " ".join(filter(None, [unread, NO_TOOLS if any(offered) else ""]))
        return Asked(candidates=tuple(seat.answers[0] for seat in seats), notice=notice)

    async def _seated(
        self, context: Context, seat: Seat, prompt_for: PromptBuilder, place: BranchPlace | None
    ) -> None:
        """One column from its first word to its end. Where one person alone is answered, nothing grows: all comes at once."""
        known = seat.handle.candidate
        if known is not None and known.model == seat.model.name:
            parts = _again(seat, known, context.turn_handle.id)
        else:
            parts = self._grow(context, seat, prompt_for)
        async with aclosing(parts):
            if context.private:
                async for _ in parts:
                    pass
                return
            ids = await context.sink_of(seat.handle).show(_placed(parts, place))
        seat.answers[0] = replace(seat.answers[0], shown=tuple(ids))

    async def _grow(
        self, context: Context, seat: Seat, prompt_for: PromptBuilder
    ) -> AsyncGenerator[ShownPart, None]:
        """No fallback: it is this model that is compared."""
        attempt = Attempt(model=seat.model, began=self._clock(), clock=self._clock)
        relayed = self._fallback.stream(context, seat.model, (), prompt_for)
        begun = False
        yield Status(f"{clean_name(seat.label)} is answering")
        async with aclosing(attempt.watch(relayed, context.turn_handle.stop)) as parts:
            async for part in parts:
                if isinstance(part, Text) and not begun:
                    begun = True
                    yield Text(heading(seat.label))
                if isinstance(part, Text) or (
                    isinstance(part, Source | Status | Thinking) and not seat.hidden
                ):
                    yield part
        prompt_for.settle(attempt)
        prompt_for.note_search(attempt)
        candidate = self._candidate(seat, attempt)
        await seat.handle.finish(
            candidate
        )  # stored before it is shown: after a crash it is not asked, and paid, again
        seat.answers.append(candidate)
        if not begun:
            yield Text(heading(seat.label))
        yield column_closing(candidate, turn=context.turn_handle.id, hidden=seat.hidden)

    def _candidate(self, seat: Seat, attempt: Attempt) -> Candidate:
        reason, ending = attempt.ending()
        if seat.hidden:
            ending = hidden_notice(reason, seat.label) if ending else ""
        left_out = (attempt.left_out.notice(),) if attempt.left_out else ()
        return Candidate(
            model=seat.model.name,
            label=seat.label if seat.hidden else "",
            answer=attempt.text,
            served_by=_told(seat.model, attempt.served),
            reason=reason.value,
            seconds=round(self._clock() - attempt.began, 1),
            first=round(attempt.first, 2),
            usage=attempt.usage,
            cost=self._prices.cost(seat.model, attempt.usage, attempt.served) if attempt.usage else None,
            notice=" ".join(filter(None, [ending, ALONE if attempt.beside else ""])),
            sources=attempt.sources,
            remarks=(*attempt.remarks, *left_out),
            refused=attempt.refused,
        )


def _seats(context: Context, models: Sequence[Model], *, hidden: bool, folded: bool) -> list[Seat]:
    """Hidden: in an order that nobody can know from what was typed, the same after every crash."""
    if hidden:
        named = {model.name: model for model in models}
        models = [named[name] for name in shuffled(context.turn_handle.id, list(named))]
    handles = context.turn_handle.columns(len(models), folded=folded)
    labels = LABELS if hidden else [model.name for model in models]
    return [
        Seat(model=model, label=label, hidden=hidden, handle=handle)
        for model, label, handle in zip(models, labels, handles, strict=False)
    ]


def shuffled(seed: str, names: Sequence[str]) -> list[str]:
    """The names in an order that only the seed decides."""
    return sorted(names, key=lambda name: hashlib.sha256(f"{seed}/{name}".encode()).digest())


def _told(model: Model, served: str) -> str:
    """The vendor's name for what answered, where it is another than the one that was asked for."""
    asked = clean_name(model.model)
    return "" if served.startswith(asked) or asked.endswith(served) else served


async def _placed(
    parts: AsyncGenerator[ShownPart, None], place: BranchPlace | None
) -> AsyncGenerator[ShownPart, None]:
    """With their place before them."""
    async with aclosing(parts):
        if place:
            yield place
        async for part in parts:
            yield part


async def _again(seat: Seat, candidate: Candidate, turn: str) -> AsyncGenerator[ShownPart, None]:
    """A finished column, without asking its model."""
    seat.answers.append(candidate)
    yield Text(column_text(candidate, seat.label))
    for source in () if seat.hidden else candidate.sources:
        yield source
    yield column_closing(candidate, turn=turn, hidden=seat.hidden)


async def _all_of(works: Sequence[Coroutine[Any, Any, None]]) -> list[Exception]:
    """Does all at once, each to its end; returns what went wrong. Who has lost the turn ends all."""
    troubles: list[Exception] = []

    async def caught(work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Fenced:
            raise
        except Exception as error:
            troubles.append(error)

    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(caught(work))
    except ExceptionGroup as lost:  # by several at once, maybe
        raise lost.exceptions[0] from None
    return troubles
