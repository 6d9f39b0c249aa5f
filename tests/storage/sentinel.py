"""A master, its replicas, and the sentinels that watch over them; every one can be killed and started again."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.storage.embedded import server_binary
from tests.storage.cluster import Node, answers, free_pair, until

SERVICE = "chat"


@dataclass
class Watched:
    """`servers`: the first is the master at the beginning."""

    home: Path
    servers: list[Node] = field(default_factory=list)
    sentinels: list[Node] = field(default_factory=list)
    secret: str = ""  # in front of the @
    asks: str = ""  # behind the ?

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{each.port}" for each in self.sentinels)
        return f"redis+sentinel://{self.secret}{hosts}/{SERVICE}{self.asks}"

    @property
    def master(self) -> Node:
        """The server that the first sentinel names."""
        port = int(self.sentinels[0].ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", SERVICE).splitlines()[-1])
        return next(each for each in self.servers if each.port == port)

    @property
    def replica(self) -> Node:
        master = self.master
        return next(each for each in self.servers if each is not master)

    def fail_over(self) -> None:
        """As an operator does before maintenance."""
        before = self.master
        until(lambda: "+OK" in self.sentinels[0].ask("SENTINEL", "FAILOVER", SERVICE))
        until(lambda: self.master is not before)

    def kill_master(self) -> Node:
        """Returns the one that was killed, once another leads."""
        before = self.master
        before.kill()
        before.process.wait()
        until(lambda: self.master is not before)
        return before

    def restart(self, node: Node) -> None:
        node.process.wait()
        number = self.servers.index(node)
        self.servers[number] = Node(node.port, _start(self.home / f"server{number}", node.port))
        until(lambda: answers(self.servers[number]))

    def whole(self) -> bool:
        """Whether every replica keeps up with the master again."""
        return self.followed(self.master)

    def followed(self, master: Node) -> bool:
        said = master.ask("INFO", "replication")
        written = said.partition("master_repl_offset:")[2].split()[0]
        return written != "0" and said.count(f"online,offset={written},") == len(self.servers) - 1


@contextmanager
def watched(
    *,
    replicas: int = 1,
    sentinels: int = 1,
    options: Sequence[str] = (),
    sentinel_options: Sequence[str] = (),
    secret: str = "",
    asks: str = "",
) -> Iterator[Watched]:
    """`options` and `sentinel_options` are lines of configuration files."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(TemporaryDirectory(prefix="sb-")))
        trio = Watched(home, secret=secret, asks=asks)
        stack.callback(_end, trio)
        ports = [free_pair() for _ in range(1 + replicas)]
        plain = ["bind 127.0.0.1", 'save ""', "repl-diskless-sync-delay 0", "appendonly yes", *options]
        for number, port in enumerate(ports):
            follows = [f"replicaof 127.0.0.1 {ports[0]}"] if number else []
            place = _configure(home / f"server{number}", f"port {port}", *plain, *follows)
            trio.servers.append(Node(port, _start(place, port)))
        until(lambda: all(answers(each) for each in trio.servers))
        for number in range(sentinels):
            port = free_pair()
            lines = (
                f"sentinel monitor {SERVICE} 127.0.0.1 {ports[0]} {sentinels // 2 + 1}",
                f"sentinel down-after-milliseconds {SERVICE} 500",
                f"sentinel failover-timeout {SERVICE} 2000",
                *sentinel_options,
            )
            place = _configure(home / f"sentinel{number}", f"port {port}", "bind 127.0.0.1", *lines)
            trio.sentinels.append(Node(port, _start(place, port, "--sentinel")))
        until(lambda: all(_knows(each, replicas, sentinels - 1) for each in trio.sentinels))
        until(lambda: trio.followed(trio.servers[0]))
        yield trio


def _knows(sentinel: Node, replicas: int, others: int) -> bool:
    """Whether it has found everybody. One that wants a password tells nobody: then it answers at least."""
    try:
        said = sentinel.ask("SENTINEL", "MASTER", SERVICE).split("\r\n")
    except OSError:
        return False
    if said[0].startswith("-NOAUTH"):
        return True
    known = dict(zip(said[2::4], said[4::4], strict=False))
    return (known.get("num-slaves"), known.get("num-other-sentinels")) == (str(replicas), str(others))


def _configure(place: Path, *lines: str) -> Path:
    place.mkdir()
    (place / "server.conf").write_text("\n".join((f"dir {place}", *lines, "")))
    return place


def _start(place: Path, port: int, *words: str) -> subprocess.Popen[bytes]:
    command = [str(server_binary()), str(place / "server.conf"), *words]
    with (place / "log").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log)


def _end(trio: Watched) -> None:
    for each in (*trio.sentinels, *trio.servers):
        each.process.kill()
        each.process.wait()
