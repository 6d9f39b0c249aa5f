"""A tool server of switchboard.toml, as the product builds and runs it, and programs for it to talk to."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.answers.tools.server import ToolServer
from bot.answers.tools.servers import tool_servers
from bot.domain.tools import ToolResult
from bot.settings.tool_entries import ToolEntry
from tests.interop.servers import free_port

pytest.importorskip("mcp", reason="mcp is not installed")

HONEST = Path(__file__).with_name("honest_server.py")
PATIENCE = 30.0  # seconds for anything a server is asked to do


def built(keys: Mapping[str, str] | None = None, *, moment: float = 25.0, **entry: Any) -> ToolServer:
    """[tools.desk] with these lines."""
    secrets = {name: SecretStr(value) for name, value in (keys or {}).items()}
    return tool_servers({"desk": ToolEntry.model_validate(entry)}, secrets, moment=moment)[0]


@asynccontextmanager
async def desk(keys: Mapping[str, str] | None = None, **entry: Any) -> AsyncIterator[ToolServer]:
    """The same, running and settled."""
    server = built(keys, **entry)
    async with server.running():
        await server.tools()
        yield server


def honest(**entry: Any) -> dict[str, Any]:
    return {"command": [sys.executable, str(HONEST)], **entry}


def program(source: str) -> dict[str, Any]:
    """A program of its own, as a command."""
    return {"command": [sys.executable, "-c", source]}


async def ask(server: ToolServer, name: str, /, **args: Any) -> ToolResult:
    async with asyncio.timeout(PATIENCE):
        return await server.call(name, args, key="turn/1", progress=lambda _: None)


async def until(true: Callable[[], bool] | Callable[[], Awaitable[bool]]) -> None:
    """Waits for something that another process does."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = true()
            if await found if isinstance(found, Awaitable) else found:
                return
            await asyncio.sleep(0.02)


@contextmanager
def serving(port: int = 0, **environment: str) -> Iterator[str]:
    """The honest server over HTTP; gives its address."""
    port = port or free_port()
    command = [sys.executable, str(HONEST), str(port)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, env={**os.environ, **environment}) as process:
        try:
            began = time.monotonic()
            while not listening(port):
                assert process.poll() is None
                assert time.monotonic() < began + PATIENCE
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            process.kill()


def listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
