"""The Web API of one workspace: keeps its rate limits and translates its errors.

Optional calls (`may`) are left out when the limit is near. Required calls (`must`) wait and obey Retry-After.
A broken connection is `NoAnswer`: the call may have been carried out, so only idempotent calls are repeated.
Source of the limits: docs.slack.dev "Rate limits" and each method's page.
"""

import json
from collections.abc import Hashable, Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.web_errors import NoAnswer, refusal, said
from bot.delivery.pacing import Allowance, Clock
from bot.delivery.slots import without_slot
from bot.domain.errors import PlatformBusy, PlatformRefused

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

IN_JSON = frozenset(
    ["chat.postMessage", "chat.update", "chat.startStream", "chat.appendStream", "chat.stopStream"]
)
"""The calls of every answer, which Slack takes as JSON. All others are the SDK's."""
JSON = "application/json; charset=utf-8"

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
        if method in IN_JSON:
            return await self._post(method, args)
        call = getattr(self.client, method.replace(".", "_"))
        try:
            answer = await call(**args)
        except SlackApiError as error:
            raise said(method, error) from error
        except (aiohttp.ClientError, TimeoutError, ConnectionError, ValueError) as error:
            raise NoAnswer(f"{method}: {type(error).__name__}", code="lost") from error
        data = answer.data
        return data if isinstance(data, Mapping) else {}

    async def _post(self, method: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        """The calls of every answer, without what the SDK builds for each and throws away."""
        body = json.dumps({name: value for name, value in args.items() if value is not None})
        headers = {"authorization": f"Bearer {self.client.token}", "content-type": JSON}
        try:
            async with self.session.post(
                f"{self.client.base_url}{method}", data=body.encode(), headers=headers, allow_redirects=False
            ) as response:
                status, pause = response.status, response.headers.get("Retry-After", "")
                answer = json.loads(await response.read() or b"{}")
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            raise NoAnswer(f"{method}: {type(error).__name__}", code="lost") from error
        except ValueError:
            answer = {}
        data: Mapping[str, Any] = answer if isinstance(answer, dict) else {}
        if status == 200 and data.get("ok"):
            return data
        raise refusal(method, status, data, pause)
