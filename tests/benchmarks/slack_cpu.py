"""CPU for one answered mention in Slack: Switchboard against a bare Bolt app with the openai SDK, which keeps nothing.

    python -m venv PEER && PEER/bin/pip install slack-bolt aiohttp openai
    python -m tests.benchmarks.slack_cpu PEER/bin/python [--answer long] [--gap 5] [--turns 30] [--at-once 8]

Both hear the same signed events, ask the same model server over HTTP, show a placeholder and then the answer. They take
turns round by round in one run, so that whatever else the machine does hits them alike. Counted is the CPU time of each
bot's own process, as the kernel tells it, and how often it called Slack.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from bot.delivery.pacing import WallClock
from bot.storage.data_folder import socket_path
from tests.benchmarks.vendor import ANSWERS, MODEL, AnswerKind, model_server
from tests.ops.product import ROOT, running
from tests.slack.fake import events
from tests.slack.fake.server import SECRET, FakeSlack, fake_slack
from tests.slack.fake.world import Channel

TEAM, TOKEN = "T1", "xoxb-1"
PEOPLE = [f"U{number}" for number in range(1, 129)]  # one person has a few answers at once only
SPREAD = 6  # threads for each that is asked at once
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


@dataclass(slots=True, kw_only=True)
class Contestant:
    """One of the two: its process, where it hears, and the threads it is asked in."""

    name: str
    pid: int
    url: str
    threads: list[tuple[Channel, str]]
    server: Redis | None  # the one that it keeps its memory in

    async def trips(self) -> int:
        """How often it has written to Redis, several commands at once counted once."""
        return int((await self.server.info("stats"))["total_reads_processed"]) if self.server else 0

    def cpu(self) -> float:
        """Seconds of CPU its process has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


@asynccontextmanager
async def bolt(python: str, api_url: str, model_url: str) -> AsyncIterator[tuple[int, str]]:
    said = json.dumps({"api": api_url, "model": model_url, "token": TOKEN, "secret": SECRET})
    process = await asyncio.create_subprocess_exec(
        python, str(ROOT / "tests/benchmarks/bolt_peer.py"), said, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    port = int(await process.stdout.readline())
    yield process.pid, f"http://127.0.0.1:{port}/slack/events"
    process.kill()
    await process.wait()


async def asked(fake: FakeSlack, runner: Contestant, number: int, kind: AnswerKind) -> float:
    """Mentions it in one of its threads, or in a channel of its own; the milliseconds until the whole answer."""
    slack, team, door = fake.slack, fake.slack.teams[TEAM], fake.http(runner.url)
    place, thread = runner.threads[number % len(runner.threads)]
    began = time.perf_counter()
    words = f"<@{team.bot_user}> tell me something"
    said = events.said(slack, place, PEOPLE[number % len(PEOPLE)], words, thread=thread)
    if not thread:
        runner.threads[number % len(runner.threads)] = place, said.ts
    for twin in (events.message(slack, said), events.mention(slack, said)):
        assert (await door.event(events.envelope(slack, team, twin))).status == 200
    while not any(  # noqa: ASYNC110 - the fake is another side of the wire: looked at, not told
        each.ts > said.ts and each.bot_id and _whole(each, kind) for each in place.messages.values()
    ):
        await asyncio.sleep(0.01)
    return (time.perf_counter() - began) * 1000


def _whole(message: Any, kind: AnswerKind) -> bool:
    shown = f"{message.text}{message.blocks}"
    return kind.last in shown and "Stop" not in shown


async def burst(fake: FakeSlack, runner: Contestant, load: Load, mentions: int) -> list[float]:
    """Several threads at once, each one mention after the other; the milliseconds that each took."""
    waits: list[float] = []

    async def thread(number: int) -> None:
        mine = range(number, mentions, load.at_once)
        waits.extend([await asked(fake, runner, each, load.kind) for each in mine])

    async with asyncio.TaskGroup() as group:
        for number in range(load.at_once):
            group.create_task(thread(number))
    return waits


def new_threads(fake: FakeSlack, runner: Contestant, load: Load, name: str) -> None:
    """Many channels, one after the other: Slack takes about a message a second in one."""
    runner.threads = [
        (fake.slack.add_channel(f"C{name}{runner.pid}N{number}", TEAM), "")
        for number in range(load.at_once * SPREAD)
    ]


async def measure(fake: FakeSlack, runners: Sequence[Contestant], rounds: int, load: Load) -> None:
    for runner in runners:
        new_threads(fake, runner, load, "WARM")
        await burst(fake, runner, load, len(runner.threads) * max(load.turns, 1))
    ratios: list[float] = []
    for number in range(rounds):
        spent: list[float] = []
        for runner in runners:
            if not load.turns:
                new_threads(fake, runner, load, str(number))
            before, calls, began = runner.cpu(), len(fake.slack.calls), time.perf_counter()
            trips = await runner.trips()
            waits = await burst(fake, runner, load, load.mentions)
            rate = load.mentions / (time.perf_counter() - began)
            spent.append((runner.cpu() - before) / load.mentions * 1000)
            called = (len(fake.slack.calls) - calls) / load.mentions
            asked_redis = (await runner.trips() - trips) / load.mentions
            print(  # noqa: T201
                f"round {number}: {runner.name:12} {spent[-1]:6.2f} ms CPU per mention, {called:4.1f} calls of Slack, "
                f"{asked_redis:4.1f} trips to Redis, "
                f"{statistics.median(waits):6.1f} ms to the whole answer, {rate:5.0f} replies/s",
                flush=True,
            )
        ratios.append(spent[0] / spent[1])
    print(f"ratio of CPU, switchboard / bare bolt: {statistics.median(ratios):.2f}")  # noqa: T201


async def main(python: str, rounds: int, load: Load, gap: float) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        async with (
            fake_slack(clock=WallClock(), limits=False) as fake,
            model_server(load.kind, gap) as model,
        ):
            fake.slack.add_team(TEAM, token=TOKEN)
            for person in PEOPLE:
                fake.slack.add_person(person, TEAM)
            settings = {
                "SLACK_BOT_TOKEN": TOKEN,
                "SLACK_SIGNING_SECRET": SECRET,
                "SLACK_API_URL": fake.api_url,
                "OPENAI_API_KEY": "k",
                "OPENAI_BASE_URL": model,
            }
            Path(folder, "switchboard.toml").write_text(CONFIG)
            async with (
                running(Path(folder), **settings) as ours,
                Redis(unix_socket_path=str(socket_path(Path(folder, "data").resolve()))) as server,
                bolt(python, fake.api_url, model) as (pid, url),
            ):
                runners = (
                    Contestant(
                        name="switchboard",
                        pid=ours.process.pid,
                        url=f"{ours.public}/slack/events",
                        threads=[],
                        server=server,
                    ),
                    Contestant(name="bare bolt", pid=pid, url=url, threads=[], server=None),
                )
                await measure(fake, runners, rounds, load)


def arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("python", help="an interpreter with slack-bolt, aiohttp and openai")
    parser.add_argument("--answer", choices=sorted(ANSWERS), default="short")
    parser.add_argument("--gap", type=float, default=5.0, help="milliseconds between two pieces")
    parser.add_argument("--turns", type=int, default=0, help="of memory before it counts")
    parser.add_argument("--at-once", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mentions", type=int, default=120, help="in each round")
    return parser.parse_args(words)


if __name__ == "__main__":
    said = arguments(sys.argv[1:])
    load = Load(kind=ANSWERS[said.answer], turns=said.turns, at_once=said.at_once, mentions=said.mentions)
    asyncio.run(main(said.python, said.rounds, load, said.gap / 1000))
