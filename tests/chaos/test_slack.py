"""Small chaos, in every run of the suite. The large one is tests/benchmarks/chaos.py."""

from tests.chaos.run import Plan, chaos
from tests.chaos.slack import SlackPlayground


async def test_nothing_is_lost_or_doubled_in_slack_when_everything_is_killed() -> None:
    plan = Plan(conversations=6, messages=3, worker_kills=8, server_kills=2, freezes=2, patience=30)
    figures = await chaos(plan, SlackPlayground())

    assert figures.clean, f"{figures} {figures.details}"
    assert (figures.messages, figures.worker_kills, figures.server_kills) == (18, 8, 2)
