"""The yardstick for teams_cpu: an echo bot as botbuilder-integration-aiohttp's own samples write it.

Runs under an interpreter that has that package, and nothing of ours. Only addresses are changed, so that it asks
the fake instead of Microsoft: key metadata, and the authority that its MSAL gets a token from in every turn.
"""

import json
import sys
from typing import Any

from aiohttp import web
from botbuilder.core import ActivityHandler, TurnContext
from botbuilder.integration.aiohttp import CloudAdapter, ConfigurationBotFrameworkAuthentication
from botframework.connector.auth import AuthenticationConstants


class Echo(ActivityHandler):  # type: ignore[misc]  # botbuilder has no types
    async def on_message_activity(self, turn_context: TurnContext) -> None:
        await turn_context.send_activity(f"Echo: {turn_context.activity.text}")


class Config:
    """What the samples call DefaultConfig."""

    APP_TYPE = "MultiTenant"
    APP_TENANTID = ""

    def __init__(self, app_id: str, password: str) -> None:
        self.APP_ID = app_id
        self.APP_PASSWORD = password


def main(said: dict[str, Any]) -> None:
    AuthenticationConstants.TO_BOT_FROM_CHANNEL_OPENID_METADATA_URL = said["metadata"]
    prefix, _, tenant = said["authority"].rpartition("/")
    AuthenticationConstants.TO_CHANNEL_FROM_BOT_LOGIN_URL_PREFIX = f"{prefix}/"
    AuthenticationConstants.DEFAULT_CHANNEL_AUTH_TENANT = tenant
    adapter = CloudAdapter(ConfigurationBotFrameworkAuthentication(Config(said["app_id"], said["password"])))
    bot = Echo()

    async def messages(request: web.Request) -> web.Response:
        answer: web.Response = await adapter.process(request, bot)
        return answer

    app = web.Application()
    app.router.add_post("/api/messages", messages)
    web.run_app(app, host="127.0.0.1", port=said["port"], print=None, access_log=None)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
