"""Which of these tests run in time that is skipped: those that talk to nobody but the fake in their own process."""

import asyncio
from collections.abc import Callable, Mapping
from importlib.util import find_spec

import pytest

from tests.teams.clockwork import SkippingLoop

collect_ignore_glob = [] if find_spec("adapters.teams") else ["*"]  # Switchboard works without Teams
SKIPPING = {"test_cards.py", "test_copilot.py", "test_sink.py", "test_streams.py", "test_surroundings.py"}


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    if item.path.name in SKIPPING:
        return {"skipping": SkippingLoop}
    return {"plain": asyncio.new_event_loop}
