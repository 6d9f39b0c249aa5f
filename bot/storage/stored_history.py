"""A conversation's history in the hands of a worker: what was read of it, and what a commit makes of it."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.domain.claims import Outcome
from bot.domain.history import History
from bot.domain.turns import Turn
from bot.storage.encryption import RecordCipher
from bot.storage.history import BEGINNING, StoredTurn, as_stored, end_of, read_stored, seal_turns

log = logging.getLogger(__name__)

ALL = -1  # a change that writes the list anew


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryChange:
    """What a commit does to the list: takes so many off its end, and puts these there."""

    cut: int = 0
    turns: tuple[Turn, ...] = ()
    sealed: tuple[bytes, ...] = ()
    lost: bool = False  # Redis had lost something, so what stands before it there is not known


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownHistory:
    """The end of a history as a worker left it: `count` turns after its `lineage` began, which is whenever turns that
    were stored are changed.
    """

    lineage: str
    count: int
    before: str  # what the first of them comes after
    stored: tuple[StoredTurn, ...]


class StoredHistory(History):
    """Reads on from Redis while its claim is held. `length` is how many turns are stored, `read` asks for sealed turns
    behind so many that are known: the newest first.
    """

    def __init__(
        self,
        *,
        conversation: str,
        cipher: RecordCipher,
        length: int,
        most: int,
        read: Callable[[int], Awaitable[Sequence[bytes]]],
    ) -> None:
        self._conversation = conversation
        self._cipher = cipher
        self._length = length
        self._long = length > most  # its beginning may be gone
        self._read = read
        self.before = BEGINNING  # what the first that was read comes after
        self._end: str | None = None  # what the next comes after, as Redis told when it had lost the claim
        self.stored: tuple[StoredTurn, ...] = ()
        super().__init__()

    @property
    def exists(self) -> bool:
        return self._length > 0

    @property
    def complete(self) -> bool:
        return len(self.stored) >= self._length

    def know(self, known: KnownHistory, newer: Sequence[bytes]) -> None:
        """What this worker still knows of it, and what others have added since, oldest first."""
        after = read_stored(newer, self._cipher, self._conversation, after=known.stored[-1].end)
        stored = (*known.stored, *after)
        gone = max(0, len(stored) - self._length)
        self.before = stored[gone - 1].end if gone else known.before
        self._set(stored[gone:])

    def add(self, newest_first: Sequence[bytes]) -> None:
        """A chunk before what is known. Its oldest only shows what the next comes after, unless it is the very first."""
        sealed = tuple(reversed(newest_first))
        if not sealed or (self.stored and end_of(sealed) != self.before):
            if sealed:
                log.warning("older turns are left out", extra={"conversation": self._conversation})
            return
        whole = len(sealed) + len(self.stored) >= self._length
        self.before = BEGINNING if whole else end_of(sealed[:1])
        found = read_stored(
            sealed if whole else sealed[1:],
            self._cipher,
            self._conversation,
            after=self.before,
            cut=whole and self._long,
        )
        self._set((*found, *self.stored))

    async def _read_on(self) -> None:
        before = len(self.stored)
        self.add(await self._read(before))
        if len(self.stored) == before:
            self._length = before  # the rest was erased meanwhile, or others' is in its place

    def _set(self, stored: tuple[StoredTurn, ...]) -> None:
        self.stored = stored
        self.record = tuple(one.turn for one in stored if one.turn is not None)

    def restored(self, end: str) -> None:
        """Its claim was written anew, as Redis had lost it. `end` is what the next turn comes after there."""
        self._end = end

    def changed(self, outcome: Outcome) -> HistoryChange:
        """What an outcome makes of it. A turn that is changed is written anew with all that follow it, as they are sealed
        to each other; where Redis has lost turns, with all that are known.
        """
        end = self.stored[-1].end if self.stored else self.before
        lost = self._end is not None and self._end != end
        if outcome.replace is None:
            return self._change(0, outcome.append, end if self._end is None else self._end, lost=lost)
        if lost:
            return self._change(ALL, (*outcome.replace, *outcome.append), BEGINNING, lost=True)
        kept, same = _unchanged(self.stored, outcome.replace)
        after = self.stored[kept - 1].end if kept else self.before
        return self._change(len(self.stored) - kept, (*outcome.replace[same:], *outcome.append), after)

    def after(self, change: HistoryChange, *, lineage: str, count: int, length: int) -> KnownHistory:
        """What is known once that is stored, and so many turns are."""
        kept = self.stored[: len(self.stored) - change.cut]
        stored = (*kept, *map(as_stored, change.turns, change.sealed))
        gone = max(0, len(stored) - length)
        before = stored[gone - 1].end if gone else self.before
        return KnownHistory(lineage=lineage, count=count, before=before, stored=stored[gone:])

    def sealed_anew(self) -> list[bytes]:
        """What is known of it, for a server that has lost it."""
        return seal_turns(self.record, self._cipher, self._conversation, after=BEGINNING)

    def _change(self, cut: int, turns: tuple[Turn, ...], after: str, *, lost: bool = False) -> HistoryChange:
        sealed = seal_turns(turns, self._cipher, self._conversation, after=after)
        return HistoryChange(cut=cut, turns=turns, sealed=tuple(sealed), lost=lost)


def _unchanged(stored: Sequence[StoredTurn], turns: Sequence[Turn]) -> tuple[int, int]:
    """How many of the stored ones stay as they are, and how many of the new turns those are."""
    same = 0
    for number, one in enumerate(stored):
        if one.turn is None:
            continue
        if same == len(turns) or (one.turn is not turns[same] and one.turn != turns[same]):
            return number, same
        same += 1
    return len(stored), same
