"""A fake Slack in a process of its own, steered over HTTP.

    python -m tests.slack.fake --port 4000 --bot http://127.0.0.1:3978/slack/events

It prints its API's address (SLACK_API_URL) and stays until it is killed. One workspace T1 (token xoxb-1, signing
secret signing-secret, app token xapp-1), channel C1, direct message D1, person U1.

    POST /control/say       {"text", "channel"?, "thread"?, "user"?}   a person writes; both twins are delivered
    POST /control/press     {"channel", "ts", "label"}                 a person presses a button
    POST /control/drops     {"rate"}                                   so many answers are lost after the work was done
    GET  /control/messages  every message as a person sees it
    GET  /control/calls     how often each method was called, and how it was answered
"""

import argparse
import asyncio
from collections import Counter

from aiohttp import web

from bot.delivery.pacing import WallClock
from tests.slack.fake import events, reading
from tests.slack.fake.server import FakeSlack, serving
from tests.slack.fake.world import Channel

TEAM, TOKEN = "T1", "xoxb-1"


class Control:
    """What a test in another process can ask for."""

    def __init__(self, fake: FakeSlack, bot: str) -> None:
        self.fake = fake
        self.bot = bot

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.post("/control/say", self.say),
            web.post("/control/press", self.press),
            web.post("/control/drops", self.drops),
            web.get("/control/messages", self.messages),
            web.get("/control/calls", self.calls),
        ]

    async def say(self, request: web.Request) -> web.Response:
        asked = await request.json()
        slack, team = self.fake.slack, self.fake.slack.teams[TEAM]
        channel = self.channel(str(asked.get("channel", "C1")))
        user, thread = str(asked.get("user", "U1")), str(asked.get("thread", ""))
        said = events.said(slack, channel, user, str(asked["text"]), thread=thread)
        twins = [events.message(slack, said)]
        if f"<@{team.bot_user}>" in said.text and channel.kind != "im":
            twins.append(events.mention(slack, said))
        slack.random.shuffle(twins)
        http = self.fake.http(self.bot)
        done = [await http.event(events.envelope(slack, team, twin), retries=True) for twin in twins]
        return web.json_response({"ts": said.ts, "statuses": [one.status for one in done]})

    async def press(self, request: web.Request) -> web.Response:
        asked = await request.json()
        slack, team = self.fake.slack, self.fake.slack.teams[TEAM]
        message = self.channel(str(asked["channel"])).messages[str(asked["ts"])]
        found = [one for one in reading.controls(message) if one["text"]["text"] == asked["label"]]
        if not found:
            return web.json_response({"buttons": reading.buttons(message)}, status=404)
        payload = events.pressed(slack, team, str(asked.get("user", "U1")), on=message, element=found[0])
        done = await self.fake.http(self.bot).interaction(payload)
        return web.json_response({"status": done.status})

    async def drops(self, request: web.Request) -> web.Response:
        self.fake.api.drop_rate = float((await request.json())["rate"])
        return web.json_response({})

    async def messages(self, request: web.Request) -> web.Response:
        return web.json_response(
            [
                {
                    "channel": channel.id,
                    "ts": message.ts,
                    "thread": message.thread_ts,
                    "bot": bool(message.bot_id),
                    "text": reading.text(message),
                    "footer": reading.footer(message),
                    "buttons": reading.buttons(message),
                    "live": reading.live(message) if message.bot_id else [],
                }
                for channel in self.fake.slack.channels.values()
                for message in channel.messages.values()
            ]
        )

    async def calls(self, request: web.Request) -> web.Response:
        counted = Counter(f"{call.method} {call.answer.get('error', 'ok')}" for call in self.fake.slack.calls)
        return web.json_response(counted)

    def channel(self, id: str) -> Channel:
        return self.fake.slack.channels.get(id) or self.fake.slack.add_channel(id, TEAM)


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.slack.fake")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--bot", default="http://127.0.0.1:3978/slack/events", help="the bot's request URL")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-limits", action="store_true", help="leave rate limits out")
    parser.add_argument("--no-agent", action="store_true", help="no native streams and sessions")
    chosen = parser.parse_args()
    async with FakeSlack.made(clock=WallClock(), seed=chosen.seed, limits=not chosen.no_limits) as fake:
        fake.slack.add_team(TEAM, token=TOKEN, agent=not chosen.no_agent)
        fake.slack.add_person("U1", TEAM)
        fake.slack.add_channel("C1", TEAM)
        fake.slack.add_channel("D1", TEAM, kind="im", user="U1")
        app = fake.application()
        app.add_routes(Control(fake, chosen.bot).routes())
        async with serving(fake, app, port=chosen.port):
            print(f"SLACK_API_URL={fake.api_url}", flush=True)  # noqa: T201 - this is what it is started for
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
