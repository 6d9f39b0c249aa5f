"""A browser for the module, and a served page whose worker a test tells what to say."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.web.browsing import chromium
from tests.web.scripted import Play
from tests.web.served import Desk, desk


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as found:
        yield found


@pytest.fixture
def play() -> Play:
    return Play()


@pytest_asyncio.fixture(loop_scope="module")
async def page(play: Play) -> AsyncIterator[Desk]:
    async with desk(play.script) as served:
        yield served
        for gate in play.gates:
            gate.set()
