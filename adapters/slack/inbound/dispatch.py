"""The dispatch, one for HTTP and Socket Mode: Slack is answered after `hear` ran.

Events, which are nearly everything, go straight there. Commands, presses and forms go by Bolt, which knows how each is
acknowledged. The stored installations are read and Slack is never asked. What comes from a workspace without an
installation ends before `hear`, with 200 and no answer.
"""

import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.inbound.events import installation_ids
from adapters.slack.install.installations import Installation, InstallationStore
from bot.domain.errors import PlatformError, StorageUnavailable

Json = dict[str, Any]
Hear = Callable[[Json, Installation], Awaitable[Json]]
Suggest = Callable[[Json, Installation], Awaitable[Json]]

EVENTS = (
    "message",
    "app_mention",
    "app_home_opened",
    "agent_session_stopped",
    "reaction_added",
    "app_uninstalled",
    "tokens_revoked",
)
"""Everything the manifest subscribes to; message.channels and its like all arrive as "message"."""

ANY = re.compile(r".*", re.DOTALL)
MALFORMED = (AttributeError, KeyError, TypeError, ValueError, IndexError)

log = logging.getLogger(__name__)
sdk_log = logging.getLogger("adapters.slack.sdk")
"""Set to CRITICAL below: Bolt and the SDK log message text. Errors that matter are logged in this module."""


class StoredAuthorize(AsyncAuthorize):
    """Gives Bolt the installation that `before_authorize` found."""

    async def __call__(self, *, context: Any, **_: Any) -> AuthorizeResult:
        installation: Installation = context["ours"]
        return AuthorizeResult(
            enterprise_id=installation.enterprise or None,
            team_id=installation.workspace,
            bot_token=installation.token,
            bot_id=installation.bot or None,
            bot_user_id=installation.user or None,
        )


class Dispatch:
    """Answers a payload that was verified. `app` is Bolt's."""

    def __init__(self, installations: InstallationStore, hear: Hear, suggest: Suggest) -> None:
        self._installations = installations
        self._hear = hear
        self.app = bolt_app(installations, hear, suggest)

    async def __call__(self, body: Json) -> BoltResponse:
        """Slack repeats what is answered with 500 or 503."""
        if body.get("type") == "event_callback":
            return await self._event(body)
        # As a socket's: over HTTP, Bolt would parse it again, and loses a command whose text holds the word "payload".
        answer = await self.app.async_dispatch(AsyncBoltRequest(body=body, mode="socket_mode"))
        if answer.status == 404:
            answer.status, answer.body = 200, ""  # no listener for it: Slack should not repeat it
        return answer

    async def _event(self, body: Json) -> BoltResponse:
        try:
            team, enterprise, _ = installation_ids(body)
            if installation := await self._installations.find(team, enterprise):
                await self._hear(body, installation)
        except Exception as error:
            return await _failed(error, body)
        return BoltResponse(status=200, body="")


def bolt_app(installations: InstallationStore, hear: Hear, suggest: Suggest) -> AsyncApp:
    """An app whose every listener is `hear`, but for menus that ask what to show: `suggest`."""
    sdk_log.setLevel(logging.CRITICAL)

    async def find(req: AsyncBoltRequest, next: Callable[[], Awaitable[None]]) -> BoltResponse | None:
        team, enterprise, _ = installation_ids(req.body)
        installation = await installations.find(team, enterprise)
        if installation is None:
            return BoltResponse(status=200, body="")
        req.context["ours"] = installation
        await next()
        return None

    async def heard(body: Json, context: Any, ack: AsyncAck) -> None:
        await ack(**await hear(body, context["ours"]))

    async def suggested(body: Json, context: Any, ack: AsyncAck) -> None:
        await ack(**await suggest(body, context["ours"]))

    app = AsyncApp(
        logger=sdk_log,
        name="switchboard",
        process_before_response=True,
        client=AsyncWebClient(),
        authorize=StoredAuthorize(),  # type: ignore[no-untyped-call]  # the SDK is not fully typed
        before_authorize=find,
        request_verification_enabled=False,  # the receiver has verified it; a socket needs no signature
        ignoring_self_events_enabled=False,  # adapters.slack.inbound.events ignores all bots
        ignoring_self_assistant_message_events_enabled=False,
        attaching_function_token_enabled=False,
        signing_secret="",
    )
    app.error(_failed)
    for name in EVENTS:
        app.event(name)(heard)
    app.event(ANY)(heard)  # an unknown subscription is answered 200; otherwise Slack retries it
    app.command(ANY)(heard)
    app.action(ANY)(heard)
    app.options(ANY)(suggested)
    app.shortcut(ANY)(heard)
    app.view(ANY)(heard)
    return app


async def _failed(error: Exception, body: Json) -> BoltResponse:
    """The answer for a failed listener: some make Slack deliver again, others do not."""
    event = str(body.get("event_id") or body.get("trigger_id") or "")
    match error:
        case StorageUnavailable() | PlatformError():
            log.warning("not taken in", extra={"event": event, "error": type(error).__name__})
            return BoltResponse(status=503, body="")
        case _ if isinstance(error, MALFORMED):
            log.warning("not understood", extra={"event": event}, exc_info=error)
            return BoltResponse(status=400, body="")
    log.error("not handled", extra={"event": event}, exc_info=error)
    return BoltResponse(status=500, body="")
