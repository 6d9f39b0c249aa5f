"""What the scoreboard counts, on Redis: written by a commit in its conversation's shard, read from all of them.

A record is sealed. Its name, which says who did what to which turn's answer, stands beside it, so that a person's can be found
without opening anything, and a changed vote takes the place of the earlier one.
"""

import asyncio
import logging
from collections.abc import Sequence
from urllib.parse import quote

from pydantic import ValidationError

from bot.domain.events import ThreadKey
from bot.domain.observations import OBSERVATION, Observation
from bot.score_ports import ScoreStore
from bot.storage.connection import Database
from bot.storage.encryption import RecordCipher, RecordPlace, UnreadableRecord
from bot.storage.keys import Keys, Lifetimes, workspace_digest, workspace_of
from bot.storage.scripts import Scripts

log = logging.getLogger(__name__)


class RedisScores(ScoreStore):
    """The ScoreStore on Redis."""

    def __init__(
        self, *, database: Database, keys: Keys, cipher: RecordCipher, scripts: Scripts, lifetimes: Lifetimes
    ) -> None:
        self._database = database
        self._keys = keys
        self._cipher = cipher
        self._scripts = scripts
        self._lifetimes = lifetimes

    async def observations(self, workspace: str) -> Sequence[Observation]:
        most, ttl = self._keys.observations_kept(self._lifetimes), self._lifetimes.observed
        answers = await self._database.ask(
            *(
                self._scripts.call("observed", self._keys.scores(shard, workspace)[:2], most, ttl)
                for shard in range(self._keys.shards)
            )
        )
        return await asyncio.to_thread(self._newest, workspace_digest(workspace), answers)

    def _newest(self, digest: str, answers: Sequence[Sequence[bytes]]) -> Sequence[Observation]:
        """Of all shards; thousands of records take too long for the event loop."""
        found = [
            (float(at), name.decode(), sealed)
            for answer in answers
            for name, at, sealed in zip(answer[::3], answer[1::3], answer[2::3], strict=True)
        ]
        newest = sorted(found)[-self._lifetimes.observations :]
        opened = (self._opened(digest, name, sealed) for _, name, sealed in newest)
        return [one for one in opened if one is not None]

    async def leave(self, workspace: str, person: str) -> int:
        return await self._erase(workspace, person, leaver=person)

    async def join(self, workspace: str, person: str) -> bool:
        answers = await self._database.ask_for_good(
            *(("SREM", self._keys.scores(shard, workspace)[2], person) for shard in range(self._keys.shards))
        )
        return any(answers)

    async def erase(self, workspace: str, person: str) -> int:
        return await self._erase(workspace, person)

    async def _erase(self, workspace: str, person: str, *, leaver: str = "") -> int:
        answers = await self._database.ask_for_good(
            *(
                self._scripts.call(
                    "unobserve", self._keys.scores(shard, workspace), name_ending(person), leaver
                )
                for shard in range(self._keys.shards)
            )
        )
        return sum(map(int, answers))

    def _opened(self, digest: str, name: str, sealed: bytes) -> Observation | None:
        try:
            return OBSERVATION.validate_json(self._cipher.decrypt(sealed, about=_place(digest, name)))
        except (UnreadableRecord, ValidationError) as error:
            why = str(error) if isinstance(error, UnreadableRecord) else "unknown form"
            log.warning("an observation cannot be read", extra={"observation": name, "why": why})
            return None


def name_ending(person: str) -> str:
    """How the names of a person's observations end."""
    return f":{quote(person, safe='')}"


def sealed_observations(
    thread: ThreadKey, observations: Sequence[Observation], cipher: RecordCipher
) -> list[bytes]:
    """Records for commit.lua, in the same order."""
    digest = workspace_digest(workspace_of(thread.platform, thread.workspace))
    return [
        cipher.encrypt(OBSERVATION.dump_json(one, warnings="error"), about=_place(digest, one.id))
        for one in observations
    ]


def _place(digest: str, name: str) -> RecordPlace:
    return RecordPlace(kind="observation", of=digest, at=name)
