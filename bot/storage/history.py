"""Reads the stored turns of a conversation's history."""

import logging
from collections.abc import Sequence

from pydantic import ValidationError

from bot.domain.turns import TURN, Turn
from bot.storage.encryption import RecordCipher, UnreadableRecord

log = logging.getLogger(__name__)


def read_turns(stored: Sequence[bytes], cipher: RecordCipher, conversation: str) -> tuple[Turn, ...]:
    """A turn that cannot be read any more is left out, so that the others are still of use."""
    turns = []
    for data in stored:
        try:
            turns.append(TURN.validate_json(cipher.decrypt(data, about=conversation)))
        except (UnreadableRecord, ValidationError):
            log.warning("a remembered turn cannot be read", extra={"conversation": conversation})
    return tuple(turns)
