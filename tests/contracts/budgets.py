"""What Budgets promise: no two answers spend the same dollar, and every call may come twice."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from bot.domain.budgets import Bill, Ceiling, Expense
from bot.ports import Budgets
from bot.storage.budgets import RedisBudgets
from bot.storage.open import Storage
from bot.storage.scripts import Scripts

TODAY, WEEK = "2026-03-04", "2026-W10"
NOON = 1_772_625_600.0  # of that Wednesday
DAY = 86_400


@dataclass
class Clock:
    now: float = NOON

    def __call__(self) -> float:
        return self.now


@dataclass
class Purse:
    """The implementation under test, on a clock of its own. `rival` is another process's."""

    budgets: Budgets
    rival: Budgets
    clock: Clock
    written: Callable[[], Awaitable[None]]

    async def spent(self, *ceilings: Ceiling) -> list[float]:
        await self.written()
        return list(await self.budgets.spent(ceilings))


def purse_on(storage: Storage, rival: Storage) -> Purse:
    """Budgets on a real server."""
    clock = Clock()
    one, two = (
        RedisBudgets(database=each.database, keys=each.keys, scripts=Scripts(), clock=clock)
        for each in (storage, rival)
    )

    async def written() -> None:
        await one.write()
        await two.write()

    return Purse(budgets=one, rival=two, clock=clock, written=written)


def ceiling(usd: float, total: str = "ann", named: str = TODAY, warn: float = 1.0) -> Ceiling:
    return Ceiling(scope="person", period="day", named=named, total=total, usd=usd, warn=warn)


def expense(id: str, cost: float, *ceilings: Ceiling, seconds: float = 60) -> Expense:
    """One whose prompt is all that it costs."""
    return Expense(
        id=id,
        model="one:m",
        prompt=cost,
        per_token=0,
        guess=0,
        most=100,
        seconds=seconds,
        ceilings=ceilings or (ceiling(10),),
    )


