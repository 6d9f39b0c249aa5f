"""Fallback: when a model fails, those of its `fallback` list are asked in order.

Only before the first visible text. After that a broken answer stays broken, so that no text is shown twice. A
model is asked a second time where that may help, and its health is reported to all replicas.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from bot.answers.left_out import (
    NO_PICTURES,
    FilesLeftOut,
    left_out,
    reason_of,
    shown_files_of,
    suspects,
    without_files,
)
from bot.answers.tries import Tries
from bot.answers.vendor_words import without_echoes
from bot.context import Context
from bot.domain.approvals import SignInRequest, ToolRequest
from bot.domain.catalog import Model
from bot.domain.errors import (
    ContextTooLong,
    Filtered,
    ModelError,
    OverBudget,
    PicturesUnseen,
    Rejected,
    ServerError,
    SwitchboardError,
    cause_of,
)
from bot.domain.generated import GeneratedFile
from bot.domain.health import HealthState, ModelHealth, question_digest
from bot.domain.prompt import Prompt
from bot.domain.stream_parts import Finish, Reason, Source, Status, StreamPart, Text, ToolCall, Usage
from bot.health_ports import Health
from bot.interceptor import Interceptors, ModelRequest
from bot.ports import Provider

log = logging.getLogger(__name__)

# What an answer begins with.
SHOWN = Text | Source | GeneratedFile | ToolCall | ToolRequest | SignInRequest
PromptFor = Callable[[Model, float], Prompt]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredBy:
    """Sent once, before the first text: the model that answers, and why not the chosen one."""

    model: Model
    because: str = ""  # "grok is overloaded"; "" when the chosen model answers


class StreamInterrupted(SwitchboardError):
    """The stream failed after text had been shown, so no model may start again. `error` is the cause."""

    def __init__(self, error: ModelError) -> None:
        super().__init__(str(error))
        self.error = error


class FallbackRouter:
    """Asks the chosen model, then its fallbacks."""

    def __init__(
        self,
        *,
        providers: Mapping[str, Provider],
        health: Health,
        interceptors: Interceptors,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._providers = providers
        self._health = health
        self._interceptors = interceptors
        self._pause = pause
        self._clock = clock
        self._blind: set[str] = set()  # models that said that they see no pictures, until the next start

    async def stream(
        self, context: Context, chosen: Model, substitutes: Sequence[Model], prompt_for: PromptFor
    ) -> AsyncGenerator[StreamPart | AnsweredBy | FilesLeftOut | Status, None]:
        """One answer. Raises the first model's ModelError when none answered, StreamInterrupted after text.

        `prompt_for` builds the prompt for a model and the share of its window that may be filled.
        """
        line = [chosen, *substitutes]
        conditions = await self._health.conditions([model.key for model in line])
        up = [model for model in line if await self._usable(model, conditions[model.key])]
        failed: list[tuple[Model, ModelError]] = []
        counted: list[list[Usage]] = []
        because = ""
        # When all are down, the chosen one is still asked: the person needs an answer or its error.
        for model in up or [chosen]:
            if model is not chosen and not because:
                because = f"{chosen.name} {cause_of(conditions[chosen.key].why)}"
            if not _worth_asking(model, failed):
                continue
            if failed:
                yield Status(f"{because}, asking {model.name}")
            counted.append([])
            try:
                tries = self._persist(context, model, because, prompt_for)
                async with aclosing(_named_first(tries, counted[-1])) as parts:
                    async for part in parts:
                        yield part
            except ModelError as error:
                failed.append((model, error))
                because = because or f"{model.name} {error.cause}"
                if not error.failover:
                    break
            else:
                return
        told = _telling([error for _, error in failed])
        model, reason = failed[told]
        named = () if model is chosen else (AnsweredBy(model=model, because=because),)
        for last in (*named, *counted[told]):
            yield last
        raise reason

    async def _usable(self, model: Model, condition: ModelHealth) -> bool:
        """Whether to ask a model: one that is down is skipped, except by the one question that probes it."""
        return condition.state is not HealthState.DOWN or await self._health.probe(model.key)

    async def _persist(
        self, context: Context, model: Model, because: str, prompt_for: PromptFor
    ) -> AsyncGenerator[StreamPart | AnsweredBy | FilesLeftOut | Status, None]:
        """Asks one model, a second time where that may help."""
        tries = Tries(model)
        while True:
            begun = False
            whole = replace(prompt_for(model, tries.share), max_output=tries.most)
            gone = tries.gone = tries.gone or self._unseen(model, whole)
            prompt = without_files(whole, gone.files) if gone else whole
            try:
                request = ModelRequest(context=context, model=model, prompt=prompt)
                async with aclosing(self._ask(request, spared=gone is None)) as parts:
                    async for part in parts:
                        if not begun and isinstance(part, SHOWN | Finish):
                            begun = True  # from here on something is shown, so nothing may be asked again
                            yield AnsweredBy(model=model, because=because)
                            for known in self._learned(gone):
                                yield known
                        yield part
            except ModelError as error:
                if begun:
                    raise StreamInterrupted(error) from error
                wait = tries.again_in(error, whole)
                if wait is None or whole.decision:  # what it runs must not be run twice
                    raise
                if wait > 1:  # the usual second needs no notice
                    yield Status(f"{model.name} {error.cause}, trying again")
                await self._pause(wait)
            else:
                return

    def _learned(self, gone: FilesLeftOut | None) -> Sequence[FilesLeftOut]:
        """What was left out of a prompt that was then taken."""
        if gone and gone.because == NO_PICTURES:
            self._blind.add(gone.model.key)
        return (gone,) if gone else ()

    def _unseen(self, model: Model, prompt: Prompt) -> FilesLeftOut | None:
        """The pictures that are not shown to a model which said that it sees none."""
        files = shown_files_of(prompt) if model.key in self._blind else ()
        return left_out(model, prompt, files, reason_of(PicturesUnseen(), files)) if files else None

    async def _ask(self, request: ModelRequest, *, spared: bool) -> AsyncGenerator[StreamPart, None]:
        """One request through the interceptors. Its result is reported to the shared health; where `spared`, not a
        refusal that the prompt's files may be the reason of.
        """
        model, asked, first, word = request.model, self._clock(), 0.0, None
        try:
            async with aclosing(self._interceptors.ask(request, self._stream_of)) as parts:
                async for part in parts:
                    first = first or self._clock()
                    word = self._clock() - asked if word is None and isinstance(part, Text) else word
                    yield part
        except OverBudget:
            raise  # it was not asked, so this says nothing about it
        except ModelError as error:
            log.warning("a model did not answer", extra=_about(model, request.prompt, error))
            if spared and suspects(error, request.prompt):
                raise
            await self._health.report(model.key, error, question=question_digest(request.prompt))
            raise
        late = first - asked > model.deadlines.first / 2
        await self._health.report(model.key, None, late=late, first=word)

    async def _stream_of(self, request: ModelRequest) -> AsyncGenerator[StreamPart, None]:
        """The provider's stream. A Finish with an error before any text is raised as an error."""
        said = False
        provider = self._providers[request.model.provider]
        async with aclosing(provider.stream(request.model, request.prompt)) as parts:
            async for part in parts:
                if not said and isinstance(part, Finish) and part.reason is Reason.FAILED:
                    raise ServerError(part.detail or "ended with an error", code=part.unusual)
                said = said or isinstance(part, SHOWN)
                yield part


