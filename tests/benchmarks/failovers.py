"""Sentinel failovers under load: `python -m tests.benchmarks.failovers` prints its figures; anything but zeros is a
failure.

The product, three processes, on a master with two replicas and three sentinels, answers people in a fake Slack. The
master is changed as an operator does it (SENTINEL FAILOVER) and by SIGKILL, in random order.
"""

import argparse
import asyncio
import logging
import sys

from tests.chaos.failover import FailoverPlan, failovers
from tests.chaos.slack import SlackPlayground


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--planned", type=int, default=40)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--conversations", type=int, default=24, help="questions in each round")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    plan = FailoverPlan(
        planned=given.planned, kills=given.kills, conversations=given.conversations, seed=given.seed
    )
    figures = asyncio.run(failovers(plan, SlackPlayground()))
    sys.stdout.write("\n".join([f"seed {given.seed}: {figures}", *figures.details, ""]))
    return 0 if figures.clean else 1


if __name__ == "__main__":
    sys.exit(main())
