"""One answer: requested, shown while it grows, and stored before its last edit is sent."""

import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace

from bot import policy
from bot.answers.attachments import Attachments
from bot.answers.attempt import Attempt
from bot.answers.closing import closing, under
from bot.answers.fallback import AnsweredBy, FallbackRouter
from bot.answers.files_at_hand import FilesAtHand, Sayings
from bot.answers.instructions import instructions
from bot.answers.left_out import FilesLeftOut
from bot.answers.picture_keeper import PictureKeeper
from bot.answers.precedence import INLINE, NoModelAvailable, Selection, select_model
from bot.context import Context
from bot.domain.approvals import Decision
from bot.domain.catalog import Catalog, Model
from bot.domain.claims import Outcome
from bot.domain.prompt import Prompt, build, size
from bot.domain.quoted import gathered
from bot.domain.stream_parts import Reason, ShownPart, Status, StreamPart, Text
from bot.domain.turns import ChatMessage, Turn, index_of, refused_before, since_reset
from bot.interceptor import Plan
from bot.models.estimates import counted
from bot.models.pricing import Corrections, Prices

UNSHOWABLE = (
    "{model} wants to run something that is too long to be shown here, so nobody can approve it, and it was not run. Ask for "
    "less at once."
)
LATE = "A picture of it was lost when Switchboard was interrupted. Ask again to get another one."


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question with the history before it, what others said since (`heard`), and where and when it is asked.
    `instead_of` is the id of the turn that the answer replaces.
    """

    asked: ChatMessage
    prior: Sequence[Turn]
    heard: tuple[ChatMessage, ...] = ()
    place: str = ""
    time_zone: str = ""
    inline: str = ""
    instead_of: str = ""
    decision: Decision | None = None  # about what the answer before it wants to run: only that model is asked


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptBuilder:
    """Builds one question's prompt for any model, and learns the real number of tokens."""

    question: Question
    files: FilesAtHand
    known: Sequence[
        Turn
    ]  # the whole history, also of an answer that is replaced: it holds what models refused
    corrections: Corrections
    conversation: str
    company: str  # `[policy] system`
    effort: str  # how long models may think, as people chose; "" leaves it to them
    at: float  # unix seconds
    sizes: dict[str, int] = field(default_factory=dict)

    def __call__(self, model: Model, share: float) -> Prompt:
        prompt = build(
            self.question.prior,
            self.question.asked,
            model,
            system=instructions(
                model,
                company=self.company,
                place=self.question.place,
                time_zone=self.question.time_zone,
                at=self.at,
            ),
            heard=self.question.heard,
            files=replace(self.files.read, refused=refused_before(self.known, model)),
            correction=self.corrections.of(model),
            share=share,
            conversation=self.conversation,
        )
        self.sizes[model.key] = size(prompt)
        return replace(prompt, effort=self.effort, decision=self.question.decision)

    def settle(self, attempt: Attempt) -> None:
        """Learns from the tokens the vendor counted. When no count came (a stop, a broken stream, a filter), the
        usage until then is estimated, because the vendor bills it too.
        """
        asked = self.sizes.get(attempt.model.key)
        if asked is None:
            return
        asked -= attempt.left_out.tokens if attempt.left_out else 0
        if attempt.usage:
            self.corrections.learn(attempt.model, estimated=asked, usage=attempt.usage)
        if attempt.usage or attempt.stopped or attempt.finish or attempt.said_tokens or attempt.billed:
            read = round(asked * self.corrections.of(attempt.model))
            attempt.usage = counted(attempt.usage, read=read, wrote=attempt.said_tokens)


