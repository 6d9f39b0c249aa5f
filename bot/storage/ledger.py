"""Usage and recent conversations: a commit writes them in one shard, a read adds the shards up."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from bot.domain.events import ThreadKey
from bot.domain.turns import Turn
from bot.domain.usage import RecentConversation, Spend
from bot.storage.connection import Database
from bot.storage.encryption import RecordCipher
from bot.storage.history import read_turns
from bot.storage.keys import Keys

MICRO = 1_000_000
TITLE = 80  # characters
LOOKED_AT = 10  # latest turns of a conversation, searched for a title


def periods(at: datetime) -> tuple[str, str]:
    """The day and the month, in UTC, as keys name them."""
    return at.strftime("%Y-%m-%d"), at.strftime("%Y-%m")


def periods_kept(at: datetime) -> Iterator[str]:
    """Every period that may still have a sum: a few days, and the months of over a year."""
    yield from dict.fromkeys(name for days in range(5) for name in periods(at - timedelta(days=days)))
    yield from dict.fromkeys(periods(at - timedelta(days=days))[1] for days in range(30, 420, 15))


def tally(turn: Turn | None) -> dict[str, int]:
    """What one turn adds to each sum. Money is in millionths of a dollar: whole numbers keep sums exact."""
    if turn is None:
        return {}
    amounts = {
        "turns": 1,
        "input": turn.usage.input if turn.usage else 0,
        "output": turn.usage.output if turn.usage else 0,
        "cost": round((turn.cost or 0) * MICRO),
    }
    return {name: amount for name, amount in amounts.items() if amount}


class RedisLedger:
    """The Ledger on Redis."""

    def __init__(self, *, database: Database, keys: Keys, cipher: RecordCipher) -> None:
        self._database = database
        self._keys = keys
        self._cipher = cipher

    async def spent(self, workspace: str, person: str) -> tuple[Spend, Spend]:
        shards = range(self._keys.shards)
        day, month = periods(datetime.now(UTC))
        answers = await self._database.ask(
            *(
                (
                    "HMGET",
                    self._keys.usage(shard, workspace, person, period),
                    "turns",
                    "input",
                    "output",
                    "cost",
                )
                for period in (day, month)
                for shard in shards
            )
        )
        return _sum(answers[: len(shards)]), _sum(answers[len(shards) :])

    async def recent(self, workspace: str, person: str, limit: int = 5) -> Sequence[RecentConversation]:
        answers = await self._database.ask(
            *(
                ("ZREVRANGE", self._keys.recent(shard, workspace, person), 0, limit - 1, "WITHSCORES")
                for shard in range(self._keys.shards)
            )
        )
        found = sorted(
            ((float(at), ThreadKey.parse(member.decode())) for answer in answers for member, at in answer),
            key=lambda each: -each[0],
        )[:limit]
        if not found:
            return []
        histories = await self._database.ask(
            *(("LRANGE", self._keys.history(thread.digest), -LOOKED_AT - 1, -1) for _, thread in found)
        )
        titled = (
            RecentConversation(thread=thread, title=self._title(thread, turns, person), at=at)
            for (at, thread), turns in zip(found, histories, strict=True)
        )
        return [each for each in titled if each.title]  # an erased one has no title

    async def conversations(self, workspace: str, person: str) -> Sequence[ThreadKey]:
        answers = await self._database.ask(
            *(
                ("ZREVRANGE", self._keys.recent(shard, workspace, person), 0, -1)
                for shard in range(self._keys.shards)
            )
        )
        return [ThreadKey.parse(member.decode()) for answer in answers for member in answer]

    async def erase(self, workspace: str, person: str) -> None:
        names = list(periods_kept(datetime.now(UTC)))
        for shard in range(self._keys.shards):
            usage = [self._keys.usage(shard, workspace, person, name) for name in names]
            await self._database.ask(
                ("UNLINK", self._keys.recent(shard, workspace, person), *usage),
                ("SREM", self._keys.people(shard, workspace), person),
            )

    def _title(self, thread: ThreadKey, stored: Sequence[bytes], person: str) -> str:
        """The person's own latest question: they may have left and must not read what others ask there."""
        turns = read_turns(stored, self._cipher, thread.digest, most=LOOKED_AT)
        asked = (turn.asked for turn in reversed(turns) if turn.is_question)
        own = next((said.text for said in asked if said.author.id == person and said.text), "")
        words = " ".join(own.split())
        return words if len(words) <= TITLE else f"{words[: TITLE - 1]}…"


def _sum(answers: Sequence[Sequence[bytes | None]]) -> Spend:
    turns, read, written, cost = (
        sum(int(value or 0) for value in column) for column in zip(*answers, strict=True)
    )
    return Spend(turns=turns, input=read, output=written, cost=cost / MICRO)
