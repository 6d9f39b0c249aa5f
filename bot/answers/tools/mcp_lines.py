"""The two ways to an MCP server, as the streams of messages that the SDK's client takes."""

import logging
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.client import stdio
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.message import SessionMessage
from mcp_types import ErrorData, JSONRPCError, JSONRPCRequest, jsonrpc_message_adapter

from bot.answers.tools.child_process import Child, LongLine, leashed_child
from bot.answers.tools.faults import Fault
from bot.answers.tools.outbound import MESSAGE_BYTES, Token, tool_client

log = logging.getLogger(__name__)
JUNK_LINES = 1_000
ID = re.compile(rb'"id"\s*:\s*(\d{1,15})')

Inbound = MemoryObjectSendStream[SessionMessage | Exception]
Outbound = MemoryObjectReceiveStream[SessionMessage]
Line = Callable[[anyio.Event], Any]
"""Opens a connection: an async context manager of the two streams. It sets the event when the other side has gone."""


class ProgramEnded(Exception):
    """The program went by itself. Its text says how."""


def http_line(
    url: str, *, private: bool, seconds: float, token: str = "", person: Token | None = None
) -> Line:
    """Streamable HTTP. There is nothing that could be gone: every message finds its own way."""

    @asynccontextmanager
    async def opened(_gone: anyio.Event) -> AsyncIterator[Any]:
        async with (
            tool_client(token=token, person=person, private=private, seconds=seconds + 30.0) as client,
            streamable_http_client(url, http_client=client, max_sse_event_size=MESSAGE_BYTES) as streams,
        ):
            yield streams

    return opened


def stdio_line(command: Sequence[str], *, env: Mapping[str, str], name: str) -> Line:
    """A program's standard input and output. `env` comes on top of what a program cannot do without."""

    @asynccontextmanager
    async def opened(gone: anyio.Event) -> AsyncIterator[Any]:
        whole = stdio.get_default_environment() | dict(env)
        async with leashed_child(command, env=whole, name=name, secrets=list(env.values())) as child:
            inbound, read = anyio.create_memory_object_stream[SessionMessage | Exception](0)
            write, outbound = anyio.create_memory_object_stream[SessionMessage](0)
            async with inbound, read, write, outbound, anyio.create_task_group() as group:
                group.start_soon(_hear, child, inbound.clone(), gone)
                group.start_soon(_tell, child, outbound, inbound.clone(), gone)
                inbound.close()  # the end of both is the end of the connection
                yield read, write
                group.cancel_scope.cancel()

    return opened


async def _hear(child: Child, inbound: Inbound, gone: anyio.Event) -> None:
    junk = 0
    try:
        async with inbound:
            async for line in child.lines(MESSAGE_BYTES):
                if (message := _message(line)) is not None:
                    await inbound.send(message)
                elif (junk := junk + 1) > JUNK_LINES:
                    break
    except (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
        pass  # the session has gone, or the pipe
    finally:
        gone.set()


def _message(line: bytes | LongLine) -> SessionMessage | None:
    """None for what is no message: banners and prints of a program that should have used its standard error."""
    if isinstance(line, LongLine):
        found = ID.search(line.head)
        return _error(int(found[1]), Fault.TOO_LARGE) if found else None
    if not line.lstrip().startswith(b"{"):
        return None
    try:
        return SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))
    except ValueError:
        return None


async def _tell(child: Child, outbound: Outbound, inbound: Inbound, gone: anyio.Event) -> None:
    async with inbound:
        async for sent in outbound:
            message = sent.message
            try:
                await child.write(message.model_dump_json(by_alias=True, exclude_unset=True).encode())
            except (OSError, RuntimeError):  # uvloop raises the second for a pipe that is closed
                if isinstance(message, JSONRPCRequest):
                    await inbound.send(_error(message.id, Fault.NOT_WRITTEN))
                break
    gone.set()


def _error(request: str | int, fault: Fault) -> SessionMessage:
    return SessionMessage(
        JSONRPCError(jsonrpc="2.0", id=request, error=ErrorData(code=int(fault), message=fault.name))
    )
