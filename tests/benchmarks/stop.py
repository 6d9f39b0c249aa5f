"""How soon a Stop silences the model: `python -m tests.benchmarks.stop` prints p50, p95 and the slowest of 50 runs.

The product runs in a process of its own. A model server says a word every 10 ms; measured is the time from the
click (the moment Slack starts to deliver it) to the last word the server could still write. Both ways: the button
under an answer that grows by edits, and Slack's own Stop.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from tests.slack.fake import events, reading, streams
from tests.slack.office import Office, office

TICK = 0.01
SETTINGS = """
default = "tide"

[providers.sea]
dialect = "openai-chat"
base_url = "{url}/v1"
auth = "none"

[[models]]
name = "tide"
provider = "sea"
model = "tide-1"
"""


class Talker:
    """An OpenAI-compatible model that never stops by itself. `said` is when it wrote its words."""

    def __init__(self) -> None:
        self.said: list[float] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        while request.transport is not None and not request.transport.is_closing():
            chunk = {"choices": [{"index": 0, "delta": {"content": "wave "}, "finish_reason": None}]}
            try:
                await response.write(f"data: {json.dumps(chunk)}\n\n".encode())
            except ConnectionError:
                break
            self.said.append(time.perf_counter())
            await asyncio.sleep(TICK)
        return response

    async def models(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": "tide-1", "object": "model"}]})


@asynccontextmanager
async def talker() -> AsyncGenerator[tuple[Talker, str], None]:
    made = Talker()
    app = web.Application()
    app.add_routes([web.post("/v1/chat/completions", made.answer), web.get("/v1/models", made.models)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield made, f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def once(at: Office, model: Talker, *, native: bool) -> float:
    """Seconds from the click to the model's last word."""
    asked = await at.say("what do waves say?", channel="D1")

    def growing() -> bool:
        return any(one.thread_ts == asked.ts and "wave" in reading.text(one) for one in at.ours("D1"))

    await at.until(growing)
    message = next(one for one in at.ours("D1") if one.thread_ts == asked.ts)
    clicked = time.perf_counter()
    if native:
        stopped = streams.stop_by_person(at.slack, "D1", asked.ts)
        event = events.session_stopped(at.slack, "D1", "U1", asked.ts, stopped)
        await at.deliver("events_api", events.envelope(at.slack, at.team, event))
    else:
        await at.press(message, "Stop")
    await at.answered(asked.ts, "D1")
    return max(0.0, model.said[-1] - clicked)


async def measure(runs: int, *, native: bool) -> list[float]:
    with tempfile.TemporaryDirectory(prefix="sb-") as folder:
        async with talker() as (model, url):
            (Path(folder) / "switchboard.toml").write_text(SETTINGS.format(url=url), encoding="utf-8")
            async with office(Path(folder), agent=native, limits=False) as at:
                return [await once(at, model, native=native) for _ in range(runs)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=50)
    runs = parser.parse_args().runs
    slow = 0
    for name, native in (("button", False), ("Slack's own Stop", True)):
        times = sorted(asyncio.run(measure(runs, native=native)))
        p50, p95 = times[len(times) // 2], times[min(len(times) - 1, int(len(times) * 0.95))]
        slow += p95 >= 0.5
        sys.stdout.write(
            f"{name}: {runs} runs, p50 {p50 * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms, slowest {times[-1] * 1000:.0f} ms\n"
        )
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
