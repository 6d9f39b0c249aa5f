"""The names of people, as the Bot Connector tells them: for authors whose messages come without one.

Kept for an hour, as names change rarely; what is not told is asked again after some minutes. Source: Microsoft Learn, Teams
platform, "Get Teams specific context for your bot".
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from contextlib import suppress

from adapters.teams.conversation_reference import ConversationAddress
from adapters.teams.outbound.connector import Connector
from bot.delivery.pacing import Clock
from bot.domain.errors import PlatformError

KEPT, SECONDS, UNKNOWN_SECONDS = 5_000, 3_600.0, 300.0
LOOKUPS = 10  # for one question
PATIENCE = 3.0  # seconds, for all of them
NAME = 80  # characters


class Directory:
    """Looks up by the Connector's ids or by Entra's."""

    def __init__(self, connector: Connector, *, clock: Clock) -> None:
        self._connector = connector
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, str]] = OrderedDict()

    async def look_up(self, where: ConversationAddress, ids: Iterable[str]) -> Mapping[str, str]:
        """The names of members of a conversation, as far as they are known. Never raises: a name is not worth that."""
        wanted = list(dict.fromkeys(id for id in ids if id))
        missing = [id for id in wanted if self._kept(id) is None][:LOOKUPS]
        if missing:
            with suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
                    for id in missing:
                        group.create_task(self._ask(where, id))
        return {id: name for id in wanted if (name := self._kept(id))}

    def _kept(self, id: str) -> str | None:
        until, name = self._known.get(id, (0.0, ""))
        return name if until > self._clock.now() else None

    async def _ask(self, where: ConversationAddress, id: str) -> None:
        try:
            name = (await self._connector.member(where, id)).get("name")
        except PlatformError:
            name = ""
        told = name[:NAME] if isinstance(name, str) else ""
        self._known.pop(id, None)
        self._known[id] = (self._clock.now() + (SECONDS if told else UNKNOWN_SECONDS), told)
        while len(self._known) > KEPT:
            self._known.popitem(last=False)
