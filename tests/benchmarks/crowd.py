"""A thousand conversations at once in one process: `python -m tests.benchmarks.crowd [--streams 1000] [--rate 20]`.

Each is a mention in a channel of its own, whose answer comes in `--rate` pieces a second for `--seconds`. Printed are, while all
of them grow: how late the event loop is, the CPU and the memory of the product over its idle self, how long Slack
waited for its 200, and what became of the answers.
"""

import argparse
import asyncio
import re
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from bot.delivery.pacing import WallClock
from tests.benchmarks.contest import CONFIG, TICKS
from tests.benchmarks.slack_cpu import TEAM, TOKEN
from tests.ops.product import ROOT, Product, running
from tests.slack.fake import events
from tests.slack.fake.server import SECRET, FakeSlack, fake_slack
from tests.slack.fake.world import Channel
from tests.stalls import stalls

END = "The end."
LAG, STORED, BEGUN = "loop_lag_seconds", "inbox_ack_seconds", "ready_lag_seconds"
BUCKET = r'{name}_bucket\{{le="([^"]+)"\}} (\d+)'


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """`streams` answers of `seconds`, of which `starts` begin a second."""

    streams: int
    rate: float
    seconds: float
    starts: float


@dataclass(slots=True)
class Seen:
    acknowledged: list[float] = field(default_factory=list)
    refused: int = 0


@asynccontextmanager
async def vendor(crowd: Crowd) -> AsyncIterator[str]:
    pieces, gap = str(int(crowd.rate * crowd.seconds)), str(1 / crowd.rate)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.benchmarks.dripping_vendor", pieces, gap),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    yield f"http://127.0.0.1:{int(await process.stdout.readline())}"
    process.kill()
    await process.wait()


async def told(url: str) -> str:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return await answer.text()


def memory(pid: int) -> int:
    """Megabytes that it holds."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) // 1024


def cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def share(before: Mapping[float, int], after: Mapping[float, int], part: float) -> float:
    """The bucket in which that part of what was measured in between ends, in seconds."""
    counts = {bound: after[bound] - before.get(bound, 0) for bound in after}
    return min(
        (bound for bound, count in counts.items() if count >= part * max(counts.values())), default=0.0
    )


async def measured(product: Product, name: str) -> dict[float, int]:
    """A histogram of the product's own: how many took at most so many seconds."""
    text = await told(f"{product.admin}/metrics")
    return {float(bound): int(count) for bound, count in re.findall(BUCKET.format(name=name), text)}


async def ask(fake: FakeSlack, product: Product, place: Channel, person: str, seen: Seen) -> None:
    slack, team, door = fake.slack, fake.slack.teams[TEAM], fake.http(f"{product.public}/slack/events")
    said = events.said(slack, place, person, f"<@{team.bot_user}> tell me something")
    for twin in (events.message(slack, said), events.mention(slack, said)):
        began = time.perf_counter()
        status = (await door.event(events.envelope(slack, team, twin))).status
        seen.acknowledged.append(time.perf_counter() - began)
        seen.refused += status != 200


def whole(place: Channel) -> bool:
    return any(
        one.bot_id and END in f"{one.text}{one.blocks}" and "Stop" not in str(one.blocks)
        for one in place.messages.values()
    )


async def measure(fake: FakeSlack, product: Product, url: str, crowd: Crowd) -> None:
    team, pid, seen = fake.slack.teams[TEAM], product.process.pid, Seen()
    people = [f"U{number}" for number in range(crowd.streams // 3 + 1)]
    for person in people:
        fake.slack.add_person(person, team.id)
    places = [fake.slack.add_channel(f"C{number}", team.id) for number in range(crowd.streams)]
    idle = memory(pid)
    async with stalls() as here, asyncio.TaskGroup() as group:
        for number, place in enumerate(places):
            group.create_task(ask(fake, product, place, people[number % len(people)], seen))
            await asyncio.sleep(1 / crowd.starts)
    asked, before, began, used = (
        await told(f"{url}/counts"),
        await measured(product, LAG),
        time.perf_counter(),
        cpu(pid),
    )
    await asyncio.sleep(max(5.0, crowd.seconds - crowd.streams / crowd.starts - 5))
    after, took, used = await measured(product, LAG), time.perf_counter() - began, cpu(pid) - used
    most = memory(pid)
    print(f"asked for {asked}")  # noqa: T201
    print(  # noqa: T201
        f"while they grow: loop late p50 {share(before, after, 0.5)} s, p99 {share(before, after, 0.99)} s (upper bounds), "
        f"CPU {used / took:.0%} of a core, {most - idle} MB over {idle} MB"
    )
    until = time.perf_counter() + crowd.seconds + 120
    while (  # noqa: ASYNC110 - the fake is another side of the wire: looked at, not told
        sum(map(whole, places)) < crowd.streams and time.perf_counter() < until
    ):
        await asyncio.sleep(0.5)
    print(f"in the end {await told(f'{url}/counts')}")  # noqa: T201
    acknowledged = statistics.quantiles(seen.acknowledged, n=100)
    stored, started = await measured(product, STORED), await measured(product, BEGUN)
    print(  # noqa: T201
        f"{sum(map(whole, places))} of {crowd.streams} answers whole, {seen.refused} events not taken within 3 s; "
        f"events stored within p50 {share({}, stored, 0.5)} s, p99 {share({}, stored, 0.99)} s, "
        f"begun within p50 {share({}, started, 0.5)} s, p99 {share({}, started, 0.99)} s (upper bounds); "
        f"200 heard here (this side was late by up to {here.worst * 1000:.0f} ms itself) after p50 {acknowledged[49] * 1000:.0f} ms, p99 {acknowledged[98] * 1000:.0f} ms"
    )


async def main(crowd: Crowd) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        async with fake_slack(clock=WallClock(), limits=False) as fake, vendor(crowd) as url:
            fake.slack.add_team(TEAM, token=TOKEN)
            settings = {
                "SLACK_BOT_TOKEN": TOKEN,
                "SLACK_SIGNING_SECRET": SECRET,
                "SLACK_API_URL": fake.api_url,
                "OPENAI_API_KEY": "k",
                "OPENAI_BASE_URL": f"{url}/v1",
            }
            limits = f"\n[limits]\nanswers = {crowd.streams}\n"
            Path(folder, "switchboard.toml").write_text(CONFIG + limits)
            async with running(Path(folder), **settings) as product:
                await measure(fake, product, url, crowd)


def arguments(words: Sequence[str]) -> Crowd:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--streams", type=int, default=1_000)
    parser.add_argument("--rate", type=float, default=20.0, help="pieces a second of each")
    parser.add_argument("--seconds", type=float, default=75.0, help="of each answer")
    parser.add_argument("--starts", type=float, default=25.0, help="questions a second")
    said = parser.parse_args(words)
    return Crowd(streams=said.streams, rate=said.rate, seconds=said.seconds, starts=said.starts)


if __name__ == "__main__":
    asyncio.run(main(arguments(sys.argv[1:])))
