"""What restore.lua needs to write a claim anew that Redis has lost."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.domain.claims import Claim
from bot.domain.events import EVENT
from bot.domain.turns import TurnRecord
from bot.storage.claims import event_place, message_mark
from bot.storage.encryption import RecordCipher
from bot.storage.keys import Keys
from bot.storage.scripts import Word


def restoration(
    claim: Claim,
    record: TurnRecord,
    *,
    keys: Keys,
    cipher: RecordCipher,
    sealed: bytes,
    turns: Sequence[bytes],
    worker: Mapping[str, Any],
) -> tuple[tuple[str, ...], tuple[Word, ...]]:
    """The script's keys and arguments. `sealed` is the record, `turns` the history; `worker` who holds the claim, and for how long."""
    conversation, shard = claim.queue_entry.conversation, claim.queue_entry.shard
    about = {
        **worker,
        "conversation": conversation,
        "epoch": str(claim.epoch),
        "mail": claim.mail,
        "life": claim.life,
        "entry": claim.queue_entry.entry,
        "author": claim.event.author.id,
        "message": message_mark(claim.event),
        "choice": claim.preferences.thread,
        "effort": claim.preferences.effort.thread,
        "tools": claim.preferences.tools.dump(),
        "turn": {
            **{name: getattr(record, name) for name in ("id", "attempt", "failures", "crashes")},
            "started": f"{record.started:.6f}",
        },
    }
    own = (
        keys.state(conversation),
        keys.mail(conversation),
        keys.turn(conversation),
        keys.history(conversation),
        keys.delay(shard),
    )
    words: tuple[Word, ...] = (
        keys.publish,
        json.dumps(about),
        cipher.encrypt(EVENT.dump_json(claim.event), about=event_place(conversation, claim.mail)),
        json.dumps([*claim.queue_entry.asker, claim.queue_entry.lane]),
        sealed,
        *turns,
    )
    return (*keys.line(shard), *own), words
