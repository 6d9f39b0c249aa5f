"""Whether a budget binds: `python -m tests.benchmarks.budget` lets 10,000 questions at once loose on one limit.

Two replicas, each with its own connections to one real server, ask a model whose answers have a known length;
every question goes through the interceptors as in the product. Printed is what was spent of the limit, and by how
many of the dearest answers it was overshot. With `--vary` the answers' lengths differ (exponentially, with the
same mean), which no estimate can know beforehand: then an overshoot is an error of the estimates of what runs at
once.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bot.settings.money import BudgetEntry
from bot.storage.embedded import embedded_server
from bot.storage.open import StorageOptions, open_storage
from tests.spending import WROTE, Replica, Spending

THINKS = 1.0  # seconds that an answer takes


def lengths(vary: bool) -> Callable[[int], int]:
    if not vary:
        return lambda number: WROTE
    chance = random.Random(1)  # noqa: S311 - the same lengths every time
    drawn = [max(1, round(chance.expovariate(1 / WROTE))) for _ in range(100_000)]
    return lambda number: drawn[number % len(drawn)]


async def measure(turns: int, usd: float, *, vary: bool) -> tuple[Spending, float]:
    spending, budget, wrote = Spending(), BudgetEntry(scope="company", usd=usd), lengths(vary)
    with tempfile.TemporaryDirectory(prefix="sb-") as folder:
        async with embedded_server(Path(folder) / "data") as url:
            options = StorageOptions(prefix="bench")
            async with open_storage(url, options) as one, open_storage(url, options) as two:
                stores = (one, two)
                replicas = [Replica(each, budget, spending, wrote, THINKS) for each in stores]
                began = time.perf_counter()
                async with asyncio.TaskGroup() as group:
                    writing = [group.create_task(each.budgets.run()) for each in stores]
                    async with asyncio.TaskGroup() as asking:
                        for number in range(turns):
                            asking.create_task(replicas[number % 2].turn(number))
                    for task in writing:
                        task.cancel()
                seconds = time.perf_counter() - began
    return spending, seconds


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--turns", type=int, default=10_000)
    parser.add_argument("--usd", type=float, default=300.0, help="the limit; an answer costs about 0.6")
    parser.add_argument("--vary", action="store_true")
    given = parser.parse_args()
    spending, seconds = asyncio.run(measure(given.turns, given.usd, vary=given.vary))
    over = max(0.0, spending.spent - given.usd) / (spending.dearest or 1)
    print(f"questions  {given.turns} at once on two replicas, in {seconds:.1f} s")  # noqa: T201
    print(f"limit      {given.usd:.2f} USD")  # noqa: T201
    print(f"spent      {spending.spent:.2f} USD")  # noqa: T201
    print(f"admitted   {spending.admitted}, refused {spending.refused}")  # noqa: T201
    print(f"overshoot  {over:.2f} questions")  # noqa: T201


if __name__ == "__main__":
    main()
