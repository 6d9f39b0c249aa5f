"""The worker's side of the inbox: claims, their leases, and how they end."""

import asyncio
import json
import logging
import secrets
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

from pydantic import ValidationError

from bot.domain.claims import Claim, Outcome, QueueEntry
from bot.domain.dead_letters import reference_of
from bot.domain.errors import Fenced, StorageUnavailable
from bot.domain.turns import RECORD, TurnRecord
from bot.storage.claims import read_claim, record_place
from bot.storage.commitment import commitment
from bot.storage.connection import Database
from bot.storage.encryption import RecordCipher, UnreadableRecord
from bot.storage.heartbeats import heartbeats
from bot.storage.histories import Histories, stored_history
from bot.storage.history import end_of
from bot.storage.keys import Keys, Lifetimes, workspace_of
from bot.storage.line import WaitingLine
from bot.storage.observations import sealed_observations
from bot.storage.preferences import preferences_query
from bot.storage.restoration import restoration
from bot.storage.scripts import ScriptCall, Scripts
from bot.storage.stored_history import HistoryChange
from bot.storage.traces import ConversationTraces

MOST_UNSURE = 10_000
LAST_PAUSE = 5.0  # seconds; a conversation that goes on without this turn does not end it before

log = logging.getLogger(__name__)


