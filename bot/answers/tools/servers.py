"""The tool servers of switchboard.toml, ready to run, and what `switchboard check` says about them."""

import shutil
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio
from pydantic import SecretStr

from bot.answers.tools.python_tool import PythonServer
from bot.answers.tools.server import ToolServer
from bot.domain.check import CheckResult, CheckStatus
from bot.domain.tools import CallEnd, ToolDefinition, ToolResult
from bot.settings.tool_entries import ToolEntry

MISSING = "needs the package mcp: pip install mcp."
MOMENT, PATIENCE = 5.0, 30.0  # seconds to wait for a first listing: in an answer, in a check


@dataclass(frozen=True, slots=True, kw_only=True)
class UnusableServer:
    """Implements ToolServer: one that cannot be used until the operator changes something."""

    name: str
    trouble: str

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        yield

    async def tools(self) -> Sequence[ToolDefinition]:
        return ()

    async def call(
        self, name: str, args: Mapping[str, Any], *, key: str, progress: Callable[[str], None]
    ) -> ToolResult:
        return ToolResult(text=f"{self.trouble} The call was not run.", end=CallEnd.FAILED)


def tool_servers(
    entries: Mapping[str, ToolEntry], keys: Mapping[str, SecretStr], *, moment: float = MOMENT
) -> tuple[ToolServer, ...]:
    """One for each entry of `[tools.*]`. `keys`: the variables that entries name, where they are set. `moment`: the seconds
    that a question for its tools waits for a server which has just been started.
    """
    values = {variable: key.get_secret_value() for variable, key in keys.items()}
    return tuple(_server(name, entry, values, moment) for name, entry in entries.items())


def _server(name: str, entry: ToolEntry, values: Mapping[str, str], moment: float) -> ToolServer:
    if entry.builtin:
        return PythonServer()
    if unset := sorted(variable for variable in entry.variables if not values.get(variable)):
        verb = "is" if len(unset) == 1 else "are"
        return UnusableServer(name=name, trouble=f"{name} needs {' and '.join(unset)}, which {verb} not set.")
    if entry.command and not shutil.which(entry.command[0]):
        return UnusableServer(
            name=name,
            trouble=f"{name} cannot be started: there is no program {entry.command[0]}. "
            f"Install it, or write its whole path as command in [tools.{name}].",
        )
    try:
        return _mcp_server(name, entry, values, moment)
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in {"mcp", "mcp_types", "httpx2", "httpcore2"}:
            raise
        return UnusableServer(name=name, trouble=f"{name} {MISSING}")


def _mcp_server(name: str, entry: ToolEntry, values: Mapping[str, str], moment: float) -> ToolServer:
    from bot.answers.tools.mcp_lines import http_line, stdio_line  # noqa: PLC0415 - an extra, and slow to import
    from bot.answers.tools.mcp_servers import McpServer  # noqa: PLC0415
    from bot.answers.tools.outbound import host_of  # noqa: PLC0415

    if entry.command:
        env = {variable: values[source] for variable, source in entry.env.items()}
        line = stdio_line(entry.command, env=env, name=name)
        return McpServer(name, line, seconds=entry.seconds, moment=moment, program=entry.command[0])
    token = values.get(entry.token_env, "")
    line = http_line(entry.url, token=token, private=entry.private, seconds=entry.seconds)
    return McpServer(
        name, line, seconds=entry.seconds, moment=moment, host=host_of(entry.url), token_env=entry.token_env
    )


async def check_tools(
    entries: Mapping[str, ToolEntry], keys: Mapping[str, SecretStr]
) -> Sequence[CheckResult]:
    """Starts each server and asks what it offers: one result each, in the order of the file."""
    servers = tool_servers(entries, keys, moment=PATIENCE)
    found: dict[str, CheckResult] = {}

    async def ask(server: ToolServer) -> None:
        async with server.running():
            found[server.name] = _checked(server, len(await server.tools()))

    async with anyio.create_task_group() as group:
        for server in servers:
            group.start_soon(ask, server)
    return [found[server.name] for server in servers]


def _checked(server: ToolServer, tools: int) -> CheckResult:
    about = f"tools.{server.name}"
    if server.trouble:
        return CheckResult(about=about, status=CheckStatus.BAD, text=server.trouble)
    if not tools:
        return CheckResult(about=about, status=CheckStatus.DOUBT, text="it answers, and offers no tool")
    return CheckResult(about=about, status=CheckStatus.GOOD, text=f"{tools} tools" if tools > 1 else "1 tool")
