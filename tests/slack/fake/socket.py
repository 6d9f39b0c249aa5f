"""Socket Mode: up to ten connections, each payload to one of them, again when it is not acknowledged."""

import asyncio
import json
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from tests.slack.fake.world import Json, Slack

MOST_CONNECTIONS = 10


@dataclass(slots=True, eq=False)
class Connection:
    ws: web.WebSocketResponse
    acks: dict[str, Json] = field(default_factory=dict)
    wire: asyncio.Transport | None = None


class Sockets:
    """Serves /socket. Time to acknowledge is real: `patience` seconds."""

    def __init__(self, slack: Slack, tickets: list[str], *, patience: float = 3.0) -> None:
        self.slack = slack
        self.tickets = tickets
        self.patience = patience
        self.connections: list[Connection] = []
        self.changed = asyncio.Condition()
        self.origin = ""
        self._number = 0

    def routes(self) -> list[web.AbstractRouteDef]:
        return [web.get("/socket", self._serve)]

    async def connected(self, count: int = 1) -> None:
        """Waits until so many connections are open."""
        async with self.changed:
            await self.changed.wait_for(lambda: len(self.connections) >= count)

    async def deliver(self, kind: str, payload: Json, *, tries: int = 4) -> Json | None:
        """Sends an envelope of kind events_api, slash_commands or interactive; the ack, None when none came."""
        self._number += 1
        envelope: Json = {
            "envelope_id": f"e{self._number}",
            "type": kind,
            "accepts_response_payload": kind != "events_api",
            "payload": json.loads(json.dumps(payload).replace("{origin}", self.origin)),
        }
        for attempt in range(tries):
            if attempt:
                envelope |= {"retry_attempt": attempt, "retry_reason": "timeout"}
            ack = await self._once(envelope)
            if ack is not None:
                return ack
        return None

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Asks every client to connect anew, as Slack does every few hours."""
        for connection in list(self.connections):
            await connection.ws.send_json({"type": "disconnect", "reason": reason, "debug_info": {}})

    def drop(self) -> None:
        """Breaks every connection without a word."""
        while self.connections:
            if wire := self.connections.pop().wire:
                wire.abort()

    async def _once(self, envelope: Json) -> Json | None:
        await self.connected()
        connection = self.slack.random.choice(self.connections)
        try:
            await connection.ws.send_json(envelope)
            async with asyncio.timeout(self.patience), self.changed:
                await self.changed.wait_for(lambda: envelope["envelope_id"] in connection.acks)
        except (TimeoutError, ConnectionError):
            return None
        return connection.acks[envelope["envelope_id"]]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self.tickets:
            return web.Response(status=403)
        self.tickets.remove(ticket)
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        connection = Connection(ws, wire=request.transport)
        if len(self.connections) >= MOST_CONNECTIONS:
            await ws.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            return ws
        count = len(self.connections) + 1
        await ws.send_json(
            {"type": "hello", "num_connections": count, "connection_info": {"app_id": "A1"}, "debug_info": {}}
        )
        await self._note(lambda: self.connections.append(connection))
        try:
            async for frame in ws:
                if frame.type is WSMsgType.TEXT:
                    ack = json.loads(frame.data)
                    await self._note(lambda ack=ack: connection.acks.update({ack["envelope_id"]: ack}))
        finally:
            await self._note(lambda: self._gone(connection))
        return ws

    def _gone(self, connection: Connection) -> None:
        if connection in self.connections:
            self.connections.remove(connection)

    async def _note(self, change: object) -> None:
        async with self.changed:
            if callable(change):
                change()
            self.changed.notify_all()
