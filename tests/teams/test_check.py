"""What `switchboard check` says about a Teams bot's settings."""

from pathlib import Path

from adapters.teams.install.check import check_credentials
from bot.app import read_settings
from bot.settings.platform_settings import TeamsSettings
from tests.teams.fake import FakeTeams


def said(teams: FakeTeams, **otherwise: str) -> TeamsSettings:
    found = read_settings(teams.environment() | otherwise, folder=Path("/nonexistent")).platform(
        TeamsSettings
    )
    assert found
    return found


async def test_settings_that_work_are_content() -> None:
    async with FakeTeams() as teams:
        assert await check_credentials(said(teams)) == ""


async def test_a_refused_secret_is_told_with_what_to_look_at() -> None:
    async with FakeTeams() as teams:
        wrong = await check_credentials(said(teams, TEAMS_APP_PASSWORD="hunter2"))

    assert "write a new one from Certificates & secrets as TEAMS_APP_PASSWORD" in wrong
    assert "401 invalid_client" in wrong
    assert "hunter2" not in wrong


async def test_a_token_for_graph_is_tried_where_it_is_switched_on() -> None:
    async with FakeTeams() as teams:
        teams.issuer.audiences.discard(teams.graph.url)
        off = await check_credentials(said(teams))
        on = await check_credentials(said(teams, TEAMS_GRAPH="1"))

    assert off == ""
    assert f"no token for {teams.graph.url}/.default" in on


async def test_keys_out_of_reach_are_told() -> None:
    async with FakeTeams() as teams:
        wrong = await check_credentials(said(teams, TEAMS_OPENID_METADATA_URL="http://127.0.0.1:9/keys"))

    assert wrong == "Microsoft's signing keys cannot be read: check the network, or TEAMS_OPENID_METADATA_URL"


async def test_the_playground_needs_nothing() -> None:
    playground = read_settings({"TEAMS_PLAYGROUND": "1"}, folder=Path("/nonexistent")).platform(TeamsSettings)

    assert playground
    assert await check_credentials(playground) == ""
