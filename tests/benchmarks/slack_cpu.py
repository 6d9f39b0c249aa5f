"""CPU for one answered mention in Slack: Switchboard against a bare Bolt app that keeps nothing.

Both hear the same signed events, ask the same model server, show a placeholder and then the answer. The bare app is
what the framework's own samples do: no inbox, no memory, no retry, no order, no footer. Interleaved in one run:

    python -m tests.benchmarks.slack_cpu [rounds] [mentions per round]
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import httpx
from aiohttp import web
from httpx_sse import aconnect_sse
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.delivery.pacing import WallClock
from tests.ops.product import ROOT, running
from tests.slack.fake import events
from tests.slack.fake.server import SECRET, FakeSlack, fake_slack

TEAM, TOKEN = "T1", "xoxb-1"
PEOPLE = [f"U{number}" for number in range(1, 17)]  # one person has a few answers at once only
CHUNKS = 20
TICKS = os.sysconf("SC_CLK_TCK")
AT_ONCE = 8


# --- the model both ask ------------------------------------------------------------------------------------


async def answer(request: web.Request) -> web.StreamResponse:
    """Twenty pieces, as fast as they can be written."""
    await request.read()
    response = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await response.prepare(request)
    for number in range(CHUNKS):
        delta = f'{{"choices":[{{"index":0,"delta":{{"content":"word{number} "}},"finish_reason":null}}]}}'
        await response.write(f"data: {delta}\n\n".encode())
        await asyncio.sleep(0.005)
    await response.write(b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n')
    await response.write(b"data: [DONE]\n\n")
    return response


@asynccontextmanager
async def model_server() -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)
    app.router.add_get("/v1/models", lambda _: _listing())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    await runner.cleanup()


async def _listing() -> web.Response:
    return web.json_response({"object": "list", "data": [{"id": "gpt-6-sol", "object": "model"}]})


# --- the bare app ------------------------------------------------------------------------------------------


async def bare(api_url: str, model_url: str) -> None:
    """A Bolt app as its samples are written, on connections that are shared."""
    async with aiohttp.ClientSession() as session, httpx.AsyncClient() as vendor:
        client = AsyncWebClient(token=TOKEN, base_url=api_url, session=session)
        app = AsyncApp(signing_secret=SECRET, client=client)

        @app.event("app_mention")
        async def mentioned(event: dict[str, Any]) -> None:
            thread = event.get("thread_ts") or event["ts"]
            posted = await client.chat_postMessage(channel=event["channel"], thread_ts=thread, text="…")
            text = ""
            body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": event["text"]}]}
            async with aconnect_sse(vendor, "POST", f"{model_url}/chat/completions", json=body) as source:
                async for sent in source.aiter_sse():
                    if sent.data != "[DONE]":
                        text += sent.json()["choices"][0]["delta"].get("content", "")
            await client.chat_update(channel=event["channel"], ts=posted["ts"], text=text)

        @app.event("message")
        async def overheard() -> None:
            pass

        runner = web.AppRunner(app.web_app(), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        print(runner.addresses[0][1], flush=True)  # noqa: T201 - tells the benchmark where it listens
        await asyncio.Event().wait()


@asynccontextmanager
async def bare_process(api_url: str, model_url: str) -> AsyncIterator[tuple[int, str]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.benchmarks.slack_cpu",
        "bare",
        api_url,
        model_url,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout
    port = int(await process.stdout.readline())
    yield process.pid, f"http://127.0.0.1:{port}/slack/events"
    process.kill()
    await process.wait()


# --- measuring ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """One of the two: its process, and where it hears."""

    name: str
    pid: int
    url: str
    done: Callable[[Any], bool]


def cpu(pid: int) -> float:
    """Seconds of CPU a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


async def burst(fake: FakeSlack, runner: Runner, channel: str, mentions: int) -> tuple[float, float]:
    """Milliseconds of CPU per mention, and of waiting for the whole answer."""
    team, door, slack = fake.slack.teams[TEAM], fake.http(runner.url), fake.slack
    gate = asyncio.Semaphore(AT_ONCE)
    waits: list[float] = []

    async def one(number: int) -> None:
        place = slack.add_channel(f"{channel}{number}", TEAM)  # Slack takes about a message a second in each
        async with gate:
            began = time.perf_counter()
            said = events.said(
                slack, place, PEOPLE[number % len(PEOPLE)], f"<@{team.bot_user}> tell me something"
            )
            for twin in (events.message(slack, said), events.mention(slack, said)):
                assert (await door.event(events.envelope(slack, team, twin))).status == 200
            while not any(  # noqa: ASYNC110 - the fake is another side of the wire: looked at, not told
                each.thread_ts == said.ts and each.bot_id and runner.done(each)
                for each in place.messages.values()
            ):
                await asyncio.sleep(0.01)
            waits.append((time.perf_counter() - began) * 1000)

    before = cpu(runner.pid)
    async with asyncio.TaskGroup() as group:
        for number in range(mentions):
            group.create_task(one(number))
    return (cpu(runner.pid) - before) / mentions * 1000, statistics.median(waits)


def whole(message: Any) -> bool:
    shown = f"{message.text}{message.blocks}"
    return f"word{CHUNKS - 1}" in shown and "Stop" not in shown


async def main(rounds: int, mentions: int) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        async with fake_slack(clock=WallClock(), limits=False) as fake, model_server() as model:
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
            Path(folder, "switchboard.toml").write_text(
                'default = "m"\n[[models]]\nname = "m"\nprovider = "openai"\nmodel = "gpt-6-sol"\ndialect = "openai-chat"\n'
            )
            async with (
                running(Path(folder), **settings) as ours,
                bare_process(fake.api_url, model) as (pid, url),
            ):
                runners = (
                    Runner(
                        name="switchboard",
                        pid=ours.process.pid,
                        url=f"{ours.public}/slack/events",
                        done=whole,
                    ),
                    Runner(name="bare bolt", pid=pid, url=url, done=whole),
                )
                await measure(fake, runners, rounds, mentions)


async def measure(fake: FakeSlack, runners: Sequence[Runner], rounds: int, mentions: int) -> None:
    for runner in runners:
        print(f"{runner.name}: process {runner.pid}", flush=True)  # noqa: T201
        await burst(fake, runner, f"CWARM{runner.pid}N", 10)
    ratios = []
    for number in range(rounds):
        spent = [await burst(fake, runner, f"C{number}{runner.pid}N", mentions) for runner in runners]
        ratios.append(spent[0][0] / spent[1][0])
        for runner, (per, wait) in zip(runners, spent, strict=True):
            line = f"{runner.name:12} {per:6.2f} ms CPU per mention, {wait:6.1f} ms to the whole answer"
            print(f"round {number}: {line}")  # noqa: T201
    print(f"ratio of CPU, switchboard / bare bolt: {statistics.median(ratios):.2f}")  # noqa: T201


if __name__ == "__main__":
    if sys.argv[1:2] == ["bare"]:
        asyncio.run(bare(*sys.argv[2:4]))
    else:
        asyncio.run(main(*(int(word) for word in (*sys.argv[1:3], "5", "60")[:2])))
