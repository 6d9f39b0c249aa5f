"""The sign-ins on Redis: a hash per person with a sealed grant for each server, and a set of the workspace's people that have
any. All of a workspace is in one shard.
"""

import logging
from collections.abc import Mapping

from pydantic import ValidationError

from bot.domain.sign_ins import GRANT, Caller, Grant, StoredGrant
from bot.sign_in_ports import SignInStore
from bot.storage.connection import Database
from bot.storage.encryption import RecordCipher, RecordPlace, UnreadableRecord
from bot.storage.keys import Keys, Lifetimes
from bot.storage.scripts import Scripts

SOME = 200  # keys per round trip

log = logging.getLogger(__name__)


class RedisSignIns(SignInStore):
    """The SignInStore on Redis."""

    def __init__(
        self, *, database: Database, keys: Keys, cipher: RecordCipher, scripts: Scripts, lifetimes: Lifetimes
    ) -> None:
        self._database = database
        self._keys = keys
        self._cipher = cipher
        self._scripts = scripts
        self._seconds = lifetimes.signed_in

    async def find(self, caller: Caller, server: str) -> StoredGrant | None:
        own, people = self._keys.sign_ins(caller.workspace, caller.person)
        (stored, *_) = await self._database.ask(
            ("HGET", own, server), ("EXPIRE", own, self._seconds), ("EXPIRE", people, self._seconds)
        )
        grant = self._opened(caller, server, stored)
        return StoredGrant(grant=grant, mark=stored) if grant else None

    async def put(self, caller: Caller, server: str, grant: Grant) -> None:
        own, people = self._keys.sign_ins(caller.workspace, caller.person)
        await self._database.ask_for_good(
            ("SADD", people, caller.person),
            ("HSET", own, server, self._sealed(caller, server, grant)),
            ("EXPIRE", own, self._seconds),
            ("EXPIRE", people, self._seconds),
        )

    async def exchange(self, caller: Caller, server: str, before: StoredGrant, grant: Grant | None) -> bool:
        keys = self._keys.sign_ins(caller.workspace, caller.person)
        new = self._sealed(caller, server, grant) if grant else b""
        call = self._scripts.call("signed_in", keys, server, before.mark, new, self._seconds)
        (done,) = await self._database.ask_for_good(call)
        return bool(done)

    async def renewing(self, caller: Caller, server: str, *, seconds: int) -> bool:
        key = self._keys.renewing(caller.workspace, caller.person, server)
        (mine,) = await self._database.ask(("SET", key, "1", "NX", "EX", seconds))
        return mine is not None

    async def renewed(self, caller: Caller, server: str) -> None:
        await self._database.ask(("DEL", self._keys.renewing(caller.workspace, caller.person, server)))

    async def drop(self, caller: Caller, server: str) -> Grant | None:
        own, _ = self._keys.sign_ins(caller.workspace, caller.person)
        stored, _ = await self._database.ask(("HGET", own, server), ("HDEL", own, server))
        return self._opened(caller, server, stored)

    async def drop_of_person(self, caller: Caller) -> Mapping[str, Grant]:
        own, people = self._keys.sign_ins(caller.workspace, caller.person)
        rows, *_ = await self._database.ask(("HGETALL", own), ("DEL", own), ("SREM", people, caller.person))
        pairs = rows.items() if isinstance(rows, dict) else zip(rows[::2], rows[1::2], strict=True)
        found = {name.decode(): self._opened(caller, name.decode(), stored) for name, stored in pairs}
        return {name: grant for name, grant in found.items() if grant}

    async def drop_of_workspace(self, workspace: str) -> None:
        """May be interrupted and repeated: the list of people goes last."""
        people = self._keys.signed_in(workspace)
        (members,) = await self._database.ask(("SMEMBERS", people))
        keys = [self._keys.sign_ins(workspace, person.decode())[0] for person in members]
        for start in range(0, len(keys), SOME):
            await self._database.ask(("UNLINK", *keys[start : start + SOME]))
        await self._database.ask(("UNLINK", people))

    def _sealed(self, caller: Caller, server: str, grant: Grant) -> bytes:
        return self._cipher.encrypt(GRANT.dump_json(grant), about=_place(caller, server))

    def _opened(self, caller: Caller, server: str, stored: bytes | None) -> Grant | None:
        """What cannot be believed counts as absent."""
        if stored is None:
            return None
        try:
            return GRANT.validate_json(self._cipher.decrypt(stored, about=_place(caller, server)))
        except (UnreadableRecord, ValidationError) as error:
            log.warning("a stored sign-in is not believed", extra={"why": type(error).__name__})
            return None


def _place(caller: Caller, server: str) -> RecordPlace:
    return RecordPlace(kind="sign-in", of=f"{caller.workspace} {caller.person}", at=server)
