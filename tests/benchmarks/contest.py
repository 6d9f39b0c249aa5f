"""A contest of two bots: the same questions to both, round by round in one run, so that whatever else the machine does hits
them alike. Counted is the CPU time of each bot's own process, as the kernel tells it, and what it called.
"""

import argparse
import asyncio
import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from redis.asyncio import Redis

from bot.storage.data_folder import socket_path
from tests.benchmarks.vendor import ANSWERS, MODEL, AnswerKind

TICKS = os.sysconf("SC_CLK_TCK")
CONFIG = f"""
default = "m"

[[models]]
name = "m"
provider = "openai"
model = "{MODEL}"
dialect = "openai-chat"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is asked: `turns` of memory in each thread before it counts, so many mentions at once."""

    kind: AnswerKind
    turns: int
    at_once: int
    mentions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """One of the two: its process, and where it hears."""

    name: str
    pid: int
    url: str
    server: Redis | None = None  # the one that it keeps its memory in

    async def trips(self) -> int:
        """How often it has written to Redis, several commands at once counted once."""
        return int((await self.server.info("stats"))["total_reads_processed"]) if self.server else 0

    def cpu(self) -> float:
        """Seconds of CPU its process has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


class Platform(Protocol):
    """Where people ask. Implemented by the benchmark of each platform."""

    @property
    def name(self) -> str: ...

    @property
    def calls(self) -> int:
        """How often bots have called it."""
        ...

    def new_threads(self, runner: Contestant, load: Load, name: str) -> int:
        """Threads in which nobody has said anything, one or more for each that asks at once; how many they are."""
        ...

    async def asked(self, runner: Contestant, number: int, kind: AnswerKind) -> float:
        """Asks it in its thread of that number, the first again after the last; the milliseconds until the whole answer."""
        ...


def bundled(folder: Path) -> Redis:
    """The server that a Switchboard in this folder brings along."""
    return Redis(unix_socket_path=str(socket_path(Path(folder, "data").resolve())))


async def burst(platform: Platform, runner: Contestant, load: Load, mentions: int) -> list[float]:
    """Several threads at once, each one mention after the other; the milliseconds that each took."""
    waits: list[float] = []

    async def thread(number: int) -> None:
        mine = range(number, mentions, load.at_once)
        waits.extend([await platform.asked(runner, each, load.kind) for each in mine])

    async with asyncio.TaskGroup() as group:
        for number in range(load.at_once):
            group.create_task(thread(number))
    return waits


async def one_round(platform: Platform, runner: Contestant, load: Load, title: str) -> float:
    """CPU milliseconds per mention; prints them with everything else that was counted."""
    before, calls, trips = runner.cpu(), platform.calls, await runner.trips()
    began = time.perf_counter()
    waits = await burst(platform, runner, load, load.mentions)
    rate = load.mentions / (time.perf_counter() - began)
    spent = (runner.cpu() - before) / load.mentions * 1000
    called = (platform.calls - calls) / load.mentions
    asked_redis = (await runner.trips() - trips) / load.mentions
    print(  # noqa: T201
        f"{title}: {runner.name:12} {spent:6.2f} ms CPU per mention, {called:4.1f} calls of {platform.name}, "
        f"{asked_redis:4.1f} trips to Redis, "
        f"{statistics.median(waits):6.1f} ms to the whole answer, {rate:5.0f} replies/s",
        flush=True,
    )
    return spent


async def measure(platform: Platform, runners: Sequence[Contestant], rounds: int, load: Load) -> float:
    """The median ratio of CPU, the first to the second."""
    for runner in runners:
        threads = platform.new_threads(runner, load, "WARM")
        await burst(platform, runner, load, threads * max(load.turns, 1))
    ratios: list[float] = []
    for number in range(rounds):
        spent: list[float] = []
        for runner in runners:
            if not load.turns:
                platform.new_threads(runner, load, str(number))
            spent.append(await one_round(platform, runner, load, f"round {number}"))
        ratios.append(spent[0] / spent[1])
    ratio = statistics.median(ratios)
    print(f"ratio of CPU, {' / '.join(runner.name for runner in runners)}: {ratio:.2f}")  # noqa: T201
    return ratio


def options(about: str | None, peer: str, *, at_once: int) -> argparse.ArgumentParser:
    """What every contest is told: the peer's interpreter, and the load."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("python", help=f"an interpreter with {peer}")
    parser.add_argument("--answer", choices=sorted(ANSWERS), default="short")
    parser.add_argument("--gap", type=float, default=5.0, help="milliseconds between two pieces")
    parser.add_argument("--turns", type=int, default=0, help="of memory before it counts")
    parser.add_argument("--at-once", type=int, default=at_once)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mentions", type=int, default=120, help="in each round")
    return parser


def load_of(said: argparse.Namespace) -> Load:
    return Load(kind=ANSWERS[said.answer], turns=said.turns, at_once=said.at_once, mentions=said.mentions)
