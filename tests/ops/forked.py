"""`switchboard` in a process of its own, forked from a server that has imported it already.

The same code runs as with `python -m bot`, and every start saves the second that imports take. The commands that
people type (tests/ops/test_cli.py and the README's) start Python anew all the same.
"""

import asyncio
import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from multiprocessing.context import ForkServerContext, ForkServerProcess
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import Any

from bot.__main__ import main
from bot.platforms import PLATFORMS

ROOMY = 1024 * 1024  # bytes of one line


@cache
def context() -> ForkServerContext:
    """One server for all tests of this process; what it imports is what any of them starts."""
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload([__name__, *(platform.module for platform in PLATFORMS)])
    return found


class Forked:
    """The part of asyncio's Process that tests need."""

    def __init__(
        self, process: ForkServerProcess, stdout: asyncio.StreamReader, stderr: asyncio.StreamReader
    ) -> None:
        self._process = process
        self.stdout = stdout
        self.stderr = stderr

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    def send_signal(self, number: signal.Signals) -> None:
        """Raises ProcessLookupError when it has ended."""
        if self._process.exitcode is not None:
            raise ProcessLookupError(self.pid)
        os.kill(self.pid, number)

    def kill(self) -> None:
        self._process.kill()

    async def wait(self) -> int:
        """The exit code; negative for the signal that ended it."""
        await asyncio.get_running_loop().run_in_executor(None, self._process.join)
        code = self._process.exitcode
        assert code is not None
        return code


async def fork(folder: Path, environment: Mapping[str, str], *arguments: str, stdin: bytes = b"") -> Forked:
    """Starts `switchboard ARGUMENTS` in a folder, with that environment and no other; `stdin` is all it can read."""
    with tempfile.TemporaryFile() as typed:
        typed.write(stdin)
        typed.seek(0)
        ends = [os.pipe() for _ in range(2)]
        given = [DupFd(typed.fileno()), *(DupFd(write) for _, write in ends)]
        process = context().Process(
            target=_run, args=(given, str(folder), dict(environment), arguments), daemon=True
        )
        await asyncio.get_running_loop().run_in_executor(None, process.start)
    for _, write in ends:
        os.close(write)
    return Forked(process, *[await _reader(read) for read, _ in ends])


async def _reader(file: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader(limit=ROOMY)
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(file, "rb", 0))
    return reader


def _run(given: list[Any], folder: str, environment: dict[str, str], arguments: tuple[str, ...]) -> None:
    """In the child: takes the files as its standard input, output and error, and becomes the command."""
    for number, file in enumerate(given):
        os.dup2(file.detach(), number)
    sys.stdin = os.fdopen(0, encoding="utf-8", errors="surrogateescape", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", buffering=1, closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", buffering=1, closefd=False)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.exit(main(list(arguments)))