class Answers:
    """Answers questions with the model that precedence selects."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        fallback: FallbackRouter,
        attachments: Attachments,
        prices: Prices,
        corrections: Corrections,
        pictures: PictureKeeper,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._pictures = pictures
        self._catalog = catalog
        self._fallback = fallback
        self._attachments = attachments
        self._prices = prices
        self._corrections = corrections
        self._clock = clock

    def plan(self, context: Context, question: Question) -> Plan:
        """Who is going to be asked, and what. Raises NoModelAvailable."""
        chosen = self._selected(context, question)
        return Plan(models=(chosen.model,), asked=question.asked, prior=question.prior, heard=question.heard)

    def _selected(self, context: Context, question: Question) -> Selection:
        chosen = select_model(self._catalog, context.claim.preferences, context.allowed, question.inline)
        if question.decision and chosen.scope != INLINE:
            raise NoModelAvailable(f"{question.inline} cannot be asked here any more, so nothing was run.")
        return chosen

    async def answer(self, context: Context, question: Question) -> Outcome:
        """Shows the answer and returns what to commit. Raises NoModelAvailable, and what sinks raise."""
        final = context.claim.record.final  # from an earlier attempt that died before the commit
        if final is None:
            chosen = self._selected(context, question)
            parts = self._grow(context, question, chosen)
        else:
            parts = self._again(final)
        kept: list[Turn] = [] if final is None else [final]
        async with aclosing(self._keep(context, parts, kept)) as shown:
            ids = await context.sink.show(shown)
        turn = replace(kept[-1], shown=tuple(ids))
        history = list(context.claim.history)
        place = index_of(history, question.instead_of)
        if place is None:  # nothing to replace, or it was erased meanwhile
            return Outcome(append=(turn,), join=True, counted=turn)
        old = history[place]
        history[place] = replace(
            turn, replaced=(*old.replaced, old.id), refused=(*old.refused, *turn.refused)
        )
        return Outcome(replace=tuple(history), join=True, counted=turn)

    async def _keep(
        self, context: Context, parts: AsyncGenerator[ShownPart | Turn, None], kept: list[Turn]
    ) -> AsyncGenerator[ShownPart, None]:
        """Passes parts on. A finished turn is stored first and then shown as its `Closing`."""
        async with aclosing(parts):
            async for part in parts:
                if isinstance(part, Turn):
                    # Stored before it is shown: after a crash the model is not asked, and paid, again.
                    if not kept:
                        await context.turn_handle.keep(part)
                        kept.append(part)
                    if words := under(part):
                        yield Text(words)
                    yield closing(part)
                else:
                    yield part

    async def _grow(
        self, context: Context, question: Question, chosen: Selection
    ) -> AsyncGenerator[ShownPart | Turn, None]:
        """Asks the model and yields the answer's parts; the last item is the finished turn."""
        attempt = Attempt(model=chosen.model, began=self._clock())
        prepared: list[PromptBuilder] = []
        relayed = self._relayed(context, question, chosen.model, prepared)
        async with aclosing(attempt.watch(relayed, context.turn_handle.stop)) as parts:
            async for part in parts:
                yield part
        for prompt_for in prepared:
            prompt_for.settle(attempt)
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
        await self._pictures.keep(context.turn_handle.id, attempt.pictures)
        yield self._turn(context, question, chosen, attempt, left_out=left_out)

    async def _again(self, turn: Turn) -> AsyncGenerator[ShownPart | Turn, None]:
        """Shows a finished turn again without asking a model."""
        if turn.answer:
            yield Text(turn.answer)
        for source in turn.sources:
            yield source
        pictures = await self._pictures.kept(turn)
        for picture in pictures:
            yield picture
        if len(pictures) < len(turn.pictures):
            turn = replace(turn, notice=f"{turn.notice} {LATE}".strip())
        yield turn

    async def _relayed(
        self,
        context: Context,
        question: Question,
        model: Model,
        prepared: list["PromptBuilder"],
    ) -> AsyncGenerator[StreamPart | AnsweredBy | FilesLeftOut | Status, None]:
        """The stream of the models that are asked. The files are read in it, so that Stop ends that, too."""
        if self._attachments.must_wait(_sayings(question)):
            yield Status("Waiting: many files are being read")
        substitutes = [] if question.decision else self._substitutes(context, model)
        async with self.prompts(context, question, [model, *substitutes]) as prompt_for:
            prepared.append(prompt_for)
            async with aclosing(self._fallback.stream(context, model, substitutes, prompt_for)) as parts:
                async for part in parts:
                    yield part

    @asynccontextmanager
    async def prompts(
        self, context: Context, question: Question, models: Sequence[Model]
    ) -> AsyncGenerator["PromptBuilder", None]:
        """Reads the files of the question for these models, and holds them while prompts are built and sent."""
        async with self._attachments.held(context.thread, _sayings(question), models) as files:
            yield PromptBuilder(
                question=replace(question, prior=since_reset(question.prior)),
                files=files,
                known=context.claim.history,
                corrections=self._corrections,
                conversation=context.thread.digest,
                company=context.policy.system,
                effort=context.claim.preferences.effort.level,
                at=self._clock(),
            )

    def _substitutes(self, context: Context, model: Model) -> list[Model]:
        if not policy.may_fail_over(context.policy, context.thread):
            return []
        return [other for other in self._catalog.fallbacks(model) if context.allowed(other)]

    def _turn(
        self,
        context: Context,
        question: Question,
        chosen: Selection,
        attempt: Attempt,
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
            answer=attempt.text,
            model=attempt.model.name,
            served_by=attempt.served,
            sources=attempt.sources,
            requests=attempt.waits_for if reason is Reason.STOP else (),
            signing_in=tuple(attempt.signing_in),
            pictures=tuple(picture.name for picture in attempt.pictures),
            reason=reason,
            footer=attempt.footer(chosen.objection),
            notice=f"{notice} {left_out}".strip(),
            usage=attempt.usage,
            cost=self._prices.cost(attempt.model, attempt.usage, attempt.served) if attempt.usage else None,
            seconds=round(self._clock() - attempt.began, 1),
            at=attempt.began,
            refused=attempt.refused,
        )


def _sayings(question: Question) -> Sayings:
    """What the question and its history may have files in."""
    turns, before = gathered(since_reset(question.prior), question.heard, question.asked)
    return Sayings(asked=question.asked, heard=before, earlier=turns)
