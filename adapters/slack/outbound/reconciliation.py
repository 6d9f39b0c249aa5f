"""What an earlier attempt at this turn left in the thread without telling us.

A post whose answer was lost, or whose worker was killed, may or may not be there. Posted messages carry our turn
and their number as metadata; a streamed message cannot carry any until it ends, so it is known by what it is not:
ours, after the question, and without the metadata that every finished message has.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.slack.conversation_reference import Place
from adapters.slack.install.installations import Installation
from adapters.slack.web_api import Calls
from bot.ports import Journal

EVENT = "switchboard_turn"
PAGES = 20


def mark(journal: Journal, part: int) -> dict[str, Any]:
    """The metadata by which a message is found again."""
    return {"event_type": EVENT, "event_payload": {"turn": journal.id, "part": part}}


class Trace:
    """Reads the thread when it is needed, once per doubt."""

    def __init__(self, *, calls: Calls, us: Installation, place: Place, journal: Journal) -> None:
        self._calls = calls
        self._us = us
        self._place = place
        self._journal = journal
        self._found: list[Mapping[str, Any]] | None = None
        self.doubtful = journal.attempt > 1  # there may be messages that nobody told us of

    def doubt(self) -> None:
        """A message may just have been made without our knowing: look again before making it."""
        self.doubtful, self._found = True, None

    async def find(self, part: int, known: Sequence[str], *, marked: bool = False) -> str:
        """The ts of the message that holds this part, "" when there is none. `known` are other parts' messages.

        `marked`: only where its metadata says so.
        """
        if self._found is None:
            self._found = await self._read()
        ours = [one for one in self._found if one["ts"] not in known]
        for message in ours:
            if part_of(message, self._journal.id) == part:
                return str(message["ts"])
        if marked:
            return ""
        after = float(self._place.ts or 0)
        unmarked = [str(one["ts"]) for one in ours if not one.get("metadata") and float(one["ts"]) > after]
        return min(unmarked, key=float, default="")

    async def _read(self) -> list[Mapping[str, Any]]:
        """Our own messages in the thread. Raises PlatformBusy when it cannot be read now."""
        found: list[Mapping[str, Any]] = []
        cursor = ""
        for _ in range(PAGES):
            more = {"cursor": cursor} if cursor else {}
            answer = await self._calls.must(
                "conversations.replies",
                channel=self._place.channel,
                ts=self._place.thread,
                include_all_metadata=True,
                limit=200,
                **more,
            )
            found += [one for one in answer.get("messages", ()) if self._ours(one)]
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                break
        return found

    def _ours(self, message: Mapping[str, Any]) -> bool:
        if not message.get("ts"):
            return False
        return (
            message.get("bot_id") == self._us.bot
            if message.get("bot_id")
            else message.get("user") == self._us.user
        )


def part_of(message: Mapping[str, Any], turn: str) -> int | None:
    """Which part of the turn a message holds; None when it is another turn's."""
    metadata = message.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    if metadata.get("event_type") != EVENT or payload.get("turn") != turn:
        return None
    return int(payload.get("part") or 0)
