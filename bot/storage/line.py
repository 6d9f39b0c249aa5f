"""The line of conversations that have work, as one worker sees it: bells, places, leases that ran out.

Nobody polls and nobody blocks a connection: a script that puts somebody in line rings its shard's bell, which every
worker hears over one subscription per server. Bells may be lost, so all shards are looked at now and then too.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing, suppress

from bot.domain.claims import QueueEntry
from bot.domain.errors import StorageUnavailable
from bot.storage.claims import read_entries
from bot.storage.connection import WAIT, Database
from bot.storage.keys import Keys, Lifetimes
from bot.storage.scripts import ScriptCall, Scripts

WARM = 16  # connections, for the first claims and beats at once
PAUSES = 100  # conversations of one shard whose pause is over, per look


class WaitingLine:
    """Hands out conversations that wait, to one worker by name."""

    def __init__(
        self,
        *,
        database: Database,
        keys: Keys,
        scripts: Scripts,
        lifetimes: Lifetimes,
        worker: str,
        lease: float,
        per_person: int,
    ) -> None:
        self._database = database
        self._keys = keys
        self._scripts = scripts
        self._lifetimes = lifetimes
        self._worker = worker
        self._lease = int(lease * 1000)
        self._per_person = per_person
        self._rung = dict.fromkeys(range(keys.shards))  # an ordered set: who rang first is looked at first
        self._bell = asyncio.Event()
        self._anew = self._entered = False
        self._looked = 0  # the shard where the last look for what was abandoned ended

    async def next(self, limit: int, shunned: Collection[tuple[str, str]]) -> Sequence[QueueEntry]:
        """At most `limit` conversations; waits up to WAIT seconds for the first, or until `look_again`."""
        await self._enter()
        self._anew = False
        if not self._rung:
            self._bell.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(WAIT):
                    await self._bell.wait()
            if self._anew:
                return ()
            if not self._rung:
                self._ring(*range(self._keys.shards))
        # One shard knows itself how much everybody has in hand.
        passed = sorted(map(_short, shunned)) if self._keys.shards > 1 else []
        return await self._serve(limit, json.dumps(passed))

    def look_again(self) -> None:
        """What was passed over may be served now."""
        self._anew = True
        self._ring(*range(self._keys.shards))

    async def overdue(self, limit: int) -> Sequence[QueueEntry]:
        """What others have let go of, and wakes what has paused long enough."""
        await self._enter()
        shards = range(self._keys.shards)
        shares = _shares(limit, [(self._looked + shard) % len(shards) for shard in shards])
        self._looked += min(limit, len(shards))
        answers = await self._database.ask(
            *(
                self._scripts.call(
                    "overdue",
                    (*self._keys.line(shard), self._keys.delay(shard)),
                    *(self._keys.publish, self._worker, shares.get(shard, 0), self._lease, PAUSES),
                )
                for shard in shards
            )
        )
        found: list[QueueEntry] = []
        due: list[bytes] = []
        for shard, (paused, lapsed, waiting) in zip(shards, answers, strict=True):
            due += paused
            found += read_entries(shard, lapsed)
            if waiting:
                self._ring(shard)
        if due:
            await self._database.ask(*(self._wake(conversation.decode()) for conversation in due))
        return found

    async def leave(self) -> None:
        """Lets others have at once what was handed to this worker."""
        await self._database.ask(
            *(
                self._scripts.call("leave", self._keys.line(shard), self._keys.publish, self._worker)
                for shard in range(self._keys.shards)
            )
        )

    async def listen(self) -> AsyncGenerator[str, None]:
        """Hears the bells. Yields the ids of turns that are to be stopped."""
        shards = {self._keys.bell(shard): shard for shard in range(self._keys.shards)}
        async with aclosing(self._database.listen(*shards)) as calls:
            async for channel, message in calls:
                if message:
                    yield message.partition(" ")[2]  # "conversation turn"
                else:
                    self._ring(shards[channel])

    async def _enter(self) -> None:
        """Before the first claim: on a slow line, opening a connection takes as long as a lease."""
        if not self._entered:
            await self._database.warm(WARM, self._scripts)
            self._entered = True

    async def _serve(self, limit: int, passed: str) -> Sequence[QueueEntry]:
        shares = _shares(limit, list(self._rung))
        for shard in shares:
            del self._rung[shard]  # first: a bell that rings during the call must not be missed
        try:
            answers = await self._database.ask(
                *(self._next(shard, share, passed) for shard, share in shares.items())
            )
        except StorageUnavailable:
            self._ring(*shares)
            raise
        found: list[QueueEntry] = []
        for (shard, share), handed in zip(shares.items(), answers, strict=True):
            found += read_entries(shard, handed)
            if len(handed) == share:
                self._ring(shard)  # there may be more
        return found

    def _next(self, shard: int, limit: int, passed: str) -> ScriptCall:
        words = (self._keys.publish, self._worker, limit, self._lease, self._per_person, passed)
        return self._scripts.call("next", self._keys.line(shard), *words)

    def _wake(self, conversation: str) -> ScriptCall:
        shard, keys = self._keys.shard(conversation), self._keys
        return self._scripts.call(
            "wake",
            (
                *keys.line(shard),
                keys.state(conversation),
                keys.mail(conversation),
                keys.turn(conversation),
                keys.delay(shard),
            ),
            *(keys.publish, conversation, self._lifetimes.memory),
        )

    def _ring(self, *shards: int) -> None:
        self._rung.update(dict.fromkeys(shards))
        self._bell.set()


def _shares(limit: int, shards: Sequence[int]) -> dict[int, int]:
    """How many each shard may hand out, so that together they stay within the limit."""
    shared, rest = divmod(limit, max(1, len(shards)))
    return {
        shard: shared + (position < rest)
        for position, shard in enumerate(shards)
        if shared + (position < rest) > 0
    }


def _short(asker: tuple[str, str]) -> str:
    """As line.lua names people."""
    return ":".join(hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()[:16] for name in asker)
