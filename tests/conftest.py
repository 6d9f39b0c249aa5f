"""What every test stands on: a real server, a namespace of its own on it, and no way off this machine."""

import asyncio
import ipaddress
import os
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bot.storage.embedded import embedded_server
from bot.storage.open import Storage, StorageOptions, open_storage

HERE = {"localhost", "127.0.0.1", "::1", "0.0.0.0", "::", "", None}
strayed: list[str] = []


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: tests of what is killed and of leases that run out wait more than they compute."""
    return (os.cpu_count() or 1) + 1


def pytest_configure() -> None:
    """An audit hook sees every connection and look-up that Python makes, whatever library asked for it."""
    sys.addaudithook(stay_here)


def stay_here(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None  # a unix socket's address is its path
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    name = host.decode() if isinstance(host, bytes) else host
    if name in HERE:
        return
    with suppress(ValueError):
        if ipaddress.ip_address(str(name)).is_loopback:
            return
    strayed.append(str(name))
    raise PermissionError(f"A test reached for {name}, beyond this machine.")


@pytest.fixture(autouse=True)
def _stays_on_this_machine() -> Iterator[None]:
    """Fails the test that reached beyond loopback, even where the code under test swallowed the refusal."""
    strayed.clear()
    yield

    assert not strayed, f"reached beyond this machine: {strayed}"


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """The URL of a real server that lives as long as the test session, or of the one in TEST_REDIS_URL."""
    if given := os.environ.get("TEST_REDIS_URL"):
        yield given
        return
    with (
        tempfile.TemporaryDirectory(prefix="sb-") as directory,
        asyncio.Runner() as runner,
    ):
        server = embedded_server(Path(directory) / "data")
        yield runner.run(server.__aenter__())
        runner.run(server.__aexit__(None, None, None))


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """The same URL, for tests that also take `prefix`: nothing is ever flushed."""
    return redis_server


@pytest.fixture
def prefix() -> str:
    """A key prefix nobody else uses."""
    return f"t{uuid.uuid4().hex[:12]}"


@pytest.fixture
async def storage(redis_url: str, prefix: str) -> AsyncIterator[Storage]:
    """All of the storage on the real server, in a namespace of this test's own."""
    async with open_storage(redis_url, StorageOptions(prefix=prefix)) as opened:
        yield opened
