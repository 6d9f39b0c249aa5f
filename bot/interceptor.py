"""Interceptors see every turn: measuring, limits, logging, and later audit and data-loss prevention.

The list is built in bot.app; the first is the outermost. A turn calls each interceptor at five moments:

    began     a worker has claimed it
    admit     before anything is asked: the first answer that is not None refuses the question
    ask       around every request to a model: the prompt before it leaves, each part that comes, the failure
    refused   the question was refused
    ended     the worker's part in the turn is over; `outcome.counted` is the finished turn
"""

import logging
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial

from bot.context import Context, Response
from bot.domain.catalog import Model
from bot.domain.claims import Claim, Outcome
from bot.domain.prompt import Prompt
from bot.domain.stream_parts import StreamPart
from bot.domain.turns import ChatMessage, Turn

log = logging.getLogger(__name__)


class EndingKind(StrEnum):
    """How a worker's part in a turn ends."""

    DONE = "done"  # committed
    RETRIED = "retried"  # given back, to be claimed after a pause
    BURIED = "buried"  # given up, with an apology
    RELEASED = "released"  # given back because this process ends
    FENCED = "fenced"  # another worker has it
    LEFT = "left"  # neither committed nor given back: its lease runs out and another worker takes it


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """The end of one worker's part in a turn. `error` is its cause, None where nothing went wrong."""

    kind: EndingKind
    outcome: Outcome = field(default_factory=Outcome)
    error: Exception | None = None
    why: str = ""  # of a turn that was given up
    seconds: float = 0.0  # until it is tried again


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest:
    """One prompt on its way to one model, for the turn of `context`."""

    context: Context
    model: Model
    prompt: Prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a turn is going to ask, before files are fetched and prompts are built: one question to each model."""

    models: tuple[Model, ...]
    asked: ChatMessage
    prior: Sequence[Turn] = ()
    heard: Sequence[ChatMessage] = ()
    searched: bool = False  # somebody asked for a search of the web


Ask = Callable[[ModelRequest], AsyncGenerator[StreamPart, None]]


class Interceptor:
    """Lets everything pass. Override the moments you need. What `admit` and `ask` raise ends the turn like any other
    error; what the others raise is logged, for they are only told.

    One object serves all turns at once, so store what belongs to a turn by its claim's conversation and
    epoch.
    """

    def began(self, claim: Claim) -> None:
        """`claim.record.attempt` is 1 the first time."""

    async def admit(self, context: Context, *, plan: Plan) -> Response | None:
        """The response that refuses the question; None lets it pass."""
        return None

    def ask(self, request: ModelRequest, proceed: Ask) -> AsyncGenerator[StreamPart, None]:
        """Call `proceed` with the request, or a changed one, and yield its parts. It raises a ModelError when
        the vendor fails; the fallback's request then comes through here again.
        """
        return proceed(request)

    def refused(self, context: Context, response: Response) -> None:
        """Called with the response that refuses the question."""

    def ended(self, claim: Claim, ending: Ending) -> None:
        """Called exactly once for every `began`."""


class Interceptors(Interceptor):
    """Several as one, in order: the first is the outermost."""

    def __init__(self, *interceptors: Interceptor) -> None:
        self._interceptors = interceptors

    def began(self, claim: Claim) -> None:
        for each in self._interceptors:
            with _logged(each):
                each.began(claim)

    async def admit(self, context: Context, *, plan: Plan) -> Response | None:
        for each in self._interceptors:
            if (response := await each.admit(context, plan=plan)) is not None:
                self.refused(context, response)
                return response
        return None

    def ask(self, request: ModelRequest, proceed: Ask) -> AsyncGenerator[StreamPart, None]:
        for each in reversed(self._interceptors):
            proceed = partial(each.ask, proceed=proceed)
        return proceed(request)

    def refused(self, context: Context, response: Response) -> None:
        for each in self._interceptors:
            with _logged(each):
                each.refused(context, response)

    def ended(self, claim: Claim, ending: Ending) -> None:
        for each in reversed(self._interceptors):
            with _logged(each):
                each.ended(claim, ending)


@contextmanager
def _logged(interceptor: Interceptor) -> Iterator[None]:
    """A fault in one that is only told must harm neither the turn nor the others."""
    try:
        yield
    except Exception:
        log.exception("an interceptor failed", extra={"interceptor": type(interceptor).__name__})
