"""Six servers that form a cluster: three masters and a replica of each."""

import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.storage.embedded import server_binary, wait_until

SLOTS = 16_384
MASTERS = 3
PATIENCE = 60.0  # seconds; forming takes one, on a machine with nothing else to do


@dataclass
class Node:
    port: int
    process: subprocess.Popen[bytes]
    words: Sequence[str] = ()

    def ask(self, *words: object) -> str:
        """One command; the answer as it came."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(" ".join(str(word) for word in words).encode() + b"\r\n")
            return connection.recv(1 << 16).decode()

    def id(self) -> str:
        return self.ask("CLUSTER", "MYID").splitlines()[-1]

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        """Starts a killed node anew, with nothing but its place in the cluster."""
        self.process.wait()
        self.process = start(self.words)


@dataclass(frozen=True)
class Cluster:
    nodes: tuple[Node, ...]

    @property
    def url(self) -> str:
        return "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)


@contextmanager
def cluster() -> Iterator[Cluster]:
    with ExitStack() as stack:
        home = Path(stack.enter_context(TemporaryDirectory(prefix="sb-")))
        nodes = tuple(_start(stack, home / str(number)) for number in range(MASTERS * 2))
        until(lambda: all(answers(node) for node in nodes))
        for node in nodes[1:]:
            nodes[0].ask("CLUSTER", "MEET", "127.0.0.1", node.port, node.port + 1)
        share = -(-SLOTS // MASTERS)
        for number, node in enumerate(nodes[:MASTERS]):
            last = min(SLOTS, (number + 1) * share) - 1
            node.ask("CLUSTER", "ADDSLOTSRANGE", number * share, last)
        until(lambda: all("cluster_known_nodes:6" in node.ask("CLUSTER", "INFO") for node in nodes))
        for number, node in enumerate(nodes[MASTERS:]):
            master = nodes[number].id()
            until(partial(_follows, node, master))
        until(lambda: all("cluster_state:ok" in node.ask("CLUSTER", "INFO") for node in nodes))
        until(lambda: all(node.ask("CLUSTER", "NODES").count("slave") == MASTERS for node in nodes))
        until(
            lambda: all(
                "master_link_status:up" in node.ask("INFO", "replication") for node in nodes[MASTERS:]
            )
        )
        yield Cluster(nodes)


def _follows(node: Node, master: str) -> bool:
    """Whether the node could be made a replica; it must have heard of the master first."""
    return "+OK" in node.ask("CLUSTER", "REPLICATE", master)


def _start(stack: ExitStack, home: Path) -> Node:
    home.mkdir()
    port = free_pair()
    options = {
        "port": port,
        "bind": "127.0.0.1",
        "dir": home,
        "cluster-enabled": "yes",
        "cluster-port": port + 1,
        "cluster-node-timeout": 1500,
        "save": "",
        "repl-diskless-sync-delay": 0,
    }
    words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
    node = Node(port, start(words), words)
    stack.callback(node.end)
    return node


def start(words: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([server_binary(), *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def free_pair() -> int:
    """A port that is free together with the next one."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


def answers(node: Node) -> bool:
    try:
        return "PONG" in node.ask("PING")
    except OSError:
        return False


def until(true: Callable[[], bool]) -> None:
    assert wait_until(true, PATIENCE), "the servers did not come together"
