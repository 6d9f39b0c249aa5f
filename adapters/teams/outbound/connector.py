"""Calls of the Bot Connector, with its retry rules and errors.

Source: Microsoft Learn, "Bot Connector REST API reference" and Teams' "Rate limiting" (codes, Retry-After).
"""

import asyncio
import json
import random
from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import aiohttp
from pydantic_core import to_json
from yarl import URL

from adapters.teams.clouds import Hosts, absolute_url
from adapters.teams.conversation_reference import ConversationAddress
from adapters.teams.http_session import HttpSession
from adapters.teams.outbound.credentials import Credentials
from bot.delivery.slots import without_slot
from bot.domain.durations import seconds_from
from bot.domain.errors import PlatformBusy, PlatformError, PlatformGone, PlatformRefused

ADDRESSES = 1_000
"""Of conversations and messages, which are not taken apart again for every call."""
JSON = "application/json; charset=utf-8"
TRIES = 5
PATIENCE = 30.0
"""Seconds for one call, all its repetitions included."""
BUSY = frozenset({412, 429, 502, 503, 504})
UNCLEAR = frozenset({0, 502, 504})
"""The call may have been carried out: no answer came, or a proxy's."""
GONE = frozenset(
    {
        "botdisabledbyadmin",
        "botnotinconversationroster",
        "conversationblockedbyuser",
        "forbiddenoperationexception",
        "notenoughpermissions",
        "conversationnotfound",
    }
)


GONE_FOR_GOOD = frozenset({"conversationblockedbyuser", "conversationnotfound"})
REFUSED = (
    "the Bot Connector refuses the bot: check TEAMS_APP_ID and TEAMS_TENANT_ID, and that the Azure Bot is there with its "
    "Microsoft Teams channel"
)
REMEDIES = {
    "botdisabledbyadmin": "an administrator has switched the app off: allow it in the Teams admin center",
    "botnotinconversationroster": "the bot is not in a chat or team where it has to answer: add the app there again",
    "notenoughpermissions": "the app lacks a permission: upload what `switchboard manifest teams` writes and consent to it",
    "invalidbotapihost": "the tenant is in a government cloud: set the TEAMS_..._URL settings of .env.example",
}
"""What an operator does about a refusal, by the Connector's code in lower case. They may be over in minutes."""


class TeamsApiError(PlatformError):
    """The Bot Connector refused a call. `status` 0: no answer came."""

    def __init__(self, status: int, code: str, text: str, retry_after: float | None = None) -> None:
        super().__init__(f"{status} {code}", code=code, retry_after=retry_after)
        self.status = status
        self._text = f"{code} {text}".lower()

    def says(self, words: str) -> bool:
        """Whether the message contains these words, in lower case: stream errors differ in nothing else."""
        return words in self._text

    def plainly(self) -> PlatformError:
        """The same error as a PlatformError of bot.domain.errors."""
        text = str(self)
        if self.status in BUSY | {0, 500}:
            return PlatformBusy(text, code=self.code, retry_after=self.retry_after)
        if self.status in {401, 403} and self.code.lower() not in GONE_FOR_GOOD:
            code = self.code.lower() if self.code.lower() in REMEDIES else f"{self.status}"
            return PlatformRefused(text, code=code, remedy=f"{REMEDIES.get(code, REFUSED)} ({text.strip()})")
        return PlatformGone(text, code=self.code)

    @property
    def gone(self) -> bool:
        """Whether nothing can be sent to this conversation any more."""
        return self.status in {403, 404} and self.code.lower() in GONE


class Repeat(Enum):
    """How often a call may be repeated after an error."""

    FREELY = "freely"  # it is idempotent: edits, deletions
    ONCE = "once"  # a post: once more when its result is unclear, as it may appear twice
    NEVER = "never"  # an update that the next one replaces


