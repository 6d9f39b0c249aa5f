"""An MCP server at which everybody signs in as themselves: a connection for each person, as long as they use it.

Nothing that was learnt over one person's connection is told to another: even which tools there are is their own.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from bot.answers.tools.grants import Grants
from bot.answers.tools.mcp_lines import http_line
from bot.answers.tools.mcp_servers import McpServer
from bot.answers.tools.outbound import host_of
from bot.answers.tools.sign_in_tool import sign_in_tool
from bot.domain.sign_ins import Caller
from bot.domain.tools import CallEnd, ToolDefinition, ToolResult
from bot.settings.tool_entries import ToolEntry

IDLE = 600.0  # seconds until a connection that nobody uses is closed
MOST = 200  # connections of one process to one server
LOOK = 30.0  # seconds between two looks for idle ones


@dataclass(slots=True)
class _Connection:
    """One person's. `sign_in` is the grant's id: after another sign-in it is another connection."""

    server: McpServer
    sign_in: str
    used: float
    in_use: int = 0
    closing: asyncio.Event = field(default_factory=asyncio.Event)


class PersonalMcpServer:
    """Implements PersonalServer."""

    def __init__(self, name: str, entry: ToolEntry, *, grants: Grants, moment: float) -> None:
        self.name = name
        self._entry, self._grants, self._moment = entry, grants, moment
        self._connections: dict[Caller, _Connection] = {}
        self._group: asyncio.TaskGroup | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                sweep = group.create_task(self._sweep())
                try:
                    yield
                finally:
                    self._group = None
                    sweep.cancel()
                    for one in list(self._connections.values()):
                        one.closing.set()
        finally:
            await self._grants.authorizations[self.name].aclose()

    def of(self, caller: Caller) -> "AsThisPerson":
        return AsThisPerson(self, caller, self._grants)

    @asynccontextmanager
    async def connection(self, caller: Caller, sign_in: str) -> AsyncIterator[McpServer | None]:
        """One person's, kept open while it is used. None while nothing runs."""
        found = self._connections.get(caller)
        if found and (found.sign_in != sign_in or found.closing.is_set()):
            found.closing.set()
            found = None
        if found is None and self._group:
            self._make_room()
            found = _Connection(server=self._made(caller), sign_in=sign_in, used=time.monotonic())
            self._connections[caller] = found
            self._group.create_task(self._keep(caller, found))
        if found is None:
            yield None
            return
        found.used, found.in_use = time.monotonic(), found.in_use + 1
        try:
            yield found.server
        finally:
            found.used, found.in_use = time.monotonic(), found.in_use - 1

    def drop(self, caller: Caller) -> None:
        """After signing out. A call that runs ends as one whose answer was lost."""
        if found := self._connections.get(caller):
            found.closing.set()

    def _made(self, caller: Caller) -> McpServer:
        async def token(refused: str) -> str:
            return await self._grants.token(caller, self.name, refused)

        entry = self._entry
        return McpServer(
            self.name,
            http_line(entry.url, person=token, private=entry.private, seconds=entry.seconds),
            seconds=entry.seconds,
            moment=self._moment,
            host=host_of(entry.url),
            key=f"sign in again with /tools sign-in {self.name}.",
        )

    async def _keep(self, caller: Caller, one: _Connection) -> None:
        async with one.server.running():
            await one.closing.wait()
            if self._connections.get(caller) is one:
                del self._connections[caller]

    def _make_room(self) -> None:
        idle = sorted((one for one in self._connections.values() if not one.in_use), key=lambda one: one.used)
        for one in idle[: max(0, len(self._connections) - MOST + 1)]:
            one.closing.set()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(LOOK)
            now = time.monotonic()
            for one in self._connections.values():
                if not one.in_use and now - one.used > IDLE:
                    one.closing.set()


class AsThisPerson:
    """Implements ToolServer for one person. What it says of its trouble is known once it was asked for its tools."""

    def __init__(self, server: PersonalMcpServer, caller: Caller, grants: Grants) -> None:
        self.name = server.name
        self.trouble = ""
        self._server, self._caller, self._grants = server, caller, grants

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        yield

    async def tools(self) -> Sequence[ToolDefinition]:
        """One tool while nobody has signed in: to do that."""
        if (grant := await self._grants.held(self._caller, self.name)) is None:
            return (sign_in_tool(self.name),)
        async with self._server.connection(self._caller, grant.id) as connection:
            if connection is None:
                return ()
            found = await connection.tools()
            self.trouble = connection.trouble
        if self.trouble and await self._grants.held(self._caller, self.name) is None:
            self.trouble = ""
            return (sign_in_tool(self.name),)
        return found

    async def call(
        self, name: str, args: Mapping[str, Any], *, key: str, progress: Callable[[str], None]
    ) -> ToolResult:
        if (grant := await self._grants.held(self._caller, self.name)) is None:
            return ToolResult(text=f"Nobody is signed in to {self.name}. It was not run.", end=CallEnd.FAILED)
        async with self._server.connection(self._caller, grant.id) as connection:
            if connection is None:
                return ToolResult(text=f"{self.name} is being closed. It was not run.", end=CallEnd.FAILED)
            await connection.tools()  # waits until it is connected
            return await connection.call(name, args, key=key, progress=progress)
