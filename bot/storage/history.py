"""Writes and reads the stored turns of a conversation's history.

Each turn is sealed to the one that is stored before it. So none can be moved, swapped, copied or put back from
an older history without being noticed, although the list itself is Redis'.
"""

import hashlib
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from bot.domain.turns import TURN, Turn
from bot.storage.encryption import RecordCipher, RecordPlace, UnreadableRecord

log = logging.getLogger(__name__)

BEGINNING = ""  # what the first turn comes after


@dataclass(frozen=True, slots=True)
class StoredTurn:
    """One turn as it is stored. None: it cannot be believed."""

    turn: Turn | None
    end: str  # what the next turn comes after
    mark: str  # by which scripts know it
    size: int  # bytes


def end_of(stored: Sequence[bytes]) -> str:
    """What the next turn comes after."""
    return hashlib.sha256(stored[-1]).hexdigest() if stored else BEGINNING


def as_stored(turn: Turn | None, sealed: bytes) -> StoredTurn:
    mark = hashlib.sha1(sealed, usedforsecurity=False).hexdigest()
    return StoredTurn(turn=turn, end=end_of((sealed,)), mark=mark, size=len(sealed))


def seal_turns(turns: Iterable[Turn], cipher: RecordCipher, conversation: str, *, after: str) -> list[bytes]:
    """`after` is `end_of` what is stored already."""
    sealed: list[bytes] = []
    for turn in turns:
        place = RecordPlace(kind="turn", of=conversation, at=end_of(sealed) if sealed else after)
        sealed.append(cipher.encrypt(TURN.dump_json(turn), about=place))
    return sealed


def read_stored(
    sealed: Iterable[bytes], cipher: RecordCipher, conversation: str, *, after: str, cut: bool = False
) -> Iterator[StoredTurn]:
    """A turn that cannot be believed is left out, so that the others are still of use.

    `cut`: what the first one came after may be gone, as a long history loses its beginning. Then it only shows what the
    second comes after.
    """
    for data in sealed:
        try:
            place = RecordPlace(kind="turn", of=conversation, at=after)
            one = as_stored(TURN.validate_json(cipher.decrypt(data, about=place)), data)
        except (UnreadableRecord, ValidationError) as error:
            one = as_stored(None, data)
            if not cut:
                why = str(error) if isinstance(error, UnreadableRecord) else "unknown form"
                log.warning("a remembered turn is left out", extra={"conversation": conversation, "why": why})
        after, cut = one.end, False
        yield one


def read_turns(
    sealed: Sequence[bytes], cipher: RecordCipher, conversation: str, *, most: int
) -> tuple[Turn, ...]:
    """The same of a whole list, or of its end. Of more than `most`, the first may be cut."""
    found = read_stored(sealed, cipher, conversation, after=BEGINNING, cut=len(sealed) > most)
    return tuple(one.turn for one in found if one.turn is not None)
