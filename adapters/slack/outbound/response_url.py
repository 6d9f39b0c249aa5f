"""A response_url: Slack takes a few messages for the person who used a command or a shortcut, without a token, also where
the bot is no member. Source: docs.slack.dev "Handling user interaction".
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from adapters.slack.outbound.shapes import REFUSED
from adapters.slack.web_api import WebApi
from bot.domain.errors import PlatformBusy, PlatformError

USES = 5  # of one response_url, within thirty minutes


async def respond(web_api: WebApi, url: str, body: Mapping[str, Any]) -> bool:
    """False: the response_url is used up or too old. Raises PlatformBusy, and PlatformError for refused blocks."""
    try:
        async with web_api.session.post(url, json=body, allow_redirects=False) as answer:
            if answer.status == 429 or answer.status >= 500:
                raise PlatformBusy("response_url is busy", code=str(answer.status))
            if answer.status == 400 and (code := (await answer.text())[:80]) in REFUSED:
                raise PlatformError("response_url refuses the blocks", code=code)
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError) as error:
        raise PlatformBusy("response_url cannot be reached", code="lost") from error


def trusted_host(api_url: str) -> Callable[[str], bool]:
    """Whether a response_url is Slack's: its hooks hosts, or beside a Web API that runs elsewhere."""
    api = urlsplit(api_url)

    def trusted(url: str) -> bool:
        parts = urlsplit(url)
        name = parts.hostname or ""
        if parts.scheme == "https" and name in ("hooks.slack.com", "hooks.slack-gov.com"):
            return True
        return (
            parts.scheme == api.scheme and name == api.hostname and name not in ("slack.com", "slack-gov.com")
        )

    return trusted
