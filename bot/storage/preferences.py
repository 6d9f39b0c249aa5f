"""The models people picked: one small hash per workspace."""

from bot.domain.events import ThreadKey
from bot.domain.preferences import ModelPreferences
from bot.storage.connection import Database
from bot.storage.keys import Keys, workspace_of
from bot.storage.scripts import Word


def preferences_query(keys: Keys, workspace: str, channel: str, person: str) -> tuple[Word, ...]:
    """The command that reads default, channel and person, to be sent together with others."""
    return ("HMGET", keys.choices(workspace), "default", f"channel:{channel}", f"person:{person}")


class RedisPreferenceStore:
    """The PreferenceStore on Redis. A thread's own preference is set by its conversation's commit."""

    def __init__(self, *, database: Database, keys: Keys) -> None:
        self._database = database
        self._keys = keys

    async def choose(self, workspace: str, scope: str, model: str) -> None:
        key = self._keys.choices(workspace)
        await self._database.ask(("HSET", key, scope, model) if model else ("HDEL", key, scope))

    async def in_force(self, thread: ThreadKey, person: str) -> ModelPreferences:
        workspace = workspace_of(thread.platform, thread.workspace)
        own, chosen = await self._database.ask(
            ("HGET", self._keys.state(thread.digest), "choice"),
            preferences_query(self._keys, workspace, thread.channel, person),
        )
        default, for_channel, for_person = ((value or b"").decode() for value in chosen)
        return ModelPreferences(
            thread=(own or b"").decode(), person=for_person, channel=for_channel, workspace=default
        )
