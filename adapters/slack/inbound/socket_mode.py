"""Socket Mode: a connection to Slack without a public address. Source: docs.slack.dev "Using Socket Mode".

The SDK reconnects by itself, but silently, and it tries an address that has been used up for ever. So here one task
makes every connection: the SDK only says when it wants one.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType

import aiohttp
from slack_bolt.adapter.socket_mode.async_internals import send_async_response
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.inbound.dispatch import Dispatch, sdk_log
from bot.delivery.pacing import Clock
from bot.domain.durations import seconds_from
from bot.domain.readiness import Trouble
from bot.serving.metrics import Meter

LOOK = 1.0  # seconds between two looks at the connection
PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0)  # seconds before the next try, the last one for ever
CONNECTING = 15.0  # seconds one try may take
PING = 10  # seconds between two signs of life
TOLD = 60.0  # seconds between two lines in the log
DEAF = 30.0  # seconds without a connection until this process does not count as ready

REMEDY = "Copy SLACK_APP_TOKEN from Basic Information > App-Level Tokens (connections:write) and start again"
NETWORK = "Check that this machine may open HTTPS and WebSocket connections to Slack"

log = logging.getLogger(__name__)


class WantingClient(SocketModeClient):
    """The SDK's client. Where it would connect anew, it only sets `wanted`."""

    def __init__(self, *, app_token: str, web_client: AsyncWebClient) -> None:
        super().__init__(app_token=app_token, logger=sdk_log, web_client=web_client, ping_interval=PING)
        self.wanted = asyncio.Event()

    async def connect_to_new_endpoint(self, force: bool = False) -> None:
        self.wanted.set()


class SocketMode:
    """Connected while it is entered, or trying to: starting does not depend on Slack."""

    def __init__(
        self,
        *,
        dispatch: Dispatch,
        app_token: str,
        client: AsyncWebClient,
        clock: Clock,
        meter: Meter | None = None,
    ) -> None:
        self._dispatch = dispatch
        self._token = app_token
        self._web = client
        self._socket = WantingClient(app_token=app_token, web_client=client)
        self._socket.socket_mode_request_listeners.append(self._handle)
        self._clock = clock
        self._meter = meter
        self._tasks = asyncio.TaskGroup()
        self._keeping: asyncio.Task[None] | None = None
        self._lost: float | None = clock.now()
        self._told = 0.0  # when the log said last that it is lost; 0: it has not
        self._why = Trouble(what="not connected yet", remedy=NETWORK)

    async def __aenter__(self) -> None:
        await self._tasks.__aenter__()
        self._keeping = self._tasks.create_task(self._keep())

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._keeping:
            self._keeping.cancel()
        await self._socket.close()  # type: ignore[no-untyped-call]  # the SDK is not fully typed
        await self._tasks.__aexit__(None, None, None)

    def troubles(self) -> Sequence[Trouble]:
        """That nothing is heard, once it has lasted."""
        if self._lost is None or (seconds := self._clock.now() - self._lost) < DEAF:
            return ()
        what = f"Slack's socket has not been connected for {seconds:.0f} s: {self._why.what}"
        return (Trouble(what=what, remedy=self._why.remedy),)

    async def _handle(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        began = time.time()
        answer = await self._dispatch(request.payload)
        await send_async_response(client, request, answer, began)

    async def _keep(self) -> None:
        """Connects, and connects again whenever the connection is lost or Slack asks for another one."""
        wanted, failures = True, 0
        while True:
            if wanted or not await self._socket.is_connected():
                pause = await self._connect()
                standing = await self._socket.is_connected()
                failures = 0 if pause is None else failures + 1
                self._up() if standing else self._down()
                if pause is not None:
                    await asyncio.sleep(max(pause, PAUSES[min(failures, len(PAUSES)) - 1]))
                    continue
            wanted = await self._is_wanted()

    async def _is_wanted(self) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK):
                await self._socket.wanted.wait()
        wanted = self._socket.wanted.is_set()
        self._socket.wanted.clear()
        return wanted

    async def _connect(self) -> float | None:
        """One try. None when it succeeded, else the seconds that Slack asks to wait."""
        try:
            async with asyncio.timeout(CONNECTING):
                answer = await self._web.apps_connections_open(app_token=self._token)
                self._socket.wss_uri = str(answer["url"])
                await self._socket.connect()  # type: ignore[no-untyped-call]
        except SlackApiError as error:
            code = str(error.response.get("error") or "")
            self._why = Trouble(what=f"Slack refuses SLACK_APP_TOKEN ({code})", remedy=REMEDY)
            if code == "ratelimited":
                self._why = Trouble(what="Slack allows no more connections now", remedy="It is tried again")
            return seconds_from(str(error.response.headers.get("Retry-After") or "")) or 0.0
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            what = f"Slack cannot be reached ({type(error).__name__})"
            self._why = Trouble(what=what, remedy=NETWORK)
            return 0.0
        self._socket.wanted.clear()
        return None

    def _up(self) -> None:
        if self._lost is not None and self._told:
            log.info("slack socket is back", extra={"seconds": round(self._clock.now() - self._lost, 1)})
        self._lost, self._told = None, 0.0
        self._level(1)

    def _down(self) -> None:
        now = self._clock.now()
        self._lost = now if self._lost is None else self._lost
        self._level(0)
        if not self._told or now - self._told >= TOLD:
            self._told = now
            about = {"why": self._why.what, "remedy": self._why.remedy, "seconds": round(now - self._lost, 1)}
            log.warning("slack socket lost: nothing is heard", extra=about)

    def _level(self, value: int) -> None:
        if self._meter:
            self._meter.level("platform_connected", value, platform="slack")
