"""Money on Redis: one script takes the bills that wait and reserves, so that no two questions spend the same dollar.

Bills wait in memory for the next reservation or for a moment. If the process dies before, its reservation runs
out and that cost is missing; a failover of Redis may lose the sums of its last second.
"""

import asyncio
import hashlib
import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.budgets import (
    Bill,
    BudgetPeriod,
    Ceiling,
    CeilingNear,
    CeilingReached,
    Expense,
    Quote,
    Reservation,
    period_name,
)
from bot.domain.errors import StorageUnavailable
from bot.storage.connection import Database
from bot.storage.keys import DAY, Keys
from bot.storage.scripts import ScriptCall, Scripts

MICRO = 1_000_000
PERIODS: Mapping[BudgetPeriod, int] = {"day": 1, "week": 7, "month": 31}  # their days, at most
AGAIN = 1.0  # seconds until bills that could not be written are sent again


class RedisBudgets:
    """The Budgets on Redis. `run` writes bills that no reservation takes along."""

    def __init__(
        self, *, database: Database, keys: Keys, scripts: Scripts, clock: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self._keys = keys
        self._scripts = scripts
        self._clock = clock
        self._bills: dict[str, Bill] = {}
        self._owing = asyncio.Event()

    async def run(self) -> None:
        """Writes bills as they come, and the last ones at the end. Runs as its own task."""
        try:
            while True:
                await self._owing.wait()
                try:
                    await self.write()
                except StorageUnavailable:
                    await asyncio.sleep(AGAIN)
        finally:
            with suppress(StorageUnavailable):
                await self.write()

    async def write(self) -> None:
        """Writes the bills that wait."""
        self._owing.clear()
        if self._bills:
            await self._ask()

    def settle(self, bill: Bill) -> None:
        self._bills[f"{bill.expense.id} {bill.mark}"] = bill
        self._owing.set()

    async def reserve(self, expenses: Sequence[Expense]) -> Reservation:
        told = await self._ask(expenses)
        if full := told.get("full"):
            expense, ceiling = _found(expenses, full)
            reached = CeilingReached(
                expense=expense,
                ceiling=ceiling,
                cost=full["cost"] / MICRO,
                spent=full["spent"] / MICRO,
                reserved=full["reserved"] / MICRO,
            )
            return Reservation(full=reached)
        near = [
            CeilingNear(ceiling=_found(expenses, each)[1], used=each["used"] / MICRO)
            for each in told["near"] or ()  # Lua's empty list is an empty object
        ]
        return Reservation(costs=tuple(cost / MICRO for cost in told["costs"] or ()), near=tuple(near))

    async def quote(self, expenses: Sequence[Expense]) -> Sequence[Quote]:
        if not expenses:
            return []
        told = await self._ask(expenses, quote=True)
        pairs = zip(told["costs"], told["room"], strict=True)
        return [Quote(cost=cost / MICRO, fits=room) for cost, room in pairs]

    async def spent(self, ceilings: Sequence[Ceiling]) -> Sequence[float]:
        await self.write()
        if not ceilings:
            return []
        amounts = await self._database.ask(
            *(("HGET", self._keys.budgets(each.named), f"s:{each.total}") for each in ceilings)
        )
        return [int(amount or 0) / MICRO for amount in amounts]

    async def _ask(self, expenses: Sequence[Expense] = (), *, quote: bool = False) -> Mapping[str, Any]:
        bills = dict(self._bills)
        try:
            (told,) = await self._database.ask(self._call(list(bills.values()), expenses, quote=quote))
        except BaseException:
            self._owing.set()  # they may not have been written: a bill that comes twice counts once
            raise
        for name in bills:
            self._bills.pop(name, None)
        answer: Mapping[str, Any] = json.loads(told)
        return answer

    def _call(self, bills: Sequence[Bill], expenses: Sequence[Expense], *, quote: bool) -> ScriptCall:
        now = self._clock()
        periods = _periods(datetime.fromtimestamp(now, UTC))
        keys = [self._keys.budgets(what) for what in ("held", "due", "usual")]
        about = {
            "now": now,
            "quote": quote,
            "bills": [_bill(bill) for bill in bills],
            "expenses": [_expense(expense) for expense in expenses],
            "periods": {
                name: (place, lasts) for place, (name, lasts) in enumerate(periods.items(), len(keys) + 1)
            },
        }
        keys += [self._keys.budgets(name) for name in periods]
        return self._scripts.call("budget", tuple(keys), json.dumps(about))


def _periods(now: datetime) -> Mapping[str, int]:
    """The names of each current period and the one before, with how long their sums are kept: two periods."""
    return {
        period_name(period, at): 2 * days * DAY
        for period, days in PERIODS.items()
        for at in (now, _before(period, now))
    }


def _before(period: BudgetPeriod, now: datetime) -> datetime:
    """A moment in the period before."""
    return (
        now.replace(day=1) - timedelta(days=1) if period == "month" else now - timedelta(days=PERIODS[period])
    )


def _found(expenses: Sequence[Expense], place: Mapping[str, int]) -> tuple[Expense, Ceiling]:
    expense = expenses[place["expense"] - 1]
    return expense, expense.ceilings[place["ceiling"] - 1]


def _opaque(name: str) -> str:
    """What is kept of a turn after its end must not say whose it was, nor where: that may be erased by then."""
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def _expense(expense: Expense) -> Mapping[str, Any]:
    return {
        "id": _opaque(expense.id),
        "model": expense.model,
        "prompt": expense.prompt * MICRO,
        "per_token": expense.per_token * MICRO,
        "guess": expense.guess,
        "most": expense.most,
        "seconds": expense.seconds,
        "ceilings": _ceilings(expense),
    }


def _bill(bill: Bill) -> Mapping[str, Any]:
    about = {
        "id": _opaque(bill.expense.id),
        "token": _opaque(bill.mark),
        "cost": math.ceil(bill.cost * MICRO - 1e-6),
        "model": bill.expense.model,
        "seconds": bill.expense.seconds,
        "ceilings": _ceilings(bill.expense),
    }
    return about if bill.written is None else {**about, "written": bill.written}


def _ceilings(expense: Expense) -> Sequence[Mapping[str, Any]]:
    return [
        {
            "named": each.named,
            "total": each.total,
            "usd": round(each.usd * MICRO),
            "warn": round(each.usd * each.warn * MICRO),
        }
        for each in expense.ceilings
    ]
