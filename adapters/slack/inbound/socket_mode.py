"""Socket Mode: a connection to Slack without a public address. Source: docs.slack.dev "Using Socket Mode"."""

import asyncio
import logging
from itertools import count
from types import TracebackType

import aiohttp
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.inbound.dispatch import sdk_log

AGAIN = 10.0  # seconds until the next try when Slack cannot be reached
WARNED = 6  # tries between two lines in the log

REMEDY = "copy SLACK_APP_TOKEN from Basic Information > App-Level Tokens (connections:write) and start again"

log = logging.getLogger(__name__)


class SocketMode:
    """Connected while it is entered. Connects in the background: starting does not depend on Slack."""

    def __init__(self, *, app: AsyncApp, app_token: str, client: AsyncWebClient) -> None:
        self._handler = AsyncSocketModeHandler(app, app_token, logger=sdk_log, web_client=client)
        self._token = app_token
        self._client = client
        self._tasks = asyncio.TaskGroup()
        self._connecting: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        await self._tasks.__aenter__()
        self._connecting = self._tasks.create_task(self._connect())

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        reconciliation: TracebackType | None,
    ) -> None:
        if self._connecting:
            self._connecting.cancel()
        await self._handler.client.close()  # type: ignore[no-untyped-call]  # the SDK is not fully typed
        await self._tasks.__aexit__(None, None, None)

    async def _connect(self) -> None:
        """The SDK keeps a connection alive. The first URL is requested here, to report its errors."""
        for tried in count():
            told = tried % WARNED == 0
            try:
                answer = await self._client.apps_connections_open(app_token=self._token)
                self._handler.client.wss_uri = str(answer["url"])
                await self._handler.client.connect()  # type: ignore[no-untyped-call]
            except SlackApiError as error:
                if told:
                    code = error.response.get("error")
                    log.error("Slack refused SLACK_APP_TOKEN", extra={"code": code, "remedy": REMEDY})  # noqa: TRY400 - the code says it all
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                if told:
                    log.warning("Slack cannot be reached", extra={"error": type(error).__name__})
            else:
                return
            await asyncio.sleep(AGAIN)
