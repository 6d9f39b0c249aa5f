"""Small chaos, in every run of the suite. The large one is tests/benchmarks/chaos.py."""

from tests.chaos.run import Plan, chaos
from tests.chaos.servers import ClusterServer
from tests.chaos.slack import SlackPlayground


async def test_nothing_is_lost_or_doubled_in_slack_when_everything_is_killed() -> None:
    plan = Plan(conversations=6, messages=3, worker_kills=8, server_kills=2, freezes=2, patience=30)
    figures = await chaos(plan, SlackPlayground())

    assert figures.clean, f"{figures} {figures.details}"
    assert (figures.messages, figures.worker_kills, figures.server_kills) == (18, 8, 2)


async def test_nothing_is_lost_or_doubled_when_a_clusters_master_is_killed() -> None:
    plan = Plan(conversations=5, messages=3, worker_kills=4, server_kills=1, patience=30)
    figures = await chaos(plan, SlackPlayground(), ClusterServer(plan.seed))

    assert figures.clean, f"{figures} {figures.details}"
    assert (figures.messages, figures.server_kills) == (15, 1)
