"""The tool servers of switchboard.toml, ready to run, and what `switchboard check` says about them."""

import shutil
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import anyio
from pydantic import SecretStr

from bot.answers.tools.grants import Authorization, Grants, SignInRefused
from bot.answers.tools.python_tool import PythonServer
from bot.answers.tools.server import PersonalServer, ToolServer
from bot.domain.check import CheckResult, CheckStatus
from bot.domain.tools import CallEnd, ToolDefinition, ToolResult
from bot.ports import SecretStore
from bot.settings.tool_entries import ToolEntry
from bot.sign_in_ports import SignInStore

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
    """One for each entry of `[tools.*]`, but those at which people sign in. `keys`: the variables that entries name, where they
    are set. `moment`: the seconds that a question for its tools waits for a server which has just been started.
    """
    values = _values(keys)
    return tuple(
        _server(name, entry, values, moment)
        for name, entry in entries.items()
        if not entry.oauth or _objection(name, entry, values)
    )


def personal_servers(
    entries: Mapping[str, ToolEntry],
    keys: Mapping[str, SecretStr],
    *,
    home: str,
    secrets: SecretStore,
    store: SignInStore,
    moment: float = MOMENT,
) -> tuple[Grants, tuple[PersonalServer, ...]]:
    """Those at which people sign in. `home` is our own public address, `secrets` keeps what is registered."""
    values = _values(keys)
    mine = {
        name: entry for name, entry in entries.items() if entry.oauth and not _objection(name, entry, values)
    }
    if not mine:
        return Grants(store=store, authorizations={}), ()
    from bot.answers.tools.mcp_authorization import McpAuthorization  # noqa: PLC0415 - an extra, and slow to import
    from bot.answers.tools.mcp_personal import PersonalMcpServer  # noqa: PLC0415

    ways = {
        name: McpAuthorization(
            name, entry, home=home, secret=values.get(entry.client_secret_env, ""), secrets=secrets
        )
        for name, entry in mine.items()
    }
    grants = Grants(store=store, authorizations=ways)
    return grants, tuple(
        PersonalMcpServer(name, entry, grants=grants, moment=moment) for name, entry in mine.items()
    )


def _values(keys: Mapping[str, SecretStr]) -> Mapping[str, str]:
    return {variable: key.get_secret_value() for variable, key in keys.items()}


def _objection(name: str, entry: ToolEntry, values: Mapping[str, str]) -> str:
    """What the operator has to change first, "" for nothing."""
    if unset := sorted(variable for variable in entry.variables if not values.get(variable)):
        verb = "is" if len(unset) == 1 else "are"
        return f"{name} needs {' and '.join(unset)}, which {verb} not set."
    if entry.command and not shutil.which(entry.command[0]):
        return (
            f"{name} cannot be started: there is no program {entry.command[0]}. "
            f"Install it, or write its whole path as command in [tools.{name}]."
        )
    return "" if entry.builtin or find_spec("mcp") else f"{name} {MISSING}"


def _server(name: str, entry: ToolEntry, values: Mapping[str, str], moment: float) -> ToolServer:
    if trouble := _objection(name, entry, values):
        return UnusableServer(name=name, trouble=trouble)
    return PythonServer() if entry.builtin else _mcp_server(name, entry, values, moment)


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
    key = f"put a valid one into {entry.token_env}."
    if not token:
        key = f"it wants one, so name its variable as token_env in [tools.{name}]."
    return McpServer(name, line, seconds=entry.seconds, moment=moment, host=host_of(entry.url), key=key)


async def check_tools(
    entries: Mapping[str, ToolEntry], keys: Mapping[str, SecretStr], grants: Grants
) -> Sequence[CheckResult]:
    """Starts each server and asks what it offers, or where people sign in: one result each, in the order of the file."""
    servers = tool_servers(entries, keys, moment=PATIENCE)
    found: dict[str, CheckResult] = {}

    async def look(way: Authorization) -> None:
        about = f"tools.{way.name}"
        try:
            found[way.name] = CheckResult(about=about, status=CheckStatus.GOOD, text=await way.described())
        except SignInRefused as error:
            found[way.name] = CheckResult(about=about, status=CheckStatus.BAD, text=str(error))
        finally:
            await way.aclose()

    async def ask(server: ToolServer) -> None:
        async with server.running():
            found[server.name] = _checked(server, len(await server.tools()))

    async with anyio.create_task_group() as group:
        for server in servers:
            group.start_soon(ask, server)
        for way in grants.authorizations.values():
            group.start_soon(look, way)
    return [found[name] for name in entries if name in found]


def _checked(server: ToolServer, tools: int) -> CheckResult:
    about = f"tools.{server.name}"
    if server.trouble:
        return CheckResult(about=about, status=CheckStatus.BAD, text=server.trouble)
    if not tools:
        return CheckResult(about=about, status=CheckStatus.DOUBT, text="it answers, and offers no tool")
    return CheckResult(about=about, status=CheckStatus.GOOD, text=f"{tools} tools" if tools > 1 else "1 tool")
