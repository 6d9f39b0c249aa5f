"""Large chaos for comparisons and councils: `python -m tests.benchmarks.several_chaos [slack|teams] [--cluster]`. Workers and
the server are killed at every stage: no model whose answer was stored is asked again, nothing is lost, nothing is shown twice.
"""

import argparse
import asyncio
import logging
import sys

from tests.chaos.run import Plan
from tests.chaos.servers import ClusterServer, EmbeddedServer
from tests.chaos.several import SEVERAL, several_chaos


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("platform", nargs="?", choices=SEVERAL, default="slack")
    parser.add_argument("--conversations", type=int, default=30)
    parser.add_argument("--turns", type=int, default=4, help="in each conversation")
    parser.add_argument("--worker-kills", type=int, default=150)
    parser.add_argument("--server-kills", type=int, default=10)
    parser.add_argument("--freezes", type=int, default=5)
    parser.add_argument(
        "--cluster", action="store_true", help="3 masters and 3 replicas; a server kill is a master's"
    )
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
    server = ClusterServer(given.seed) if given.cluster else EmbeddedServer()
    figures = asyncio.run(several_chaos(plan, given.platform, server))
    where = f"{given.platform} on {'a cluster' if given.cluster else 'one server'}, seed {given.seed}"
    sys.stdout.write(f"{where}: {figures}\n")
    if not figures.clean:
        sys.stdout.write("\n".join(figures.details) + "\n")
    return int(not figures.clean)


if __name__ == "__main__":
    raise SystemExit(main())
