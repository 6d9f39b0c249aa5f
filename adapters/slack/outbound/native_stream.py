"""Slack's native display of a working agent: a session status with Slack's own Stop, and streamed messages.

Only apps declared as agents, on paid plans, may use it. A refusal is remembered for a while and the answer
grows by edits. A workspace allows about twenty stream starts a minute, over all replicas, so starts are taken
from a shared rate limiter, a few at a time. Sources: docs.slack.dev, "agents.sessions.setStatus",
"chat.startStream".
"""

import logging
from collections.abc import Mapping
from typing import Any

from adapters.slack.conversation_reference import ConversationReference
from adapters.slack.web_api import WebApi
from adapters.slack.web_errors import RIGHTS
from bot.domain.errors import PlatformBusy, PlatformError, PlatformGone, StorageUnavailable
from bot.ports import RateLimiter

log = logging.getLogger(__name__)

FORGET = 600.0  # seconds until a stream is tried again after a refusal
PACK, PACKS, PACKS_A_SECOND = 4, 2, 3 / 60  # never more than twenty starts in any minute
TITLE = 200


class NativeStreams:
    """One workspace's sessions and stream starts, shared by all answers of this process."""

    def __init__(
        self, *, web_api: WebApi, workspace: str, rate_limiter: RateLimiter | None, wanted: bool = True
    ) -> None:
        self.wanted = wanted
        self._web_api = web_api
        self._name = f"slack-streams:{workspace}"
        self._rate_limiter = rate_limiter
        self._refused_until = 0.0 if wanted else float("inf")
        self._starts = 0
        self._none_until = 0.0

    @property
    def refused(self) -> bool:
        return self._web_api.clock.now() < self._refused_until

    def refuse(self) -> None:
        self._refused_until = max(self._refused_until, self._web_api.clock.now() + FORGET)

    async def take(self) -> bool:
        """Takes one stream start from this process's share, or a new share from the rate limiter."""
        if self._starts == 0 and self._web_api.clock.now() >= self._none_until:
            await self._take_pack()
        if self._starts == 0:
            return False
        self._starts -= 1
        return True

    async def _take_pack(self) -> None:
        if self._rate_limiter is None:
            self._starts = PACK
            return
        try:
            wait = await self._rate_limiter.take(self._name, rate=PACKS_A_SECOND, burst=PACKS)
        except StorageUnavailable:
            wait = 1.0
        if wait:
            self._none_until = self._web_api.clock.now() + wait
        else:
            self._starts = PACK


class AgentSession:
    """One turn's session: working while the answer grows, and idle in the end in any case."""

    def __init__(
        self,
        *,
        web_api: WebApi,
        native_streams: NativeStreams,
        reference: ConversationReference,
        title: str,
        resumed: bool,
        shared: bool = False,
    ) -> None:
        """`shared`: other messages of the same turn grow beside this one. A streamed message has no metadata by which it could
        be told from theirs after a crash, and the session is one for all of the thread: this one grows by edits.
        """
        self._web_api = web_api
        self._native_streams = native_streams
        self._place = reference
        self._title = title
        self._shared = shared
        self._resumed = resumed and not shared  # an earlier attempt may have opened it
        self.open = False

    async def begin(self) -> bool:
        """Shows the session as working, with Slack's Stop. False: the answer grows by edits."""
        if (
            self._shared
            or self._native_streams.refused
            or not self._place.thread
            or not await self._native_streams.take()
        ):
            return False
        try:
            answer = await self._set("processing", may=True)
        except PlatformError as error:
            self.refuse(error)
            self.open = error.code == "lost"
            return False
        self.open = answer is not None
        if answer is not None and answer.get("warning"):
            # Without the event subscription, Slack would show work in progress without a working Stop.
            self._native_streams.refuse()
            return False
        return self.open

    async def end(self) -> None:
        """Shows the session as idle. An error of Slack changes nothing for the answer."""
        resumed = self._resumed and self._native_streams.wanted and self._place.thread
        if not self.open and not resumed:
            return
        self.open = self._resumed = False
        try:
            await self._set("active", may=False)
        except PlatformError as error:
            log.info("session status not set", extra={"code": error.code})
            self.refuse(error)

    def refuse(self, error: PlatformError) -> None:
        """Gives up streams in the workspace for a while, unless the error is of this channel or of the moment."""
        here = isinstance(error, PlatformGone) and error.code not in RIGHTS
        if not here and not isinstance(error, PlatformBusy):
            self._native_streams.refuse()

    async def _set(self, status: str, *, may: bool) -> Mapping[str, Any] | None:
        call = self._web_api.may if may else self._web_api.must
        return await call(
            "agents.sessions.setStatus",
            channel_id=self._place.channel,
            thread_ts=self._place.thread,
            status=status,
            title=self._title[:TITLE] or None,
            initiator_user_id=self._place.user or None,
        )
