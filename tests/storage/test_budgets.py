"""Budgets on a real server, and in memory for the tests that only need their words."""

import pytest

from bot.storage.open import Storage
from tests.contracts.budgets import DAY, TODAY, BudgetsContract, Clock, Purse, ceiling, expense, purse_on
from tests.purse import MemoryBudgets


class TestRedisBudgets(BudgetsContract):
    @pytest.fixture
    def purse(self, storage: Storage) -> Purse:
        return purse_on(storage, storage)

    async def test_sums_are_kept_for_two_periods_and_everything_in_one_slot(self, storage: Storage) -> None:
        budgets = purse_on(storage, storage).budgets
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
