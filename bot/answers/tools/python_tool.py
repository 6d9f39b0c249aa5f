"""The tool `python.run`: computes what a model writes, in a sandbox without files, network and time to waste."""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from sys import executable
from typing import Any

import anyio

from bot.answers.tools.child_process import LongLine, leashed_child
from bot.domain.formatting import strip_controls, whole
from bot.domain.tools import CallEnd, ToolDefinition, ToolResult

SECONDS = 8.0  # the sandbox ends by itself after two; starting it and writing the value down come on top
ANSWER_BYTES = 1024 * 1024
CODE_SIGNS = 50_000
AT_ONCE = 4
MISSING = "python cannot be used: install pydantic-monty (pip install pydantic-monty)."
DESCRIPTION = (
    "Runs a Python program and returns what it prints and the value of its last line. For arithmetic, dates, text and data. "
    "There are no files, no network and no third-party packages, of the standard library only: math, re, json, datetime, "
    "decimal, random, collections, itertools, time. It ends after 2 seconds; nothing is kept between two calls."
)
RUN = ToolDefinition(
    server="python",
    name="run",
    description=DESCRIPTION,
    parameters={
        "type": "object",
        "properties": {"code": {"type": "string", "description": "The whole program."}},
        "required": ["code"],
    },
    read_only=True,
)


class PythonServer:
    """Implements ToolServer, without a server. Each call is a process of its own."""

    name = "python"

    def __init__(self) -> None:
        self._places = anyio.Semaphore(AT_ONCE)

    @property
    def trouble(self) -> str:
        return "" if find_spec("pydantic_monty") else MISSING

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        yield

    async def tools(self) -> Sequence[ToolDefinition]:
        return () if self.trouble else (RUN,)

    async def call(
        self, name: str, args: Mapping[str, Any], *, key: str, progress: Callable[[str], None]
    ) -> ToolResult:
        """Nothing outlives a call, so `key` is not needed: it may run twice."""
        code = args.get("code")
        if self.trouble or name != RUN.name:
            return _failed(self.trouble or f'There is no tool "{name}" here, only "run".')
        if not isinstance(code, str) or not code.strip() or len(code) > CODE_SIGNS:
            return _failed(f"`code` must be a program of at most {CODE_SIGNS:,} characters.")
        async with self._places:
            return await _computed(code)


async def _computed(code: str) -> ToolResult:
    program = [executable, "-I", str(Path(__file__).with_name("sandbox.py"))]
    told: bytes | LongLine = b""
    try:
        with anyio.move_on_after(SECONDS):
            async with leashed_child(program, env={}, name="python") as child:
                await child.write(json.dumps({"code": whole(code)}).encode())
                async for line in child.lines(ANSWER_BYTES):
                    told = line
                    break
    except* OSError:
        told = b""
    if not isinstance(told, bytes) or not told:
        return _failed("It took too long or too much memory: 2 seconds and 64 MB are what there is.")
    answer = json.loads(told)
    parts = (answer["printed"], answer["value"], answer["error"])
    text = whole(strip_controls("\n".join(part.rstrip("\n") for part in parts if part)))
    end = CallEnd.FAILED if answer["error"] else CallEnd.DONE
    return ToolResult(text=text or "It ran and printed nothing.", end=end)


def _failed(text: str) -> ToolResult:
    return ToolResult(text=text, end=CallEnd.FAILED)
