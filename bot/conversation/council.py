"""/council: several models answer, and a chair says where they agree, where they differ, and answers."""

import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from bot.answers.answering import Answers
from bot.answers.attempt import Attempt
from bot.answers.fallback import FallbackRouter
from bot.answers.precedence import asked_by, select_model
from bot.answers.question import Question
from bot.context import Context, Response
from bot.conversation.comparison import cost_of, used_by
from bot.conversation.council_words import (
    NONE_CAME,
    ONE_CAME,
    TOO_FEW,
    brief,
    council_footer,
    unanswered_by,
    with_answers,
)
from bot.conversation.side_by_side import SideBySide, shuffled
from bot.domain.catalog import Catalog, Model
from bot.domain.claims import Outcome
from bot.domain.formatting import clean_name, join_names
from bot.domain.replies import Reply
from bot.domain.stream_parts import Reason, ShownPart, Status, Usage
from bot.domain.turns import Candidate, Turn
from bot.interceptor import Interceptors, Plan
from bot.models.pricing import Prices
from bot.settings.council import CouncilEntry

USAGE = "Write a question: `/council question`. Several models answer it, and one sums up."
FEWEST, USUAL = 2, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """Who is asked. `unusable`: names of the configuration that cannot be asked here."""

    models: tuple[Model, ...]
    chair: Model
    unusable: tuple[str, ...] = ()


