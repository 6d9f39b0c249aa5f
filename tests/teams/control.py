"""The fake as a process of its own, driven over HTTP: for tests that kill everything else."""

from dataclasses import asdict
from typing import Any

from aiohttp import web

from tests.teams.fake import FakeTeams
from tests.teams.rooms import ALICE, BOB, Room

PEOPLE = {"alice": ALICE, "bob": BOB}


class Control:
    """`/_control/...`: where the bot is, what people say, what can be seen, what goes wrong."""

    def __init__(self, teams: FakeTeams) -> None:
        self.teams = teams

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/_control/environment", self.environment),
            web.put("/_control/bot", self.bot),
            web.put("/_control/drop", self.drop),
            web.post("/_control/say", self.say),
            web.get("/_control/rooms", self.rooms),
            web.get("/_control/record", self.record),
        ]

    async def environment(self, request: web.Request) -> web.Response:
        return web.json_response(self.teams.environment())

    async def bot(self, request: web.Request) -> web.Response:
        self.teams.bot_url = (await request.json())["url"]
        return web.Response()

    async def drop(self, request: web.Request) -> web.Response:
        self.teams.connector.faults.drop = float((await request.json())["share"])
        return web.Response()

    async def say(self, request: web.Request) -> web.Response:
        """{"room", "kind", "text"[, "sender", "root", "id"]}: answers what the bot answered."""
        wish: dict[str, Any] = await request.json()
        room = self.teams.rooms.open(wish.pop("room"), wish.pop("kind"))
        sender = PEOPLE[wish.pop("sender", "alice")]
        delivered = await self.teams.say(room, wish.pop("text"), sender=sender, **wish)
        return web.json_response({"status": delivered.status, "id": delivered.activity["id"]})

    async def rooms(self, request: web.Request) -> web.Response:
        return web.json_response({room.id: self._seen(room) for room in self.teams.rooms.rooms.values()})

    def _seen(self, room: Room) -> dict[str, Any]:
        return {
            "messages": [
                {"id": message.id, "author": message.author, "text": message.text, "root": message.root}
                for message in room.shown()
            ],
            "streams": sum(not stream.done for stream in room.streams.values()),
        }

    async def record(self, request: web.Request) -> web.Response:
        connector = self.teams.connector
        calls = [{**asdict(call), "authorization": bool(call.authorization)} for call in connector.calls]
        return web.json_response(
            {"calls": calls, "violations": connector.violations, "dropped": connector.faults.dropped}
        )
