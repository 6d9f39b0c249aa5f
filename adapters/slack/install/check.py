"""Slack's part of `switchboard check`: whether the tokens work, and whether the app has its scopes."""

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.install.manifest import SCOPES
from bot.serving.plain_http import plain_session
from bot.settings.environment import revealed
from bot.settings.platform_settings import SlackSettings

SECONDS = 10


async def check_credentials(said: SlackSettings) -> str:
    """What is wrong and what to type; "" when nothing is wrong. With OAuth there is no token to try yet."""
    async with plain_session(timeout=aiohttp.ClientTimeout(total=SECONDS)) as session:
        return await _checked(said, AsyncWebClient(base_url=said.api_url, session=session, retry_handlers=[]))


async def _checked(said: SlackSettings, client: AsyncWebClient) -> str:
    try:
        if said.bot_token and not said.oauth:
            answer = await client.auth_test(token=revealed(said.bot_token))
            granted = {scope for scope in _header(answer.headers, "x-oauth-scopes").split(",") if scope}
            if missing := sorted(set(SCOPES) - granted) if granted else []:
                lost = "; ".join(f"{scope}, so it cannot {SCOPES[scope]}" for scope in missing)
                return (
                    f"the app lacks {lost}: paste what `switchboard manifest slack` prints under App Manifest and "
                    "install the app again"
                )
        if said.app_token:
            await client.apps_connections_open(app_token=revealed(said.app_token))
    except SlackApiError as error:
        return _refused(error)
    except (aiohttp.ClientError, TimeoutError, OSError):
        return f"{said.api_url} cannot be reached: check the network, or SLACK_API_URL"
    return ""


def _refused(error: SlackApiError) -> str:
    code = str(error.response.get("error") or f"HTTP {error.response.status_code}")
    if "connections" in str(error.response.api_url):
        where = "Basic Information > App-Level Tokens (connections:write)"
        return f"Slack refused SLACK_APP_TOKEN ({code}): copy it from {where}"
    return f"Slack refused SLACK_BOT_TOKEN ({code}): copy it from OAuth & Permissions"


def _header(headers: object, name: str) -> str:
    found = {str(key).lower(): value for key, value in dict(headers or {}).items()}  # type: ignore[call-overload]  # untyped in the SDK
    return str(found.get(name, "")).replace(" ", "")
