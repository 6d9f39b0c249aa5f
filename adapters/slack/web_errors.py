"""Slack's refusals, translated. Source: docs.slack.dev, the error tables of each method's page."""

from collections.abc import Mapping
from typing import Any

from slack_sdk.errors import SlackApiError

from bot.domain.durations import seconds_from
from bot.domain.errors import PlatformBusy, PlatformError, PlatformGone, PlatformRefused

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


def said(method: str, error: SlackApiError) -> PlatformError:
    """The refusal of a call that the SDK made."""
    response = error.response
    data = response if isinstance(response, Mapping) else getattr(response, "data", None)
    headers = getattr(response, "headers", None) or {}
    pause = str(headers.get("Retry-After") or headers.get("retry-after") or "")
    status = int(getattr(response, "status_code", 0))
    return refusal(method, status, data if isinstance(data, Mapping) else {}, pause)


def refusal(method: str, status: int, data: Mapping[str, Any], pause: str) -> PlatformError:
    """`data`: the answer's JSON object, empty if it was none; `pause`: what Retry-After said."""
    code = str(data.get("error") or "")
    if status == 429 or code in BUSY:
        return PlatformBusy(f"{method}: {code or status}", code=code, retry_after=seconds_from(pause))
    if status >= 500 or (not code and status < 400):
        return NoAnswer(f"{method}: no answer that can be read (HTTP {status})", code="lost")
    if code in TOKEN | ADMINISTRATION or (code in RIGHTS and method in SHOWING):
        remedy = _remedy(code, str(data.get("needed") or ""))
        return PlatformRefused(f"{method}: {code}", code=code, remedy=remedy)
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
