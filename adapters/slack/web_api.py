"""The Web API of one workspace: keeps its rate limits and translates its errors.

Optional calls (`may`) are left out when the limit is near. Required calls (`must`) wait and obey Retry-After.
A broken connection is `NoAnswer`: the call may have been carried out, so only idempotent calls are repeated.
Source of the limits: docs.slack.dev "Rate limits" and each method's page.
"""

from collections.abc import Hashable, Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.delivery.pacing import Allowance, Clock
from bot.delivery.slots import without_slot
from bot.domain.durations import seconds_from
from bot.domain.errors import PlatformBusy, PlatformError, PlatformGone, PlatformRefused

PER_MINUTE: Mapping[str, tuple[int, int]] = {
    "chat.startStream": (20, 0),
    "chat.stopStream": (20, 0),
    "chat.appendStream": (100, 0),
    "chat.update": (50, 30),  # the last edits of thirty answers that end together still fit
    "agents.sessions.setStatus": (50, 20),
    "conversations.replies": (50, 0),
    "conversations.history": (50, 0),
    "usergroups.list": (20, 0),
    "chat.delete": (50, 0),
}
"""Method -> calls in a minute, and how many of those are reserved for required calls."""

MINUTE = 62.0  # Slack counts calls when they arrive, a little later than they were made
POSTS = (5, 5.5)  # messages in one channel: about one a second, short bursts allowed
MOST_CHANNELS = 2_000
PATIENCE = 90.0  # seconds a required call may wait for the rate limit; then the turn is retried later
GROWING = ("chat.appendStream", "chat.update")
TRIES = 4  # of an idempotent call, over a broken connection

REPEATABLE = frozenset(
    [
        "chat.update",
        "chat.delete",
        "conversations.replies",
        "agents.sessions.setStatus",
        "users.info",
        "auth.test",
        "views.publish",
        "assistant.threads.setSuggestedPrompts",
        "files.info",
        "conversations.history",
        "conversations.info",
        "bots.info",
        "usergroups.list",
        "agents.sessions.rename",
    ]
)
BUSY = frozenset(
    [
        "fatal_error",
        "internal_error",
        "message_limit_exceeded",
        "rate_limited",
        "ratelimited",
        "request_timeout",
        "service_unavailable",
        "team_added_to_org",
    ]
)
TOKEN = frozenset(
    [
        "account_inactive",
        "invalid_auth",
        "not_authed",
        "token_expired",
        "token_revoked",
    ]
)
"""Slack refuses the token. Whoever exchanges it needs minutes."""
ADMINISTRATION = frozenset(
    [
        "access_denied",
        "accesslimited",
        "ekm_access_denied",
        "enterprise_is_restricted",
        "org_login_required",
        "two_factor_setup_required",
    ]
)
"""A workspace or an organisation shuts the app out, or is shut itself for a while."""
RIGHTS = frozenset(["missing_scope", "no_permission", "not_allowed_token_type"])
"""... of the bot. For a call that shows an answer they are waited for; others are left out without them."""
SHOWING = frozenset(["chat.postEphemeral", "chat.postMessage", "chat.update"])
GONE = RIGHTS | frozenset(
    [
        "channel_not_found",
        "is_archived",
        "messages_tab_disabled",
        "not_in_channel",
        "restricted_action",
        "restricted_action_non_threadable_channel",
        "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel",
        "team_access_not_granted",
        "thread_not_found",
        "user_not_found",
        "user_not_in_channel",
    ]
)
"""Nothing can be shown there. Whoever asked can be reached elsewhere."""
ABSENT = frozenset(["channel_not_found", "not_in_channel"])
"""The bot is not in that place: an invitation would help, if it is a channel."""
MISTAKES = frozenset(
    [
        "as_user_not_supported",
        "invalid_arg_name",
        "invalid_arguments",
        "invalid_attachments",
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_json",
        "invalid_metadata_format",
        "invalid_metadata_schema",
        "markdown_text_conflict",
        "metadata_too_large",
        "msg_blocks_too_long",
        "msg_blocks_too_many",
        "msg_too_long",
        "no_text",
        "too_many_attachments",
    ]
)
"""What was sent is wrong, and would be so anywhere."""


class NoAnswer(PlatformBusy):
    """No answer: the call may or may not have been carried out."""


