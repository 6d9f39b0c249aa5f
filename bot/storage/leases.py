"""The worker's side of the inbox: claims, their leases, and how they end."""

import json
import logging
import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from bot.domain.claims import Claim, Outcome, QueueEntry
from bot.domain.errors import Fenced
from bot.domain.turns import RECORD, TURN, TurnRecord
from bot.storage.claims import read_claim, read_entries
from bot.storage.connection import WAIT, Database
from bot.storage.encryption import RecordCipher, UnreadableRecord
from bot.storage.keys import Keys, Lifetimes, workspace_of
from bot.storage.ledger import periods, tally
from bot.storage.preferences import preferences_query
from bot.storage.scripts import ScriptCall, Scripts, Word

GROUP = "w"
log = logging.getLogger(__name__)


class RedisLeases:
    """The Leases on Redis: a mailbox per conversation, a queue of ready ones per shard, fenced turns."""

    def __init__(
        self,
        *,
        database: Database,
        keys: Keys,
        cipher: RecordCipher,
        scripts: Scripts,
        lifetimes: Lifetimes,
        seconds: float,
        name: str = "",
    ) -> None:
        """`name` identifies this worker; two workers must never share one."""
        self._database = database
        self._keys = keys
        self._cipher = cipher
        self._scripts = scripts
        self._lifetimes = lifetimes
        self._name = name or secrets.token_hex(8)
        self._seconds = seconds
        self._cursors: dict[int, Word] = {}

    @property
    def seconds(self) -> float:
        return self._seconds

    @property
    def shards(self) -> int:
        return self._keys.shards

    async def enter(self) -> None:
        longest = self._lifetimes.consumer * 1000
        await self._database.ask(
            *(self._scripts.call("join", (self._keys.ready(shard),), longest) for shard in range(self.shards))
        )

    async def leave(self) -> None:
        longest = self._lifetimes.consumer * 1000
        await self._database.ask(
            *(
                self._scripts.call("leave", (self._keys.ready(shard),), self._name, longest)
                for shard in range(self.shards)
            )
        )

    async def ready(self, limit: int, shard: int = 0) -> Sequence[QueueEntry]:
        key = self._keys.ready(shard)
        words = ("XREADGROUP", "GROUP", GROUP, self._name, "COUNT", limit, "BLOCK", int(WAIT * 1000))
        answer = await self._database.wait_for(*words, "STREAMS", key, ">", key=key)
        return [
            queue_entry for entries in (answer or {}).values() for queue_entry in read_entries(shard, entries)
        ]

    async def abandoned(self, limit: int) -> Sequence[QueueEntry]:
        questions: list[ScriptCall | tuple[Word, ...]] = []
        for shard in range(self.shards):
            questions.append(self._scripts.call("due", (self._keys.delay(shard),), 100))
            if limit:
                questions.append(
                    (
                        *("XAUTOCLAIM", self._keys.ready(shard), GROUP, self._name),
                        *(int(self._seconds * 1000), self._cursors.get(shard, "0-0"), "COUNT", limit),
                    )
                )
        answers = iter(await self._database.ask(*questions))
        queue_entries: list[QueueEntry] = []
        due: list[bytes] = []
        for shard in range(self.shards):
            due += next(answers)
            if limit:
                cursor, entries, *_ = next(answers)  # Redis 7 adds the ids of deleted entries
                self._cursors[shard] = cursor
                queue_entries += read_entries(shard, entries)
        if due:
            await self._database.ask(*(self._wake(conversation.decode()) for conversation in due))
        return queue_entries

    async def claim(self, queue_entry: QueueEntry) -> Claim | None:
        conversation, keys = queue_entry.conversation, self._keys
        workspace, channel, person = queue_entry.asker
        call = self._scripts.call(
            "claim",
            (
                keys.state(conversation),
                keys.mail(conversation),
                keys.turn(conversation),
                keys.history(conversation),
                keys.ready(queue_entry.shard),
                keys.epoch(queue_entry.shard),
            ),
            conversation,
            queue_entry.entry,
            self._name,
            secrets.token_hex(8),  # the nonce by which a repeated call finds its own claim again
            self._lifetimes.memory,
        )
        answer, chosen = await self._database.ask(call, preferences_query(keys, workspace, channel, person))
        if answer is None:
            return None
        try:
            return read_claim(queue_entry, answer, chosen, self._cipher)
        except (UnreadableRecord, ValidationError):
            # Left in the mailbox, it would block the conversation's next events for ever.
            log.exception("an event cannot be read and is put aside", extra={"conversation": conversation})
            epoch, mail = answer[0].decode(), answer[1].decode()
            await self._bury(queue_entry, epoch, mail, workspace, "unreadable")
            return None

    async def beat(self, claims: Sequence[Claim]) -> Mapping[str, str]:
        if not claims:
            return {}
        answers = await self._database.ask(
            *(
                self._scripts.call(
                    "beat",
                    (
                        self._keys.state(claim.queue_entry.conversation),
                        self._keys.turn(claim.queue_entry.conversation),
                        self._keys.ready(claim.queue_entry.shard),
                    ),
                    str(claim.epoch),
                    claim.queue_entry.entry,
                    self._name,
                )
                for claim in claims
            ),
            patience=self._seconds / 4,  # the worker's pause between two beats
        )
        return {
            claim.queue_entry.conversation: answer.decode()
            for claim, answer in zip(claims, answers, strict=True)
        }

    async def save(self, claim: Claim, record: TurnRecord) -> None:
        conversation = claim.queue_entry.conversation
        sealed = self._cipher.encrypt(RECORD.dump_json(record), about=conversation)
        keys = (self._keys.state(conversation), self._keys.turn(conversation))
        await self._held(self._scripts.call("save", keys, str(claim.epoch), sealed), claim)

    async def commit(self, claim: Claim, outcome: Outcome) -> None:
        thread, keys, lasts = claim.event.thread, self._keys, self._lifetimes
        conversation, shard = claim.queue_entry.conversation, claim.queue_entry.shard
        workspace, person = workspace_of(thread.platform, thread.workspace), claim.event.author.id
        turns = outcome.append if outcome.replace is None else (*outcome.replace, *outcome.append)
        dates = periods(datetime.now(UTC))
        # "" is everybody. Without an author both are the same sum, which must be counted once.
        counted = [(who, date) for who in dict.fromkeys((person, "")) for date in dates]
        about: dict[str, Any] = {
            "conversation": conversation,
            "epoch": str(claim.epoch),
            "entry": claim.queue_entry.entry,
            "mail": claim.mail,
            "replace": outcome.replace is not None,
            "join": outcome.join,
            "ttl": lasts.memory,
            "most": lasts.turns,
            "person": person,
            "people_ttl": lasts.month,
            "recent_most": lasts.recent,
            "tallies": [lasts.day if len(date) > len("2026-01") else lasts.month for _, date in counted],
            "spent": tally(outcome.counted),
        }
        if outcome.thread_model is not None:
            about["choice"] = outcome.thread_model
        if outcome.counted:
            about["thread"] = str(thread)
        call = self._scripts.call(
            "commit",
            (
                keys.state(conversation),
                keys.mail(conversation),
                keys.turn(conversation),
                keys.history(conversation),
                keys.ready(shard),
                keys.index(shard, workspace),
                keys.recent(shard, workspace, person),
                keys.people(shard, workspace),
                *(keys.usage(shard, workspace, who, date) for who, date in counted),
            ),
            json.dumps(about),
            *(self._cipher.encrypt(TURN.dump_json(turn), about=conversation) for turn in turns),
        )
        await self._held(call, claim)

    async def retry(self, claim: Claim, *, seconds: float, failed: bool = True) -> None:
        conversation, shard = claim.queue_entry.conversation, claim.queue_entry.shard
        keys = (
            self._keys.state(conversation),
            self._keys.turn(conversation),
            self._keys.ready(shard),
            self._keys.delay(shard),
        )
        words = (conversation, str(claim.epoch), claim.queue_entry.entry, f"{seconds:.3f}", int(failed))
        await self._held(self._scripts.call("retry", keys, *words), claim)

    async def bury(self, claim: Claim, *, why: str) -> None:
        workspace = workspace_of(claim.event.thread.platform, claim.event.thread.workspace)
        answer = await self._bury(claim.queue_entry, str(claim.epoch), claim.mail, workspace, why)
        _must_hold(answer, claim)

    async def release(self, claim: Claim) -> None:
        conversation = claim.queue_entry.conversation
        keys = (
            self._keys.state(conversation),
            self._keys.mail(conversation),
            self._keys.ready(claim.queue_entry.shard),
        )
        words = (conversation, str(claim.epoch), claim.queue_entry.entry, self._lifetimes.memory)
        await self._held(self._scripts.call("release", keys, *words), claim)

    async def stops(self) -> AsyncGenerator[str, None]:
        async with aclosing(self._database.listen(self._keys.stops())) as calls:
            async for call in calls:
                yield call.partition(" ")[2]  # put.lua publishes "conversation turn"

    async def _held(self, call: ScriptCall, claim: Claim) -> None:
        (answer,) = await self._database.ask(call)
        _must_hold(answer, claim)

    async def _bury(self, queue_entry: QueueEntry, epoch: str, mail: str, workspace: str, why: str) -> Any:
        conversation, keys = queue_entry.conversation, self._keys
        call = self._scripts.call(
            "bury",
            (
                keys.state(conversation),
                keys.mail(conversation),
                keys.turn(conversation),
                keys.ready(queue_entry.shard),
                keys.dead(queue_entry.shard),
            ),
            *(conversation, epoch, queue_entry.entry, mail, workspace, why),
            self._lifetimes.dead,
            self._lifetimes.memory,
        )
        (answer,) = await self._database.ask(call)
        return answer

    def _wake(self, conversation: str) -> ScriptCall:
        shard = self._keys.shard(conversation)
        keys = (
            self._keys.state(conversation),
            self._keys.mail(conversation),
            self._keys.ready(shard),
            self._keys.delay(shard),
        )
        return self._scripts.call("wake", keys, conversation, self._lifetimes.memory)


def _must_hold(answer: bytes, claim: Claim) -> None:
    """Raises Fenced for 'lost'. 'done' means that this same call ran before, and its answer was lost."""
    if answer == b"lost":
        raise Fenced(f"turn {claim.record.id} was taken over")
