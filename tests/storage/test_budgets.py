"""Budgets on a real server, and in memory for the tests that only need their words."""

import pytest

from bot.storage.budgets import RedisBudgets
from bot.storage.open import Storage
from bot.storage.scripts import Scripts
from tests.contracts.budgets import DAY, TODAY, BudgetsContract, Clock, Purse, ceiling, expense
from tests.purse import MemoryBudgets


def on_redis(storage: Storage, clock: Clock) -> RedisBudgets:
    return RedisBudgets(database=storage.database, keys=storage.keys, scripts=Scripts(), clock=clock)


class TestRedisBudgets(BudgetsContract):
    @pytest.fixture
    async def purse(self, storage: Storage) -> Purse:
        clock = Clock()
        one, two = on_redis(storage, clock), on_redis(storage, clock)

        async def written() -> None:
            await one.write()
            await two.write()

        return Purse(budgets=one, rival=two, clock=clock, written=written)

    async def test_sums_are_kept_for_two_periods_and_everything_in_one_slot(self, storage: Storage) -> None:
        budgets = on_redis(storage, Clock())
        week, month = ceiling(9, named="2026-W10"), ceiling(9, named="2026-03")
        await budgets.reserve([expense("a", 1, ceiling(9), week, month)])
        names = [TODAY, "2026-W10", "2026-03"]
        lasts = await storage.database.ask(*(("TTL", storage.keys.budgets(name)) for name in names))
        (found,) = await storage.database.ask(("KEYS", f"{storage.keys.prefix}:*"))

        assert [round(seconds / DAY) for seconds in lasts] == [2, 14, 62]
        assert len({key.split(b":")[1] for key in found}) == 1


class TestMemoryBudgets(BudgetsContract):
    @pytest.fixture
    def purse(self) -> Purse:
        clock = Clock()
        budgets = MemoryBudgets(clock=clock)

        async def written() -> None:
            return None

        return Purse(budgets=budgets, rival=budgets, clock=clock, written=written)
