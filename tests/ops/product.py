"""The product as an operator runs it: a process of its own, in a folder of its own, on free ports."""

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from tests.ops.forked import Forked, fork

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0  # seconds for anything a process is asked to do


def environment(folder: Path, extra: Mapping[str, str]) -> dict[str, str]:
    """Nothing of the operator's own settings gets into a test; the data goes to a path short enough for a socket."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    free = {
        "PORT": "0",
        "ADMIN_PORT": "0",
        "SWITCHBOARD_DRAIN_SECONDS": "1",
        "SWITCHBOARD_DATA_DIR": str(folder / "data"),
    }
    nobody = {"OLLAMA_BASE_URL": "http://127.0.0.1:9"}  # whatever runs on this machine is not part of a test
    return kept | free | nobody | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"} | dict(extra)


ANEW = """
import runpy, sys
sys.meta_path = [finder for finder in sys.meta_path if "editable" not in repr(finder).lower()]
runpy.run_module("bot", run_name="__main__", alter_sys=True)
"""
"""`python -m bot`, where a checkout that was installed editable does not lend a copy what the copy lacks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str


async def command_anew(folder: Path, *arguments: str, **extra: str) -> Ended:
    """The same by a Python of its own, which imports everything itself: another copy, if PYTHONPATH says so."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", ANEW, *arguments),
        cwd=folder,
        env=environment(folder, extra),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
    )
    async with asyncio.timeout(PATIENCE):
        out, err = await process.communicate()
    return Ended(code=process.returncode or 0, out=out.decode(), err=err.decode())


async def command(folder: Path, *arguments: str, stdin: str = "", **extra: str) -> Ended:
    """Runs `switchboard ARGUMENTS` to its end."""
    typed = stdin.encode(errors="surrogateescape")
    process = await fork(folder, environment(folder, extra), *arguments, stdin=typed)
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        out, err = (group.create_task(stream.read()) for stream in (process.stdout, process.stderr))
        code = await process.wait()
    return Ended(code=code, out=out.result().decode(), err=err.result().decode())


@dataclass
class Product:
    """A running `switchboard`. `said` grows as it prints."""

    process: Forked
    said: list[str] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)

    @property
    def page(self) -> str:
        return "".join(self.said)

    @property
    def log(self) -> str:
        return "".join(self.logged)

    @property
    def public(self) -> str:
        """The public listener's address, without the last slash."""
        return self._address(r"(?:Open|Public) +(http://[^/ ]+)/")

    @property
    def address(self) -> str:
        """The page's, as it is printed: with its token."""
        return f"{self.public}/{self._address(r'Open http://[^/ ]+/([?]token=[^ ]+)')}"

    def visitor(self) -> AbstractAsyncContextManager[aiohttp.ClientSession]:
        """Somebody who has opened the page."""
        return visitor(self.address)

    @property
    def admin(self) -> str:
        return self._address(r"Admin +(http://[^/ ]+)/")

    def _address(self, pattern: str) -> str:
        found = re.search(pattern, self.page)
        assert found, self.page + self.log
        return found[1]

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def logs(self, text: str) -> None:
        """Waits until the log says it."""
        async with asyncio.timeout(PATIENCE):
            while text not in self.log:  # noqa: ASYNC110 - another task reads the pipe, line by line
                await asyncio.sleep(0.02)

    async def ended(self) -> int:
        """Waits for the end; returns the exit code."""
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()


@asynccontextmanager
async def visitor(address: str) -> AsyncIterator[aiohttp.ClientSession]:
    """Opens the page by its printed address, and asks for paths from then on."""
    root, _, _ = address.partition("?")
    jar = aiohttp.CookieJar(unsafe=True)  # the page's host is a number
    async with aiohttp.ClientSession(root, cookie_jar=jar) as session:
        async with session.get(address) as opened:
            assert (opened.status, str(opened.url)) == (200, root), await opened.text()
        yield session


@asynccontextmanager
async def running(folder: Path, **extra: str) -> AsyncIterator[Product]:
    """A process that has printed its start page. Killed at the end if it is still there."""
    process = await fork(folder, environment(folder, extra))
    product = Product(process)
    ready = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(_read(process.stdout, product.said, ready))
        group.create_task(_read(process.stderr, product.logged, None))
        try:
            async with asyncio.timeout(PATIENCE):
                await ready.wait()
            assert "is ready" in product.page, product.page + product.log
            yield product
        finally:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
                process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(PATIENCE):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


async def _read(stream: asyncio.StreamReader | None, lines: list[str], ready: asyncio.Event | None) -> None:
    """Until the stream ends. The start page is over with its last hint."""
    while stream and (line := await stream.readline()):
        lines.append(line.decode())
        if ready and ".env.example" in lines[-1]:
            ready.set()
    if ready:
        ready.set()
