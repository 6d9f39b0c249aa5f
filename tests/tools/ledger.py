"""A tool server in memory that keeps a ledger of what really ran."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from bot.answers.tools.toolbox import Toolbox
from bot.domain.tools import ToolDefinition, ToolResult
from bot.settings.tool_entries import ToolEntry

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
Work = Callable[[Mapping[str, Any]], Awaitable[ToolResult]]


def tool(name: str, **more: Any) -> ToolDefinition:
    return ToolDefinition(
        **{"server": "desk", "name": name, "description": f"Does {name}.", "parameters": CITY, **more}
    )


@dataclass
class LedgerServer:
    """Implements ToolServer. `ran` holds every call that reached it, `held` those that wait for `release`."""

    name: str = "desk"
    offers: list[ToolDefinition] = field(default_factory=lambda: [tool("look"), tool("file")])
    results: dict[str, ToolResult] = field(default_factory=dict)
    ran: list[tuple[str, dict[str, Any], str]] = field(default_factory=list)
    says: Sequence[str] = ()
    trouble: str = ""
    gate: asyncio.Event | asyncio.Barrier | None = None  # what a call waits at
    breaks: bool = False  # as no server should
    at_once: int = 0
    most_at_once: int = 0

    def running(self) -> AbstractAsyncContextManager[None]:
        return self._running()

    @asynccontextmanager
    async def _running(self) -> AsyncGenerator[None, None]:
        yield

    async def tools(self) -> Sequence[ToolDefinition]:
        return () if self.trouble else self.offers

    async def call(
        self, name: str, args: Mapping[str, Any], *, key: str, progress: Callable[[str], None]
    ) -> ToolResult:
        self.ran.append((name, dict(args), key))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        for words in self.says:
            progress(words)
        try:
            await (self.gate.wait() if self.gate else asyncio.sleep(0))
        finally:
            self.at_once -= 1
        if self.breaks:
            raise ConnectionResetError
        return self.results.get(name, ToolResult(text=f"{name} of {args.get('city')}"))


def toolbox(*servers: LedgerServer, run: Sequence[str] = ("look",), **more: Any) -> Toolbox:
    """The servers behind entries that let `run` run without asking."""
    secrets = more.pop("secrets", ())
    entry = ToolEntry.model_validate({"command": ("x",), "run": tuple(run), **more})
    held = servers or (LedgerServer(),)
    return Toolbox(servers=held, entries={one.name: entry for one in held}, secrets=secrets)
