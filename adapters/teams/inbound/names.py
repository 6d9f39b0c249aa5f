"""Who people are, as the Bot Connector tells: their names, for messages that come without, and whether they are guests.

Kept for an hour, as both change rarely; what is not told is asked again after some minutes. Source: Microsoft Learn, Teams
platform, "Get Teams specific context for your bot".
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from adapters.teams.conversation_reference import ConversationAddress
from adapters.teams.outbound.connector import Connector
from bot.delivery.pacing import Clock
from bot.domain.errors import PlatformError

KEPT, SECONDS, UNKNOWN_SECONDS = 5_000, 3_600.0, 300.0
LOOKUPS = 10  # for one question
PATIENCE = 3.0  # seconds, for all of them
NAME = 80  # characters
GUESTS = frozenset({"guest", "anonymous"})
INVITED = "#EXT#"
"""What stands in the principal name of a guest account in Entra ID."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person of a conversation; all of it empty for somebody of whom nothing is told."""

    name: str = ""
    guest: bool = False

    @property
    def known(self) -> bool:
        return bool(self.name)


class Directory:
    """Looks up by the Connector's ids or by Entra's."""

    def __init__(self, connector: Connector, *, clock: Clock) -> None:
        self._connector = connector
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, Member]] = OrderedDict()

    async def look_up(self, where: ConversationAddress, ids: Iterable[str]) -> Mapping[str, Member]:
        """Members of a conversation, as far as they are known. Never raises: a name is not worth that."""
        wanted = list(dict.fromkeys(id for id in ids if id))
        missing = [id for id in wanted if self._kept(id) is None][:LOOKUPS]
        if missing:
            with suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
                    for id in missing:
                        group.create_task(self._ask(where, id))
        return {id: member for id in wanted if (member := self._kept(id)) and member.known}

    def _kept(self, id: str) -> Member | None:
        until, member = self._known.get(id, (0.0, Member()))
        return member if until > self._clock.now() else None

    async def _ask(self, where: ConversationAddress, id: str) -> None:
        try:
            member = _member(await self._connector.member(where, id))
        except PlatformError:
            member = Member()
        self._known.pop(id, None)
        self._known[id] = (self._clock.now() + (SECONDS if member.known else UNKNOWN_SECONDS), member)
        while len(self._known) > KEPT:
            self._known.popitem(last=False)


def _member(told: Mapping[str, Any]) -> Member:
    name, role, principal = (str(told.get(key) or "") for key in ("name", "userRole", "userPrincipalName"))
    return Member(name=name[:NAME], guest=role.lower() in GUESTS or INVITED in principal.upper())
