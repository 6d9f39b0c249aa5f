"""What files cost: `python -m tests.benchmarks.attachments` asks thirty questions at once, each with a picture of 24 MB.

The product runs in a process of its own; Slack, which holds the pictures, and the model, which reads them, run in this
one, so that only the product's memory counts. Printed are the growth of its resident memory over what it had idle,
against `[limits] attachment_mb`, and how late its event loop answered in the worst case.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from tests.slack.fake import events, uploads
from tests.slack.office import Office, office

PATIENCE = 300.0  # seconds for all answers
BESIDES = 0  # megabytes the growth may be above the budget
SETTINGS = """
default = "eye"

[providers.near]
dialect = "{dialect}"
base_url = "{url}/v1"
auth = "none"

[[models]]
name = "eye"
provider = "near"
model = "eye-1"
vision = true

[limits]
attachment_mb = {budget}
answers_per_person = 64
"""


@dataclass
class Reader:
    """A model that reads the whole request, thinks for a moment, and answers. Nothing is kept."""

    sizes: list[int] = field(default_factory=list)
    busy: int = 0
    most: int = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.busy += 1
        self.most = max(self.most, self.busy)
        size = 0
        async for chunk in request.content.iter_any():
            size += len(chunk)
        assert size == int(request.headers["Content-Length"])
        self.sizes.append(size)
        await asyncio.sleep(1.0)
        self.busy -= 1
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        said = {"choices": [{"index": 0, "delta": {"content": "A picture."}, "finish_reason": "stop"}]}
        await response.write(f"data: {json.dumps(said)}\n\ndata: [DONE]\n\n".encode())
        return response

    async def models(self, _: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": "eye-1", "object": "model"}]})


@asynccontextmanager
async def reader() -> AsyncGenerator[tuple[Reader, str], None]:
    made = Reader()
    app = web.Application(client_max_size=1 << 30)
    app.add_routes([web.post("/v1/{way:.*}", made.answer), web.get("/v1/models", made.models)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield made, f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def resident(pid: int) -> int:
    """Bytes of a process in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * 4096


@dataclass
class Watch:
    """The highest memory, and the latest answer of a handler that does nothing."""

    memory: int = 0
    late: float = 0.0

    async def of_memory(self, pid: int) -> None:
        while True:
            self.memory = max(self.memory, resident(pid))
            await asyncio.sleep(0.01)


async def ask(at: Office, number: int, size: int) -> str:
    """One question with a picture of its own; its thread."""
    slack = at.slack
    data = b"\x89PNG\r\n\x1a\n" + number.to_bytes(4, "big") + bytes(size - 12)
    id = f"F{number:03d}"
    slack.files[id] = {
        "id": id,
        "name": f"{number}.png",
        "size": size,
        "team": "T1",
        "data": data,
        "mimetype": "image/png",
    }
    said = events.said(
        slack, slack.channels["D1"], "U1", "what is this?", files=[uploads.public(slack.files[id])]
    )
    await at.deliver("events_api", events.envelope(slack, at.team, events.message(slack, said)))
    return said.ts


PROBE = """
import http.client, sys, time
worst, host = 0.0, sys.argv[1].removeprefix("http://")
line = http.client.HTTPConnection(host)
while True:
    began = time.perf_counter()
    line.request("GET", "/healthz")
    line.getresponse().read()
    worst = max(worst, time.perf_counter() - began)
    print(worst, flush=True)
    time.sleep(0.01)
"""
"""Asks the cheapest handler again and again, from a process of its own: each answer shows how late the loop was."""


@asynccontextmanager
async def probing(url: str) -> AsyncGenerator[list[float], None]:
    found: list[float] = []
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", PROBE, url, stdout=PIPE)

    async def read() -> None:
        while process.stdout and (line := await process.stdout.readline()):
            found.append(float(line))

    reading = asyncio.create_task(read())
    try:
        yield found
    finally:
        process.kill()
        await process.wait()
        await reading


async def measure(
    questions: int, megabytes: int, budget: int, dialect: str
) -> tuple[Reader, Watch, int, float]:
    with tempfile.TemporaryDirectory(prefix="sb-") as folder:
        async with reader() as (model, url):
            settings = SETTINGS.format(url=url, budget=budget, dialect=dialect)
            (Path(folder) / "switchboard.toml").write_text(settings, encoding="utf-8")
            async with office(Path(folder), agent=False, limits=False) as at:
                watch, pid = Watch(), at.product.process.pid
                threads = [await ask(at, 0, 1000)]
                await at.answered(threads[0], "D1")  # what is loaded late is loaded now
                idle = resident(pid)
                began = time.perf_counter()
                async with probing(at.product.public) as delays:
                    measuring = asyncio.create_task(watch.of_memory(pid))
                    threads = [await ask(at, number, megabytes << 20) for number in range(1, questions + 1)]
                    async with asyncio.timeout(PATIENCE):
                        while len(model.sizes) <= questions:  # noqa: ASYNC110 - the last may come any time
                            await asyncio.sleep(0.05)
                    seconds = time.perf_counter() - began
                    for thread in threads:
                        await at.answered(thread, "D1")
                    measuring.cancel()
                watch.late = max(delays)
                return model, watch, watch.memory - idle, seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=30)
    parser.add_argument("--megabytes", type=int, default=24, help="of each picture")
    parser.add_argument("--budget", type=int, default=256, help="[limits] attachment_mb")
    parser.add_argument("--dialect", default="openai-chat")
    said = parser.parse_args()
    model, watch, growth, seconds = asyncio.run(
        measure(said.questions, said.megabytes, said.budget, said.dialect)
    )
    sys.stdout.write(
        f"{said.questions} questions at once, a picture of {said.megabytes} MB each, {said.dialect}: "
        f"peak memory +{growth / (1 << 20):.0f} MB (budget {said.budget} MB), all answered in {seconds:.1f} s, "
        f"{model.most} requests at once, {max(model.sizes) / (1 << 20):.1f} MB the largest, "
        f"worst delay of the event loop {watch.late * 1000:.0f} ms\n"
    )
    return int(growth > (said.budget + BESIDES) << 20)


if __name__ == "__main__":
    sys.exit(main())
