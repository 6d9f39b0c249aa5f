"""Slack as a playground of chaos: one channel and one thread per conversation."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from bot.delivery.pacing import WallClock
from bot.domain.events import ThreadKey
from tests.chaos.playground import Shown
from tests.slack.fake import events, reading
from tests.slack.fake.delivery import Http
from tests.slack.fake.server import SECRET, FakeSlack, fake_slack

TEAM, PERSON, TOKEN = "T1", "U1", "xoxb-1"


class SlackPlayground:
    """Without Slack's rate limits, which would make this a test of patience."""

    modules: Sequence[str] = ("adapters.slack.adapter", "adapters.web.adapter")

    def __init__(self) -> None:
        self._roots: dict[int, str] = {}
        self._doors: dict[int, Http] = {}
        self._fake: FakeSlack | None = None

    @property
    def fake(self) -> FakeSlack:
        assert self._fake is not None
        return self._fake

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "SLACK_API_URL": self.fake.api_url,
            "SLACK_BOT_TOKEN": TOKEN,
            "SLACK_SIGNING_SECRET": SECRET,
        }

    @property
    def excused(self) -> int:
        return 0

    @asynccontextmanager
    async def running(self, *, drop_rate: float) -> AsyncGenerator[None, None]:
        async with fake_slack(clock=WallClock(), limits=False) as fake:
            fake.slack.add_team(TEAM, token=TOKEN)
            fake.slack.add_person(PERSON, TEAM)
            fake.api.drop_rate = drop_rate
            self._fake = fake
            yield

    def ask(self, conversation: int, text: str) -> Sequence[Any]:
        """A mention: Slack sends it twice, as message and as app_mention."""
        slack, team = self.fake.slack, self.fake.slack.teams[TEAM]
        channel = slack.channels.get(f"C{conversation}") or slack.add_channel(f"C{conversation}", TEAM)
        root = self._roots.get(conversation, "")
        said = events.said(slack, channel, PERSON, f"<@{team.bot_user}> {text}", thread=root)
        self._roots.setdefault(conversation, said.ts)
        twins = [events.message(slack, said), events.mention(slack, said)]
        slack.random.shuffle(twins)
        return [events.envelope(slack, team, twin) for twin in twins]

    async def deliver(self, delivery: Any, port: int) -> bool:
        door = self._doors.get(port) or self.fake.http(f"http://127.0.0.1:{port}/slack/events")
        self._doors[port] = door
        return (await door.event(delivery)).status == 200

    def thread(self, conversation: int) -> ThreadKey:
        return ThreadKey(
            platform="slack", workspace=TEAM, channel=f"C{conversation}", thread=self._roots[conversation]
        )

    def shown(self, conversation: int) -> Sequence[Shown]:
        ours = [
            each for each in self.fake.slack.channels[f"C{conversation}"].messages.values() if each.bot_id
        ]
        return [
            Shown(
                text=reading.text(each),
                whole=bool(reading.footer(each)) and "Stop" not in reading.buttons(each),
            )
            for each in ours
        ]
