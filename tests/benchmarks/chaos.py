"""Large chaos: `python -m tests.benchmarks.chaos [slack|teams] [--cluster]` prints its figures; anything but zeros is a failure.

300 processes killed with SIGKILL, the server killed 20 times, 600 messages in 60 conversations, every message
delivered at least twice, 10 % once more, 5 % of the platform's answers lost after they were carried out.
"""

import argparse
import asyncio
import logging
import sys
from collections.abc import Callable

from tests.chaos.playground import Playground
from tests.chaos.run import Plan, chaos
from tests.chaos.servers import ClusterServer, EmbeddedServer
from tests.chaos.slack import SlackPlayground
from tests.chaos.teams import TeamsPlayground

PLAYGROUNDS: dict[str, Callable[[], Playground]] = {"slack": SlackPlayground, "teams": TeamsPlayground}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("platform", nargs="?", choices=PLAYGROUNDS, default="slack")
    parser.add_argument("--conversations", type=int, default=60)
    parser.add_argument("--messages", type=int, default=10, help="in each conversation")
    parser.add_argument("--worker-kills", type=int, default=300)
    parser.add_argument("--server-kills", type=int, default=20)
    parser.add_argument("--freezes", type=int, default=0)
    parser.add_argument(
        "--cluster", action="store_true", help="3 masters and 3 replicas; a server kill is a master's"
    )
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    plan = Plan(
        conversations=given.conversations,
        messages=given.messages,
        worker_kills=given.worker_kills,
        server_kills=given.server_kills,
        freezes=given.freezes,
        seed=given.seed,
    )
    server = ClusterServer(given.seed) if given.cluster else EmbeddedServer()
    figures = asyncio.run(chaos(plan, PLAYGROUNDS[given.platform](), server))
    where = f"{given.platform} on {'a cluster' if given.cluster else 'one server'}, seed {given.seed}"
    sys.stdout.write("\n".join([f"{where}: {figures}", *figures.details, ""]))
    return 0 if figures.clean else 1


if __name__ == "__main__":
    sys.exit(main())
