"""The schedules on Redis: a hash per workspace, and per shard the times they are due.

A workspace's schedules are in one shard, so that one script may count and erase them. What a schedule asks is sealed; who
made it and where stands beside it as it does elsewhere, so that it can be found without opening anything.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from bot.domain.events import ThreadKey
from bot.domain.schedules import PER_PERSON, PER_PLACE, PER_WORKSPACE, SCHEDULE, Schedule
from bot.schedule_ports import ScheduleStore
from bot.storage.connection import Database
from bot.storage.encryption import RecordCipher, RecordPlace, UnreadableRecord
from bot.storage.keys import Keys, Lifetimes, workspace_digest, workspace_of
from bot.storage.scripts import ScriptCall, Scripts, Word

UNREADABLE_AGAIN = 3_600  # seconds until one that cannot be read is looked at again

log = logging.getLogger(__name__)


class RedisSchedules(ScheduleStore):
    """The ScheduleStore on Redis."""

    def __init__(
        self, *, database: Database, keys: Keys, cipher: RecordCipher, scripts: Scripts, lifetimes: Lifetimes
    ) -> None:
        self._database = database
        self._keys = keys
        self._cipher = cipher
        self._scripts = scripts
        self._lifetimes = lifetimes

    async def add(self, schedule: Schedule) -> str:
        digest, thread = workspace_digest(schedule.workspace), schedule.place.thread
        about = (schedule.author.id, thread.digest, _channel(thread), PER_PERSON, PER_PLACE, PER_WORKSPACE)
        words = (schedule.id, f"{digest}:{schedule.id}", self._sealed(schedule), _score(schedule), *about)
        (answer,) = await self._database.ask_for_good(self._call("every_add", digest, *words))
        told = str(answer.decode())
        return "" if told == "added" else told

    async def find(self, workspace: str, id: str) -> Schedule | None:
        digest = workspace_digest(workspace)
        (stored,) = await self._database.ask(("HGET", self._keys.schedules(digest)[0], id))
        return self._opened(digest, id, stored) if stored else None

    async def listed(self, thread: ThreadKey, person: str) -> Sequence[Schedule]:
        digest = workspace_digest(workspace_of(thread.platform, thread.workspace))
        (answer,) = await self._database.ask(self._call("every_list", digest, person, _channel(thread)))
        pairs = zip(answer[::2], answer[1::2], strict=True)
        found = [self._opened(digest, id.decode(), stored) for id, stored in pairs]
        return sorted(filter(None, found), key=lambda one: (bool(one.paused), one.next))

    async def keep(self, schedule: Schedule, *, expected: float | None = None) -> bool:
        digest = workspace_digest(schedule.workspace)
        due = "" if expected is None else f"{expected + schedule.wait:.0f}"
        words = (schedule.id, f"{digest}:{schedule.id}", self._sealed(schedule), _score(schedule), due)
        (answer,) = await self._database.ask_for_good(self._call("every_keep", digest, *words))
        return bool(answer)

    async def pause(self, schedule: Schedule, why: str, *, now: float) -> bool:
        return await self.keep(replace(schedule, paused=why, next=round(now + self._lifetimes.memory)))

    async def take(self, workspace: str, id: str, *, due: float, turn: str) -> bool:
        digest = workspace_digest(workspace)
        (answer,) = await self._database.ask_for_good(
            self._call("every_take", digest, id, f"{due:.0f}", turn)
        )
        return bool(answer)

    async def drop(self, workspace: str, id: str) -> int:
        return await self._drop(workspace, "", id)

    async def drop_of_person(self, workspace: str, person: str) -> int:
        return await self._drop(workspace, "a", person)

    async def drop_of_conversation(self, thread: ThreadKey) -> int:
        return await self._drop(workspace_of(thread.platform, thread.workspace), "c", thread.digest)

    async def drop_of_workspace(self, workspace: str) -> int:
        """Erases all."""
        return await self._drop(workspace, "all", "")

    async def due(self, now: float, limit: int) -> Sequence[Schedule]:
        shards = range(self._keys.shards)
        answers = await self._database.ask(
            *(("ZRANGEBYSCORE", self._keys.due(one), "-inf", now, "LIMIT", 0, limit) for one in shards)
        )
        members = [member.decode().partition(":") for answer in answers for member in answer]
        if not members:
            return []
        stored = await self._database.ask(
            *(("HGET", self._keys.schedules(digest)[0], id) for digest, _, id in members)
        )
        found = []
        for (digest, _, id), sealed in zip(members, stored, strict=True):
            if schedule := self._opened(digest, id, sealed or b""):
                # Another replica may have moved it on between the two questions.
                found += [schedule] if float(_score(schedule)) <= now else []
            else:
                later = round(now) + UNREADABLE_AGAIN
                again: tuple[Word, ...] = (
                    "ZADD",
                    self._keys.schedules(digest)[1],
                    "XX",
                    later,
                    f"{digest}:{id}",
                )
                await self._database.ask(again)
        return found

    async def _drop(self, workspace: str, kind: str, wanted: str) -> int:
        digest = workspace_digest(workspace)
        (gone,) = await self._database.ask_for_good(self._call("every_drop", digest, digest, kind, wanted))
        return int(gone)

    def _call(self, script: str, digest: str, *words: Word) -> ScriptCall:
        return self._scripts.call(script, self._keys.schedules(digest), *words)

    def _sealed(self, schedule: Schedule) -> bytes:
        # warnings="error": a field of the wrong type could be written, but not read again.
        place = _place(workspace_digest(schedule.workspace), schedule.id)
        return self._cipher.encrypt(SCHEDULE.dump_json(schedule, warnings="error"), about=place)

    def _opened(self, digest: str, id: str, stored: Any) -> Schedule | None:
        try:
            return SCHEDULE.validate_json(self._cipher.decrypt(stored, about=_place(digest, id)))
        except (UnreadableRecord, ValidationError) as error:
            why = str(error) if isinstance(error, UnreadableRecord) else "unknown form"
            log.warning("a schedule cannot be read", extra={"schedule": id, "why": why})
            return None


def _place(digest: str, id: str) -> RecordPlace:
    return RecordPlace(kind="schedule", of=digest, at=id)


def _channel(thread: ThreadKey) -> str:
    return replace(thread, thread="").digest


def _score(schedule: Schedule) -> str:
    return f"{schedule.next + (0 if schedule.paused else schedule.wait):.0f}"
