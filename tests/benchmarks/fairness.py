"""How long others wait beside somebody who asks a lot: the whole product, a Slack on loopback, answers of one second.

    python -m tests.benchmarks.fairness [questions of the first, 300]

One person asks 300 questions in as many threads; then a second person asks one, and somebody in another workspace one.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from aiohttp import web

from bot.delivery.pacing import WallClock
from tests.ops.product import Product, running
from tests.slack.fake import events
from tests.slack.fake.server import SECRET, FakeSlack, fake_slack

TEAM, TOKEN = "T1", "xoxb-1"
CROWD, SECOND = "U1", "U2"
SECONDS = 1.0  # of an answer
AFTER = 0.5  # seconds until the second person asks
SAID = "a whole answer"


async def answer(request: web.Request) -> web.StreamResponse:
    await request.read()
    await asyncio.sleep(SECONDS)
    response = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await response.prepare(request)
    await response.write(
        f'data: {{"choices":[{{"index":0,"delta":{{"content":"{SAID}"}},"finish_reason":"stop"}}]}}\n\n'.encode()
    )
    await response.write(b"data: [DONE]\n\n")
    return response


async def listing(_: web.Request) -> web.Response:
    return web.json_response({"object": "list", "data": [{"id": "gpt-6-sol", "object": "model"}]})


async def ask(fake: FakeSlack, url: str, person: str, channel: str) -> float:
    """Seconds until the whole answer stood there."""
    team, slack = fake.slack.teams[TEAM], fake.slack
    place = slack.add_channel(channel, TEAM)  # Slack takes about a message a second in each
    said = events.said(slack, place, person, f"<@{team.bot_user}> tell me something")
    began = time.perf_counter()
    answer = await fake.http(url).event(events.envelope(slack, team, events.mention(slack, said)))
    assert answer.status == 200
    while not any(  # noqa: ASYNC110 - the fake is another side of the wire: looked at, not told
        message.thread_ts == said.ts and message.bot_id and SAID in f"{message.text}{message.blocks}"
        for message in place.messages.values()
    ):
        await asyncio.sleep(0.02)
    return time.perf_counter() - began


async def measure(fake: FakeSlack, ours: Product, questions: int) -> None:
    url = f"{ours.public}/slack/events"
    await ask(fake, url, SECOND, "CWARM")
    async with asyncio.TaskGroup() as group:
        crowd = [group.create_task(ask(fake, url, CROWD, f"CA{number}")) for number in range(questions)]
        await asyncio.sleep(AFTER)
        alone = await ask(fake, url, SECOND, "CB")
        many = [await ask(fake, url, SECOND, f"CC{number}") for number in range(5)]
    waits = sorted(task.result() for task in crowd)
    memory = Path(f"/proc/{ours.process.pid}/status").read_text().partition("VmHWM:")[2].split()[0]
    print(f"{questions} questions of one person, answers of {SECONDS:.0f} s")  # noqa: T201
    print(f"a second person waits {alone:.2f} s, then one after the other {max(many):.2f} s at most")  # noqa: T201
    print(f"the first: {waits[0]:.1f} s to {waits[-1]:.1f} s; most memory {int(memory) // 1024} MB")  # noqa: T201


async def main(questions: int) -> None:
    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)
    app.router.add_get("/v1/models", listing)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        async with fake_slack(clock=WallClock(), limits=False) as fake:
            fake.slack.add_team(TEAM, token=TOKEN)
            for person in (CROWD, SECOND):
                fake.slack.add_person(person, TEAM)
            settings = {
                "SLACK_BOT_TOKEN": TOKEN,
                "SLACK_SIGNING_SECRET": SECRET,
                "SLACK_API_URL": fake.api_url,
                "OPENAI_API_KEY": "k",
                "OPENAI_BASE_URL": f"http://127.0.0.1:{runner.addresses[0][1]}/v1",
            }
            Path(folder, "switchboard.toml").write_text(
                'default = "m"\n[[models]]\nname = "m"\nprovider = "openai"\nmodel = "gpt-6-sol"\ndialect = "openai-chat"\n'
            )
            async with running(Path(folder), **settings) as ours:
                await measure(fake, ours, questions)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main(int((*sys.argv[1:], "300")[0])))
