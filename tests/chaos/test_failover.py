"""Two failovers, in every run of the suite. The eighty are tests/benchmarks/failovers.py."""

from tests.chaos.failover import FailoverPlan, failovers
from tests.chaos.slack import SlackPlayground


async def test_nothing_is_lost_or_doubled_when_the_master_changes() -> None:
    plan = FailoverPlan(planned=1, kills=1, conversations=12)
    figures = await failovers(plan, SlackPlayground())

    assert figures.clean, f"{figures} {figures.details}"
    assert (figures.messages, figures.planned, figures.server_kills) == (24, 1, 1)