class Connector:
    """Posts, edits and deletes activities. `credentials` None sends no token (Agents Playground)."""

    def __init__(self, *, http: HttpSession, hosts: Hosts, credentials: Credentials | None) -> None:
        self._http = http
        self._hosts = hosts
        self._credentials = credentials
        self._target = lru_cache(ADDRESSES)(self._checked)

    async def post(
        self, where: ConversationAddress, activity: Mapping[str, Any], repeat: Repeat = Repeat.ONCE
    ) -> str:
        """The new activity's id, "" where the service gives none (updates of a stream)."""
        return _id(await self._call("POST", where.url(), activity, repeat))

    async def put(
        self, where: ConversationAddress, id: str, activity: Mapping[str, Any], repeat: Repeat = Repeat.FREELY
    ) -> None:
        await self._call("PUT", where.url(id), activity, repeat)

    async def delete(self, where: ConversationAddress, id: str) -> None:
        await self._call("DELETE", where.url(id), None, Repeat.FREELY)

    async def chat_with(self, where: ConversationAddress, user: str, tenant: str) -> ConversationAddress:
        """The one-to-one chat with a person of the conversation `where`, created if necessary."""
        url = f"{where.service_url.rstrip('/')}/v3/conversations"
        wish = {"isGroup": False, "members": [{"id": user}], "channelData": {"tenant": {"id": tenant}}}
        chat = _id(await self._call("POST", url, wish, Repeat.FREELY))
        return ConversationAddress(service_url=where.service_url, conversation=chat)

    async def member(self, where: ConversationAddress, id: str) -> Mapping[str, Any]:
        """A person of the conversation, by the Connector's id or Entra's."""
        return _parsed(await self._call("GET", where.member_url(id), None, Repeat.FREELY))

    async def team(self, where: ConversationAddress, id: str) -> Mapping[str, Any]:
        """A team of whose channels `where` is one; "aadGroupId" is its id in Microsoft Graph."""
        url = f"{where.service_url.rstrip('/')}/v3/teams/{quote(id, safe='')}"
        return _parsed(await self._call("GET", url, None, Repeat.FREELY))

    async def _call(self, method: str, url: str, activity: Mapping[str, Any] | None, repeat: Repeat) -> bytes:
        """The answer's body. Most callers do not read it."""
        target = self._target(url)
        body = None if activity is None else _encoded(activity)
        tries, unclear, pause = 0, 0, 0.5
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    try:
                        return await self._once(method, target, body)
                    except TeamsApiError as error:
                        tries += 1
                        unclear += error.status in UNCLEAR
                        if not _again(error, repeat, tries, unclear):
                            raise
                        wait = error.retry_after
                        if wait is None:
                            wait, pause = pause * (0.5 + random.random()), pause * 2  # noqa: S311 - jitter
                        with without_slot():
                            await asyncio.sleep(wait)
        except TimeoutError:
            raise TeamsApiError(0, "timeout", "") from None

    def _checked(self, url: str) -> URL:
        """The URL, if the bot's token may be sent there. Checked whoever calls: stored events may be old."""
        target = URL(url, encoded=True) if absolute_url(url) else None
        if target is None or not self._hosts.allow(target):
            raise PlatformGone("the serviceUrl's host is not allowed", code="serviceUrl")
        return target

    async def _once(self, method: str, url: URL, body: bytes | None) -> bytes:
        """One call, and a second one with a new token when the service refuses the first token."""
        token = await self._credentials.token() if self._credentials else ""
        try:
            return await self._request(method, url, body, token)
        except TeamsApiError as error:
            if error.status != 401 or self._credentials is None:
                raise
            self._credentials.refused(token)
        return await self._request(method, url, body, await self._credentials.token())

    async def _request(self, method: str, url: URL, body: bytes | None, token: str) -> bytes:
        headers = {"Content-Type": JSON}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        request = self._http.session.request(method, url, data=body, headers=headers, allow_redirects=False)
        try:
            async with request as response:
                raw = await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise TeamsApiError(0, type(error).__name__, "") from error
        if response.status in {200, 201, 202}:
            return raw
        answer = _parsed(raw)
        nested = answer.get("error")
        fault = nested if isinstance(nested, dict) else answer
        code, message = str(fault.get("code", "")), str(fault.get("message", ""))
        after = response.headers.get("Retry-After", "")
        raise TeamsApiError(response.status, code, message, seconds_from(after))


def _encoded(activity: Mapping[str, Any]) -> bytes:
    try:
        return to_json(activity)
    except ValueError:  # half a character, which only Python's own writer gets over
        return json.dumps(activity, ensure_ascii=False).encode(errors="replace")


def _id(answer: bytes) -> str:
    return str(_parsed(answer).get("id") or "")


def _again(error: TeamsApiError, repeat: Repeat, tries: int, unclear: int) -> bool:
    if repeat is Repeat.NEVER or tries >= TRIES or error.status not in BUSY | {0}:
        return False
    # A longer wait would only end in a timeout; the worker waits for it instead.
    if error.retry_after is not None and error.retry_after > PATIENCE:
        return False
    return repeat is Repeat.FREELY or unclear <= 1


def _parsed(raw: bytes) -> dict[str, Any]:
    """A JSON object, or {} for anything else that a proxy may send."""
    try:
        answer = json.loads(raw.decode(errors="replace")) if raw else {}
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}
