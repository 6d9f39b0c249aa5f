"""The history of conversations, read and erased outside a claim."""

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.domain.events import ThreadKey
from bot.domain.turns import Turn
from bot.ports import Memory
from bot.storage.connection import Database
from bot.storage.histories import Histories
from bot.storage.keys import Keys, workspace_of
from bot.storage.ledger import periods_kept
from bot.storage.scripts import ScriptCall, Scripts
from bot.storage.traces import ConversationTraces

SOME = 200  # keys erased per round trip


class RedisMemory(Memory):
    """The Memory on Redis."""

    def __init__(
        self,
        *,
        database: Database,
        keys: Keys,
        scripts: Scripts,
        traces: ConversationTraces,
        histories: Histories,
    ) -> None:
        self._database = database
        self._keys = keys
        self._scripts = scripts
        self._traces = traces
        self._histories = histories

    async def recall(self, thread: ThreadKey) -> Sequence[Turn]:
        return await self._histories.recall(thread.digest)

    async def forget(self, thread: ThreadKey) -> int:
        await self._traces.erase_all(thread)
        workspace = workspace_of(thread.platform, thread.workspace)
        (turns,) = await self._database.ask(self._erasure(thread.digest, workspace))
        return int(turns)

    async def purge(self, workspace: str) -> int:
        """May be interrupted and repeated: indexes are erased last. A turn that runs meanwhile is fenced."""
        gone = 0
        await self._traces.erase_workspace(workspace)
        for shard in range(self._keys.shards):
            gone += await self._purge(shard, workspace)
        await self._database.ask(("DEL", *self._keys.agents(workspace)))
        return gone

    async def _purge(self, shard: int, workspace: str) -> int:
        keys = self._keys
        index, people = keys.index(shard, workspace), keys.people(shard, workspace)
        members, persons = await self._database.ask(("ZRANGE", index, 0, -1), ("SMEMBERS", people))
        conversations = [member.decode() for member in members]
        doomed = []
        for person in ("", *(person.decode() for person in persons)):
            doomed.append(keys.recent(shard, workspace, person))
            doomed += [
                keys.usage(shard, workspace, person, period) for period in periods_kept(datetime.now(UTC))
            ]
        for start in range(0, len(doomed), SOME):
            await self._database.ask(("UNLINK", *doomed[start : start + SOME]))
        for start in range(0, len(conversations), SOME):
            some = conversations[start : start + SOME]
            await self._database.ask(*(self._erasure(one, workspace, whole="1") for one in some))
        # Last, because a repeated purge finds the rest by them.
        await self._database.ask(
            ("UNLINK", index, people, keys.erased(shard, workspace), *keys.scores(shard, workspace))
        )
        return len(conversations)

    def _erasure(self, conversation: str, workspace: str, *, whole: str = "") -> ScriptCall:
        self._histories.drop(conversation)
        keys, shard = self._keys, self._keys.shard(conversation)
        own = (
            keys.state(conversation),
            keys.mail(conversation),
            keys.turn(conversation),
            keys.history(conversation),
            keys.delay(shard),
            keys.index(shard, workspace),
        )
        return self._scripts.call("forget", (*keys.line(shard), *own), keys.publish, conversation, whole)
