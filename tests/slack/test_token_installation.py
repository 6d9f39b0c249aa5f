"""The installation of a token from the settings: Slack is asked once, and nobody stands in line for the answer."""

import asyncio

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.install.installations import TokenInstallation
from adapters.slack.web_api import WebApi
from bot.delivery.pacing import WallClock
from bot.domain.errors import PlatformError
from tests.slack.fake.server import FakeSlack, fake_slack

CROWD = 300


def installation(fake: FakeSlack, session: aiohttp.ClientSession, token: str) -> TokenInstallation:
    client = AsyncWebClient(token=token, base_url=fake.api_url, session=session)
    web_api = WebApi(client=client, session=session, clock=WallClock())
    return TokenInstallation(token=token, web_api=lambda _: web_api)


async def test_a_crowd_that_waits_for_the_answer_goes_on_together() -> None:
    """And not one in each round of the loop, with all who come meanwhile behind them."""
    async with fake_slack(clock=WallClock()) as fake, aiohttp.ClientSession() as session:
        fake.slack.add_team("T1", token="xoxb-1")
        found = installation(fake, session, "xoxb-1")
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(found.find("T1", "")) for _ in range(CROWD)]
            await tasks[0]
            for _ in range(5):
                await asyncio.sleep(0)
            assert all(task.done() for task in tasks)

        assert {task.result() for task in tasks} == {tasks[0].result()}
        assert [call.method for call in fake.slack.calls] == ["auth.test"]


async def test_a_refused_token_is_told_to_everybody_and_asked_about_again() -> None:
    async with fake_slack(clock=WallClock()) as fake, aiohttp.ClientSession() as session:
        found = installation(fake, session, "xoxb-1")
        for _ in range(2):
            with pytest.raises(PlatformError):
                await found.find("T1", "")
        fake.slack.add_team("T1", token="xoxb-1")

        installed = await found.find("T1", "")

        assert installed
        assert installed.workspace == "T1"