class RedisLeases:
    """The Leases on Redis: a mailbox per conversation, a line of those with work per shard, fenced turns."""

    def __init__(
        self,
        *,
        database: Database,
        keys: Keys,
        cipher: RecordCipher,
        scripts: Scripts,
        lifetimes: Lifetimes,
        traces: ConversationTraces,
        histories: Histories,
        seconds: float,
        per_person: int,
        name: str = "",
    ) -> None:
        """`name` identifies this worker; two workers must never share one."""
        self._database = database
        self._keys = keys
        self._cipher = cipher
        self._scripts = scripts
        self._lifetimes = lifetimes
        self._traces = traces
        self._histories = histories
        self._name = name or secrets.token_hex(8)
        self._seconds = seconds
        self._lease = int(seconds * 1000)
        self._unsure: dict[
            tuple[str, str], str
        ] = {}  # nonces of claims that may not have been taken, by queue entry
        self._line = WaitingLine(
            database=database,
            keys=keys,
            scripts=scripts,
            lifetimes=lifetimes,
            worker=self._name,
            lease=seconds,
            per_person=per_person,
        )

    @property
    def seconds(self) -> float:
        return self._seconds

    async def leave(self) -> None:
        await self._line.leave()

    async def ready(
        self, limit: int, shunned: Collection[tuple[str, str]] = frozenset()
    ) -> Sequence[QueueEntry]:
        return await self._line.next(limit, shunned)

    def look_again(self) -> None:
        self._line.look_again()

    async def abandoned(self, limit: int) -> Sequence[QueueEntry]:
        self._histories.age()
        return await self._line.overdue(limit)

    def stops(self) -> AsyncGenerator[str, None]:
        return self._line.listen()

    async def claim(self, queue_entry: QueueEntry) -> Claim | None:
        conversation, keys = queue_entry.conversation, self._keys
        workspace, channel, person = queue_entry.asker
        # By the nonce a repeated call finds its own claim again, also one that was not taken the last time: no crash.
        nonce = self._unsure.pop((conversation, queue_entry.entry), "") or secrets.token_hex(8)
        known = self._histories.known(conversation)
        call = self._scripts.call(
            "claim",
            (
                *keys.line(queue_entry.shard),
                keys.state(conversation),
                keys.mail(conversation),
                keys.turn(conversation),
                keys.history(conversation),
                keys.erased(queue_entry.shard, workspace),
            ),
            keys.publish,
            conversation,
            queue_entry.entry,
            self._name,
            nonce,
            self._lease,
            self._lifetimes.memory,
            *self._histories.wanted(known, question=not queue_entry.lane),
        )
        chosen_query = preferences_query(keys, workspace, channel, person)
        try:
            answer, chosen = await self._database.ask_for_good(call, chosen_query)
        except StorageUnavailable:
            if len(self._unsure) < MOST_UNSURE:
                self._unsure[conversation, queue_entry.entry] = nonce
            raise
        if answer is None:
            return None
        try:
            history = partial(self._histories.opened, conversation)
            return read_claim(queue_entry, answer, chosen, self._cipher, history=history, known=known)
        except (UnreadableRecord, ValidationError):
            # Left in the mailbox, it would block the conversation's next events for ever.
            log.exception("an event cannot be read and is put aside", extra={"conversation": conversation})
            epoch, mail = answer[0].decode(), answer[1].decode()
            turn = dict(zip(answer[3][::2], answer[3][1::2], strict=True))[b"id"].decode()
            about = {"workspace": workspace, "mail": mail, "why": "unreadable"}
            await self._database.ask_for_good(self._burial(queue_entry, epoch, turn, about))
            return None

    async def beat(self, claims: Sequence[Claim], *, seconds: float) -> Mapping[str, str]:
        lease = int(seconds * 1000)
        beats = list(heartbeats(claims, keys=self._keys, scripts=self._scripts, lease=lease))
        if not beats:
            return {}
        # Two round trips of a slow line; the turn ends before the lease does.
        answers = await self._database.ask_for_good(*(call for _, call in beats), patience=seconds / 2)
        return {
            claim.queue_entry.conversation: answer.decode()
            for (part, _), answered in zip(beats, answers, strict=True)
            for claim, answer in zip(part, answered, strict=True)
        }

    async def restore(self, claim: Claim, record: TurnRecord) -> str:
        about = {
            "worker": self._name,
            "nonce": secrets.token_hex(8),
            "lease": self._lease,
            "ttl": self._lifetimes.memory,
        }
        sealed, history = self._record(claim, record), stored_history(claim.history)
        keys, words = restoration(
            claim,
            record,
            keys=self._keys,
            cipher=self._cipher,
            sealed=sealed,
            turns=history.sealed_anew(),
            worker=about,
        )
        call = self._scripts.call("restore", keys, *words)
        (answer,) = await self._database.ask_for_good(call)
        how, *last = answer
        history.restored(end_of(last))
        return str(how.decode())

    async def save(self, claim: Claim, record: TurnRecord) -> None:
        conversation = claim.queue_entry.conversation
        keys = (self._keys.state(conversation), self._keys.turn(conversation))
        call = self._scripts.call("save", keys, str(claim.epoch), self._record(claim, record))
        (answer,) = await self._database.ask_for_good(call)
        if answer == b"lost" and await self.restore(claim, record) not in {"held", "busy"}:
            raise Fenced(f"turn {claim.record.id} was taken over")

    def _record(self, claim: Claim, record: TurnRecord) -> bytes:
        place = record_place(claim.queue_entry.conversation, claim.record.id, claim.event.id)
        return self._cipher.encrypt(RECORD.dump_json(record), about=place)

    async def commit(self, claim: Claim, outcome: Outcome) -> None:
        conversation, thread = claim.queue_entry.conversation, claim.event.thread
        history, change = stored_history(claim.history), HistoryChange()
        if outcome.forget:
            await self._traces.erase(thread)  # first: when it fails, all of the turn is tried again

        def call() -> ScriptCall:
            nonlocal change
            change = history.changed(outcome)
            own, about = commitment(
                claim,
                outcome,
                keys=self._keys,
                lifetimes=self._lifetimes,
                at=datetime.now(UTC),
                cut=change.cut,
                sealed=self._cipher.seals,
            )
            seen = sealed_observations(thread, outcome.observations, self._cipher)
            return self._scripts.call("commit", own, self._keys.publish, about, *seen, *change.sealed)

        answer = await self._end(call, claim)
        self._histories.committed(conversation, history, change, answer)

    async def retry(self, claim: Claim, *, seconds: float, failed: bool = True) -> None:
        conversation, shard, keys = claim.queue_entry.conversation, claim.queue_entry.shard, self._keys
        own = (keys.state(conversation), keys.turn(conversation), keys.delay(shard))
        words = (keys.publish, conversation, str(claim.epoch), f"{seconds:.3f}", int(failed))
        call = self._scripts.call("retry", (*keys.line(shard), *own), *words)
        await self._end(lambda: call, claim)

    async def bury(self, claim: Claim, *, why: str, error: str = "") -> None:
        workspace = workspace_of(claim.event.thread.platform, claim.event.thread.workspace)
        about = {"workspace": workspace, "mail": claim.mail, "why": why, "error": error}
        call = self._burial(claim.queue_entry, str(claim.epoch), claim.record.id, about)
        await self._end(lambda: call, claim)

    async def release(self, claim: Claim) -> None:
        conversation, shard, keys = claim.queue_entry.conversation, claim.queue_entry.shard, self._keys
        own = (keys.state(conversation), keys.mail(conversation), keys.turn(conversation))
        words = (keys.publish, conversation, str(claim.epoch), self._lifetimes.memory)
        call = self._scripts.call("release", (*keys.line(shard), *own), *words)
        await self._end(lambda: call, claim)

    async def _end(self, call: Callable[[], ScriptCall], claim: Claim) -> bytes:
        """What the script answers. Raises Fenced. Where Redis has lost the claim, it is written anew first, so that it can
        be ended.
        """
        pause = 0.1
        while True:
            (answer,) = await self._database.ask_for_good(call())
            if answer != b"lost":
                return bytes(answer)  # 'done': this same call ran before, and its answer was lost
            how = await self.restore(claim, claim.record)
            if how == "lost":
                raise Fenced(f"turn {claim.record.id} was taken over")
            if how == "busy":
                if pause > LAST_PAUSE:
                    log.warning("an answer is not remembered", extra={"turn": claim.record.id})
                    return b"lost"
                await asyncio.sleep(pause)
                pause *= 2

    def _burial(self, queue_entry: QueueEntry, epoch: str, turn: str, about: Mapping[str, str]) -> ScriptCall:
        conversation, shard, keys = queue_entry.conversation, queue_entry.shard, self._keys
        return self._scripts.call(
            "bury",
            (
                *keys.line(shard),
                keys.state(conversation),
                keys.mail(conversation),
                keys.turn(conversation),
                keys.dead(shard),
                keys.dead_times(shard),
            ),
            *(keys.publish, conversation, epoch, about["mail"], reference_of(turn)),
            json.dumps({**about, "conversation": conversation}),
            self._lifetimes.dead,
            self._lifetimes.memory,
        )
