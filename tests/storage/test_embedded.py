"""The server that comes with Switchboard: it keeps what it is given, and there is one per data directory."""

import asyncio
import json
import os
import shutil
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
from bot.storage.embedded import embedded_server, embedded_trouble


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


def incremental(data_dir: Path) -> Path:
    (part,) = (data_dir / "appendonlydir").glob("*.incr.aof")
    return part


def broken_file(data_dir: Path) -> None:
    part = incremental(data_dir)
    part.write_bytes(part.read_bytes() + b"*nonsense\r\n" * 3)


def broken_manifest(data_dir: Path) -> None:
    (data_dir / "appendonlydir" / "appendonly.aof.manifest").write_text("nonsense\n")


def empty_manifest(data_dir: Path) -> None:
    (data_dir / "appendonlydir" / "appendonly.aof.manifest").write_text("")


def missing_file(data_dir: Path) -> None:
    incremental(data_dir).unlink()


def file_for_folder(data_dir: Path) -> None:
    (data_dir / "appendonlydir").rename(data_dir / "aside")
    (data_dir / "appendonlydir").write_text("x")


@pytest.mark.parametrize(
    ("spoil", "words", "remedy"),
    [
        (broken_file, "Bad file format reading the append only file", "valkey-check-aof"),
        (broken_manifest, "Invalid AOF manifest file format", "aside"),
        (empty_manifest, "Found an empty AOF manifest", "aside"),
        (missing_file, "Unable to obtain the AOF file", "aside"),
        (file_for_folder, "Not a directory", "writable"),
    ],
)
async def test_a_server_that_cannot_start_says_why_and_what_to_do(
    data_dir: Path, spoil: Callable[[Path], None], words: str, remedy: str
) -> None:
    async with embedded_server(data_dir) as url:
        ask(url, "SET", "k", "v")
    spoil(data_dir)
    with pytest.raises(SettingsError, match=r"did not start\. .*valkey\.log ends with") as refused:
        async with embedded_server(data_dir):
            pass

    assert words in str(refused.value)
    assert remedy in str(refused.value)


async def test_a_broken_file_can_be_repaired_as_it_says(data_dir: Path) -> None:
    async with embedded_server(data_dir) as url:
        ask(url, "SET", "k", "kept")
    broken_file(data_dir)
    with pytest.raises(SettingsError) as refused:
        async with embedded_server(data_dir):
            pass
    command = str(refused.value).partition("repair a copy of it: ")[2].removesuffix(".")
    subprocess.run(["/bin/bash", "-c", command], input=b"y\n", check=True, stdout=subprocess.DEVNULL)
    async with embedded_server(data_dir) as url:
        assert ask(url, "GET", "k") == "kept"


async def test_data_without_its_manifest_is_not_passed_over(data_dir: Path) -> None:
    async with embedded_server(data_dir) as url:
        ask(url, "SET", "k", "v")
    manifest = data_dir / "appendonlydir" / "appendonly.aof.manifest"
    kept = manifest.read_text()
    manifest.unlink()
    with pytest.raises(SettingsError, match="no manifest that names it"):
        async with embedded_server(data_dir):
            pass
    manifest.write_text(kept)
    async with embedded_server(data_dir) as url:
        assert ask(url, "GET", "k") == "v"


async def test_it_comes_back_when_the_folder_of_its_socket_is_removed(data_dir: Path) -> None:
    async with embedded_server(data_dir / ("d" * 60) / ("e" * 60)) as url:
        ask(url, "SET", "k", "kept")
        folder = Path(unquote(urlsplit(url).path)).parent
        shutil.rmtree(folder)

        eventually(lambda: ask(url, "GET", "k") == "kept")
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.rmdir()


async def test_it_begins_anew_and_says_so_when_its_folder_is_removed(
    data_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with embedded_server(data_dir) as url:
        before = pid(data_dir)
        shutil.rmtree(data_dir)

        eventually(lambda: ask(url, "SET", "k", "v") == "+OK")
        assert pid(data_dir) != before
    assert "folder was removed" in caplog.text


async def test_one_that_cannot_be_restarted_is_tried_ever_more_slowly(
    data_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with embedded_server(data_dir) as url:
        ask(url, "SET", "k", "v")
        broken_file(data_dir)
        os.kill(pid(data_dir), signal.SIGKILL)
        await asyncio.sleep(4)
        found = embedded_trouble(data_dir)
        restarts = caplog.text.count("embedded server restarted")

        assert 2 <= restarts <= 7
        assert found
        assert "Bad file format" in found.what
        assert "valkey-check-aof" in found.remedy


FULL_DISK = """
import asyncio, json, logging, sys, subprocess, time
from contextlib import suppress
from pathlib import Path
from bot.storage.embedded import embedded_server, embedded_trouble
from tests.storage.test_embedded import ask, eventually
restarts = []
class Counting(logging.Handler):
    def emit(self, record): restarts.append(record.getMessage())
logging.getLogger("bot.storage.embedded").addHandler(Counting())
folder = Path(sys.argv[1])
async def main():
    async with embedded_server(folder / "data") as url:
        taken, until, told = [], time.monotonic() + 6, None
        number = 0
        while time.monotonic() < until:
            number += 1
            with suppress(OSError, IndexError):
                if ask(url, "SET", f"k{number}", "x" * 3000) == "+OK":
                    taken.append(number)
                    continue
            told = told or embedded_trouble(folder / "data")
            await asyncio.sleep(0.01)
        count = len(restarts)
        subprocess.run(["mount", "-o", "remount,size=64m", folder], check=True)
        eventually(lambda: ask(url, "SET", "after", "1") == "+OK")
        lost = [number for number in taken if ask(url, "EXISTS", f"k{number}") != ":1"]
    print(json.dumps({"taken": len(taken), "lost": len(lost), "restarts": count, "told": str(told)}))
asyncio.run(main())
"""


async def test_a_full_disk_loses_nothing_and_is_told_and_the_server_does_not_spin(data_dir: Path) -> None:
    space = shutil.which("unshare")
    data_dir.mkdir()
    mount = 'mount -t tmpfs -o size=1m none "$1" && exec "$0" -c "$2" "$1"'
    words = ["-rm", "sh", "-c", mount, sys.executable, str(data_dir), FULL_DISK]
    if not space or subprocess.run([space, "-rm", "true"], check=False, capture_output=True).returncode:
        pytest.skip("a small disk needs mount namespaces (unshare -rm), which are not allowed here")
    ran = subprocess.run([space, *words], check=False, capture_output=True, text=True, timeout=90)
    assert ran.returncode == 0, ran.stderr
    said = json.loads(ran.stdout)

    assert said["taken"] > 50
    assert said["lost"] == 0
    assert said["restarts"] <= 8
    assert "free some space" in said["told"]
