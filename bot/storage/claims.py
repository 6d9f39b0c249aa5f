"""Reads what the scripts return: queue entries and claims."""

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from bot.domain.claims import Claim, QueueEntry
from bot.domain.events import EVENT, Event, MessageDeleted, MessageReceived
from bot.domain.turns import RECORD, TurnRecord
from bot.storage.encryption import RecordCipher, RecordPlace, UnreadableRecord
from bot.storage.preferences import read_preferences
from bot.storage.stored_history import KnownHistory, StoredHistory

log = logging.getLogger(__name__)


def read_entries(shard: int, handed: Sequence[Sequence[bytes]]) -> Iterator[QueueEntry]:
    """What next.lua and overdue.lua hand to a worker."""
    for conversation, entry, scopes in handed:
        *asker, lane = _scopes(scopes)
        workspace, channel, person = asker
        yield QueueEntry(
            shard=shard,
            entry=entry.decode(),
            conversation=conversation.decode(),
            asker=(workspace, channel, person),
            lane=lane,
        )


def _scopes(stored: bytes) -> tuple[str, str, str, str]:
    """Nobody for what cannot be read: one entry must not keep a worker from all others."""
    try:
        workspace, channel, person, lane = json.loads(stored)
    except (ValueError, TypeError):
        return ("", "", "", "")
    return (str(workspace), str(channel), str(person), str(lane))


def read_claim(
    queue_entry: QueueEntry,
    answer: Sequence[Any],
    chosen: Sequence[bytes | None],
    cipher: RecordCipher,
    *,
    history: Callable[[int], StoredHistory],
    known: KnownHistory | None,
) -> Claim:
    """`answer` is what claim.lua returns, `chosen` what preferences_query asks for; `history` makes one of so many turns,
    of which this worker may have `known` the end.

    Raises UnreadableRecord, or pydantic's ValidationError for an event this version does not know.
    """
    epoch, mail, stored, turn, turns, knows, length, choice, waiting, life, erased, effort, tools = answer
    conversation = queue_entry.conversation
    fields = dict(zip(turn[::2], turn[1::2], strict=True))
    event = read_event(stored, mail.decode(), conversation, cipher)
    remembered = history(length)
    if known and knows:
        remembered.know(known, turns)
    elif turns:
        remembered.add(turns)
    return Claim(
        queue_entry=queue_entry,
        epoch=int(epoch),
        mail=mail.decode(),
        event=event,
        record=_record(fields, event, conversation, cipher),
        history=remembered,
        preferences=read_preferences((choice, effort, tools), chosen),
        waiting=waiting,
        stopped=b"stop" in fields,
        withdrawn=b"withdrawn" in fields,
        erased=float(erased or 0),
        life=life.decode(),
    )


def event_place(conversation: str, mail: str) -> RecordPlace:
    """An event is sealed to its entry in the mailbox."""
    return RecordPlace(kind="event", of=conversation, at=mail)


def message_mark(event: Event) -> str:
    """Stands for a message in the mailbox, so that its deletion finds its question; "" for what is none."""
    message = event.message if isinstance(event, MessageReceived | MessageDeleted) else ""
    return hashlib.sha256(message.encode()).hexdigest()[:16] if message else ""


def record_place(conversation: str, turn: str, event: str) -> RecordPlace:
    """A turn in hand is sealed to its event, so that one question never gets another one's answer."""
    return RecordPlace(kind="record", of=conversation, at=json.dumps([turn, event]))


def read_event(stored: bytes, mail: str, conversation: str, cipher: RecordCipher) -> Event:
    """Raises UnreadableRecord, or pydantic's ValidationError."""
    event = EVENT.validate_json(cipher.decrypt(stored, about=event_place(conversation, mail)))
    if event.thread.digest != conversation:
        raise UnreadableRecord("A stored event belongs to another conversation.")
    return event


def _record(
    fields: Mapping[bytes, bytes], event: Event, conversation: str, cipher: RecordCipher
) -> TurnRecord:
    """A saved state that cannot be believed counts as none: the sink looks for what was posted, and the model is
    asked again. The question itself is not lost over it.
    """
    told = TurnRecord(
        id=fields[b"id"].decode(),
        attempt=int(fields[b"attempt"]),
        failures=int(fields.get(b"failures", 0)),
        crashes=int(fields.get(b"crashes", 0)),
        started=float(fields[b"started"]),
    )
    if b"record" not in fields:
        return told
    try:
        place = record_place(conversation, told.id, event.id)
        saved = RECORD.validate_json(cipher.decrypt(fields[b"record"], about=place))
    except (UnreadableRecord, ValidationError) as error:
        why = str(error) if isinstance(error, UnreadableRecord) else "unknown form"
        log.warning("a saved turn is left out", extra={"conversation": conversation, "why": why})
        return told
    return replace(
        told,
        ref=saved.ref,
        progress=saved.progress,
        auto=saved.auto,
        columns=saved.columns,
        final=saved.final,
    )
