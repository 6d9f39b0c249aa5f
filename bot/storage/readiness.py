"""Whether events can be stored and will be kept: the real path is tried, and the servers are asked what they do."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from bot.domain.errors import StorageUnavailable
from bot.domain.readiness import Trouble
from bot.storage.connection import Database
from bot.storage.embedded import embedded_trouble
from bot.storage.inbox import RedisInbox
from bot.storage.remedies import CLUSTER_NODE, explain_error
from bot.storage.server_facts import UNSEEN, troubles_in


class RedisReadiness:
    """Everything about Redis that an operator has to mend."""

    def __init__(self, *, database: Database, inbox: RedisInbox) -> None:
        self._database = database
        self._inbox = inbox

    async def troubles(self, *, forgetting: bool = False, embedded: Path | None = None) -> Sequence[Trouble]:
        """() when all is well. `forgetting` is accepted: a restart of Redis may lose what was acknowledged. `embedded` is
        the folder of a server of our own, which says itself why it is down.
        """
        async with asyncio.TaskGroup() as group:
            tried = group.create_task(self._try())
            seen = group.create_task(self._look(forgetting=forgetting))
        found = tuple(dict.fromkeys((*tried.result(), *seen.result())))
        if embedded and any(trouble.stops for trouble in found):
            down = await asyncio.to_thread(embedded_trouble, embedded)
            return [down] if down else found
        return found

    async def _try(self) -> Sequence[Trouble]:
        try:
            await self._inbox.probe()
        except StorageUnavailable as error:
            return [explain_error(error, tls=self._database.tls)]
        return []

    async def _look(self, *, forgetting: bool) -> Sequence[Trouble]:
        try:
            servers = await self._database.facts()
        except StorageUnavailable:
            return []  # the other task says why
        found: list[Trouble] = []
        for facts in servers:
            found += [UNSEEN] if facts is None else troubles_in(facts, forgetting=forgetting)
            if facts and facts.mode == "cluster" and self._database.shards == 1:
                found.append(CLUSTER_NODE)  # even if all our keys lie there, today
        return found
