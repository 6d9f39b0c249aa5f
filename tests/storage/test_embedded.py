"""The server that comes with Switchboard: it keeps what it is given, and there is one per data directory."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit

import pytest

from bot.domain.errors import SettingsError
from bot.storage.embedded import embedded_server


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with TemporaryDirectory(prefix="sb-") as directory:  # tmp_path is too long for a socket on some machines
        yield Path(directory) / "data"


def ask(url: str, *words: str) -> str:
    """One command over the server's socket, as the person at a terminal would send it."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        connection.connect(unquote(urlsplit(url).path))
        connection.sendall(" ".join(words).encode() + b"\r\n")
        answer = connection.recv(4096).decode()
    return answer.splitlines()[-1]


def eventually(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        try:
            if true():
                return
        except OSError:
            pass
        time.sleep(0.02)
    pytest.fail("it did not happen within 15 s")


def pid(data_dir: Path) -> int:
    return int((data_dir / "valkey.pid").read_text())


async def test_what_was_stored_is_there_after_a_restart(data_dir: Path) -> None:
    async with embedded_server(data_dir) as url:
        ask(url, "SET", "k", "kept")
    assert not (data_dir / "valkey.sock").exists()
    async with embedded_server(data_dir) as url:
        assert ask(url, "GET", "k") == "kept"


async def test_nobody_else_on_the_machine_can_reach_it(data_dir: Path) -> None:
    async with embedded_server(data_dir) as url:
        assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
        assert stat.S_IMODE(Path(unquote(urlsplit(url).path)).stat().st_mode) == 0o700
        assert ask(url, "CONFIG", "GET", "port") == "0"


async def test_every_write_is_on_disk_before_it_is_acknowledged(data_dir: Path) -> None:
    async with embedded_server(data_dir) as url:
        assert ask(url, "CONFIG", "GET", "appendonly") == "yes"
        assert ask(url, "CONFIG", "GET", "appendfsync") == "always"
        assert ask(url, "CONFIG", "GET", "maxmemory-policy") == "noeviction"


async def test_it_comes_back_with_its_data_when_it_is_killed(data_dir: Path) -> None:
    async with embedded_server(data_dir) as url:
        ask(url, "SET", "k", "kept")
        before = pid(data_dir)
        os.kill(before, signal.SIGKILL)

        eventually(lambda: ask(url, "GET", "k") == "kept")
        assert pid(data_dir) != before


async def test_it_comes_back_when_somebody_removes_its_socket(data_dir: Path) -> None:
    async with embedded_server(data_dir) as url:
        ask(url, "SET", "k", "kept")
        (data_dir / "valkey.sock").unlink()

        eventually(lambda: ask(url, "GET", "k") == "kept")


async def test_two_on_one_directory_share_a_server_until_the_last_one_leaves(data_dir: Path) -> None:
    async with embedded_server(data_dir) as second:
        async with embedded_server(data_dir) as first:
            assert first == second
            server = pid(data_dir)
        assert ask(second, "PING") == "+PONG"
        assert pid(data_dir) == server
    with pytest.raises(OSError, match=r"No such file|refused"):
        ask(second, "PING")


STARTER = """
import asyncio, sys
from pathlib import Path
from bot.storage.embedded import embedded_server
async def main():
    async with embedded_server(Path(sys.argv[1])) as url:
        print(url, flush=True)
        await asyncio.to_thread(sys.stdin.readline)
asyncio.run(main())
"""


def start(data_dir: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", STARTER, str(data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


async def test_the_server_of_a_killed_process_is_adopted_and_then_stopped(data_dir: Path) -> None:
    with start(data_dir) as owner:
        assert owner.stdout is not None
        url = owner.stdout.readline().strip()
        ask(url, "SET", "k", "kept")
        server = pid(data_dir)
        owner.kill()
    async with embedded_server(data_dir) as again:
        assert again == url
        assert pid(data_dir) == server
        assert ask(again, "GET", "k") == "kept"
    with pytest.raises(OSError, match=r"No such file|refused"):
        ask(url, "PING")


async def test_processes_that_start_at_the_same_moment_end_up_with_one_server(data_dir: Path) -> None:
    data_dir.mkdir()
    with start(data_dir) as one, start(data_dir) as two:
        assert one.stdout is not None
        assert two.stdout is not None
        urls = {one.stdout.readline().strip(), two.stdout.readline().strip()}
        (url,) = urls
        ask(url, "SET", "k", "kept")
        one.communicate("\n")
        assert ask(url, "GET", "k") == "kept"
        two.communicate("\n")
    assert (one.returncode, two.returncode) == (0, 0)
    with pytest.raises(OSError, match=r"No such file|refused"):
        ask(url, "PING")


async def test_a_directory_with_a_very_long_name_works_too(data_dir: Path) -> None:
    deep = data_dir / ("d" * 60) / ("e" * 60)
    async with embedded_server(deep) as url:
        ask(url, "SET", "k", "kept")
        async with embedded_server(deep) as second:
            assert second == url
    async with embedded_server(deep) as url:
        assert ask(url, "GET", "k") == "kept"
    Path(unquote(urlsplit(url).path)).parent.rmdir()


async def test_a_directory_that_cannot_be_written_is_refused_with_a_remedy(data_dir: Path) -> None:
    data_dir.write_text("a file")
    with pytest.raises(SettingsError, match="Choose a directory"):
        async with embedded_server(data_dir):
            pass


async def test_a_server_that_cannot_start_says_why(data_dir: Path) -> None:
    async with embedded_server(data_dir) as url:
        ask(url, "SET", "k", "v")
    (part,) = (data_dir / "appendonlydir").glob("*.incr.aof")
    part.write_bytes(b"*nonsense\r\n" + part.read_bytes())
    with pytest.raises(SettingsError, match=r"did not start\. .*valkey\.log ends with"):
        async with embedded_server(data_dir):
            pass
