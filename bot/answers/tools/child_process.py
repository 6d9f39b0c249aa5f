"""A program that speaks in lines over its standard input and output, on a leash.

It gets the environment that it is given and nothing else, is in a process group of its own, and goes when we go, also when we
are killed: it is told by the end of its input, and by the system where that can (Linux).
"""

import asyncio
import logging
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import anyio

from bot.domain.formatting import clip, strip_controls

log = logging.getLogger(__name__)
CHUNK = 64 * 1024
STDERR_LINES = 200  # that are logged of one run
GRACE = 2.0  # seconds to end by itself, and after that when it was asked to

LEASH = (
    "import ctypes, os, sys\n"
    "ctypes.CDLL(None).prctl(1, 9)\n"  # PR_SET_PDEATHSIG, SIGKILL
    "os.getppid() == int(sys.argv[1]) or os._exit(1)\n"
    "os.execvp(sys.argv[2], sys.argv[2:])\n"
)


@dataclass(frozen=True, slots=True)
class LongLine:
    """A line of more bytes than may be. `head` is its beginning."""

    head: bytes


class LineSplitter:
    """Lines out of chunks, with a limit on each."""

    def __init__(self, limit: int) -> None:
        self._limit, self._kept = limit, bytearray()
        self._skipping = False

    def feed(self, chunk: bytes) -> Iterator[bytes | LongLine]:
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            if not self._skipping and len(self._kept) + len(line) <= self._limit:
                yield bytes(self._kept + line)
            elif not self._skipping:
                yield LongLine(bytes((self._kept + line)[:1024]))
            self._kept.clear()
            self._skipping = False
        if self._skipping:
            return
        self._kept += rest
        if len(self._kept) > self._limit:
            self._skipping = True
            yield LongLine(bytes(self._kept[:1024]))
            self._kept.clear()


class Child:
    """A running program."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @property
    def exit_code(self) -> int | None:
        return self._process.returncode

    async def lines(self, limit: int) -> AsyncIterator[bytes | LongLine]:
        """What it says, until it ends."""
        splitter = LineSplitter(limit)
        while chunk := await _stream(self._process.stdout).read(CHUNK):
            for line in splitter.feed(chunk):
                yield line

    async def write(self, line: bytes) -> None:
        """Raises OSError when it takes nothing any more."""
        if self._process.stdin is None:
            raise BrokenPipeError
        self._process.stdin.write(line + b"\n")
        await self._process.stdin.drain()

    async def log_stderr(self, name: str, secrets: Sequence[str]) -> None:
        """What it complains about, a bounded part of it; the rest is read and dropped."""
        splitter, logged = LineSplitter(CHUNK), 0
        while chunk := await _stream(self._process.stderr).read(CHUNK):
            if logged >= STDERR_LINES or not log.isEnabledFor(logging.DEBUG):
                continue
            for line in splitter.feed(chunk):
                if isinstance(line, bytes) and line.strip() and logged < STDERR_LINES:
                    logged += 1
                    log.debug("%s says: %s", name, _tame(line, secrets))

    async def end(self) -> None:
        """First kindly. What it started ends with it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        if not await self._ended():
            self._signal(signal.SIGTERM)
            await self._ended()
        self._signal(signal.SIGKILL)
        await self._ended()
        self._process._transport.close()  # type: ignore[attr-defined] # what it started may hold the pipes

    async def _ended(self) -> bool:
        """Not by wait(): that also waits for pipes which what it started may hold."""
        deadline = anyio.current_time() + GRACE
        while self._process.returncode is None and anyio.current_time() < deadline:  # noqa: ASYNC110
            await anyio.sleep(0.01)
        return self._process.returncode is not None

    def _signal(self, which: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, which)


@asynccontextmanager
async def leashed_child(
    command: Sequence[str], *, env: Mapping[str, str], name: str, secrets: Sequence[str] = ()
) -> AsyncIterator[Child]:
    """Starts a program; leaving the block ends it. Raises OSError when it cannot be started."""
    leash = [sys.executable, "-I", "-S", "-c", LEASH, str(os.getpid())] if sys.platform == "linux" else []
    process = await asyncio.create_subprocess_exec(
        *leash, *command, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=dict(env), start_new_session=True
    )
    child = Child(process)
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(child.log_stderr, name, secrets)
            try:
                yield child
            finally:
                group.cancel_scope.cancel()
    finally:
        with anyio.CancelScope(shield=True):
            await child.end()


def _stream(pipe: asyncio.StreamReader | None) -> asyncio.StreamReader:
    if pipe is None:
        raise BrokenPipeError
    return pipe


def _tame(line: bytes, secrets: Sequence[str]) -> str:
    text = line[:4096].decode("utf-8", "replace")
    for secret in secrets:
        text = text.replace(secret, "***")
    return clip(strip_controls(text), 300)