async def _named_first(
    parts: AsyncGenerator[StreamPart | AnsweredBy | FilesLeftOut | Status, None], counted: list[Usage]
) -> AsyncGenerator[StreamPart | AnsweredBy | FilesLeftOut | Status, None]:
    """The parts; what is counted before the model has a name stays in `counted` until then, as the try may fail."""
    named = False
    async with aclosing(parts):
        async for part in parts:
            if isinstance(part, Usage) and not named:
                counted[:] = [part]
                continue
            yield part
            if isinstance(part, AnsweredBy):
                named = True
                for usage in counted:
                    yield usage


def _worth_asking(model: Model, failed: Sequence[tuple[Model, ModelError]]) -> bool:
    """Not after a prompt was too long for a window no smaller, nor after two refused the request for reasons unknown:
    then it is the request.
    """
    fits = all(
        model.context > (error.limit or other.context)
        for other, error in failed
        if isinstance(error, ContextTooLong)
    )
    return fits and sum(isinstance(error, Rejected) for _, error in failed) < 2


def _telling(errors: Sequence[ModelError]) -> int:
    """Whose error the person reads: the first model's, unless it does not say why and a later one does."""
    return len(errors) - 1 if isinstance(errors[0], Rejected) and isinstance(errors[-1], Filtered) else 0


def _about(model: Model, prompt: Prompt, error: ModelError) -> Mapping[str, object]:
    """Log fields. The whole of a vendor's text is only logged when debugging."""
    known = {
        "model": model.key,
        "conversation": prompt.conversation,
        "error": type(error).__name__,
        "status": error.status,
        "code": error.code,
        "why": str(error) if log.isEnabledFor(logging.DEBUG) else without_echoes(str(error), prompt),
    }
    return {**known, "remedy": error.mend} if error.mend else known
