"""What names a conversation outside its own keys: dead letters, the lists of people's recent conversations, schedules, files that
wait for somebody.
"""

import json

from bot.domain.events import ThreadKey
from bot.domain.generated import kept_file, kept_files
from bot.domain.preferences import switch_note
from bot.storage.connection import Database
from bot.storage.dead_letters import RedisDeadLetters
from bot.storage.keys import Keys, workspace_of
from bot.storage.schedules import RedisSchedules
from bot.storage.secrets import RedisSecretStore
from bot.storage.sign_ins import RedisSignIns

SOME = 200  # keys per round trip


class ConversationTraces:
    """Erases them. May be interrupted and repeated."""

    def __init__(
        self,
        *,
        database: Database,
        keys: Keys,
        dead_letters: RedisDeadLetters,
        schedules: RedisSchedules,
        sign_ins: RedisSignIns,
        secrets: RedisSecretStore,
    ) -> None:
        self._database = database
        self._keys = keys
        self._dead_letters = dead_letters
        self._schedules = schedules
        self._sign_ins = sign_ins
        self._secrets = secrets

    async def erase_all(self, thread: ThreadKey) -> None:
        """Also what asks itself there, and files."""
        await self._schedules.drop_of_conversation(thread)
        listed = kept_files(thread.digest)
        for key in json.loads(await self._secrets.get(listed) or "{}"):
            await self._secrets.delete(kept_file(key))
        await self._secrets.delete(listed)
        await self.erase(thread)

    async def erase(self, thread: ThreadKey) -> None:
        keys, conversation = self._keys, thread.digest
        shard, workspace = keys.shard(conversation), workspace_of(thread.platform, thread.workspace)
        await self._dead_letters.drop_of_conversation(conversation)
        await self._secrets.delete(switch_note(conversation))
        (people,) = await self._database.ask(("SMEMBERS", keys.people(shard, workspace)))
        lists = [keys.recent(shard, workspace, person.decode()) for person in people]
        for start in range(0, len(lists), SOME):
            some = lists[start : start + SOME]
            await self._database.ask(*(("ZREM", key, str(thread)) for key in some))

    async def erase_workspace(self, workspace: str) -> None:
        """The lists go with the workspace's other keys."""
        await self._schedules.drop_of_workspace(workspace)
        await self._sign_ins.drop_of_workspace(workspace)
        await self._dead_letters.drop_of_workspace(workspace)
