"""What a question costs in a thread of 10,000 turns against one of 50: `python -m tests.benchmarks.long_threads`.

Both kinds of threads are filled through the real record and asked in turns, round by round, in one run, so that whatever
else the machine does hits them alike. Counted for each question: the CPU of the product's own process and of Redis, and
what Redis sent. It is done for a window that 50 turns fill, where both kinds of questions show a model equally much, and
for a large one. `--apart` asks each question of another process than the one before it, which remembers nothing of the
thread.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from redis.asyncio import Redis

from bot.delivery.pacing import WallClock
from bot.domain.claims import Outcome
from bot.domain.events import Author, MessageReceived, ThreadKey
from bot.domain.stream_parts import Usage
from bot.domain.turns import ChatMessage, Turn
from bot.storage.embedded import embedded_server
from bot.storage.open import Storage, StorageOptions, open_storage
from tests.benchmarks.vendor import ANSWERS, MODEL, AnswerKind, model_server
from tests.ops.product import Product, running
from tests.slack.fake import events
from tests.slack.fake.server import SECRET, FakeSlack, fake_slack
from tests.slack.fake.world import Channel, Message

TEAM, TOKEN = "T1", "xoxb-1"
SHORT, LONG = 50, 10_000
ASKED = "tell me something about it"
AT_ONCE = 100  # turns of one commit
TICKS = os.sysconf("SC_CLK_TCK")
CONFIG = """
default = "m"

[[models]]
name = "m"
provider = "openai"
model = "{model}"
dialect = "openai-chat"
context = {window}
max_output = 1000
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is asked: `questions` in each of `threads` of a kind, in each round."""

    kind: AnswerKind
    threads: int
    questions: int
    rounds: int
    apart: bool
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Of one question: milliseconds of CPU, ours and Redis', and the bytes that Redis sent."""

    ours: float
    redis: float
    sent: float


@dataclass(slots=True, kw_only=True)
class Bench:
    """The product, as one process or two, the server that it keeps its memory in, and Slack."""

    fake: FakeSlack
    replicas: Sequence[Product]
    server: Redis
    asked: int = 0
    own: float = 0.0  # bytes that one look at the server costs
    threads: dict[int, list[tuple[Channel, Message]]] = field(default_factory=dict)

    def cpu(self) -> float:
        return sum(_seconds(product.process.pid) for product in self.replicas)

    async def look(self) -> tuple[float, float]:
        """Seconds of CPU and bytes sent, since the server started."""
        told = await self.server.info()
        return told["used_cpu_user"] + told["used_cpu_sys"], told["total_net_output_bytes"]

    async def round(self, turns: int, load: Load) -> Cost:
        """Some questions in each thread of a kind."""
        before, cpu = await self.look(), self.cpu()
        async with asyncio.TaskGroup() as group:
            for place, root in self.threads[turns]:
                group.create_task(self._questions(place, root, load))
        number = load.questions * load.threads
        ours, after = self.cpu() - cpu, await self.look()
        return Cost(
            ours=ours / number * 1000,
            redis=(after[0] - before[0]) / number * 1000,
            sent=(after[1] - before[1] - self.own) / number,
        )

    async def _questions(self, place: Channel, root: Message, load: Load) -> None:
        for _ in range(load.questions):
            await self._ask(place, root, load.kind)

    async def _ask(self, place: Channel, root: Message, kind: AnswerKind) -> None:
        slack, team = self.fake.slack, self.fake.slack.teams[TEAM]
        door = self.fake.http(f"{self.replicas[0].public}/slack/events")
        words = f"<@{team.bot_user}> {ASKED}"
        said = events.said(slack, place, root.user, words, thread=root.ts)
        for twin in (events.message(slack, said), events.mention(slack, said)):
            assert (await door.event(events.envelope(slack, team, twin))).status == 200
        while not any(  # noqa: ASYNC110 - the fake is another side of the wire: looked at, not told
            each.ts > said.ts and each.bot_id and _whole(each, kind) for each in place.messages.values()
        ):
            await asyncio.sleep(0.01)


def _whole(message: Message, kind: AnswerKind) -> bool:
    shown = f"{message.text}{message.blocks}"
    return kind.last in shown and "Stop" not in shown


def _seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


async def fill(storage: Storage, thread: ThreadKey, person: str, turns: int, kind: AnswerKind) -> None:
    """As many turns as a thread has had, by the steps that every turn goes."""
    author, answer = Author(id=person, name=person), "".join(kind.pieces)
    for start in range(0, turns, AT_ONCE):
        event = MessageReceived(
            id=f"{thread.digest}{start}", thread=thread, author=author, at=time.time(), text=ASKED
        )
        await storage.inbox.put(event)
        (entry,) = await storage.leases.ready(1)
        claim = await storage.leases.claim(entry)
        assert claim
        said = tuple(
            Turn(
                id=f"{claim.record.id}{number}",
                asked=ChatMessage(author=author, text=ASKED, message=f"{thread.thread}{number}", at=number),
                answer=answer,
                model="m",
                served_by=MODEL,
                footer="m · 1.2 s",
                usage=Usage(input=100, output=50),
                cost=0.001,
                at=float(number),
                shown=(f"{number}.{number}",),
            )
            for number in range(start, min(start + AT_ONCE, turns))
        )
        await storage.leases.commit(claim, Outcome(append=said, join=True))


