"""Budgets bind: money is reserved before a model is asked, for every answer of a question at once.

`admit` reserves an estimate. `ask` sees each request with its whole prompt: what that costs more, and what
another model that steps in costs, is reserved then, or that model is not asked. The bill follows when the
request ends, however it ends. A reservation that nobody pays runs out; another attempt at the same turn uses
it again. What a worker that died had been sent is not known: it counts with its prompt.
"""

import math
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bot.answers import budget_words
from bot.answers.ceilings import ceilings
from bot.context import Context, Response
from bot.domain.budgets import Bill, CeilingReached, Expense
from bot.domain.catalog import Catalog, Model
from bot.domain.claims import Claim
from bot.domain.errors import ModelError, OverBudget
from bot.domain.prompt import Search, share, size, tokens
from bot.domain.prompt_building import expected_size
from bot.domain.replies import Action, Button, Reply
from bot.domain.stream_parts import Finish, Reason, Remark, StreamPart, Text, Thinking, ToolCall, Usage
from bot.interceptor import Ask, Ending, EndingKind, Interceptor, ModelRequest, Plan
from bot.models.estimates import CostEstimates
from bot.ports import Budgets
from bot.settings.money import BudgetEntry

SYSTEM = 130  # tokens of what stands before every prompt
GUESS, THOUGHTFUL = 1_000, 4_000  # tokens written, while nobody knows; of a model that reasons
SLACK = 0.1  # share of an estimate that a whole prompt may cost more without a reservation of its own
AFTER = 120.0  # seconds after a model's own deadline until its reservation runs out
OFFERED = 12  # models whose cost is looked up for a refusal
BUTTON = 200  # characters of a button's value


@dataclass(slots=True)
class HeldMoney:
    """What one answer has reserved. `open` until its bill is sent."""

    expense: Expense
    cost: float
    open: bool = True
    bills: int = 0
    remarks: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Heard:
    """What came back from one request."""

    written: float = 0.0  # estimated tokens
    usage: Usage | None = None
    finish: Finish | None = None
    error: ModelError | None = None
    begun: bool = False

    def note(self, part: StreamPart) -> None:
        self.begun = True
        match part:
            case Text(text=text) | Thinking(text=text) | ToolCall(args=text):
                self.written += share(text)
            case Usage():
                self.usage = part
            case Finish():
                self.finish = part
            case _:
                pass

    @property
    def unpaid(self) -> bool:
        """Whether the vendor refused before it did anything. A request that was given up is paid."""
        return self.error is not None and not self.begun and not self.error.billed