class BudgetsContract:
    async def test_what_fits_is_reserved_and_what_does_not_names_the_first_that_is_full(
        self, purse: Purse
    ) -> None:
        wide, tight = ceiling(10), ceiling(5, "team")
        assert (await purse.budgets.reserve([expense("a", 3, wide, tight)])).costs == (3.0,)
        full = (await purse.rival.reserve([expense("b", 3, wide, tight)])).full

        assert full
        assert (full.ceiling, full.cost, full.spent, full.reserved) == (tight, 3, 0, 3)
        assert (await purse.budgets.reserve([expense("c", 2, wide, tight)])).full is None

    async def test_a_hundred_at_once_get_no_more_than_there_is(self, purse: Purse) -> None:
        async with asyncio.TaskGroup() as group:
            asks = [
                group.create_task((purse.rival if n % 2 else purse.budgets).reserve([expense(f"t{n}", 1)]))
                for n in range(100)
            ]

        assert sum(ask.result().full is None for ask in asks) == 10

    async def test_several_are_reserved_together_or_not_at_all(self, purse: Purse) -> None:
        both = [expense("a", 6), expense("b", 6)]
        assert (await purse.budgets.reserve(both)).full
        assert (await purse.budgets.reserve([expense("c", 10)])).full is None

    async def test_the_real_cost_takes_the_reservations_place(self, purse: Purse) -> None:
        asked = expense("a", 8)
        await purse.budgets.reserve([asked])
        purse.budgets.settle(Bill(expense=asked, mark="1", cost=2.5))

        assert await purse.spent(*asked.ceilings) == [2.5]
        assert (await purse.rival.reserve([expense("b", 7.5)])).full is None

    async def test_what_was_not_asked_comes_back(self, purse: Purse) -> None:
        asked = expense("a", 10)
        await purse.budgets.reserve([asked])
        purse.budgets.settle(Bill(expense=asked, mark="1"))

        assert (await purse.budgets.reserve([expense("b", 10)])).full is None
        assert await purse.spent(*asked.ceilings) == [0]

    async def test_the_same_answer_is_not_reserved_twice_and_a_bill_counts_once(self, purse: Purse) -> None:
        asked = expense("a", 6)
        await purse.budgets.reserve([asked])
        again = await purse.rival.reserve([asked])
        for budgets in (purse.budgets, purse.rival):
            budgets.settle(Bill(expense=asked, mark="1", cost=4))
            await purse.written()

        assert again.costs == (6.0,)
        assert await purse.spent(*asked.ceilings) == [4]
        assert (await purse.budgets.reserve([expense("b", 6)])).full is None

    async def test_an_answer_that_is_asked_again_after_its_bill_is_reserved_again(self, purse: Purse) -> None:
        """As after a shutdown in the middle of it: both attempts were paid."""
        asked = expense("a", 6)
        for token in ("1", "2"):
            assert (await purse.budgets.reserve([asked])).full is None
            purse.budgets.settle(Bill(expense=asked, mark=token, cost=2))
            purse.budgets.settle(Bill(expense=asked, mark=token, cost=2))

        assert await purse.spent(*asked.ceilings) == [4]

    async def test_a_dead_workers_money_comes_back_and_a_late_bill_still_counts(self, purse: Purse) -> None:
        asked = expense("a", 10, seconds=60)
        await purse.budgets.reserve([asked])
        purse.clock.now += 59
        assert (await purse.rival.reserve([expense("b", 10)])).full
        purse.clock.now += 2
        assert (await purse.rival.reserve([expense("b", 5)])).full is None
        purse.budgets.settle(Bill(expense=asked, mark="1", cost=3))

        assert await purse.spent(*asked.ceilings) == [3]
        assert (await purse.rival.reserve([expense("c", 3)])).full
        assert (await purse.rival.reserve([expense("c", 2)])).full is None

    async def test_a_prompt_that_turns_out_longer_reserves_the_rest_where_it_fits(self, purse: Purse) -> None:
        await purse.budgets.reserve([expense("a", 4)])
        assert (await purse.budgets.reserve([expense("a", 9)])).costs == (9.0,)
        assert (await purse.budgets.reserve([expense("b", 2)])).full
        full = (await purse.budgets.reserve([expense("a", 4), expense("b", 1), expense("c", 1)])).full

        assert full
        assert full.expense.id == "c"

    async def test_one_answer_may_use_a_whole_budget_that_nobody_has_touched(self, purse: Purse) -> None:
        assert (await purse.budgets.reserve([expense("a", 40)])).full is None
        assert (await purse.budgets.reserve([expense("a", 50)])).full is None  # it alone
        assert (await purse.budgets.reserve([expense("b", 1)])).full
        assert (await purse.budgets.reserve([expense("c", 1, ceiling(0, "nobody"))])).full

    async def test_usual_lengths_are_learnt_by_everybody(self, purse: Purse) -> None:
        long = replace(expense("a", 1, ceiling(1_000)), per_token=1, guess=50)
        first = await purse.budgets.reserve([long])
        for token, written in enumerate((10, 20, 30)):
            purse.budgets.settle(Bill(expense=long, mark=str(token), cost=1, written=written))
        await purse.written()

        assert first.costs == (51.0,)
        assert (await purse.rival.reserve([replace(long, id="b")])).costs == (21.0,)
        assert (await purse.rival.reserve([replace(long, id="c", most=5)])).costs == (6.0,)

    async def test_a_quote_reserves_nothing(self, purse: Purse) -> None:
        await purse.budgets.reserve([expense("a", 6)])
        quotes = await purse.budgets.quote([expense("b", 5), expense("c", 4)])

        assert [(each.cost, each.fits) for each in quotes] == [(5, False), (4, True)]
        assert (await purse.budgets.reserve([expense("d", 4)])).full is None

    async def test_it_is_told_once_in_a_period_that_most_of_it_is_used(self, purse: Purse) -> None:
        mine, other = ceiling(10, warn=0.8), ceiling(10, named="2026-03-03", warn=0.8)
        told = [(await purse.budgets.reserve([expense(f"a{n}", 4, mine)])).near for n in range(2)]
        told.append((await purse.rival.reserve([expense("b", 1, mine)])).near)
        yesterday = await purse.rival.reserve([expense("c", 8, other)])

        assert [[(each.ceiling, each.used) for each in near] for near in told] == [[], [(mine, 8)], []]
        assert len(yesterday.near) == 1

    async def test_each_period_and_each_sum_is_its_own(self, purse: Purse) -> None:
        day, week = ceiling(5), ceiling(9, named=WEEK)
        first = expense("a", 5, day, week)
        await purse.budgets.reserve([first])
        purse.budgets.settle(Bill(expense=first, mark="1", cost=5))
        purse.clock.now += DAY
        tomorrow = ceiling(5, named="2026-03-05")
        full = (await purse.budgets.reserve([expense("b", 5, tomorrow, week)])).full

        assert full
        assert full.ceiling == week
        assert (await purse.budgets.reserve([expense("c", 4, tomorrow, week)])).full is None
        assert await purse.spent(day, week, tomorrow, ceiling(5, "bob")) == [5, 5, 0, 0]
