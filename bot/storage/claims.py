"""Reads what the scripts return: queue entries and claims."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.domain.claims import Claim, QueueEntry
from bot.domain.events import EVENT
from bot.domain.preferences import ModelPreferences
from bot.domain.turns import RECORD, TurnRecord
from bot.storage.encryption import RecordCipher
from bot.storage.history import read_turns


def read_entries(shard: int, handed: Sequence[Sequence[bytes]]) -> Iterator[QueueEntry]:
    """What next.lua and overdue.lua hand to a worker."""
    for conversation, entry, scopes in handed:
        workspace, channel, person, lane = json.loads(scopes)
        yield QueueEntry(
            shard=shard,
            entry=entry.decode(),
            conversation=conversation.decode(),
            asker=(workspace, channel, person),
            lane=lane,
        )


def read_claim(
    queue_entry: QueueEntry, answer: Sequence[Any], chosen: Sequence[bytes | None], cipher: RecordCipher
) -> Claim:
    """`answer` is what claim.lua returns, `chosen` the preferences of workspace, channel and person.

    Raises UnreadableRecord, or pydantic's ValidationError for an event this version does not know.
    """
    epoch, mail, event, turn, history, choice, waiting, life = answer
    conversation = queue_entry.conversation
    fields = dict(zip(turn[::2], turn[1::2], strict=True))
    default, for_channel, for_person = ((value or b"").decode() for value in chosen)
    return Claim(
        queue_entry=queue_entry,
        epoch=int(epoch),
        mail=mail.decode(),
        event=EVENT.validate_json(cipher.decrypt(event, about=conversation)),
        record=_record(fields, conversation, cipher),
        history=read_turns(history, cipher, conversation),
        preferences=ModelPreferences(
            thread=choice.decode(), person=for_person, channel=for_channel, workspace=default
        ),
        waiting=waiting,
        stopped=b"stop" in fields,
        life=life.decode(),
    )


def _record(fields: Mapping[bytes, bytes], conversation: str, cipher: RecordCipher) -> TurnRecord:
    told = TurnRecord(
        id=fields[b"id"].decode(),
        attempt=int(fields[b"attempt"]),
        failures=int(fields.get(b"failures", 0)),
        crashes=int(fields.get(b"crashes", 0)),
        started=float(fields[b"started"]),
    )
    if b"record" not in fields:
        return told
    saved = RECORD.validate_json(cipher.decrypt(fields[b"record"], about=conversation))
    return replace(told, ref=saved.ref, final=saved.final)
