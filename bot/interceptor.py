"""The one seam for whatever looks at every turn: measuring, limits, logging, and later audit and data-loss prevention.

The list is built in bot.app and its order is the order of asking. A turn passes each interceptor at five moments:

    began     a worker has claimed it
    admit     before anything is asked: the first answer that is not None refuses the question
    ask       around every request to a model: the prompt before it leaves, each part that comes, the failure
    refused   the question was not let in
    ended     the worker has put the turn down; `outcome.counted` is the finished turn
"""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial

from bot.context import Context, Response
from bot.domain.catalog import Model
from bot.domain.claims import Claim, Outcome
from bot.domain.prompt import Prompt
from bot.domain.stream_parts import StreamPart


class How(StrEnum):
    """How a worker puts a turn down."""

    DONE = "done"  # committed
    RETRIED = "retried"  # given back, to be tried again after a pause
    BURIED = "buried"  # given up, with an apology
    RELEASED = "released"  # given back because this process ends
    FENCED = "fenced"  # another worker has it
    LEFT = "left"  # could not be put down properly: its lease runs out and another worker takes it


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """The end of one worker's part in a turn. `error` is what brought it about, None where nothing went wrong."""

    how: How
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


Ask = Callable[[ModelRequest], AsyncGenerator[StreamPart, None]]


class Interceptor:
    """Lets everything pass. Override the moments you look at; what is raised ends the turn as any error does.

    One object serves all turns at once, so what belongs to a turn is kept under its claim's conversation.
    """

    def began(self, claim: Claim) -> None:
        """`claim.record.attempt` is 1 the first time."""

    async def admit(self, context: Context, *, answers: int) -> Response | None:
        """What to say instead of asking for so many answers; None lets the question pass."""
        return None

    def ask(self, request: ModelRequest, proceed: Ask) -> AsyncGenerator[StreamPart, None]:
        """`proceed` asks on; call it with the request, or another one, and pass its parts on. Its ModelError is the
        vendor's failure, after which another model may be asked, through here again.
        """
        return proceed(request)

    def refused(self, context: Context, response: Response) -> None:
        """What is said instead of an answer."""

    def ended(self, claim: Claim, ending: Ending) -> None:
        """Called exactly once for every `began`."""


class Interceptors(Interceptor):
    """Several as one, in order: the first is the outermost."""

    def __init__(self, *interceptors: Interceptor) -> None:
        self._interceptors = interceptors

    def began(self, claim: Claim) -> None:
        for each in self._interceptors:
            each.began(claim)

    async def admit(self, context: Context, *, answers: int = 1) -> Response | None:
        for each in self._interceptors:
            if (response := await each.admit(context, answers=answers)) is not None:
                self.refused(context, response)
                return response
        return None

    def ask(self, request: ModelRequest, proceed: Ask) -> AsyncGenerator[StreamPart, None]:
        for each in reversed(self._interceptors):
            proceed = partial(each.ask, proceed=proceed)
        return proceed(request)

    def refused(self, context: Context, response: Response) -> None:
        for each in self._interceptors:
            each.refused(context, response)

    def ended(self, claim: Claim, ending: Ending) -> None:
        for each in reversed(self._interceptors):
            each.ended(claim, ending)