class BudgetKeeper(Interceptor):
    """Keeps questions within `rules`. Costs no round trip where no rule applies, and otherwise one."""

    def __init__(
        self,
        *,
        rules: Sequence[BudgetEntry],
        budgets: Budgets,
        catalog: Catalog,
        estimates: CostEstimates,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._rules = tuple(rules)
        self._budgets = budgets
        self._catalog = catalog
        self._estimates = estimates
        self._clock = clock
        self._held: dict[tuple[str, int], dict[str, HeldMoney]] = {}

    async def admit(self, context: Context, *, plan: Plan) -> Response | None:
        record = context.claim.record
        if not self._rules or record.begun:
            return None  # an earlier attempt was admitted
        wanted = [self._planned(context, plan, model) for model in plan.models]
        wanted = [expense for expense in wanted if _binds(expense)]
        if not wanted:
            return None
        full = await self._reserve(context, wanted)
        return await self._refusal(context, plan, full) if full else None

    def ask(self, request: ModelRequest, proceed: Ask) -> AsyncGenerator[StreamPart, None]:
        return self._covered(request, proceed) if self._rules else proceed(request)

    def ended(self, claim: Claim, ending: Ending) -> None:
        """Gives back what was never asked. A turn that another attempt goes on with keeps its reservations."""
        held = self._held.pop((claim.queue_entry.conversation, claim.epoch), {})
        if ending.kind in {EndingKind.DONE, EndingKind.BURIED}:
            for each in held.values():
                if each.open:
                    self._budgets.settle(Bill(expense=each.expense, mark=_mark(claim, each)))

    async def standing(self, context: Context) -> Sequence[str]:
        """The asker's own budgets and what is spent of them, a line each."""
        own = [each for each in ceilings(self._rules, context, self._now()) if each.scope == "person"]
        if not own:
            return []
        spent = await self._budgets.spent(own)
        tenant = context.capabilities.tenant
        return [
            budget_words.standing(ceiling, usd, self._now(), tenant)
            for ceiling, usd in zip(own, spent, strict=True)
        ]

    async def _covered(self, request: ModelRequest, proceed: Ask) -> AsyncGenerator[StreamPart, None]:
        held = await self._cover(request)
        heard = _Heard()
        try:
            async with aclosing(proceed(request)) as parts:
                async for part in parts:
                    if held and heard.begun:  # the first part tells how late the model is
                        for remark in _taken(held.remarks):
                            yield Remark(remark)
                    heard.note(part)
                    yield part
        except ModelError as error:
            heard.error = error
            raise
        finally:
            if held:
                self._pay(request, held, heard)

    async def _cover(self, request: ModelRequest) -> HeldMoney | None:
        """The money for this request; None where nothing limits it. Raises OverBudget."""
        context, model = request.context, request.model
        forced = request.prompt.vendor_search is Search.MUST
        expense = self._expense(context, model, size(request.prompt), searched=forced)
        if not _binds(expense):
            return None
        held = self._of(context.claim).get(model.name)
        if held and held.open and expense.prompt <= held.expense.prompt + SLACK * held.cost:
            return held
        if full := await self._reserve(context, [expense]):
            words = budget_words.reached_before_others if context.shared else budget_words.reached
            raise OverBudget(words(full, self._now(), context.capabilities.tenant))
        return self._of(context.claim)[model.name]

    async def _reserve(self, context: Context, wanted: Sequence[Expense]) -> CeilingReached | None:
        reservation = await self._budgets.reserve(wanted)
        if reservation.full:
            return reservation.full
        mine = self._of(context.claim)
        for expense, cost in zip(wanted, reservation.costs, strict=True):
            name = expense.id.partition(" ")[2]
            before = mine.get(name)
            mine[name] = HeldMoney(expense=expense, cost=cost, bills=before.bills if before else 0)
        first = mine[wanted[0].id.partition(" ")[2]]
        tenant, shared = context.capabilities.tenant, context.shared
        first.remarks += [budget_words.near(told, tenant, shared=shared) for told in reservation.near]
        return None

    def _pay(self, request: ModelRequest, held: HeldMoney, heard: _Heard) -> None:
        """The bill of one request. It is sent in the background: no answer waits for it."""
        claim, model = request.context.claim, request.model
        read, written = size(request.prompt), math.ceil(heard.written)
        usage = self._estimates.counted(model, heard.usage, read=read, wrote=written)
        cost = 0.0
        if not heard.unpaid:
            cost = self._estimates.cost(model, usage, heard.finish.model if heard.finish else "")
        if not held.bills:
            cost += claim.record.crashes * held.expense.prompt
        whole = heard.finish is not None and heard.finish.reason in {Reason.STOP, Reason.LENGTH}
        self._budgets.settle(
            Bill(
                expense=held.expense,
                mark=_mark(claim, held),
                cost=cost,
                written=usage.output if whole else None,
            )
        )
        held.open, held.bills = False, held.bills + 1

    def _planned(self, context: Context, plan: Plan, model: Model) -> Expense:
        before = SYSTEM + tokens(model.instructions) + tokens(context.policy.system)
        read = expected_size(plan.prior, plan.asked, model, system=before, heard=plan.heard)
        forced = plan.searched and model.searches
        return self._expense(context, model, read, searched=forced)

    def _expense(self, context: Context, model: Model, read: int, *, searched: bool) -> Expense:
        rates = self._estimates.rates(model, read, searched=searched)
        return Expense(
            id=f"{context.turn_handle.id} {model.name}",
            model=model.key,
            prompt=rates.prompt,
            per_token=rates.per_token,
            guess=expected_output(model),
            most=model.max_output,
            seconds=model.deadlines.total + AFTER,
            ceilings=() if rates.free else ceilings(self._rules, context, self._now(), model),
        )

    async def _refusal(self, context: Context, plan: Plan, full: CeilingReached) -> Response:
        """Which budget it was, and what to do: a cheaper model that fits, or whom to ask."""
        text = budget_words.reached(full, self._now(), context.capabilities.tenant)
        buttons = list[Button]()
        others = [each for each in context.usable(self._catalog.featured) if each not in plan.models]
        unsearched = replace(plan, searched=False)  # as they would be asked
        expenses = [self._planned(context, unsearched, model) for model in others[:OFFERED]]
        quotes = await self._budgets.quote(expenses)
        fitting = [
            (quote.cost, model)
            for model, quote in zip(others, quotes, strict=False)
            if quote.fits and quote.cost < full.cost
        ]
        if not fitting:
            reply = Reply(text=f"{text} {budget_words.nobody_cheaper()}", private=not context.direct)
            return Response(reply=reply)
        cost, model = min(fitting, key=lambda each: each[0])
        text += f" {budget_words.instead(model, cost, slash=context.capabilities.slash)}"
        value = f"/ask {model.name} {plan.asked.text}"
        if len(value) <= BUTTON and not plan.asked.files:
            buttons.append(Button(action=Action.RUN, label=f"Ask {model.name}", value=value))
        return Response(reply=Reply(text=text, buttons=tuple(buttons), private=not context.direct))

    def _of(self, claim: Claim) -> dict[str, HeldMoney]:
        return self._held.setdefault((claim.queue_entry.conversation, claim.epoch), {})

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


def expected_output(model: Model) -> int:
    """Tokens of an answer, while nobody knows."""
    return min(THOUGHTFUL if model.reasoning else GUESS, model.max_output)


def _binds(expense: Expense) -> bool:
    return bool(expense.ceilings)


def _mark(claim: Claim, held: HeldMoney) -> str:
    return f"{claim.epoch}.{held.bills}"


def _taken(remarks: list[str]) -> list[str]:
    taken = remarks[:]
    remarks.clear()
    return taken
