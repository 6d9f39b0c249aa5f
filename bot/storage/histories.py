"""The histories that a worker reads: in chunks from Redis, and what it still knows of those it had in hand last."""

from collections.abc import Sequence

from bot.domain.history import History
from bot.domain.turns import Turn
from bot.storage.connection import Database
from bot.storage.encryption import RecordCipher
from bot.storage.history import read_turns
from bot.storage.keys import Keys, Lifetimes
from bot.storage.known_histories import KnownHistories
from bot.storage.scripts import Scripts, Word
from bot.storage.stored_history import HistoryChange, KnownHistory, StoredHistory

FIRST, FIRST_BYTES = 60, 48_000  # of turns that a claim brings; long ones are fewer
CHUNK, CHUNK_BYTES = 200, 512_000  # of turns that are read when more of them are needed


class Histories:
    """Opens them for claims, and remembers what commits leave."""

    def __init__(
        self,
        *,
        database: Database,
        keys: Keys,
        cipher: RecordCipher,
        scripts: Scripts,
        lifetimes: Lifetimes,
    ) -> None:
        self._database = database
        self._keys = keys
        self._cipher = cipher
        self._scripts = scripts
        self._lifetimes = lifetimes
        self._known = KnownHistories()

    def known(self, conversation: str) -> KnownHistory | None:
        return self._known.of(conversation)

    def wanted(self, known: KnownHistory | None, *, question: bool) -> tuple[Word, ...]:
        """What claim.lua is told: what is known of the history, and how much of it to bring if that is out of date.
        Only questions need any of it as a rule.
        """
        few = 0 if self._cipher.seals else -1  # then a new turn is sealed to the last one
        first = (FIRST if question else few, FIRST_BYTES)
        return (known.lineage, known.count, known.stored[-1].mark, *first) if known else ("", 0, "", *first)

    def opened(self, conversation: str, length: int) -> StoredHistory:
        """A history of so many turns, of which nothing was read yet."""
        key = self._keys.history(conversation)

        async def read(skip: int) -> Sequence[bytes]:
            call = self._scripts.call("turns", (key,), skip, CHUNK, CHUNK_BYTES)
            (found,) = await self._database.ask(call)
            return list(found)

        return StoredHistory(
            conversation=conversation,
            cipher=self._cipher,
            length=length,
            most=self._lifetimes.turns,
            read=read,
        )

    async def recall(self, conversation: str) -> tuple[Turn, ...]:
        """All that is stored, outside a claim."""
        (sealed,) = await self._database.ask(("LRANGE", self._keys.history(conversation), 0, -1))
        return read_turns(sealed, self._cipher, conversation, most=self._lifetimes.turns)

    def age(self) -> None:
        """Forgets what nobody came back to: called again and again, also by a worker that has nothing to do."""
        self._known.age()

    def drop(self, conversation: str) -> None:
        """Forgets what is known of one that is erased."""
        self._known.drop(conversation)

    def committed(
        self, conversation: str, history: StoredHistory, change: HistoryChange, answer: bytes
    ) -> None:
        """Remembers what commit.lua says that is stored now; other answers leave it unknown."""
        how, *stands = answer.decode().split()
        if how != "kept" or change.lost:
            self._known.drop(conversation)
            return
        lineage, count, length = stands[0], int(stands[1]), int(stands[2])
        after = history.after(change, lineage=lineage, count=count, length=length)
        if len(after.stored) >= min(length, FIRST // 2):  # else a claim brings more than that
            self._known.keep(conversation, after)
        else:
            self._known.drop(conversation)


def stored_history(history: History) -> StoredHistory:
    """The history of a claim that was read from Redis. Raises TypeError for one that was not."""
    if not isinstance(history, StoredHistory):
        raise TypeError("this claim was not made by the storage")
    return history
