"""One answer: requested, shown while it grows, and stored before its last edit is sent."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace

from bot import policy
from bot.answers.attachments import Attachments
from bot.answers.attempt import Attempt
from bot.answers.auto import AutoChooser
from bot.answers.closing import closing, under
from bot.answers.fallback import AnsweredBy
from bot.answers.file_keeper import LATE, FileKeeper
from bot.answers.left_out import FilesLeftOut
from bot.answers.moving import show_moved
from bot.answers.placing import Placing, placing_of
from bot.answers.precedence import INLINE, Answerer, NoModelAvailable, select_model
from bot.answers.question import PromptBuilder, Question, sayings_of
from bot.answers.searching import searcher
from bot.answers.tool_loop import ToolLoop
from bot.context import Context
from bot.document.csv_table import table_count
from bot.domain.auto_entry import AutoEntry
from bot.domain.catalog import Catalog, Model
from bot.domain.claims import Outcome
from bot.domain.generated import GeneratedFile
from bot.domain.history import Enough
from bot.domain.prompt_building import fills
from bot.domain.shown_steps import ShownStep
from bot.domain.stream_parts import Reason, ShownPart, Status, StreamPart, Text
from bot.domain.turns import Turn, since_reset
from bot.interceptor import Plan
from bot.models.pricing import Corrections, Prices

UNSHOWABLE = (
    "{model} wants to run something that is too long to be shown here, so nobody can approve it, and it was not run. Ask for "
    "less at once."
)


class Answers:
    """Answers questions with the model that precedence selects."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        auto: AutoChooser,
        loop: ToolLoop,
        attachments: Attachments,
        prices: Prices,
        corrections: Corrections,
        files: FileKeeper,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.files = files
        self._catalog = catalog
        self._auto = auto
        self._loop = loop
        self._attachments = attachments
        self._prices = prices
        self._corrections = corrections
        self._clock = clock

    def plan(self, question: Question) -> Plan:
        """Who is going to be asked, and what, once `with_history` has found it out."""
        return Plan(
            models=(_answerer(question).model,),
            asked=question.asked,
            prior=question.prior,
            heard=question.heard,
            searched=bool(question.search),
        )

    async def _selected(self, context: Context, question: Question) -> Answerer:
        chosen = select_model(self._catalog, context.claim.preferences, context.allowed, question.inline)
        if question.decision and chosen.scope != INLINE:
            raise NoModelAvailable(f"{question.inline} cannot be asked here any more, so nothing was run.")
        if isinstance(auto := chosen.model, AutoEntry):
            question = await _after(
                context, question, lambda prior: self._auto.knows_enough(context, auto, prior)
            )
        answerer = await self._auto.answerer(context, question, chosen)
        return searcher(answerer, self._catalog, context.allowed) if question.search else answerer

    async def with_history(
        self, context: Context, question: Question, models: Sequence[Model] = ()
    ) -> Question:
        """The same with what comes before it, as much as these models have room for; none: with whoever is to answer, and as
        much as it may come to. Raises NoModelAvailable, StorageUnavailable, Fenced.
        """
        if not models:
            chosen = await self._selected(context, question)
            question = replace(question, answerer=chosen)
            models = [chosen.model, *self._substitutes(context, chosen.model, question)]
        room = max(model.context / max(self._corrections.of(model), 0.1) for model in models)
        return await _after(context, question, lambda prior: fills(prior, room))

    async def answer(self, context: Context, question: Question) -> Outcome:
        """Shows the answer and returns what to commit. Raises NoModelAvailable, and what sinks raise."""
        if context.claim.record.final is not None:
            return await self.show(context, question, None)
        return await self.show(context, question, self._grow(context, question, _answerer(question)))

    async def show(
        self, context: Context, question: Question, growing: AsyncGenerator[ShownPart | Turn, None] | None
    ) -> Outcome:
        """Shows an answer that grows, or the one that an earlier attempt finished before it died; returns what to commit. The
        last item of what grows is the finished turn.
        """
        final = context.claim.record.final
        parts = self._again(context, final) if final is not None else growing
        assert parts is not None  # noqa: S101 - nothing grows only where it is finished
        kept: list[Turn] = [] if final is None else [final]
        placing = await placing_of(context, question)
        async with aclosing(self._keep(context, parts, kept, placing)) as shown:
            ids = await context.sink.show(shown)
        turn = replace(kept[-1], shown=tuple(ids))
        await show_moved(context, placing.tree(turn))
        return replace(placing.outcome(turn), join=True, counted=turn)

    async def _keep(
        self,
        context: Context,
        parts: AsyncGenerator[ShownPart | Turn, None],
        kept: list[Turn],
        placing: Placing,
    ) -> AsyncGenerator[ShownPart, None]:
        """Passes parts on. A finished turn is stored first and then shown as its `Closing`."""
        async with aclosing(parts):
            if context.capabilities.keeps_messages:
                yield placing.place(context.turn_handle.id)
            async for part in parts:
                if isinstance(part, Turn):
                    # Stored before it is shown: after a crash the model is not asked, and paid, again.
                    if not kept:
                        await context.turn_handle.keep(part)
                        kept.append(part)
                    if words := under(part):
                        yield Text(words)
                    yield closing(part, placing.tree(part).position(part.id))
                else:
                    yield part

    async def _grow(
        self, context: Context, question: Question, chosen: Answerer
    ) -> AsyncGenerator[ShownPart | Turn, None]:
        """Asks the model and yields the answer's parts; the last item is the finished turn."""
        attempt = Attempt(model=chosen.model, began=self._clock(), clock=self._clock)
        prepared: list[PromptBuilder] = []
        relayed = self._relayed(context, question, attempt, prepared)
        async with aclosing(attempt.watch(relayed, context.turn_handle.stop)) as parts:
            async for part in parts:
                yield await self._kept(context, attempt, part)
        for prompt_for in prepared:
            prompt_for.settle(attempt)
            prompt_for.note_search(attempt)
        unseen = (
            [] if attempt.waits_for or not attempt.requests else [UNSHOWABLE.format(model=attempt.model.name)]
        )
        left_out = " ".join(
            [
                *unseen,
                *attempt.unshown,
                *([attempt.left_out.notice()] if attempt.left_out else []),
                *(prompt_for.files.notice(attempt.model) for prompt_for in prepared),
            ]
        )
        turn = self._turn(context, question, chosen, attempt, prepared, left_out=left_out)
        yield replace(turn, tables=await asyncio.to_thread(table_count, turn.answer))

    async def _again(self, context: Context, turn: Turn) -> AsyncGenerator[ShownPart | Turn, None]:
        """Shows a finished turn again without asking a model."""
        if turn.answer:
            yield Text(turn.answer)
        for source in turn.sources:
            yield source
        found = [await self.files.kept(context, note.key) for note in turn.files]
        for file in filter(None, found):
            yield file
        if None in found:
            turn = replace(turn, notice=f"{turn.notice} {LATE}".strip())
        yield turn

    async def _kept(self, context: Context, attempt: Attempt, part: ShownPart) -> ShownPart:
        """A file is kept before anything is stored that tells of it."""
        if not isinstance(part, GeneratedFile):
            return part
        file = await self.files.keep(context, part)
        attempt.files.append(file.note)
        return file

    async def _relayed(
        self,
        context: Context,
        question: Question,
        attempt: Attempt,
        prepared: list["PromptBuilder"],
    ) -> AsyncGenerator[StreamPart | AnsweredBy | FilesLeftOut | Status | ShownStep, None]:
        """The stream of the models that are asked. The files are read in it, so that Stop ends that, too."""
        if self._attachments.must_wait(sayings_of(question)):
            yield Status("Waiting: many files are being read")
        model = attempt.model
        substitutes = [] if question.decision else self._substitutes(context, model, question)
        async with self.prompts(context, question, [model, *substitutes]) as prompt_for:
            prepared.append(prompt_for)
            async with aclosing(
                self._loop.stream(context, question, attempt, substitutes, prompt_for)
            ) as parts:
                async for part in parts:
                    yield part

    @asynccontextmanager
    async def prompts(
        self, context: Context, question: Question, models: Sequence[Model]
    ) -> AsyncGenerator["PromptBuilder", None]:
        """Reads the files of the question for these models, and holds them while prompts are built and sent."""
        async with self._attachments.held(context.thread, sayings_of(question), models) as files:
            yield PromptBuilder(
                question=replace(question, prior=since_reset(question.prior)),
                files=files,
                known=context.record,
                corrections=self._corrections,
                conversation=context.thread.digest,
                company=context.policy.system,
                effort=context.claim.preferences.effort.level,
                search=context.claim.preferences.search.chosen,
                at=self._clock(),
            )

    def _substitutes(self, context: Context, model: Model, question: Question) -> list[Model]:
        if not policy.may_fail_over(context.policy, context.thread):
            return []
        others = [other for other in self._catalog.fallbacks(model) if context.allowed(other)]
        return [other for other in others if other.can_search] if question.search else others

    def _turn(
        self,
        context: Context,
        question: Question,
        chosen: Answerer,
        attempt: Attempt,
        prepared: Sequence[PromptBuilder],
        *,
        left_out: str,
    ) -> Turn:
        """The finished turn, including the texts of its closing."""
        reason, notice = attempt.ending()
        return Turn(
            id=context.turn_handle.id,
            asked=question.asked,
            heard=question.heard,
            place=question.place,
            time_zone=question.time_zone,
            searched=bool(question.search),
            answer=attempt.text,
            model=attempt.model.name,
            served_by=attempt.served,
            sources=attempt.sources,
            requests=attempt.waits_for if reason is Reason.STOP else (),
            signing_in=tuple(attempt.signing_in),
            files=tuple(attempt.files),
            reason=reason,
            auto=chosen.auto,
            footer=attempt.footer(chosen.remarks),
            notice=f"{notice} {left_out}".strip(),
            steps=tuple(attempt.work.steps),
            inline=question.inline,
            usage=attempt.work.usage(attempt.usage),
            cost=attempt.work.cost(
                self._prices.cost(attempt.model, attempt.usage, attempt.served) if attempt.usage else None
            ),
            seconds=round(self._clock() - attempt.began, 1),
            first=round(attempt.first, 2),
            at=attempt.began,
            refused=attempt.refused,
            shown_from=next((one.began.get(attempt.model.key, "") for one in prepared), ""),
        )


async def _after(context: Context, question: Question, enough: Enough) -> Question:
    """The question with what comes before it, read until that is enough."""
    own = question.instead_of or question.continues  # is the last of its path, and not before itself

    def before(path: Sequence[Turn]) -> Sequence[Turn]:
        return path[:-1] if own else path

    path = await context.claim.history.reach(lambda path: enough(before(path)), to=own or question.after)
    return replace(question, prior=before(path))


def _answerer(question: Question) -> Answerer:
    if question.answerer is None:
        raise NoModelAvailable("Nobody was chosen to answer this. Ask again.")
    return question.answerer
