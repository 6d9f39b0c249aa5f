"""A master, a replica, and a sentinel that watches over them."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.storage.embedded import server_binary
from tests.storage.cluster import Node, answers, free_pair, until

SERVICE = "chat"


@dataclass(frozen=True)
class Watched:
    master: Node
    replica: Node
    sentinel: Node

    @property
    def url(self) -> str:
        return f"redis+sentinel://127.0.0.1:{self.sentinel.port}/{SERVICE}"


@contextmanager
def watched() -> Iterator[Watched]:
    with ExitStack() as stack:
        home = Path(stack.enter_context(TemporaryDirectory(prefix="sb-")))
        master, replica, sentinel = (free_pair() for _ in range(3))
        config = home / "sentinel.conf"
        config.write_text(
            f"port {sentinel}\nbind 127.0.0.1\ndir {home}\n"
            f"sentinel monitor {SERVICE} 127.0.0.1 {master} 1\n"
            f"sentinel down-after-milliseconds {SERVICE} 500\n"
            f"sentinel failover-timeout {SERVICE} 2000\n"
        )
        plain = ("--bind", "127.0.0.1", "--save", "", "--repl-diskless-sync-delay", "0")
        nodes = (
            _start(stack, home / "m", master, *plain),
            _start(stack, home / "r", replica, *plain, "--replicaof", "127.0.0.1", str(master)),
        )
        until(lambda: all(answers(node) for node in nodes))
        until(lambda: "master_link_status:up" in nodes[1].ask("INFO", "replication"))
        guard = _start(stack, home / "s", sentinel, config=config)
        until(lambda: answers(guard) and str(replica) in guard.ask("SENTINEL", "REPLICAS", SERVICE))
        yield Watched(*nodes, guard)


def _start(stack: ExitStack, home: Path, port: int, *options: str, config: Path | None = None) -> Node:
    home.mkdir()
    words = [str(config), "--sentinel"] if config else ["--port", str(port), "--dir", str(home), *options]
    process = stack.enter_context(
        subprocess.Popen([server_binary(), *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    )
    stack.callback(process.kill)
    return Node(port, process)
