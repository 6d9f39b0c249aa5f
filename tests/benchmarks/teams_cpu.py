"""CPU for one answered message in Teams: Switchboard against a Bot Framework bot with the openai SDK, which keeps nothing.

    python -m venv PEER && PEER/bin/pip install botbuilder-core botbuilder-integration-aiohttp aiohttp openai
    python -m tests.benchmarks.teams_cpu PEER/bin/python [--answer long] [--gap 5] [--turns 30] [--at-once 30]

Both hear the same signed activities in one-to-one chats and ask the same model server over HTTP. Switchboard streams the
answer into the chat; the peer posts it when it is complete, as Microsoft's samples do. `--adapter` is the one of those
samples that the peer uses: "cloud" fetches a token in every turn, "framework" keeps it.
"""

import asyncio
import json
import os
import tempfile
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.authority import authority
from tests.benchmarks.contest import CONFIG, Contestant, Load, bundled, load_of, measure, options
from tests.benchmarks.vendor import AnswerKind, model_server
from tests.ops.product import ROOT, running
from tests.teams.fake import FakeTeams
from tests.teams.rooms import Person, Room

PEOPLE = [
    Person(id=f"29:{number}", name=f"Person {number}", aad=str(uuid.UUID(int=number)))
    for number in range(1, 129)
]  # one person has a few answers at once only


@asynccontextmanager
async def bot_framework(
    teams: FakeTeams, python: str, adapter: str, model_url: str, folder: Path
) -> AsyncIterator[Contestant]:
    async with authority(teams.issuer, folder) as (url, trusted):
        said = {
            "adapter": adapter,
            "metadata": teams.issuer.metadata_url,
            "authority": url,
            "app_id": teams.issuer.app_id,
            "password": teams.issuer.secret,
            "model": model_url,
        }
        process = await asyncio.create_subprocess_exec(
            python,
            str(ROOT / "tests/benchmarks/bot_framework_peer.py"),
            json.dumps(said),
            env={"PATH": os.defpath, "REQUESTS_CA_BUNDLE": str(trusted)},
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout
        port = int(await process.stdout.readline())
        yield Contestant(name="bot framework", pid=process.pid, url=f"http://127.0.0.1:{port}")
        process.kill()
        await process.wait()


@dataclass(slots=True)
class TeamsPlatform:
    """Implements tests.benchmarks.contest.Platform. `rooms` are each bot's, by its name."""

    fake: FakeTeams
    rooms: dict[str, list[Room]] = field(default_factory=dict)
    name: str = "Teams"

    @property
    def calls(self) -> int:
        return len(self.fake.connector.calls)

    def new_threads(self, runner: Contestant, load: Load, name: str) -> int:
        self.rooms[runner.name] = [
            self.fake.personal(f"a:{name}-{runner.pid}-{number}") for number in range(load.at_once)
        ]
        return load.at_once

    async def asked(self, runner: Contestant, number: int, kind: AnswerKind) -> float:
        rooms, began = self.rooms[runner.name], time.perf_counter()
        room, person = rooms[number % len(rooms)], PEOPLE[number % len(rooms) % len(PEOPLE)]
        said = self.fake.write(room, "tell me something", sender=person)
        delivered = await self.fake.send(said, bot_url=runner.url)
        assert 200 <= delivered.status < 300, f"{runner.name} answered {delivered.status} {delivered.body}"
        while not any(  # noqa: ASYNC110 - the fake is another side of the wire: looked at, not told
            int(each.id) > int(said["id"]) and kind.last in each.text for each in room.said()
        ):
            await asyncio.sleep(0.01)
        return (time.perf_counter() - began) * 1000


async def main(python: str, adapter: str, rounds: int, load: Load, gap: float) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        async with FakeTeams() as fake, model_server(load.kind, gap) as model:
            fake.connector.quota = False  # its limits per app would make a benchmark of patience
            (folder / "switchboard.toml").write_text(CONFIG)
            settings = {**fake.environment(), "OPENAI_API_KEY": "k", "OPENAI_BASE_URL": model}
            async with (
                running(folder, **settings) as product,
                bundled(folder) as server,
                bot_framework(fake, python, adapter, model, folder) as theirs,
            ):
                pid = product.process.pid
                ours = Contestant(name="switchboard", pid=pid, url=product.public, server=server)
                await measure(TeamsPlatform(fake), (ours, theirs), rounds, load)


if __name__ == "__main__":
    parser = options(__doc__, "botbuilder-integration-aiohttp and openai", at_once=30)
    parser.add_argument("--adapter", choices=("cloud", "framework"), default="cloud")
    said = parser.parse_args()
    asyncio.run(main(said.python, said.adapter, said.rounds, load_of(said), said.gap / 1000))
