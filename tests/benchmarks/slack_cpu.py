"""CPU for one answered mention in Slack: Switchboard against a bare Bolt app with the openai SDK, which keeps nothing.

    python -m venv PEER && PEER/bin/pip install slack-bolt aiohttp openai
    python -m tests.benchmarks.slack_cpu PEER/bin/python [--answer long] [--gap 5] [--turns 30] [--at-once 8]

Both hear the same signed events, ask the same model server over HTTP, show a placeholder and then the answer.
"""

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.delivery.pacing import WallClock
from tests.benchmarks.contest import CONFIG, Contestant, Load, bundled, load_of, measure, options
from tests.benchmarks.vendor import AnswerKind, model_server
from tests.ops.product import ROOT, running
from tests.slack.fake import events
from tests.slack.fake.server import SECRET, FakeSlack, fake_slack
from tests.slack.fake.world import Channel

TEAM, TOKEN = "T1", "xoxb-1"
PEOPLE = [f"U{number}" for number in range(1, 129)]  # one person has a few answers at once only
SPREAD = 6  # threads for each that is asked at once


@asynccontextmanager
async def bolt(python: str, api_url: str, model_url: str) -> AsyncIterator[Contestant]:
    said = json.dumps({"api": api_url, "model": model_url, "token": TOKEN, "secret": SECRET})
    process = await asyncio.create_subprocess_exec(
        python, str(ROOT / "tests/benchmarks/bolt_peer.py"), said, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    port = int(await process.stdout.readline())
    yield Contestant(name="bare bolt", pid=process.pid, url=f"http://127.0.0.1:{port}/slack/events")
    process.kill()
    await process.wait()


@dataclass(slots=True)
class SlackPlatform:
    """Implements tests.benchmarks.contest.Platform. `threads` are each bot's, by its name."""

    fake: FakeSlack
    threads: dict[str, list[tuple[Channel, str]]] = field(default_factory=dict)
    name: str = "Slack"

    @property
    def calls(self) -> int:
        return len(self.fake.slack.calls)

    def new_threads(self, runner: Contestant, load: Load, name: str) -> int:
        """Many channels, one after the other: Slack takes about a message a second in one."""
        count = load.at_once * SPREAD
        self.threads[runner.name] = [
            (self.fake.slack.add_channel(f"C{name}{runner.pid}N{number}", TEAM), "")
            for number in range(count)
        ]
        return count

    async def asked(self, runner: Contestant, number: int, kind: AnswerKind) -> float:
        slack, threads = self.fake.slack, self.threads[runner.name]
        team, door = slack.teams[TEAM], self.fake.http(runner.url)
        place, thread = threads[number % len(threads)]
        began = time.perf_counter()
        words = f"<@{team.bot_user}> tell me something"
        said = events.said(slack, place, PEOPLE[number % len(PEOPLE)], words, thread=thread)
        if not thread:
            threads[number % len(threads)] = place, said.ts
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
                running(Path(folder), **settings) as product,
                bundled(Path(folder)) as server,
                bolt(python, fake.api_url, model) as theirs,
            ):
                url, pid = f"{product.public}/slack/events", product.process.pid
                ours = Contestant(name="switchboard", pid=pid, url=url, server=server)
                await measure(SlackPlatform(fake), (ours, theirs), rounds, load)


if __name__ == "__main__":
    said = options(__doc__, "slack-bolt, aiohttp and openai", at_once=8).parse_args()
    asyncio.run(main(said.python, said.rounds, load_of(said), said.gap / 1000))
