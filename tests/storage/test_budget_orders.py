"""Reservations, bills, repeats and dead workers in any order: no dollar is spent twice, none is lost.

`Books` is the sum done by hand: each bill once, and each reservation until its bill or its end.
"""

import asyncio
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.budgets import Bill, Ceiling, Expense
from bot.storage.budgets import RedisBudgets
from bot.storage.open import Storage, StorageOptions, open_storage
from bot.storage.scripts import Scripts
from tests.contracts.budgets import Clock, ceiling, expense
from tests.examples import examples

LIMITS = {"ann": 10, "team": 15}
LASTS = 60


@dataclass(frozen=True)
class Reserve:
    answer: int
    cost: int
    totals: tuple[str, ...]


@dataclass(frozen=True)
class Pay:
    """The bill of an answer that was admitted. `error`: dearer than expected; `times`: its reply was lost."""

    answer: int
    error: int
    times: int


@dataclass(frozen=True)
class Pass:
    seconds: int


Step = Reserve | Pay | Pass
STEPS = st.lists(
    st.one_of(
        st.builds(
            Reserve,
            answer=st.integers(0, 4),
            cost=st.integers(1, 9),
            totals=st.sampled_from([("ann",), ("team",), ("ann", "team")]),
        ),
        st.builds(
            Pay, answer=st.integers(0, 4), error=st.sampled_from([-3, 0, 0, 0, 2]), times=st.integers(1, 2)
        ),
        st.builds(Pass, seconds=st.sampled_from([1, 30, 61])),
    ),
    min_size=6,
    max_size=30,
)


@dataclass
class Open:
    asked: Expense
    cost: float
    until: float


@dataclass
class Books:
    clock: Clock
    paid: dict[str, float] = field(default_factory=lambda: dict.fromkeys(LIMITS, 0.0))
    open: dict[str, Open] = field(default_factory=dict)
    excess: float = 0.0  # what bills came to beyond what was reserved for them
    bills: int = 0

    def reserved(self, total: str) -> float:
        return sum(
            each.cost
            for each in self.open.values()
            if each.until > self.clock.now and total in {one.total for one in each.asked.ceilings}
        )

    def fits(self, one: Ceiling, cost: float) -> bool:
        used = self.paid[one.total] + self.reserved(one.total)
        return used + cost <= one.usd or used == 0


@dataclass
class Play:
    budgets: tuple[RedisBudgets, RedisBudgets]
    books: Books
    asked: dict[str, Expense] = field(default_factory=dict)

    async def reserve(self, step: Reserve, at: int) -> None:
        name = f"t{step.answer}"
        ceilings = [ceiling(LIMITS[total], total) for total in step.totals]
        wanted = expense(name, step.cost, *ceilings, seconds=LASTS)
        held = self.books.open.get(name)
        if held and held.until > self.books.clock.now:
            wanted = held.asked  # another attempt at the same answer
        full = [each for each in wanted.ceilings if not self.books.fits(each, step.cost)]
        told = await self.budgets[at % 2].reserve([wanted])
        if held and wanted is held.asked:
            assert told.costs == (held.cost,)
        else:
            assert (told.full.ceiling if told.full else None) == (full[0] if full else None)
        if told.full is None:
            self.asked[name] = wanted
            until = self.books.clock.now + LASTS
            self.books.open[name] = Open(wanted, told.costs[0], until)

    async def pay(self, step: Pay, at: int) -> None:
        name = f"t{step.answer}"
        if (asked := self.asked.get(name)) is None:
            return
        held = self.books.open.pop(name, None)
        covered = held.cost if held and held.until > self.books.clock.now else 0.0
        cost = max(0.0, asked.prompt + step.error)
        self.books.bills += 1
        self.books.excess += max(0.0, cost - covered)
        for one in asked.ceilings:
            self.books.paid[one.total] += cost
        bill = Bill(expense=asked, mark=str(self.books.bills), cost=cost)
        for number in range(step.times):
            budgets = self.budgets[(at + number) % 2]
            budgets.settle(bill)
            await budgets.write()

    async def check(self) -> None:
        ceilings = [ceiling(usd, total) for total, usd in LIMITS.items()]
        assert list(await self.budgets[0].spent(ceilings)) == [
            self.books.paid[each.total] for each in ceilings
        ]
        for each in ceilings:
            used = self.books.paid[each.total] + self.books.reserved(each.total)
            assert Fraction(used) <= Fraction(each.usd) + Fraction(self.books.excess)


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as opened:
        yield opened


@settings(
    max_examples=examples(150),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_no_order_spends_a_dollar_twice_or_loses_one(
    steps: list[Step], redis_server: str, runner: asyncio.Runner
) -> None:
    async def play() -> None:
        options = StorageOptions(prefix=f"t{uuid.uuid4().hex[:12]}")
        async with open_storage(redis_server, options) as storage:
            clock = Clock()
            on = Play((_on(storage, clock), _on(storage, clock)), Books(clock))
            for at, step in enumerate(steps):
                match step:
                    case Reserve():
                        await on.reserve(step, at)
                    case Pay():
                        await on.pay(step, at)
                    case Pass(seconds=seconds):
                        clock.now += seconds
                await on.check()

    runner.run(play())


def _on(storage: Storage, clock: Clock) -> RedisBudgets:
    return RedisBudgets(database=storage.database, keys=storage.keys, scripts=Scripts(), clock=clock)
