"""What chaos kills beside the workers: the embedded server, or the masters of a cluster one after the other."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncGenerator, Callable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from bot.storage.embedded import embedded_server
from tests.storage.cluster import MASTERS, Cluster, Node, cluster

PATIENCE = 30.0  # seconds for a cluster to come together again


class Server(Protocol):
    """The storage of a run."""

    @asynccontextmanager
    def running(self) -> AsyncGenerator[str, None]:
        """Keeps it up, and gives its URL."""
        ...

    async def kill(self) -> None:
        """Kills what holds the data now. Returns when it may be killed again."""
        ...


class EmbeddedServer:
    """Started anew by its owner, with all that was written."""

    def __init__(self) -> None:
        self._folder = Path()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[str, None]:
        with TemporaryDirectory(prefix="sb-") as folder:
            self._folder = Path(folder)
            async with embedded_server(self._folder) as url:
                yield url

    async def kill(self) -> None:
        os.kill(int((self._folder / "valkey.pid").read_text()), signal.SIGKILL)


class ClusterServer:
    """Three masters with a replica each. A killed master comes back empty, as the replica of its successor."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a test's dice
        self._nodes: tuple[Node, ...] = ()
        self._killing = asyncio.Lock()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[str, None]:
        with ExitStack() as stack:
            formed: Cluster = await asyncio.to_thread(stack.enter_context, cluster())
            self._nodes = formed.nodes
            yield formed.url

    async def kill(self) -> None:
        async with self._killing:
            master = self._random.choice([node for node in self._nodes if _role(node) == "master"])
            master.kill()
            await self._until(lambda: self._masters(without=master) == MASTERS)
            master.restart()
            await self._until(self._whole)

    def _masters(self, *, without: Node) -> int:
        return sum(_role(node) == "master" for node in self._nodes if node is not without)

    def _whole(self) -> bool:
        """Whether three masters have a replica each that has everything."""
        return [_role(node) for node in self._nodes].count("master") == MASTERS and all(
            "master_link_status:up" in node.ask("INFO", "replication")
            for node in self._nodes
            if _role(node) != "master"
        )

    async def _until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not await asyncio.to_thread(_tried, true):  # noqa: ASYNC110 - only the nodes know
                await asyncio.sleep(0.1)


def _role(node: Node) -> str:
    return node.ask("ROLE").splitlines()[2]


def _tried(true: Callable[[], bool]) -> bool:
    """A node that is starting answers nothing yet."""
    try:
        return true()
    except (OSError, IndexError):
        return False
