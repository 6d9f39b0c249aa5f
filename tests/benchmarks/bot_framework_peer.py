"""The yardstick for teams_cpu: a Bot Framework bot with the vendor's own client, as the samples of both are written.

Runs under an interpreter that has botbuilder-integration-aiohttp and openai, and nothing of ours. It keeps nothing: no
inbox, no memory, no retry, no growing answer. Only addresses are changed, so that it asks the fake instead of Microsoft:
the key metadata, and the authority of its MSAL. `adapter` is "cloud" (today's samples), whose MSAL gets a token in every
turn, or "framework" (older ones), which keeps the token.
"""

import asyncio
import json
import sys
from typing import Any

from aiohttp import web
from botbuilder.core import (
    ActivityHandler,
    BotFrameworkAdapter,
    BotFrameworkAdapterSettings,
    TurnContext,
)
from botbuilder.core.integration import aiohttp_error_middleware
from botbuilder.integration.aiohttp import CloudAdapter, ConfigurationBotFrameworkAuthentication
from botbuilder.schema import Activity
from botframework.connector.auth import AuthenticationConstants
from openai import AsyncOpenAI  # type: ignore[import-not-found]  # only in the peer's own environment


class Config:
    """What the samples call DefaultConfig."""

    APP_TYPE = "MultiTenant"
    APP_TENANTID = ""

    def __init__(self, app_id: str, password: str) -> None:
        self.APP_ID = app_id
        self.APP_PASSWORD = password


class Assistant(ActivityHandler):  # type: ignore[misc]  # botbuilder has no types
    def __init__(self, vendor: AsyncOpenAI) -> None:
        self._vendor = vendor

    async def on_message_activity(self, turn_context: TurnContext) -> None:
        text = ""
        stream = await self._vendor.chat.completions.create(
            model="gpt-6-sol",
            messages=[{"role": "user", "content": turn_context.activity.text}],
            stream=True,
        )
        async for chunk in stream:
            text += chunk.choices[0].delta.content or ""
        await turn_context.send_activity(text)


def cloud_app(said: dict[str, Any], bot: Assistant) -> web.Application:
    config = Config(said["app_id"], said["password"])
    adapter = CloudAdapter(ConfigurationBotFrameworkAuthentication(config))

    async def messages(request: web.Request) -> web.Response:
        answer: web.Response = await adapter.process(request, bot)
        return answer

    app = web.Application(middlewares=[aiohttp_error_middleware])
    app.router.add_post("/api/messages", messages)
    return app


def framework_app(said: dict[str, Any], bot: Assistant) -> web.Application:
    settings = BotFrameworkAdapterSettings(
        said["app_id"], said["password"], open_id_metadata=said["metadata"]
    )
    adapter = BotFrameworkAdapter(settings)

    async def messages(request: web.Request) -> web.Response:
        activity = Activity().deserialize(await request.json())
        header = request.headers.get("Authorization", "")
        answer = await adapter.process_activity(activity, header, bot.on_turn)
        return web.json_response(answer.body, status=answer.status) if answer else web.Response(status=201)

    app = web.Application(middlewares=[aiohttp_error_middleware])
    app.router.add_post("/api/messages", messages)
    return app


APPS = {"cloud": cloud_app, "framework": framework_app}


async def main(said: dict[str, Any]) -> None:
    AuthenticationConstants.TO_BOT_FROM_CHANNEL_OPENID_METADATA_URL = said["metadata"]
    prefix, _, tenant = said["authority"].rpartition("/")
    AuthenticationConstants.TO_CHANNEL_FROM_BOT_LOGIN_URL_PREFIX = f"{prefix}/"
    AuthenticationConstants.DEFAULT_CHANNEL_AUTH_TENANT = tenant
    bot = Assistant(AsyncOpenAI(api_key="k", base_url=said["model"]))
    runner = web.AppRunner(APPS[said["adapter"]](said, bot), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)  # noqa: T201 - tells the benchmark where it listens
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
