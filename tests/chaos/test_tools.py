"""Small chaos for tools, in every run of the suite. The large one is tests/benchmarks/tool_chaos.py."""

import pytest

from tests.chaos.run import Plan
from tests.chaos.tools import TOOL_PLAYGROUNDS, tool_chaos

pytest.importorskip("mcp", reason="mcp is not installed")


@pytest.mark.parametrize("platform", TOOL_PLAYGROUNDS)
async def test_no_call_runs_twice_or_unasked_when_everything_is_killed(platform: str) -> None:
    plan = Plan(conversations=5, messages=2, worker_kills=8, server_kills=2, freezes=1, patience=60)
    written = await tool_chaos(plan, platform)

    assert written.clean, f"{written} {written.details}"
    assert written.asked == 10
    assert written.ran + written.refused + written.unknown >= 10