@asynccontextmanager
async def bench(window: int, load: Load) -> AsyncIterator[Bench]:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        home = Path(folder)
        home.joinpath("switchboard.toml").write_text(CONFIG.format(model=MODEL, window=window))
        async with AsyncExitStack() as stack:
            fake = await stack.enter_async_context(fake_slack(clock=WallClock(), limits=False))
            fake.slack.add_team(TEAM, token=TOKEN)
            url = await stack.enter_async_context(embedded_server(home / "redis"))
            threads = await _threads(fake, url, load)
            settings = {
                "REDIS_URL": url,
                "SLACK_BOT_TOKEN": TOKEN,
                "SLACK_SIGNING_SECRET": SECRET,
                "SLACK_API_URL": fake.api_url,
                "OPENAI_API_KEY": "k",
                "OPENAI_BASE_URL": await stack.enter_async_context(model_server(load.kind, 0.005)),
            }
            settings |= {"SWITCHBOARD_ENCRYPTION_KEY": load.key} if load.key else {}
            replicas = [
                await stack.enter_async_context(running(home, **settings)) for _ in range(1 + load.apart)
            ]
            server = await stack.enter_async_context(Redis.from_url(url))
            yield Bench(fake=fake, replicas=replicas, server=server, threads=threads)


async def _threads(fake: FakeSlack, url: str, load: Load) -> dict[int, list[tuple[Channel, Message]]]:
    """A channel for each: Slack takes about a message a second in one."""
    threads: dict[int, list[tuple[Channel, Message]]] = {}
    async with open_storage(url, StorageOptions(encryption_keys=load.key)) as storage:
        for turns in (SHORT, LONG):
            threads[turns] = []
            for number in range(load.threads):
                person = f"U{turns}N{number}"
                fake.slack.add_person(person, TEAM)
                place = fake.slack.add_channel(f"C{turns}N{number}", TEAM)
                root = events.said(fake.slack, place, person, "the beginning")
                thread = ThreadKey(platform="slack", workspace=TEAM, channel=place.id, thread=root.ts)
                await fill(storage, thread, person, turns, load.kind)
                threads[turns].append((place, root))
    return threads


async def measure(window: int, load: Load) -> None:
    costs: dict[int, list[Cost]] = {SHORT: [], LONG: []}
    async with bench(window, load) as bot:
        for turns in costs:
            await bot.round(turns, load)  # connections are opened, and what is remembered is read once
        first, second = await bot.look(), await bot.look()
        bot.own = second[1] - first[1]
        for number in range(load.rounds):
            for turns, spent in list(costs.items())[:: -1 if number % 2 else 1]:
                spent.append(await bot.round(turns, load))
    for turns, spent in costs.items():
        ours, redis, sent = (
            statistics.median(getattr(each, name) for each in spent) for name in ("ours", "redis", "sent")
        )
        print(  # noqa: T201
            f"window {window:>9,}, {turns:>6,} turns: {ours:6.2f} ms CPU and {redis:5.2f} ms of Redis' per question, "
            f"{sent:9,.0f} bytes read",
            flush=True,
        )
    print(f"window {window:>9,}, ratio: {_ratio(costs, 'ours'):.2f} and {_ratio(costs, 'redis'):.2f}")  # noqa: T201


def _ratio(costs: dict[int, list[Cost]], name: str) -> float:
    """The median over the rounds: both kinds of threads were asked in each."""
    pairs = zip(costs[LONG], costs[SHORT], strict=True)
    return statistics.median(
        float(getattr(long, name)) / float(getattr(short, name)) for long, short in pairs
    )


def arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--answer", choices=sorted(ANSWERS), default="short")
    parser.add_argument("--windows", type=int, nargs="+", default=[4_096, 200_000], help="in tokens")
    parser.add_argument("--threads", type=int, default=6, help="of each kind")
    parser.add_argument("--questions", type=int, default=5, help="in each thread, in each round")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument(
        "--apart", action="store_true", help="two processes, so that half of the questions are new to one"
    )
    parser.add_argument("--key", default="", help="for encryption at rest")
    return parser.parse_args(words)


async def main(said: argparse.Namespace) -> None:
    load = Load(
        kind=ANSWERS[said.answer],
        threads=said.threads,
        questions=said.questions,
        rounds=said.rounds,
        apart=said.apart,
        key=said.key,
    )
    for window in said.windows:
        await measure(window, load)


if __name__ == "__main__":
    asyncio.run(main(arguments(sys.argv[1:])))
