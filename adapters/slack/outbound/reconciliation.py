"""Reconciliation: finds messages that an earlier attempt at this turn left in the thread without saving them.

When the answer to a post was lost, or the worker killed, the message may exist or not. Posted messages have
the turn and their number as metadata. A streamed message has none until it ends, so it is recognised by
elimination: the bot's own, after the question, and without the metadata that every finished message has.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.slack.conversation_reference import ConversationReference
from adapters.slack.install.installations import Installation
from adapters.slack.web_api import WebApi
from bot.ports import TurnHandle

EVENT = "switchboard_turn"
PAGES = 20
MARGIN = 60.0  # seconds between this clock and Slack's


def turn_metadata(turn_handle: TurnHandle, part: int) -> dict[str, Any]:
    """The metadata by which a message is found again."""
    return {"event_type": EVENT, "event_payload": {"turn": turn_handle.id, "part": part}}


class Reconciliation:
    """Reads the thread only when a message may exist, once per `doubt`."""

    def __init__(
        self,
        *,
        web_api: WebApi,
        installation: Installation,
        reference: ConversationReference,
        turn_handle: TurnHandle,
    ) -> None:
        self._web_api = web_api
        self._us = installation
        self._place = reference
        self._turn_handle = turn_handle
        self._found: list[Mapping[str, Any]] | None = None
        self.doubtful = turn_handle.attempt > 1  # there may be messages that were not saved

    def elsewhere(self, reference: ConversationReference) -> "Reconciliation":
        """The same in another place."""
        found = Reconciliation(
            web_api=self._web_api, installation=self._us, reference=reference, turn_handle=self._turn_handle
        )
        found.doubtful = self.doubtful
        return found

    def doubt(self) -> None:
        """A message may just have been created although the call failed: look before creating it."""
        self.doubtful, self._found = True, None

    async def find(self, part: int, known: Sequence[str], *, marked: bool = False) -> str:
        """The ts of the message that holds this part, "" when there is none. `known` are other parts'
        messages.

        `marked`: only where its metadata says so, as always outside of threads, where others' turns are, too.
        """
        if self._found is None:
            self._found = await self._read()
        installation = [one for one in self._found if one["ts"] not in known]
        for message in installation:
            if _part_of(message, self._turn_handle.id) == part:
                return str(message["ts"])
        if marked or not self._place.thread or self._turn_handle.column:  # columns are never streamed
            return ""
        after = float(self._place.ts or 0)
        unmarked = [
            str(one["ts"]) for one in installation if not one.get("metadata") and float(one["ts"]) > after
        ]
        return min(unmarked, key=float, default="")

    async def _read(self) -> list[Mapping[str, Any]]:
        """The bot's own messages in the thread. Raises PlatformBusy when they cannot be read now."""
        found: list[Mapping[str, Any]] = []
        cursor, since = "", max(0.0, self._turn_handle.started - MARGIN)
        for _ in range(PAGES):
            more = {"cursor": cursor} if cursor else {}
            answer = await self._web_api.must(
                f"conversations.{'replies' if self._place.thread else 'history'}",
                channel=self._place.channel,
                **({"ts": self._place.thread} if self._place.thread else {"oldest": str(since)}),
                include_all_metadata=True,
                limit=200,
                **more,
            )
            found += [one for one in answer.get("messages", ()) if self._installations(one)]
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                break
        return found

    def _installations(self, message: Mapping[str, Any]) -> bool:
        if not message.get("ts"):
            return False
        return (
            message.get("bot_id") == self._us.bot
            if message.get("bot_id")
            else message.get("user") == self._us.user
        )


def _part_of(message: Mapping[str, Any], turn: str) -> int | None:
    """Which part of the turn a message holds; None when it is another turn's."""
    metadata = message.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    if metadata.get("event_type") != EVENT or payload.get("turn") != turn:
        return None
    return int(payload.get("part") or 0)