class Council:
    """Asks the members, then the chair."""

    def __init__(
        self,
        *,
        entry: CouncilEntry,
        catalog: Catalog,
        fallback: FallbackRouter,
        answers: Answers,
        columns: SideBySide,
        prices: Prices,
        interceptors: Interceptors,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._entry = entry
        self._catalog = catalog
        self._fallback = fallback
        self._answers = answers
        self._columns = columns
        self._prices = prices
        self._interceptors = interceptors
        self._clock = clock

    async def convene(self, context: Context, question: Question) -> Outcome:
        """Shows the members' answers growing, then the chair's as the turn's own. Raises NoModelAvailable."""
        if context.claim.record.final is not None:
            return await self._answers.show(context, question, None)
        return await self._convened(context, question, self._members(context))

    async def _convened(self, context: Context, question: Question, members: Members) -> Outcome:
        if len(members.models) < FEWEST:
            reply = Reply(text=_too_few(members.unusable), private=context.private)
            return await context.respond(Response(reply=reply).unanswered())
        everybody = list(dict.fromkeys([*members.models, members.chair]))
        question = await self._answers.with_history(context, question, everybody)
        plan = Plan(models=tuple(everybody), asked=question.asked, prior=question.prior, heard=question.heard)
        if (refusal := await self._interceptors.admit(context, plan=plan)) is not None:
            return await context.respond(refusal.unanswered())
        return await self._answers.show(context, question, self._deliberate(context, question, members))

    async def again(self, context: Context, question: Question, turn: Turn, model: str) -> Outcome:
        """Another word of the chair, or of another model in its place, about the answers that are there. Where none came, and
        where they are to another question, the members are asked again.
        """
        if context.claim.record.final is not None:
            return await self._answers.show(context, question, None)
        chair = self._chair(context, model or (turn.chair or turn).model)
        if turn.reworded or not any(one.answer.strip() for one in turn.candidates):
            return await self._convened(context, question, self._members(context, turn, chair))
        question = await self._answers.with_history(context, question, [chair])
        plan = Plan(models=(chair,), asked=question.asked, prior=question.prior, heard=question.heard)
        if (refusal := await self._interceptors.admit(context, plan=plan)) is not None:
            return await context.respond(refusal.unanswered())
        parts = self._chaired(context, question, chair, turn.candidates, began=self._clock(), paid=False)
        return await self._answers.show(context, question, parts)

    def _members(self, context: Context, before: Turn | None = None, chair: Model | None = None) -> Members:
        """Those of an earlier council, of the configuration, or the first of each provider and then whoever else there is,
        those with a job last; and who sums up.
        """
        names = [one.model for one in before.candidates] if before else self._entry.models
        found = [(name, self._catalog.find(name)) for name in names]
        usable = [model for _, model in found if model is not None and context.allowed(model)]
        unusable = tuple(name for name, model in found if model is None or not context.allowed(model))
        if not found:
            usual = context.usable(self._catalog.featured)
            shown = sorted(usual, key=lambda model: bool(model.instructions or model.agent))
            first = {model.provider: model for model in reversed(shown)}
            apart = [model for model in shown if first[model.provider] is model]
            usable = list(dict.fromkeys([*apart, *shown]))[:USUAL]
        chair = chair or self._chair(context, self._entry.chair)
        return Members(models=tuple(dict.fromkeys(usable)), chair=chair, unusable=unusable)

    def _chair(self, context: Context, name: str) -> Model:
        """That one, or the first that answers here: auto's, where it is to choose."""
        chair = self._catalog.find(name) if name else self._catalog.default
        if chair is not None and context.allowed(chair):
            return chair
        chosen = select_model(self._catalog, context.claim.preferences, context.allowed).model
        return asked_by(chosen, self._catalog, context.allowed)[0]

    async def _deliberate(
        self, context: Context, question: Question, members: Members
    ) -> AsyncGenerator[ShownPart | Turn, None]:
        began = self._clock()
        names = [clean_name(model.name) for model in members.models]
        yield Status(f"Asking {', '.join(names[:-1])} and {names[-1]}")
        asked = await self._columns.ask(context, question, members.models, folded=True)
        notice = " ".join(filter(None, [asked.notice, _missing(members.unusable)]))
        chaired = self._chaired(
            context, question, members.chair, asked.candidates, began=began, paid=True, notice=notice
        )
        async with aclosing(chaired) as parts:
            async for part in parts:
                yield part

    async def _chaired(
        self,
        context: Context,
        question: Question,
        chair: Model,
        candidates: Sequence[Candidate],
        *,
        began: float,
        paid: bool,
        notice: str = "",
    ) -> AsyncGenerator[ShownPart | Turn, None]:
        """The chair's answer as it grows; the last item is the finished turn. `paid`: the members' answers are paid with it."""
        answers = _anonymous(candidates, question.asked.message or context.turn_handle.id)
        attempt = Attempt(model=chair, began=self._clock(), clock=self._clock)
        if answers:
            yield Status(f"{clean_name(chair.name)} is summing up")
            async with aclosing(self._asked(context, question, attempt, answers)) as parts:
                async for part in parts:
                    yield part
        yield self._turn(
            context, question, attempt, candidates, answers, began=began, paid=paid, notice=notice
        )

    async def _asked(
        self, context: Context, question: Question, attempt: Attempt, answers: Sequence[Candidate]
    ) -> AsyncGenerator[ShownPart, None]:
        chair = replace(attempt.model, instructions=_briefed(attempt.model, len(answers)))
        quotes = (*question.asked.quotes, *with_answers(question.asked, answers, chair))
        told = replace(question, asked=replace(question.asked, quotes=quotes))
        async with self._answers.prompts(context, told, [chair]) as prompt_for:
            relayed = self._fallback.stream(context, chair, (), prompt_for)
            async with aclosing(attempt.watch(relayed, context.turn_handle.stop)) as parts:
                async for part in parts:
                    yield part
            prompt_for.settle(attempt)
            prompt_for.note_search(attempt)

    def _turn(
        self,
        context: Context,
        question: Question,
        attempt: Attempt,
        candidates: Sequence[Candidate],
        answers: Sequence[Candidate],
        *,
        began: float,
        paid: bool,
        notice: str,
    ) -> Turn:
        own = self._prices.cost(attempt.model, attempt.usage, attempt.served) if attempt.usage else None
        members = cost_of(candidates)
        whole = None if own is None and members is None else (own or 0.0) + (members or 0.0)
        reason, ending = attempt.ending() if answers else (Reason.FAILED, NONE_CAME)
        few = ONE_CAME if len(answers) == 1 else ""
        at = attempt.began
        return Turn(
            id=context.turn_handle.id,
            asked=question.asked,
            heard=question.heard,
            place=question.place,
            time_zone=question.time_zone,
            answer=attempt.text,
            model=attempt.model.name,
            served_by=attempt.served,
            sources=attempt.sources,
            reason=reason.value,
            footer=council_footer(attempt.footer(), candidates, whole, answers),
            notice=" ".join(filter(None, [ending, few, unanswered_by(candidates), notice])),
            candidates=tuple(candidates),
            council=True,
            usage=_added(attempt.usage, candidates) if paid else attempt.usage,
            cost=whole if paid else own,
            seconds=round(self._clock() - began, 1),
            first=round(attempt.first and at - began + attempt.first, 2),
            at=began,
            refused=attempt.refused,
        )


def _anonymous(candidates: Sequence[Candidate], seed: str) -> list[Candidate]:
    """Those that answered, in an order that tells the chair nothing."""
    answered = {one.model: one for one in candidates if one.answer.strip()}
    return [answered[name] for name in shuffled(seed, list(answered))]


def _briefed(chair: Model, answers: int) -> str:
    return "\n\n".join(filter(None, [chair.instructions, brief(answers)]))


def _added(own: Usage | None, candidates: Sequence[Candidate]) -> Usage:
    members = used_by(candidates)
    if own is None:
        return members
    return replace(
        own,
        input=own.input + members.input,
        output=own.output + members.output,
        reasoning=own.reasoning + members.reasoning,
        cache_read=own.cache_read + members.cache_read,
    )


def _too_few(unusable: Sequence[str]) -> str:
    return TOO_FEW.format(
        unusable=f": {join_names(list(unusable), 'and')} cannot be asked" if unusable else ""
    )


def _missing(unusable: Sequence[str]) -> str:
    return f"Not asked, as they cannot be asked here: {', '.join(unusable)}." if unusable else ""
