"""Large chaos for tools: `python -m tests.benchmarks.tool_chaos [slack|teams]`. 200 turns with a call that somebody has to allow, workers and
the server killed at every stage: each allowed call ran once or is told as "may have run", none ran unasked, none is lost.
"""

import argparse
import asyncio
import logging
import sys

from tests.chaos.run import Plan
from tests.chaos.tools import TOOL_PLAYGROUNDS, tool_chaos


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("platform", nargs="?", choices=TOOL_PLAYGROUNDS, default="slack")
    parser.add_argument("--conversations", type=int, default=40)
    parser.add_argument("--turns", type=int, default=5, help="in each conversation")
    parser.add_argument("--worker-kills", type=int, default=150)
    parser.add_argument("--server-kills", type=int, default=10)
    parser.add_argument("--freezes", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    plan = Plan(
        conversations=given.conversations,
        messages=given.turns,
        worker_kills=given.worker_kills,
        server_kills=given.server_kills,
        freezes=given.freezes,
        seed=given.seed,
    )
    written = asyncio.run(tool_chaos(plan, given.platform))
    sys.stdout.write(f"{given.platform}, seed {given.seed}: {written}\n")
    if not written.clean:
        sys.stdout.write("\n".join(written.details) + "\n")
    return int(not written.clean)


if __name__ == "__main__":
    raise SystemExit(main())
