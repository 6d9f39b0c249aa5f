"""Writes and reads the stored turns of a conversation's history.

Each turn is sealed to the one that is stored before it. So none can be moved, swapped, copied or put back from
an older history without being noticed, although the list itself is Redis'.
"""

import hashlib
import logging
from collections.abc import Iterable, Sequence

from pydantic import ValidationError

from bot.domain.turns import TURN, Turn
from bot.storage.encryption import RecordCipher, RecordPlace, UnreadableRecord

log = logging.getLogger(__name__)

BEGINNING = ""  # what the first turn comes after


def end_of(stored: Sequence[bytes]) -> str:
    """What the next turn comes after."""
    return hashlib.sha256(stored[-1]).hexdigest() if stored else BEGINNING


def seal_turns(turns: Iterable[Turn], cipher: RecordCipher, conversation: str, *, after: str) -> list[bytes]:
    """`after` is `end_of` what is stored already."""
    sealed: list[bytes] = []
    for turn in turns:
        place = RecordPlace(kind="turn", of=conversation, at=end_of(sealed) if sealed else after)
        sealed.append(cipher.encrypt(TURN.dump_json(turn), about=place))
    return sealed


def read_turns(
    stored: Sequence[bytes], cipher: RecordCipher, conversation: str, *, most: int
) -> tuple[Turn, ...]:
    """A turn that cannot be believed is left out, so that the others are still of use.

    Of more than `most`, the first only shows what the second comes after: what itself came after is gone.
    """
    turns = []
    for number in range(max(0, len(stored) - most), len(stored)):
        place = RecordPlace(kind="turn", of=conversation, at=end_of(stored[max(0, number - 1) : number]))
        try:
            turns.append(TURN.validate_json(cipher.decrypt(stored[number], about=place)))
        except (UnreadableRecord, ValidationError) as error:
            why = str(error) if isinstance(error, UnreadableRecord) else "unknown form"
            log.warning("a remembered turn is left out", extra={"conversation": conversation, "why": why})
    return tuple(turns)
