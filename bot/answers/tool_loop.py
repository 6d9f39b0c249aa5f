"""The tool loop: a model is asked, what it calls is run, and it is asked again with what came back.

Before anything runs it is saved that it was started, and after it what it gave: an answer that is continued by another
worker never runs a call twice. A call that has to be allowed ends the loop; the press goes on with it.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from bot.answers.attempt import Attempt
from bot.answers.fallback import AnsweredBy, FallbackRouter
from bot.answers.file_keeper import LATE, FileKeeper
from bot.answers.left_out import FilesLeftOut
from bot.answers.question import PromptBuilder, Question, caller_of
from bot.answers.tools.names import called_in_prompts
from bot.answers.tools.toolbox import LOST, MOST_CALLS, TOO_MANY, Toolbox, failed
from bot.answers.tools.wording import running, shown_step
from bot.context import Context
from bot.domain.catalog import Model
from bot.domain.formatting import clip, strip_controls
from bot.domain.generated import GeneratedFile
from bot.domain.shown_steps import ShownStep
from bot.domain.sign_ins import Caller
from bot.domain.stream_parts import (
    Finish,
    Reason,
    Status,
    StreamPart,
    Text,
    ToolCall,
)
from bot.domain.tools import ToolFile
from bot.domain.turns import Step, StepState
from bot.models.pricing import Prices

ROUNDS = 20
PROGRESS = 120  # characters of what a server says of its progress

Part = StreamPart | AnsweredBy | FilesLeftOut | Status | ShownStep


@dataclass(slots=True)
class _Round:
    """What a model said in one round."""

    calls: list[ToolCall] = field(default_factory=list)
    finish: Finish | None = None


class ToolLoop:
    """Answers with tools, and without them where none is offered: then it is asked once."""

    def __init__(
        self, *, fallback: FallbackRouter, toolbox: Toolbox, prices: Prices, files: FileKeeper
    ) -> None:
        self._fallback = fallback
        self._toolbox = toolbox
        self._prices = prices
        self._files = files

    async def stream(
        self,
        context: Context,
        question: Question,
        attempt: Attempt,
        substitutes: Sequence[Model],
        prompt_for: PromptBuilder,
    ) -> AsyncGenerator[Part, None]:
        """One whole answer; `attempt` has noted every part before the next one is made. Raises as FallbackRouter.stream."""
        caller = caller_of(context, question)
        async with aclosing(self._begin(context, question, attempt, prompt_for, caller)) as parts:
            async for part in parts:
                yield part
        for number in range(attempt.work.rounds, ROUNDS + 1):
            if attempt.work.pending:
                return
            await self._offer(context, caller, [attempt.model, *substitutes], prompt_for)
            prompt_for.callable = number < ROUNDS
            prompt_for.steps, prompt_for.text = tuple(attempt.work.steps), attempt.work.before + attempt.text
            said = _Round()
            async with aclosing(self._ask(context, attempt, substitutes, prompt_for, said)) as asking:
                async for part in asking:
                    yield part
            if not said.calls or not (prompt_for.offered[attempt.model.key] or attempt.work.steps):
                if said.finish:
                    yield said.finish
                return
            if number == ROUNDS:
                attempt.work.exhausted = True
                yield said.finish or Finish(reason=Reason.TOOLS)
                return
            self._end_round(attempt, prompt_for)
            self._plan(context, question, attempt, prompt_for, said.calls)
            async with aclosing(self._run(context, caller, attempt, prompt_for, new=True)) as results:
                async for part in results:
                    yield part

    async def _begin(
        self,
        context: Context,
        question: Question,
        attempt: Attempt,
        prompt_for: PromptBuilder,
        caller: Caller,
    ) -> AsyncGenerator[Part, None]:
        """What was there before: the steps of an earlier message, or of an attempt that died."""
        attempt.work.before = question.said
        attempt.work.steps = list(question.steps)
        if progress := context.claim.record.progress:
            attempt.work.resume(progress)
            if progress.text:
                yield Text(progress.text)
            for source in progress.sources:
                yield source
        async with aclosing(self._files_before(context, question, attempt, prompt_for)) as files:
            async for file in files:
                yield file
        for place, step in enumerate(attempt.work.steps):
            if step.state is StepState.STARTED:
                attempt.work.steps[place] = replace(step, state=StepState.UNKNOWN, result=LOST)
        async with aclosing(self._run(context, caller, attempt, prompt_for, new=False)) as results:
            async for part in results:
                yield part

    async def _files_before(
        self, context: Context, question: Question, attempt: Attempt, prompt_for: PromptBuilder
    ) -> AsyncGenerator[Part, None]:
        """What tools gave in an earlier message, for the model, and in an attempt that died, for the person too."""
        progress = context.claim.record.progress
        for note in question.made:
            if note.picture and (file := await self._files.kept(context, note.key)):
                prompt_for.see(file)
        for note in progress.files if progress else ():
            if file := await self._files.kept(context, note.key):
                prompt_for.see(file)
                yield file
            else:
                attempt.unshown[LATE] = None

    async def _offer(
        self, context: Context, caller: Caller, models: Sequence[Model], prompt_for: PromptBuilder
    ) -> None:
        for model in models:
            offered = prompt_for.offered[model.key] = await self._toolbox.offered(context, model, caller)
            wanted = prompt_for.search_tool(model)
            if wanted and called_in_prompts(wanted) not in offered:
                prompt_for.unsearched[model.key] = self._toolbox.missing(context, wanted)

    async def _ask(
        self,
        context: Context,
        attempt: Attempt,
        substitutes: Sequence[Model],
        prompt_for: PromptBuilder,
        said: _Round,
    ) -> AsyncGenerator[Part, None]:
        """One round: everything but calls and the end is passed on. The model of the round before is asked first."""
        others = [model for model in substitutes if model.key != attempt.model.key]
        gap = bool(attempt.work.steps) and bool(attempt.text) and not attempt.text.endswith("\n")
        async with aclosing(self._fallback.stream(context, attempt.model, others, prompt_for)) as parts:
            async for part in parts:
                match part:
                    case ToolCall():
                        said.calls.append(part)
                    case Finish():
                        said.finish = part
                    case AnsweredBy(because=because) if attempt.work.steps and not because:
                        pass  # it goes on: why it is not the chosen one was said in the first round
                    case Text() if gap:
                        gap = False
                        yield Text("\n\n")
                        yield part
                    case _:
                        yield part

    def _end_round(self, attempt: Attempt, prompt_for: PromptBuilder) -> None:
        prompt_for.settle(attempt)
        usage = attempt.usage
        attempt.end_round(self._prices.cost(attempt.model, usage, attempt.served) if usage else None)

    def _plan(
        self,
        context: Context,
        question: Question,
        attempt: Attempt,
        prompt_for: PromptBuilder,
        calls: Sequence[ToolCall],
    ) -> None:
        """The calls of a round, each with what becomes of it."""
        number, offered = attempt.work.rounds, prompt_for.offered[attempt.model.key]
        for index, call in enumerate(calls[: 2 * MOST_CALLS]):
            step = Step(
                id=_identifier(context.turn_handle.id, len(attempt.work.steps)),
                name=clip(call.name, 80) or "?",
                args="{}",
                round=number,
                after=attempt.written,
            )
            planned = failed(step, TOO_MANY)
            if index < MOST_CALLS:
                person, standing = question.asked.author.id, context.claim.preferences.tools.always
                planned = self._toolbox.planned(
                    call, step, offered, [one for one in standing if one.person == person]
                )
            attempt.work.steps.append(planned)
            prompt_for.carries[step.id] = (attempt.model.key, call.carry)

    async def _run(
        self, context: Context, caller: Caller, attempt: Attempt, prompt_for: PromptBuilder, *, new: bool
    ) -> AsyncGenerator[Part, None]:
        """Runs at once all that may run; `new` calls are saved even where none may. Ended early (a Stop, the end of this process), what was sent may have run."""
        for place, step in enumerate(attempt.work.steps):
            if step.state is StepState.ALLOWED and (why := await self._toolbox.still(step, caller)):
                attempt.work.steps[place] = failed(step, why)
        places = [place for place, step in enumerate(attempt.work.steps) if step.state is StepState.ALLOWED]
        if not places:
            if new:
                await context.turn_handle.advance(attempt.advanced())
            return
        for place in places:
            attempt.work.steps[place] = replace(attempt.work.steps[place], state=StepState.STARTED)
        await context.turn_handle.advance(attempt.advanced())
        begun = [attempt.work.steps[place] for place in places]
        for step in begun:
            yield shown_step(step)
        yield Status(running(begun))
        async with aclosing(self._results(context, caller, attempt, places, prompt_for)) as parts:
            async for part in parts:
                yield part
        await context.turn_handle.advance(attempt.advanced())

    async def _results(
        self,
        context: Context,
        caller: Caller,
        attempt: Attempt,
        places: Sequence[int],
        prompt_for: PromptBuilder,
    ) -> AsyncGenerator[Part, None]:
        """The calls' progress and the files that they gave; what came back is put into the steps."""
        told: asyncio.Queue[str | tuple[int, Step, tuple[ToolFile, ...]]] = asyncio.Queue()

        async def run(place: int) -> None:
            step = attempt.work.steps[place]
            done, result = await self._toolbox.call(
                step,
                caller,
                key=f"{context.turn_handle.id}/{step.id}",
                progress=lambda words: _tell(told, step, words),
            )
            told.put_nowait((place, done, result.files))

        tasks = [asyncio.create_task(run(place)) for place in places]  # noqa: TID251 - a group's scope may not be left by a yield; all are ended below
        left = len(tasks)
        try:
            while left:
                match await told.get():
                    case str() as words:
                        yield Status(words)
                    case (place, done, files):
                        left -= 1
                        attempt.work.steps[place] = done
                        yield shown_step(done)
                        for file in files:
                            made = _made(file, done)
                            prompt_for.see(made)
                            yield made
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            for place in places:
                if attempt.work.steps[place].state is StepState.STARTED:
                    attempt.work.steps[place] = replace(
                        attempt.work.steps[place], state=StepState.UNKNOWN, result=LOST
                    )


def _tell(
    told: "asyncio.Queue[str | tuple[int, Step, tuple[ToolFile, ...]]]", step: Step, words: str
) -> None:
    """Status lines are for people who wait: those that nobody could read are left out."""
    if told.qsize() < MOST_CALLS:
        told.put_nowait(f"{running([step])}: {clip(strip_controls(words), PROGRESS)}")


def _made(file: ToolFile, step: Step) -> GeneratedFile:
    return GeneratedFile(name=file.name, media_type=file.media_type, data=file.data, step=step.id)


def _identifier(turn: str, count: int) -> str:
    """Nine letters or digits, as the strictest dialect wants them; the same for every attempt."""
    return hashlib.sha256(f"{turn}/{count}".encode()).hexdigest()[:9]
