"""Replicas that spend money: the real interceptors on real storage, and a model whose price and length are known."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field

from bot.answers.budgets import BudgetKeeper
from bot.answers.limits import AskerLimits
from bot.context import Context
from bot.domain.capabilities import PlatformCapabilities
from bot.domain.catalog import Catalog, Model, Price
from bot.domain.claims import Claim, QueueEntry
from bot.domain.errors import StorageUnavailable
from bot.domain.events import Author, MessageReceived, ThreadKey
from bot.domain.preferences import ModelPreferences
from bot.domain.prompt import Prompt, PromptMessage, TextPart, size
from bot.domain.replies import Reply
from bot.domain.shown_answers import ShownAnswer
from bot.domain.stream_parts import Finish, Reason, ShownPart, StreamPart, Text, Usage
from bot.domain.turns import ChatMessage, TurnRecord
from bot.interceptor import Ending, EndingKind, Interceptors, ModelRequest, Plan
from bot.models.estimates import CostEstimates
from bot.models.pricing import Corrections, Prices
from bot.settings.config_file import Policy
from bot.settings.money import BudgetEntry
from bot.storage.open import Storage
from tests.conversation.stage import Stage
from tests.doubles import FakeTurnHandle

PRICE = Price(input=1_000, output=1_000)
MODEL = Model(name="grok", provider="one", model="grok-4.7", price=PRICE)
ANN = Author(id="U1", name="Ann")
SYSTEM = "x" * 350  # a hundred tokens, as long as what stands before every prompt
WROTE = 500  # tokens of every answer, half a dollar


class Nowhere:
    """A sink that nothing is shown in."""

    async def show(self, parts: AsyncGenerator[ShownPart, None]) -> tuple[str, ...]:
        raise AssertionError("nothing is shown here")

    async def say(self, reply: Reply) -> str:
        return ""

    async def rewrite(self, answer: ShownAnswer) -> None:
        raise AssertionError("nothing is shown here")


@dataclass
class Spending:
    """What all replicas were asked for and charged."""

    admitted: int = 0
    refused: int = 0
    spent: float = 0.0
    dearest: float = 0.0


@dataclass
class Replica:
    """One process's interceptors. `wrote` is how long the answer with that number gets."""

    storage: Storage
    budget: BudgetEntry
    spending: Spending
    wrote: Callable[[int], int] = lambda number: WROTE
    thinks: float = 0.0  # seconds until the model answers
    at_once: int = 256  # as `[limits] answers`: the others wait in their mailboxes
    keeper: Interceptors = field(init=False)

    def __post_init__(self) -> None:
        self._room = asyncio.Semaphore(self.at_once)
        catalog, prices, corrections = Catalog([MODEL]), Prices({}), Corrections()
        budgets = BudgetKeeper(
            rules=[self.budget],
            budgets=self.storage.budgets,
            catalog=catalog,
            estimates=CostEstimates(catalog=catalog, prices=prices, corrections=corrections),
        )
        self.keeper = Interceptors(AskerLimits(rate_limiter=self.storage.rate_limiter), budgets)

    async def turn(self, number: int) -> None:
        """One question in a thread of its own, as a worker handles it: put off while Redis is busy."""
        while True:
            try:
                async with self._room:
                    return await self._attempt(number)
            except StorageUnavailable:
                await asyncio.sleep(0.1)

    async def _attempt(self, number: int) -> None:
        context = _context(number)
        question = ChatMessage(author=ANN, text=context.claim.event.id)
        self.keeper.began(context.claim)
        ending = EndingKind.RETRIED
        try:
            if await self.keeper.admit(context, plan=Plan(models=(MODEL,), asked=question)):
                self.spending.refused += 1
            else:
                said = PromptMessage(role="user", parts=(TextPart(text=question.text),))
                request = ModelRequest(
                    context=context, model=MODEL, prompt=Prompt(system=SYSTEM, messages=(said,))
                )
                async with aclosing(self.keeper.ask(request, self._model(number))) as parts:
                    async for _ in parts:
                        pass
            ending = EndingKind.DONE
        finally:
            self.keeper.ended(context.claim, Ending(kind=ending))

    def _model(self, number: int) -> Callable[[ModelRequest], AsyncGenerator[StreamPart, None]]:
        async def answer(request: ModelRequest) -> AsyncGenerator[StreamPart, None]:
            usage = Usage(input=size(request.prompt), output=self.wrote(number))
            cost = (usage.input + usage.output) * PRICE.input / 1_000_000
            self.spending.admitted += 1
            self.spending.spent += cost
            self.spending.dearest = max(self.spending.dearest, cost)
            yield Text("so ")
            await asyncio.sleep(self.thinks)
            yield usage
            yield Finish(reason=Reason.STOP)

        return answer


def _context(number: int) -> Context:
    thread = ThreadKey(platform="test", workspace="W", channel="C", thread=str(number))
    event = MessageReceived(id=f"e{number:06}", thread=thread, author=ANN, at=1.0, text="why?")
    claim = Claim(
        queue_entry=QueueEntry(shard=0, entry="1-1", conversation=thread.digest),
        epoch=number + 1,
        mail="1-1",
        event=event,
        record=TurnRecord(id=f"t{number}"),
        preferences=ModelPreferences(),
    )
    return Context(
        claim=claim,
        turn_handle=FakeTurnHandle(id=claim.record.id),
        sink=Nowhere(),
        capabilities=PlatformCapabilities(mention="@Switchboard", slash=True, threads=True, private=True),
        policy=Policy(),
        preferences=Stage(),
        sink_of=lambda column: Nowhere(),
    )
