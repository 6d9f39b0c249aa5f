"""The clients of one person who is signed in to Entra ID, and what they do with an OAuth card by themselves."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.teams.fake import ALICE, Delivered, FakeTeams
from tests.teams.rooms import Message, Person, Room
from tests.teams.rules import SIGN_IN_CARD

CLIENT = 10.0
"""Seconds that a client waits for the answer to an invoke."""


@dataclass(kw_only=True)
class Clients:
    """`devices` of one person, who has `token`. `resource` is webApplicationInfo.resource of the app's manifest."""

    teams: FakeTeams
    resource: str
    token: str
    person: Person = ALICE
    devices: int = 1

    async def see(self, room: Room, message: Message) -> list[Delivered]:
        """What the bot answers to each device once it is shown a message; nothing where it is no OAuth card."""
        card = sign_in_card(message)
        if card is None:
            return []
        wanted = card["tokenExchangeResource"]
        if wanted["uri"] != self.resource:
            told = {"code": "resourcematchfailed", "message": "Resource match failed"}
            return [await self.invoke(room, "signin/failure", told)]
        value = {"id": wanted["id"], "connectionName": card["connectionName"], "token": self.token}
        return await asyncio.gather(
            *(self.invoke(room, "signin/tokenExchange", value) for _ in range(self.devices))
        )

    async def invoke(self, room: Room, name: str, value: Mapping[str, Any]) -> Delivered:
        activity = self.teams.people.invoke(
            room.id, room.kind, name, dict(value), sender=self.person, id=f"f:{self.teams.rooms.new_id()}"
        )
        before, self.teams.patience = self.teams.patience, CLIENT
        try:
            delivered = await self.teams.send(activity)
        finally:
            self.teams.patience = before
        if name == "signin/tokenExchange":
            assert delivered.status in {200, 412}, "the client shows an error"
        return delivered


def sign_in_card(message: Message) -> Mapping[str, Any] | None:
    """The OAuth card of a message, if it is one."""
    for one in message.activity.get("attachments") or ():
        if one.get("contentType") == SIGN_IN_CARD:
            card: Mapping[str, Any] = one["content"]
            return card
    return None


def sign_in_cards(room: Room) -> list[Message]:
    return [message for message in room.said() if sign_in_card(message)]


def asks_with_a_button(answered: list[Delivered]) -> bool:
    """Whether the card is shown now, with its button."""
    return any(one.status == 412 for one in answered)
