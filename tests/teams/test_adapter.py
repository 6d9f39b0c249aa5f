"""The promises of every adapter, over real HTTP."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.domain.replies import Action, Button, Reply
from bot.ports import Adapter
from tests.contracts.adapters import AdapterContract, PostOffice
from tests.doubles import FakeInbox, FakeTurnHandle
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


async def test_all_that_is_said_one_after_the_other_goes_over_one_connection() -> None:
    async with bot_in_teams() as bot:
        for room in (bot.teams.personal(), bot.teams.group(), bot.teams.channel()):
            await bot.teams.say(room, "hello")
        for event in bot.inbox.events:
            await bot.adapter.sink(event, FakeTurnHandle()).say(Reply(text="hi"))

        assert len(bot.teams.connector.calls) == 3
        assert len(bot.teams.connector.connections) == 1


async def test_half_a_character_keeps_no_message_back() -> None:
    async with bot_in_teams() as bot:
        room = bot.teams.personal()
        await bot.teams.say(room, "hello")
        button = Button(action=Action.RUN, label="cut \ud83d here", value="more")
        reply = Reply(text="cut \ud83d here", buttons=(button,))
        await bot.adapter.sink(bot.inbox.events[0], FakeTurnHandle()).say(reply)

        (message,) = room.said()
        assert "cut ? here" in json.dumps(message.activity)


async def test_a_message_cut_in_the_middle_of_an_emoji_is_heard() -> None:
    async with bot_in_teams() as bot:
        await bot.teams.say(bot.teams.personal(), "cut \ud83d here")
        (event,) = bot.inbox.events

        assert getattr(event, "text", "") == "cut \ufffd here"
