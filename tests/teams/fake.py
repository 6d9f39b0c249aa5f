"""A Teams of one's own on loopback: issuer, Bot Connector, file hosts and people, by the documented rules.

In a test: `async with FakeTeams() as teams`. As a process of its own: `python -m tests.teams`,
driven over the `/_control` routes (see tests.teams.control).
"""

import asyncio
import io
import json
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import web

from tests.teams.connector import Connector
from tests.teams.files import Canary, Files
from tests.teams.graph import FakeGraph
from tests.teams.identities import Machine
from tests.teams.issuer import Issuer
from tests.teams.people import GROUP, TEAM, TENANT, Envelope
from tests.teams.proofs import AppRegistration
from tests.teams.rooms import ALICE, BOT, Person, Room, Rooms

SECRET = "hush-teams-secret"
NOWHERE = "http://127.0.0.1:9"
PATIENCE = 15.0
"""Seconds Teams waits for the bot's answer before it sends the same body again, once."""


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """What the bot answered to one delivery. `status` 0: it did not answer in time."""

    status: int
    body: Any
    activity: Mapping[str, Any]


class FakeTeams:
    """Everything outside the bot. `clock` counts for streams and rates only."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        app_id: str = "07338883-af76-47b3-86e4-2603c50be638",
        bot_url: str = NOWHERE,
        patience: float = PATIENCE,
    ) -> None:
        self.issuer = Issuer(registration=AppRegistration(app_id=app_id, secret=SECRET))
        self.rooms = Rooms(clock)
        self.connector = Connector(issuer=self.issuer, rooms=self.rooms, clock=clock, teams={TEAM: GROUP})
        self.files = Files(issuer=self.issuer)
        self.machine = Machine(issuer=self.issuer)
        self.graph = FakeGraph(issuer=self.issuer, rooms=self.rooms, tenant=TENANT, groups={TEAM: GROUP})
        self.canary = Canary()
        self.alice = ALICE
        self.bot_url = bot_url
        self.patience = patience
        self.delivered: list[Delivered] = []
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self.issuer.url = await self.serve(self.issuer.routes())
        self.machine.url = await self.serve(self.machine.routes())
        self.origin = await self.serve([*self.files.images(), *self.connector.routes()])
        self.download_url = await self.serve(self.files.downloads())
        self.canary_url = await self.serve(self.canary.routes())
        self.graph.url = await self.serve(self.graph.routes())
        self.graph.download_url = self.download_url
        self.issuer.audiences.add(self.graph.url)
        self.people = Envelope(service_url=f"{self.origin}/emea/")
        self._http = await self._stack.enter_async_context(aiohttp.ClientSession())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def serve(self, routes: list[web.RouteDef], *, tls: ssl.SSLContext | None = None) -> str:
        app = web.Application(client_max_size=4 * 1024 * 1024)
        app.add_routes(routes)
        runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        return f"http{'s' if tls else ''}://127.0.0.1:{runner.addresses[0][1]}"

    @property
    def hosts(self) -> frozenset[str]:
        """What TEAMS_SERVICE_HOSTS has to hold for this fake."""
        return frozenset({self.origin.removeprefix("http://"), self.download_url.removeprefix("http://")})

    def environment(self) -> dict[str, str]:
        """The variables that point a bot at this fake."""
        return {
            "TEAMS_APP_ID": self.issuer.app_id,
            "TEAMS_APP_PASSWORD": self.issuer.secret,
            "TEAMS_TENANT_ID": TENANT,
            "TEAMS_OPENID_METADATA_URL": self.issuer.metadata_url,
            "TEAMS_TOKEN_URL": self.issuer.token_url,
            "TEAMS_SERVICE_HOSTS": ",".join(sorted(self.hosts)),
            "TEAMS_GRAPH_URL": self.graph.url,
        }

    def personal(self, room: str = "a:17I0kl9") -> Room:
        return self.rooms.open(room, "personal")

    def group(self, room: str = "19:abc@thread.v2") -> Room:
        return self.rooms.open(room, "groupChat")

    def channel(self, room: str = "19:chan@thread.tacv2") -> Room:
        return self.rooms.open(room, "channel")

    async def say(
        self, room: Room, text: str | None, *, sender: Person = ALICE, root: str = "", **options: Any
    ) -> Delivered:
        """A person writes, in the thread `root` of a channel or as a new post."""
        return await self.deliver(self.write(room, text, sender=sender, root=root, **options))

    def write(
        self, room: Room, text: str | None, *, sender: Person = ALICE, root: str = "", **options: Any
    ) -> dict[str, Any]:
        """The same before anything is delivered: what Teams will send."""
        name = str(options.pop("id", "")) or self.rooms.new_id()
        conversation = room.id
        if room.kind == "channel":
            conversation = f"{room.id};messageid={root or name}"
        activity = self.people.message(conversation, room.kind, text, sender=sender, id=name, **options)
        self.rooms.heard(room, sender, activity, root)
        return activity

    async def deliver(self, activity: Mapping[str, Any], *, token: str | None = None) -> Delivered:
        """One activity, signed as the service signs it, and sent again once if the bot does not take it."""
        first = await self.send(activity, token=token)
        if 200 <= first.status < 300 or activity.get("type") == "invoke":
            return first
        return await self.send(activity, token=token)

    async def send(
        self, activity: Mapping[str, Any], *, token: str | None = None, bot_url: str = ""
    ) -> Delivered:
        """One activity, once. `token` "" sends no Authorization at all."""
        if token is None:
            token = self.issuer.mint(str(activity.get("serviceUrl", "")))
        return await self.raw(json.dumps(activity).encode(), token, activity, bot_url=bot_url)

    async def raw(
        self, body: bytes, token: str, activity: Mapping[str, Any] | None = None, *, bot_url: str = ""
    ) -> Delivered:
        headers = {"Content-Type": "application/json; charset=utf-8"}
        if token:
            headers["Authorization"] = token if " " in token else f"Bearer {token}"
        status, answer = 0, None
        try:
            async with (
                asyncio.timeout(self.patience),
                self._http.post(
                    f"{bot_url or self.bot_url}/api/messages", data=io.BytesIO(body), headers=headers
                ) as response,
            ):
                status, text = response.status, await response.text()
                answer = json.loads(text) if text.startswith(("{", "[", "null")) else text
        except (TimeoutError, aiohttp.ClientConnectionError):
            pass
        delivered = Delivered(status=status, body=answer, activity=activity or {})
        self.delivered.append(delivered)
        return delivered

    async def consents(
        self,
        room: Room,
        message: str,
        *,
        action: str = "accept",
        sender: Person = ALICE,
        upload: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> Delivered:
        """The person presses a button of the file consent card in this message. Teams opens an upload for it."""
        (card,) = room.messages[message].activity["attachments"]
        name = card["name"]
        value: dict[str, Any] = {"type": "fileUpload", "action": action}
        value["context"] = card["content"][f"{action}Context"]
        if action == "accept":
            self.files.sessions.add(name)
            value["uploadInfo"] = {
                "contentUrl": f"{self.download_url}/personal/{name}",
                "name": name,
                "uploadUrl": f"{self.download_url}/upload/{name}",
                "uniqueId": "1150D938",
                "fileType": name.rpartition(".")[2],
            } | dict(upload or {})
        given = {"replyToId": message, "id": f"f:{self.rooms.new_id()}"} | fields
        return await self.deliver(
            self.people.invoke(room.id, room.kind, "fileConsent/invoke", value, sender=sender, **given)
        )

    def cancel(self, room: Room) -> None:
        """The person presses Stop in Teams."""
        for stream in room.streams.values():
            if not stream.done:
                stream.cancelled = True

    def written(self) -> list[Mapping[str, Any]]:
        """Every body the bot sent that asked to show something."""
        return [call.sent for call in self.connector.calls if call.method in {"POST", "PUT"}]


__all__ = ["ALICE", "BOT", "TENANT", "Delivered", "FakeTeams"]
