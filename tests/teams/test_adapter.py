"""The promises of every adapter, over real HTTP."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.ports import Adapter
from tests.contracts.adapters import AdapterContract, PostOffice
from tests.doubles import FakeInbox
from tests.teams.forgeries import FORGERIES
from tests.teams.served import Bot, bot_in_teams


class Office:
    """Delivers Alice's direct messages."""

    def __init__(self, bot: Bot) -> None:
        self.bot = bot
        self.room = bot.teams.personal()

    @property
    def adapter(self) -> Adapter:
        return self.bot.adapter

    @property
    def inbox(self) -> FakeInbox:
        return self.bot.inbox

    def _message(self, text: str, id: str) -> dict[str, Any]:
        return self.bot.teams.people.message(self.room.id, "personal", text, id=id)

    async def deliver(self, text: str, *, id: str = "1") -> int:
        return (await self.bot.teams.send(self._message(text, id))).status

    async def forge(self, text: str) -> int:
        forged = FORGERIES["known kid, another key"](self.bot.teams)
        return (await self.bot.teams.send(self._message(text, "1"), token=forged)).status

    async def deliver_bytes(self, body: bytes) -> int:
        token = self.bot.teams.issuer.mint(self.bot.teams.people.service_url)
        return (await self.bot.teams.raw(body, token)).status

    def notices(self) -> list[str]:
        return [message.text for message in self.room.said()]


class TestTeamsAdapter(AdapterContract):
    @pytest.fixture
    async def post_office(self) -> AsyncIterator[PostOffice]:
        async with bot_in_teams() as bot:
            yield Office(bot)
