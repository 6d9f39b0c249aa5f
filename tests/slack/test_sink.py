"""Answers in Slack: native streams where Slack has them, edits where it has not."""

from collections.abc import AsyncGenerator
from typing import ClassVar

import pytest

from tests.contracts.conversations import Place
from tests.contracts.sinks import SinkContract
from tests.slack.places import SlackPlace, bot_in_slack


class TestStreamingNatively(SinkContract):
    lines: ClassVar[int] = 400

    @pytest.fixture
    async def place(self) -> AsyncGenerator[Place, None]:
        async with bot_in_slack() as bot:
            place = SlackPlace(bot)
            await place.enter()
            yield place


class TestGrowingByEdits(SinkContract):
    @pytest.fixture
    async def place(self) -> AsyncGenerator[Place, None]:
        async with bot_in_slack(agent=False) as bot:
            place = SlackPlace(bot)
            await place.enter()
            yield place


class TestInADirectMessage(SinkContract):
    @pytest.fixture
    async def place(self) -> AsyncGenerator[Place, None]:
        async with bot_in_slack() as bot:
            place = SlackPlace(bot, channel="D1")
            await place.enter()
            yield place
