"""Small chaos for comparisons and councils, in every run of the suite. The large one is tests/benchmarks/several_chaos.py."""

import pytest

from tests.chaos.run import Plan
from tests.chaos.several import SEVERAL, several_chaos


@pytest.mark.parametrize("platform", SEVERAL)
async def test_no_model_that_had_finished_is_asked_again_when_everything_is_killed(platform: str) -> None:
    plan = Plan(conversations=4, messages=2, worker_kills=8, server_kills=2, freezes=1, patience=60)
    figures = await several_chaos(plan, platform)

    assert figures.clean, f"{figures} {figures.details}"
    assert figures.questions == 8
    assert figures.answers == 4 * (3 + 4)
    assert figures.keeps == 2
