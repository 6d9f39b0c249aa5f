"""What `switchboard check` says about Slack's tokens."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from adapters.slack.install.check import check_credentials
from bot.app import read_settings
from bot.delivery.pacing import WallClock
from bot.settings.platform_settings import SlackSettings
from tests.slack.fake.server import APP_TOKEN, FakeSlack, fake_slack


@asynccontextmanager
async def workspace() -> AsyncIterator[FakeSlack]:
    async with fake_slack(clock=WallClock()) as fake:
        fake.slack.add_team("T1", token="xoxb-1")
        yield fake


def said(fake: FakeSlack, *, bot: str = "xoxb-1", app: str = APP_TOKEN) -> SlackSettings:
    environ = {"SLACK_API_URL": fake.api_url, "SLACK_BOT_TOKEN": bot, "SLACK_APP_TOKEN": app}
    slack = read_settings(environ, folder=Path("/nonexistent")).platform(SlackSettings)
    assert slack
    return slack


async def test_tokens_that_work_are_content() -> None:
    async with workspace() as fake:
        assert await check_credentials(said(fake)) == ""


async def test_a_refused_token_is_named_with_where_to_copy_it() -> None:
    async with workspace() as fake:
        bot = await check_credentials(said(fake, bot="xoxb-hunter2"))
        app = await check_credentials(said(fake, app="xapp-hunter2"))

    assert bot == "Slack refused SLACK_BOT_TOKEN (invalid_auth): copy it from OAuth & Permissions"
    assert app.startswith("Slack refused SLACK_APP_TOKEN (invalid_auth): copy it from Basic Information")


async def test_a_missing_scope_is_named() -> None:
    async with workspace() as fake:
        token = fake.slack.tokens["xoxb-1"]
        fake.slack.tokens["xoxb-1"] = replace(token, scopes=token.scopes - {"chat:write"})

        assert "the app lacks chat:write" in await check_credentials(said(fake))


async def test_slack_out_of_reach_is_told() -> None:
    async with workspace() as fake:
        settings = said(fake)

    assert (
        await check_credentials(settings)
        == f"{settings.api_url} cannot be reached: check the network, or SLACK_API_URL"
    )
