"""/compare: the same question to two to four models at once, side by side."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

from bot.answers.answering import Answers
from bot.answers.attempt import Attempt
from bot.answers.fallback import FallbackRouter
from bot.answers.precedence import Allowed
from bot.answers.question import PromptBuilder, Question, caller_of
from bot.answers.tools.toolbox import Toolbox
from bot.context import Context, Response
from bot.conversation.command_parser import split_comparison
from bot.document.source_list import source_list
from bot.domain.catalog import Catalog, Model
from bot.domain.claims import Outcome
from bot.domain.formatting import escape_markdown, join_names, money
from bot.domain.replies import Action, Button, Reply, Section
from bot.domain.stream_parts import Usage
from bot.domain.turns import Candidate, Turn, index_of
from bot.interceptor import Interceptors, Plan
from bot.models.pricing import Prices

FEWEST, MOST = 2, 4
ALONE = "There is more to it than a comparison shows: ask it alone."
NO_TOOLS = "Tools are not used in comparisons."  # what ran could not be told apart after a crash, and would run again
USAGE = "Write two to four models and a question: `/compare grok claude: question`."


class Comparison:
    """Asks several models the same question and lets the person keep one answer."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        fallback: FallbackRouter,
        answers: Answers,
        prices: Prices,
        toolbox: Toolbox,
        interceptors: Interceptors,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._catalog = catalog
        self._fallback = fallback
        self._answers = answers
        self._prices = prices
        self._toolbox = toolbox
        self._interceptors = interceptors
        self._clock = clock

    async def command(self, context: Context, question: Question) -> Response:
        """Shows that it is running, asks all models, and returns the comparison. The question's text begins with their
        names.
        """
        if final := context.claim.record.final:
            return _side_by_side(context, final)
        names, text = split_comparison(question.asked.text)
        models, unknown = chosen(names, self._catalog, context.allowed)
        if unknown:
            return Response(reply=self._unknown(context, unknown))
        if not text or not FEWEST <= len(models) <= MOST:
            return Response(reply=Reply(text=USAGE, private=context.private))
        question = replace(question, asked=replace(question.asked, text=text))
        question = await self._answers.with_history(context, question, models)
        plan = Plan(models=tuple(models), asked=question.asked, prior=question.prior, heard=question.heard)
        if (refusal := await self._interceptors.admit(context, plan=plan)) is not None:
            return refusal
        await context.sink.say(_waiting(context, models))
        candidates, unread = await self._ask_all(context, models, question)
        caller = caller_of(context, question)
        offered = [await self._toolbox.offered(context, model, caller) for model in models]
        notice = " ".join(filter(None, [unread, NO_TOOLS if any(offered) else ""]))
        turn = self._turn(context, question, candidates, notice)
        await context.turn_handle.keep(turn)
        return _side_by_side(context, turn)

    async def _ask_all(
        self, context: Context, models: Sequence[Model], question: Question
    ) -> tuple[list[Candidate], str]:
        """Their answers, and what the person has to know of files that were not read."""
        async with (
            self._answers.prompts(context, question, models) as prompt_for,
            asyncio.TaskGroup() as group,
        ):
            unread = prompt_for.files.notice(*models)
            asks = [group.create_task(self._ask(context, model, prompt_for)) for model in models]
        return [ask.result() for ask in asks], unread

    async def _ask(self, context: Context, model: Model, prompt_for: PromptBuilder) -> Candidate:
        """One model's answer or its failure. No fallback: it is this model that is compared."""
        attempt = Attempt(model=model, began=self._clock(), clock=self._clock)
        relayed = self._fallback.stream(context, model, (), prompt_for)
        async with aclosing(attempt.watch(relayed, context.turn_handle.stop)) as parts:
            async for _ in parts:
                pass
        prompt_for.settle(attempt)
        prompt_for.note_search(attempt)
        return Candidate(
            model=model.name,
            answer=attempt.text,
            seconds=round(self._clock() - attempt.began, 1),
            first=round(attempt.first, 2),
            usage=attempt.usage,
            cost=self._prices.cost(model, attempt.usage, attempt.served) if attempt.usage else None,
            notice=" ".join(filter(None, [attempt.ending()[1], ALONE if attempt.beside else ""])),
            sources=attempt.sources,
            remarks=(*attempt.remarks, *((attempt.left_out.notice(),) if attempt.left_out else ())),
            refused=attempt.refused,
        )

    def _turn(self, context: Context, question: Question, candidates: list[Candidate], notice: str) -> Turn:
        """The comparison as a turn. Until one answer is kept, the first one stands in the history."""
        first = next((one for one in candidates if one.answer), candidates[0])
        costs = [one.cost for one in candidates if one.cost is not None]
        used = [one.usage for one in candidates if one.usage is not None]
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
            usage=Usage(
                input=sum(one.input for one in used),
                output=sum(one.output for one in used),
                reasoning=sum(one.reasoning for one in used),
                cache_read=sum(one.cache_read for one in used),
            ),
            cost=sum(costs) if costs else None,
            seconds=max(one.seconds for one in candidates),
            at=self._clock(),
        )

    def _unknown(self, context: Context, name: str) -> Reply:
        near = list(self._catalog.near(name, among=context.usable(self._catalog.models)))
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


def keep(context: Context, turn_id: str, name: str) -> Response | None:
    """Makes the conversation go on from one answer of a comparison; None when that is not found."""
    history = list(context.history)
    place = index_of(history, turn_id)
    candidates = () if place is None else history[place].candidates
    kept = next((one for one in candidates if one.model == name), None)
    if place is None or kept is None or not kept.answer:
        return None
    history[place] = replace(history[place], answer=kept.answer, model=kept.model, sources=kept.sources)
    outcome = Outcome(
        replace=tuple(history), thread_model=kept.model if context.threaded else None, join=True
    )
    text = f"Kept **{escape_markdown(name)}**'s answer. The conversation goes on from there"
    text += (
        f", and **{escape_markdown(name)}** answers in this thread from now on." if context.threaded else "."
    )
    return Response(reply=Reply(text=text, private=context.private), outcome=outcome)


def _waiting(context: Context, models: Sequence[Model]) -> Reply:
    text = f"Asking {join_names([model.name for model in models], 'and')} …"
    stop = Button(action=Action.STOP, label="Stop", value=context.turn_handle.id, danger=True)
    return Reply(title="Comparison", text=text, buttons=(stop,), private=context.private, generated=True)


def _side_by_side(context: Context, turn: Turn) -> Response:
    sections = tuple(
        Section(
            title=one.model,
            text="\n\n".join(filter(None, [one.answer or one.notice, source_list(one.sources)])),
            note=_note(one),
            buttons=(Button(action=Action.KEEP, label=f"Keep {one.model}", value=f"{turn.id} {one.model}"),)
            if one.answer
            else (),
        )
        for one in turn.candidates
    )
    reply = Reply(
        title="Comparison",
        text=escape_markdown(turn.notice, 2_000),
        sections=sections,
        generated=any(one.answer for one in turn.candidates),
        private=context.private,
    )
    return Response(reply=reply, outcome=Outcome(append=(turn,), join=True, counted=turn))


def _note(one: Candidate) -> str:
    parts = [f"{one.seconds:.1f} s"]
    if one.cost:  # unknown or free
        parts.append(f"about {money(one.cost)}")
    if one.notice and one.answer:
        parts.append(one.notice)
    return " · ".join([*parts, *one.remarks])
