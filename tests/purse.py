"""Budgets in memory, for tests of what is said about them. They keep the same promises as those on Redis."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import ceil

from bot.domain.budgets import (
    Bill,
    Ceiling,
    CeilingNear,
    CeilingReached,
    Expense,
    Quote,
    Reservation,
)

SETTLED = 200
Sum = tuple[str, str]


@dataclass
class Held:
    cost: float
    prompt: float
    ceilings: tuple[Ceiling, ...]
    until: float
    open: bool = True
    token: str = ""


@dataclass
class MemoryBudgets:
    """`before` is what every sum has been spent of when the test begins."""

    clock: Callable[[], float] = lambda: 0.0
    before: Callable[[], float] = lambda: 0.0
    held: dict[str, Held] = field(default_factory=dict)
    paid: dict[Sum, float] = field(default_factory=lambda: defaultdict(float))
    reserved: dict[Sum, float] = field(default_factory=lambda: defaultdict(float))
    usual: dict[str, tuple[int, float]] = field(default_factory=dict)
    warned: set[tuple[Sum, float]] = field(default_factory=set)
    calls: int = 0

    async def reserve(self, expenses: Sequence[Expense]) -> Reservation:
        self.calls += 1
        self._expire()
        promised: dict[Sum, float] = defaultdict(float)
        plans: list[tuple[Expense, Held, float]] = []
        for expense in expenses:
            item = self.held.get(expense.id)
            own, cost, ceilings = 0.0, self._expected(expense), expense.ceilings
            more, token = cost, item.token if item else ""
            if item and item.open:
                own, more, ceilings = item.cost, max(0.0, expense.prompt - item.prompt), item.ceilings
                cost = item.cost + more
            for ceiling in ceilings:
                spent, reserved = self._used(ceiling)
                reserved += promised[_sum(ceiling)]
                if more and not _fits(ceiling, spent + reserved, more, own):
                    return Reservation(
                        full=CeilingReached(
                            expense=expense, ceiling=ceiling, cost=more, spent=spent, reserved=reserved
                        )
                    )
                promised[_sum(ceiling)] += more
            until = self.clock() + expense.seconds
            prompt = max(expense.prompt, item.prompt if item and item.open else 0)
            plans.append((expense, Held(cost, prompt, ceilings, until, token=token), more))
        near = []
        for expense, plan, more in plans:
            self._add(self.reserved, plan.ceilings, more)
            self.held[expense.id] = plan
            near += [CeilingNear(ceiling=each, used=used) for each, used in self._near(plan)]
        return Reservation(costs=tuple(plan.cost for _, plan, _ in plans), near=tuple(near))

    def settle(self, bill: Bill) -> None:
        self._expire()
        item, ceilings = self.held.get(bill.expense.id), bill.expense.ceilings
        if item and item.token == bill.mark:
            return
        if item and item.open:
            ceilings = item.ceilings
            self._add(self.reserved, ceilings, -item.cost)
        self._add(self.paid, ceilings, _whole(bill.cost))
        until = self.clock() + bill.expense.seconds
        self.held[bill.expense.id] = Held(0, 0, (), until, open=False, token=bill.mark)
        if bill.written is not None:
            seen, mean = self.usual.get(bill.expense.model, (0, 0.0))
            mean += (bill.written - mean) / min(seen + 1, SETTLED)
            self.usual[bill.expense.model] = (seen + 1, mean)

    async def quote(self, expenses: Sequence[Expense]) -> Sequence[Quote]:
        costs = [self._expected(expense) for expense in expenses]
        return [
            Quote(cost=cost, fits=all(_fits(c, sum(self._used(c)), cost, 0.0) for c in expense.ceilings))
            for expense, cost in zip(expenses, costs, strict=True)
        ]

    async def spent(self, ceilings: Sequence[Ceiling]) -> Sequence[float]:
        return [self._used(ceiling)[0] for ceiling in ceilings]

    def _expire(self) -> None:
        for id, item in list(self.held.items()):
            if item.until <= self.clock():
                self._add(self.reserved, item.ceilings, -item.cost)
                del self.held[id]

    def _used(self, ceiling: Ceiling) -> tuple[float, float]:
        return self.before() + self.paid[_sum(ceiling)], self.reserved[_sum(ceiling)]

    def _near(self, plan: Held) -> list[tuple[Ceiling, float]]:
        found = []
        for ceiling in plan.ceilings:
            mark, used = (_sum(ceiling), ceiling.usd), sum(self._used(ceiling))
            if ceiling.usd and used >= ceiling.usd * ceiling.warn and mark not in self.warned:
                self.warned.add(mark)
                found.append((ceiling, used))
        return found

    def _expected(self, expense: Expense) -> float:
        _, mean = self.usual.get(expense.model, (0, float(expense.guess)))
        return _whole(expense.prompt + expense.per_token * min(mean, expense.most))

    @staticmethod
    def _add(sums: dict[Sum, float], ceilings: Sequence[Ceiling], amount: float) -> None:
        for ceiling in ceilings:
            sums[_sum(ceiling)] = round(sums[_sum(ceiling)] + amount, 6)


def _fits(ceiling: Ceiling, used: float, more: float, own: float) -> bool:
    return round(used + more, 6) <= ceiling.usd or (used == own and ceiling.usd > 0)


def _sum(ceiling: Ceiling) -> Sum:
    return ceiling.named, ceiling.total


def _whole(usd: float) -> float:
    """In millionths, rounded up."""
    return ceil(usd * 1_000_000 - 1e-6) / 1_000_000
