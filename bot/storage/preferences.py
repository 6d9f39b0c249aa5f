"""What people picked beyond one thread: one small hash per workspace."""

from collections.abc import Sequence

from bot.domain.claims import Claim, Outcome
from bot.domain.events import ThreadKey
from bot.domain.preferences import EffortPreferences, ModelPreferences, SearchPreferences, ToolPreferences
from bot.storage.connection import Database
from bot.storage.keys import Keys, workspace_of
from bot.storage.scripts import Scripts, Word

OWN = ("choice", "effort", "tools")
"""Fields of a conversation's state: what was picked in it alone."""


def preferences_query(keys: Keys, workspace: str, channel: str, person: str) -> tuple[Word, ...]:
    """The command that reads default, channel and person, to be sent together with others."""
    scopes = ("default", f"channel:{channel}", f"person:{person}")
    kinds = ("", "effort:", "search:")
    chosen = (f"{kind}{scope}" for kind in kinds for scope in scopes)
    return ("HMGET", keys.choices(workspace), *chosen, "agents")


def read_preferences(own: Sequence[bytes | None], chosen: Sequence[bytes | None]) -> ModelPreferences:
    """`own` are the thread's fields of OWN, `chosen` is the answer to `preferences_query`."""
    thread, thinking, packed, *rest = ((value or b"").decode() for value in (*own, *chosen))
    default, channel, person, usual, in_channel, of_person, *searches, agents = rest
    tools = ToolPreferences.read(packed)
    searched, channel_searched, person_searched = searches
    return ModelPreferences(
        thread=thread,
        person=person,
        channel=channel,
        workspace=default,
        effort=EffortPreferences(thread=thinking, person=of_person, channel=in_channel, workspace=usual),
        search=SearchPreferences(
            thread=tools.search,
            person=person_searched,
            channel=channel_searched,
            workspace=searched,
        ),
        tools=tools,
        agents=agents,
    )


class RedisPreferenceStore:
    """The PreferenceStore on Redis. A thread's own is under its claim's fencing token."""

    def __init__(self, *, database: Database, keys: Keys, scripts: Scripts) -> None:
        self._database = database
        self._keys = keys
        self._scripts = scripts

    async def choose(self, workspace: str, scope: str, choice: str) -> None:
        key = self._keys.choices(workspace)
        await self._database.ask(("HSET", key, scope, choice) if choice else ("HDEL", key, scope))

    async def pick(self, claim: Claim, outcome: Outcome) -> None:
        if picks := outcome.picks:
            words = [word for pair in picks.items() for word in pair]
            state = self._keys.state(claim.queue_entry.conversation)
            await self._database.ask(self._scripts.call("pick", (state,), str(claim.epoch), *words))

    async def chosen(self, workspace: str, scope: str) -> str:
        (stored,) = await self._database.ask(("HGET", self._keys.choices(workspace), scope))
        return (stored or b"").decode()

    async def in_force(self, thread: ThreadKey, person: str) -> ModelPreferences:
        workspace = workspace_of(thread.platform, thread.workspace)
        own, chosen = await self._database.ask(
            ("HMGET", self._keys.state(thread.digest), *OWN),
            preferences_query(self._keys, workspace, thread.channel, person),
        )
        return read_preferences(own, chosen)