class WebApi:
    """One workspace's API. Shared by everything in this process that calls that workspace."""

    def __init__(self, *, client: AsyncWebClient, session: aiohttp.ClientSession, clock: Clock) -> None:
        self.client = client
        self.session = session
        self.clock = clock
        self._allowances: dict[str, Allowance] = {}
        self._channels: dict[str, Allowance] = {}

    async def may(self, method: str, *, first: bool = False, **args: Any) -> Mapping[str, Any] | None:
        """An optional call's answer, or None if it was left out for a rate limit or Slack's Retry-After. `first`: it shows
        a message's first words, which come before the growth of others.
        """
        allowances = self._of(method, args)
        if not all(allowance.spare(self.clock.now(), first=first) for allowance in allowances):
            return None
        try:
            return await self._once(method, args)
        except (NoAnswer, PlatformRefused):
            raise
        except PlatformBusy as busy:
            self._pause(allowances, busy)
            return None

    def spares(self, method: str, *, first: bool = False) -> bool:
        """Whether `may` would be allowed now. Ask before preparing something costly for it."""
        return all(allowance.spares(self.clock.now(), first=first) for allowance in self._of(method, {}))

    def promises(self, method: str) -> bool:
        """Whether a message that is begun without words can count on that call for the first of them."""
        return all(allowance.promises(self.clock.now()) for allowance in self._of(method, {}))

    def owe(self, method: str, message: Hashable) -> None:
        """Leaves one such call to that message, until it has words or is given up."""
        for allowance in self._of(method, {}):
            allowance.owed.add(message)

    def settle(self, message: Hashable) -> None:
        """That message has words."""
        for allowance in self._allowances.values():
            allowance.owed.discard(message)

    async def must(self, method: str, **args: Any) -> Mapping[str, Any]:
        """The answer. Raises PlatformBusy for too long a wait, PlatformRefused, NoAnswer, PlatformGone,
        PlatformError.
        """
        waited, lost = 0.0, 0
        while True:
            allowances = self._of(method, args)
            wait = max((allowance.wait(self.clock.now()) for allowance in allowances), default=0.0)
            if waited + wait > PATIENCE:
                raise PlatformBusy(f"{method} has no turn soon", code="ratelimited", retry_after=wait)
            if wait:
                with without_slot():
                    await self.clock.sleep(wait)
            waited += wait
            try:
                return await self._once(method, args)
            except NoAnswer:
                lost += 1
                if method not in REPEATABLE or lost == TRIES:
                    raise
                await self.clock.sleep(0.2 * 2**lost)
            except PlatformRefused:
                raise  # the worker waits
            except PlatformBusy as busy:
                pause = self._pause(allowances, busy)
                waited += pause
                if waited > PATIENCE:
                    raise
                with without_slot():
                    await self.clock.sleep(pause)

    def _of(self, method: str, args: Mapping[str, Any]) -> list[Allowance]:
        """The allowances that apply to a call, created on first use."""
        found = []
        if method in PER_MINUTE:
            calls, kept = PER_MINUTE[method]
            found.append(
                self._allowances.setdefault(
                    method,
                    Allowance(calls=calls, seconds=MINUTE, kept=kept, even=method in GROWING, soft=True),
                )
            )
        if method == "chat.postMessage":
            found.append(self._of_channel(str(args.get("channel"))))
        return found

    def _of_channel(self, channel: str) -> Allowance:
        """A channel's allowance. Those of channels without recent posts are forgotten."""
        calls, seconds = POSTS
        found = self._channels.pop(channel, None) or Allowance(calls=calls, seconds=seconds)
        self._channels[channel] = found
        if len(self._channels) > MOST_CHANNELS:
            del self._channels[next(iter(self._channels))]
        return found

    def _pause(self, allowances: list[Allowance], busy: PlatformBusy) -> float:
        seconds = busy.retry_after if busy.retry_after is not None else 1.0
        for allowance in allowances:
            allowance.shut(self.clock.now() + seconds)
        return seconds

    async def _once(self, method: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        call = getattr(self.client, method.replace(".", "_"))
        try:
            answer = await call(**args)
        except SlackApiError as error:
            raise said(method, error) from error
        except (aiohttp.ClientError, TimeoutError, ConnectionError, ValueError) as error:
            raise NoAnswer(f"{method}: {type(error).__name__}", code="lost") from error
        data = answer.data
        return data if isinstance(data, Mapping) else {}


def said(method: str, error: SlackApiError) -> PlatformError:
    """Slack's refusal as a PlatformError."""
    response = error.response
    status = getattr(response, "status_code", 0)
    data = response if isinstance(response, Mapping) else getattr(response, "data", None)
    code = str(data.get("error") or "") if isinstance(data, Mapping) else ""
    if status == 429 or code in BUSY:
        return PlatformBusy(f"{method}: {code or status}", code=code, retry_after=_retry_after(response))
    if status >= 500 or (not code and status < 400):
        return NoAnswer(f"{method}: no answer that can be read (HTTP {status})", code="lost")
    if code in TOKEN | ADMINISTRATION or (code in RIGHTS and method in SHOWING):
        needed = str(data.get("needed") or "") if isinstance(data, Mapping) else ""
        return PlatformRefused(f"{method}: {code}", code=code, remedy=_remedy(code, needed))
    return (PlatformGone if code in GONE else PlatformError)(f"{method}: {code or status}", code=code)


def shut_out(error: PlatformError) -> bool:
    """Whether a message was refused for its place, so that it may be shown in another one. Slack has codes on no list:
    those are taken for that.
    """
    return not isinstance(error, PlatformBusy) and error.code not in MISTAKES


def _remedy(code: str, needed: str) -> str:
    """What an operator does about a refusal."""
    if code in TOKEN or code == "not_allowed_token_type":
        return (
            f"Slack refuses the bot's token ({code}): copy SLACK_BOT_TOKEN from OAuth & Permissions and start again, "
            "or, with OAuth, install the app again"
        )
    if code in ADMINISTRATION:
        return f"Slack shuts the app out ({code}): an administrator of the workspace has to allow it again"
    return (
        f"the Slack app lacks {needed or 'a right'} ({code}): paste what `switchboard manifest slack` prints under "
        "App Manifest and install the app again"
    )


def _retry_after(response: object) -> float | None:
    headers = getattr(response, "headers", None) or {}
    return seconds_from(str(headers.get("Retry-After") or headers.get("retry-after") or ""))
