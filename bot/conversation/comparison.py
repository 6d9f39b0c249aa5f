"""/compare: the same question to two to four models at once, side by side."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.answers.answering import Answers
from bot.answers.comparison_words import board, waiting
from bot.answers.moving import show_moved
from bot.answers.placing import Placing, placing_of
from bot.answers.precedence import Allowed
from bot.answers.question import Question
from bot.context import Context, Response
from bot.conversation.command_parser import split_comparison
from bot.conversation.comparison_offer import comparison_offer
from bot.conversation.comparison_sets import ComparisonSets
from bot.conversation.side_by_side import LABELS, SideBySide
from bot.domain.auto_entry import AUTO
from bot.domain.catalog import Catalog, Model
from bot.domain.formatting import escape_markdown, join_names
from bot.domain.replies import Reply
from bot.domain.stream_parts import Usage
from bot.domain.turns import Candidate, Turn
from bot.interceptor import Interceptors, Plan

FEWEST, MOST = 2, 4
NO_AUTO = "Auto is no model to compare: it chooses one for each question."
TOO_FEW_LEFT = "Fewer than two of those models can be asked here now."
USAGE = "Write two to four models and a question: `/compare grok claude: question`."


class Comparison:
    """Asks several models the same question and lets the person keep one answer."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        answers: Answers,
        columns: SideBySide,
        sets: ComparisonSets,
        interceptors: Interceptors,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._catalog = catalog
        self._answers = answers
        self._columns = columns
        self._sets = sets
        self._interceptors = interceptors
        self._clock = clock

    async def typed(self, context: Context, rest: str) -> Response | None:
        """What is typed of saved sets, and /compare without a question. None: it is a comparison."""
        if context.claim.record.final is not None:
            return None
        if (response := await self._sets.command(context, rest)) is not None:
            return response
        names, text, _ = split_comparison(rest)
        if text:
            return None
        sets = await self._sets.known(context)
        return Response(reply=comparison_offer(context, self._catalog, sets, names))

    async def command(self, context: Context, question: Question) -> Response:
        """Shows the answers growing, and returns the board that stands above them. The question's text begins with the
        models' names, or a saved set's.
        """
        if context.claim.record.final:
            return await self._shown_again(context, question)
        words, text, hidden = split_comparison(question.asked.text)
        names = await self._sets.resolved(context, words)
        models, unknown = chosen(names, self._catalog, context.allowed)
        if unknown:
            return Response(reply=self._unknown(context, unknown))
        if not FEWEST <= len(models) <= MOST:
            return Response(reply=Reply(text=USAGE, private=context.private))
        question = replace(question, asked=replace(question.asked, text=text))
        return await self._compare(context, question, models, hidden=hidden)

    async def again(self, context: Context, question: Question, turn: Turn) -> Response:
        """The same models once more, those of them that can be asked here still; blind where it was."""
        if context.claim.record.final:
            return await self._shown_again(context, question)
        found = [self._catalog.find(one.model) for one in turn.candidates]
        models = [model for model in found if model is not None and context.allowed(model)]
        if len(models) < FEWEST:
            return Response(reply=Reply(text=f"{TOO_FEW_LEFT} {USAGE}", private=context.private))
        return await self._compare(context, question, models, hidden=turn.blind)

    async def _compare(
        self, context: Context, question: Question, models: Sequence[Model], *, hidden: bool
    ) -> Response:
        question = await self._answers.with_history(context, question, models)
        plan = Plan(models=tuple(models), asked=question.asked, prior=question.prior, heard=question.heard)
        if (refusal := await self._interceptors.admit(context, plan=plan)) is not None:
            return refusal
        shown = list(LABELS[: len(models)]) if hidden else [model.name for model in models]
        above = await context.sink.say(
            waiting(
                shown,
                context.turn_handle.id,
                "" if context.private else question.asked.text,
                private=context.private,
            )
        )
        placing = await placing_of(context, question)
        place = placing.place(context.turn_handle.id) if context.capabilities.keeps_messages else None
        asked = await self._columns.ask(context, question, models, hidden=hidden, place=place)
        turn = self._turn(context, question, asked.candidates, asked.notice)
        messages = [id for one in asked.candidates for id in one.shown]
        turn = replace(turn, blind=hidden, shown=tuple(filter(None, [above, *messages])))
        await context.turn_handle.keep(turn)
        return await self._board(context, turn, placing)

    async def _shown_again(self, context: Context, question: Question) -> Response:
        """The board of what an earlier attempt finished."""
        turn = context.claim.record.final
        assert turn is not None  # noqa: S101 - whoever calls has looked
        return await self._board(context, turn, await placing_of(context, question))

    async def _board(self, context: Context, turn: Turn, placing: Placing) -> Response:
        await show_moved(context, placing.tree(turn))
        outcome = replace(placing.outcome(turn), join=True, counted=turn)
        return Response(reply=board(turn, private=context.private), outcome=outcome)

    def _turn(
        self, context: Context, question: Question, candidates: Sequence[Candidate], notice: str
    ) -> Turn:
        """The comparison as a turn. Until one answer is kept, the first one stands in the history."""
        first = next((one for one in candidates if one.answer), candidates[0])
        return Turn(
            id=context.turn_handle.id,
            asked=question.asked,
            heard=question.heard,
            place=question.place,
            time_zone=question.time_zone,
            answer=first.answer,
            model=first.model,
            sources=first.sources,
            notice=notice,
            candidates=tuple(candidates),
            usage=used_by(candidates),
            cost=cost_of(candidates),
            seconds=max(one.seconds for one in candidates),
            first=min((one.first for one in candidates if one.first), default=0.0),
            at=self._clock(),
        )

    def _unknown(self, context: Context, name: str) -> Reply:
        near = list(self._catalog.near(name, among=context.usable(self._catalog.models)))
        if name.casefold() == AUTO:
            return Reply(text=f"{NO_AUTO} {USAGE}", private=context.private)
        text = f"“{escape_markdown(name, 60)}” is not a model I can ask here."
        text += f" Did you mean {join_names(near)}?" if near else f" {USAGE}"
        return Reply(text=text, private=context.private)


def chosen(names: Sequence[str], catalog: Catalog, allowed: Allowed) -> tuple[list[Model], str]:
    """The named models, each once, and the first name that is no model allowed here."""
    found: dict[str, Model] = {}
    for name in names:
        model = catalog.find(name)
        if model is None or not allowed(model):
            return [], name
        found[model.name] = model
    return list(found.values()), ""


def used_by(candidates: Sequence[Candidate]) -> Usage:
    """The tokens of all of them."""
    used = [one.usage for one in candidates if one.usage is not None]
    return Usage(
        input=sum(one.input for one in used),
        output=sum(one.output for one in used),
        reasoning=sum(one.reasoning for one in used),
        cache_read=sum(one.cache_read for one in used),
    )


def cost_of(candidates: Sequence[Candidate]) -> float | None:
    """USD for all of them; None where no price is known."""
    costs = [one.cost for one in candidates if one.cost is not None]
    return sum(costs) if costs else None
