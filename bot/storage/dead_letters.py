"""The dead letters on Redis: per shard a hash with what is known of each and its event, and the times they were buried.

No stream: of what is deleted from a stream, the text stays in memory and on the disk until its neighbours go.
"""

import json
import logging
from collections.abc import Callable, Sequence
from typing import Any

from pydantic import ValidationError

from bot.domain.dead_letters import DeadLetter
from bot.domain.events import Event
from bot.storage.claims import read_event
from bot.storage.connection import Database
from bot.storage.encryption import RecordCipher, UnreadableRecord
from bot.storage.keys import Keys, Lifetimes
from bot.storage.scripts import Scripts, Word

log = logging.getLogger(__name__)

About = dict[str, Any]
"""What bury.lua stores beside the event: conversation, mail, workspace, why, error."""


def event_field(id: str) -> str:
    """The field of a letter's event; the rest is in the field `id`."""
    return f"{id}:e"


class RedisDeadLetters:
    """The DeadLetters on Redis."""

    def __init__(
        self, *, database: Database, keys: Keys, cipher: RecordCipher, scripts: Scripts, lifetimes: Lifetimes
    ) -> None:
        self._database = database
        self._keys = keys
        self._cipher = cipher
        self._scripts = scripts
        self._lifetimes = lifetimes

    async def tidy(self) -> int:
        lasts = self._lifetimes
        counts = await self._database.ask(
            *(
                self._scripts.call("tidy", self._names(shard), lasts.dead, lasts.memory)
                for shard in range(self._keys.shards)
            )
        )
        return sum(map(int, counts))

    async def letters(self) -> Sequence[DeadLetter]:
        await self.tidy()
        found = [letter for shard in range(self._keys.shards) for letter in await self._letters(shard)]
        return sorted(found, key=lambda letter: -letter.at)

    async def drop(self, *ids: str) -> int:
        gone = 0
        for shard in range(self._keys.shards):
            gone += await self._drop(shard, ids)
        return gone

    async def drop_of_conversation(self, conversation: str) -> None:
        shard = self._keys.shard(conversation)
        await self._drop_where(shard, lambda about: about.get("conversation") == conversation)

    async def drop_of_workspace(self, workspace: str) -> None:
        for shard in range(self._keys.shards):
            await self._drop_where(shard, lambda about: about.get("workspace") == workspace)

    def _names(self, shard: int) -> tuple[str, str]:
        return self._keys.dead(shard), self._keys.dead_times(shard)

    async def _letters(self, shard: int) -> list[DeadLetter]:
        dead, times = self._names(shard)
        (found,) = await self._database.ask(("ZRANGE", times, 0, -1, "WITHSCORES"))
        ids = [id.decode() for id, _ in found]
        if not ids:
            return []
        about, events = await self._database.ask(
            ("HMGET", dead, *ids), ("HMGET", dead, *(event_field(id) for id in ids))
        )
        return [
            self._letter(id, float(at), _read(known or b""), event or b"")
            for id, (_, at), known, event in zip(ids, found, about, events, strict=True)
        ]

    def _letter(self, id: str, at: float, about: About, stored: bytes) -> DeadLetter:
        return DeadLetter(
            id=id,
            at=at,
            workspace=str(about.get("workspace", "")),
            why=str(about.get("why", "")),
            error=str(about.get("error", "")),
            event=self._event(id, about, stored),
        )

    def _event(self, id: str, about: About, stored: bytes) -> Event | None:
        try:
            mail, conversation = str(about.get("mail", "")), str(about.get("conversation", ""))
            return read_event(stored, mail, conversation, self._cipher)
        except (UnreadableRecord, ValidationError) as error:
            why = str(error) if isinstance(error, UnreadableRecord) else "unknown form"
            log.debug("a dead letter cannot be read", extra={"letter": id, "why": why})
            return None

    async def _drop_where(self, shard: int, doomed: Callable[[About], bool]) -> None:
        dead, times = self._names(shard)
        (ids,) = await self._database.ask(("ZRANGE", times, 0, -1))
        if not ids:
            return
        (about,) = await self._database.ask(("HMGET", dead, *ids))
        chosen = [id.decode() for id, known in zip(ids, about, strict=True) if doomed(_read(known or b""))]
        await self._drop(shard, chosen)

    async def _drop(self, shard: int, ids: Sequence[str]) -> int:
        if not ids:
            return 0
        dead, times = self._names(shard)
        fields: list[Word] = [field for id in ids for field in (id, event_field(id))]
        _, gone = await self._database.ask(("HDEL", dead, *fields), ("ZREM", times, *ids))
        return int(gone)


def _read(data: bytes) -> About:
    try:
        found = json.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
