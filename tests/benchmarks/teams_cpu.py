"""What a whole turn in Teams costs in CPU time: verified, stored, a model asked, its answer streamed, remembered;
against an echo bot on botbuilder-integration-aiohttp that keeps nothing and asks nobody.

    python -m venv STOCK && STOCK/bin/pip install botbuilder-integration-aiohttp==4.17.1
    python -m tests.benchmarks.teams_cpu STOCK/bin/python

Both run beside each other and take turns round by round, so that whatever else the machine does hits them alike.
Counted is the CPU time of each bot's own process, as the kernel tells it; Redis' is printed beside it.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web

from tests.benchmarks.authority import authority
from tests.chaos.run import free_ports
from tests.teams.fake import FakeTeams

WORDS = [f"word{number} " for number in range(20)]
CONFIG = """
default = "bench"

[providers.bench]
dialect = "openai-chat"
base_url = "{url}"
auth = "none"

[[models]]
name = "bench"
provider = "bench"
model = "bench-1"
"""
GOAL = 0.25


@dataclass(frozen=True, kw_only=True)
class Contestant:
    """One bot: where it listens, its process, and how to tell that it has answered."""

    name: str
    url: str
    process: asyncio.subprocess.Process
    answers: Callable[[str], int]

    def cpu(self) -> float:
        """Seconds of CPU its process has used."""
        return used(self.process.pid)


def used(pid: int) -> float:
    """Seconds of CPU of all threads of a process, to the nanosecond: /proc/PID/stat counts in hundredths."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text(encoding="ascii").split()[0]) for task in tasks) / 1e9


async def model(request: web.Request) -> web.StreamResponse:
    """A vendor that writes twenty pieces in about a second."""
    await request.read()
    response = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await response.prepare(request)
    for word in [*WORDS, ""]:
        choice = {"index": 0, "delta": {"content": word}, "finish_reason": None if word else "stop"}
        chunk = {"id": "c", "object": "chat.completion.chunk", "model": "bench-1", "choices": [choice]}
        await response.write(f"data: {json.dumps(chunk)}\n\n".encode())
        await asyncio.sleep(0.05)
    await response.write(b"data: [DONE]\n\n")
    return response


@asynccontextmanager
async def vendor() -> AsyncIterator[str]:
    app = web.Application()
    app.add_routes([web.post("/v1/chat/completions", model), web.get("/v1/models", no_models)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    await runner.cleanup()


async def no_models(request: web.Request) -> web.Response:
    return web.json_response({"object": "list", "data": [{"id": "bench-1", "object": "model"}]})


@asynccontextmanager
async def started(
    program: list[str], environment: dict[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *program, env=environment, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def switchboard(teams: FakeTeams, folder: Path) -> AsyncIterator[Contestant]:
    port, admin = free_ports(2)
    async with vendor() as url:
        (folder / "switchboard.toml").write_text(CONFIG.format(url=url), encoding="utf-8")
        environment = {
            "PATH": os.defpath,
            "PORT": str(port),
            "ADMIN_PORT": str(admin),
            "SWITCHBOARD_DATA_DIR": str(folder / "data"),
            "SWITCHBOARD_CONFIG": str(folder / "switchboard.toml"),
            "SWITCHBOARD_LOG_LEVEL": "warning",
            **teams.environment(),
        }
        async with started([sys.executable, "-m", "bot"], environment) as process:
            await reachable(f"http://127.0.0.1:{port}/healthz")
            yield Contestant(
                name="Switchboard",
                url=f"http://127.0.0.1:{port}",
                process=process,
                answers=lambda room: sum(bool(m.text) for m in teams.personal(room).said()),
            )


@asynccontextmanager
async def stock(teams: FakeTeams, python: str, folder: Path) -> AsyncIterator[Contestant]:
    (port,) = free_ports(1)
    async with authority(teams.issuer, folder) as (url, trusted):
        said = {
            "port": port,
            "metadata": teams.issuer.metadata_url,
            "authority": url,
            "app_id": teams.issuer.app_id,
            "password": teams.issuer.secret,
        }
        script = str(Path(__file__).with_name("stock_echo.py"))
        environment = {"PATH": os.defpath, "REQUESTS_CA_BUNDLE": str(trusted)}
        async with started([python, script, json.dumps(said)], environment) as process:
            await reachable(f"http://127.0.0.1:{port}/")
            yield Contestant(
                name="stock echo",
                url=f"http://127.0.0.1:{port}",
                process=process,
                answers=lambda room: len(teams.personal(room).said()),
            )


async def reachable(url: str) -> None:
    async with aiohttp.ClientSession() as http:
        for _ in range(300):
            try:
                async with http.get(url):
                    return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.1)
    raise SystemExit(f"{url} never answered")


async def one_turn(teams: FakeTeams, bot: Contestant, room: str) -> None:
    before = bot.answers(room)
    asked = teams.write(teams.personal(room), "How are you today?")
    delivered = await teams.send(asked, bot_url=bot.url)
    assert 200 <= delivered.status < 300, f"{bot.name} answered {delivered.status} {delivered.body}"
    while bot.answers(room) == before:  # noqa: ASYNC110 - what it waits for happens in another process
        await asyncio.sleep(0.02)


async def a_round(teams: FakeTeams, bot: Contestant, rooms: int) -> float:
    """CPU milliseconds per turn, when so many people ask at once."""
    before = bot.cpu()
    async with asyncio.timeout(120), asyncio.TaskGroup() as people:
        for number in range(rooms):
            people.create_task(one_turn(teams, bot, f"a:{bot.name}-{number}"))
    return (bot.cpu() - before) * 1000 / rooms


async def compare(python: str, rounds: int, rooms: int) -> int:
    with tempfile.TemporaryDirectory(prefix="sb-") as folder:
        async with FakeTeams() as teams:
            teams.connector.quota = False  # its limits per app would make a benchmark of patience
            async with switchboard(teams, Path(folder)) as ours, stock(teams, python, Path(folder)) as theirs:
                figures: dict[str, list[float]] = {ours.name: [], theirs.name: []}
                server = int((Path(folder) / "data" / "valkey.pid").read_text(encoding="ascii"))
                redis_before = used(server)
                for number in range(rounds + 1):
                    for bot in (ours, theirs):
                        spent = await a_round(teams, bot, rooms)
                        if number:  # the first one warms up
                            figures[bot.name].append(spent)
                redis = used(server) - redis_before
    return report(figures, redis * 1000 / (rooms * (rounds + 1)), rounds * rooms)


def report(figures: dict[str, list[float]], redis: float, turns: int) -> int:
    medians = [statistics.median(spent) for spent in figures.values()]
    for name, spent in figures.items():
        sys.stdout.write(
            f"{name:12} {statistics.median(spent):6.2f} ms CPU per turn  ({min(spent):.2f} to {max(spent):.2f})\n"
        )
    ratio = medians[0] / medians[1]
    sys.stdout.write(
        f"ratio {ratio:.2f} over {turns} turns each (goal {GOAL}); Redis itself {redis:.2f} ms per turn\n"
    )
    return 0 if ratio <= 2 * GOAL else 1


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("python", help="an interpreter that has botbuilder-integration-aiohttp")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--people", type=int, default=30, help="who ask at the same time")
    given = parser.parse_args()
    began = time.monotonic()
    code = asyncio.run(compare(given.python, given.rounds, given.people))
    sys.stdout.write(f"{time.monotonic() - began:.0f} s\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
