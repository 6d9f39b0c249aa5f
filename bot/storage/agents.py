"""The agents made in chat on Redis: a hash per workspace, and one with their earlier versions.

A stamp among the workspace's preferences changes with every change. It comes with every claim, so a process reads the agents
once, and again when they have changed. All of a workspace is in one shard.
"""

import hashlib
import json
import logging
import secrets
from collections.abc import Sequence

from pydantic import ValidationError

from bot.agent_ports import AgentStore
from bot.domain.agents import AGENT, EARLIER, PER_PERSON, PER_WORKSPACE, Agent, AgentVersion
from bot.storage.connection import Database
from bot.storage.encryption import RecordCipher, RecordPlace, UnreadableRecord
from bot.storage.keys import Keys
from bot.storage.scripts import Scripts

KNOWN = 200  # workspaces whose agents are in memory

log = logging.getLogger(__name__)


class RedisAgents(AgentStore):
    """The AgentStore on Redis."""

    def __init__(self, *, database: Database, keys: Keys, cipher: RecordCipher, scripts: Scripts) -> None:
        self._database = database
        self._keys = keys
        self._cipher = cipher
        self._scripts = scripts
        self._known: dict[str, tuple[str, Sequence[Agent]]] = {}  # the latest used last

    async def agents(self, workspace: str, stamp: str) -> Sequence[Agent]:
        if not stamp:
            return ()
        known = self._known.pop(workspace, ("", ()))
        if known[0] != stamp:
            known = stamp, await self._read(workspace)
        self._known[workspace] = known
        while len(self._known) > KNOWN:
            self._known.pop(next(iter(self._known)))
        return known[1]

    async def earlier(self, workspace: str, id: str) -> tuple[AgentVersion, ...]:
        (stored,) = await self._database.ask(("HGET", self._keys.agents(workspace)[1], id))
        try:
            opened = self._cipher.decrypt(stored, about=_place(workspace, f"{id}:v")) if stored else b"[]"
            return EARLIER.validate_json(opened)
        except (UnreadableRecord, ValidationError) as error:
            log.warning("earlier versions cannot be read", extra={"agent": id, "why": type(error).__name__})
            return ()

    async def put(self, agent: Agent, earlier: Sequence[AgentVersion]) -> str:
        name = hashlib.sha256(json.dumps([agent.scope, agent.now.name.casefold()]).encode()).hexdigest()[:32]
        place = _place(agent.workspace, agent.id)
        # warnings="error": a field of the wrong type could be written, but not read again.
        sealed = self._cipher.encrypt(AGENT.dump_json(agent, warnings="error"), about=place)
        before = EARLIER.dump_json(tuple(earlier), warnings="error")
        call = self._scripts.call(
            "agent_put",
            self._keys.agents(agent.workspace),
            agent.id,
            sealed,
            self._cipher.encrypt(before, about=_place(agent.workspace, f"{agent.id}:v")),
            agent.revision,
            agent.now.turn,
            agent.owner,
            name,
            PER_PERSON,
            PER_WORKSPACE,
            secrets.token_hex(8),
        )
        (answer,) = await self._database.ask_for_good(call)
        return str(answer.decode())

    async def drop(self, workspace: str, id: str) -> bool:
        call = self._scripts.call("agent_drop", self._keys.agents(workspace), id, secrets.token_hex(8))
        (gone,) = await self._database.ask_for_good(call)
        return bool(gone)

    async def _read(self, workspace: str) -> Sequence[Agent]:
        (rows,) = await self._database.ask(("HGETALL", self._keys.agents(workspace)[0]))
        pairs = rows.items() if isinstance(rows, dict) else zip(rows[::2], rows[1::2], strict=True)
        found = [self._opened(workspace, id.decode(), stored) for id, stored in pairs if b":" not in id]
        return sorted(filter(None, found), key=lambda one: one.id)

    def _opened(self, workspace: str, id: str, stored: bytes) -> Agent | None:
        """What cannot be believed counts as absent."""
        try:
            agent = AGENT.validate_json(self._cipher.decrypt(stored, about=_place(workspace, id)))
        except (UnreadableRecord, ValidationError) as error:
            log.warning("an agent cannot be read", extra={"agent": id, "why": type(error).__name__})
            return None
        return agent if (agent.id, agent.workspace) == (id, workspace) else None


def _place(workspace: str, at: str) -> RecordPlace:
    return RecordPlace(kind="agent", of=workspace, at=at)
