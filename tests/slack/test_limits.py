"""Many answers at once in one workspace, under the limits Slack documents."""

import asyncio
from collections.abc import AsyncGenerator

from bot.domain.stream_parts import Closing, Reason, ShownPart, Status, Text
from bot.ports import TurnHandle
from tests.contracts.conversations import words
from tests.doubles import FakeTurnHandle
from tests.slack.fake import reading
from tests.slack.fake.clock import Fast
from tests.slack.places import Bot, SlackPlace, bot_in_slack

SPEED = 20.0
ANSWERS = 30


def answer(number: int) -> list[str]:
    return [f"Answer {number} says sentence {n} about the sea and its tides.\n\n" for n in range(60)]


async def talking(bot: Bot, parts: list[str]) -> AsyncGenerator[ShownPart, None]:
    """A model that says a sentence every half a second."""
    yield Status("demo is thinking")
    for part in parts:
        await bot.fake.slack.clock.sleep(0.5)
        yield Text(part)
    yield Closing(reason=Reason.STOP, footer="demo answered")


async def test_thirty_answers_at_once_all_arrive_whole() -> None:
    async with bot_in_slack(clock=Fast(SPEED)) as bot:
        places = []
        for number in range(ANSWERS):
            channel = f"C{number % 10 + 10}"
            if channel not in bot.fake.slack.channels:
                bot.fake.slack.add_channel(channel, "T1")
            place = SlackPlace(bot, channel=channel)
            await place.enter()
            places.append(place)
        async with asyncio.TaskGroup() as group:
            for number, place in enumerate(places):
                turn_handle: TurnHandle = FakeTurnHandle(id=f"turn-{number}")
                group.create_task(place.sink(turn_handle).show(talking(bot, answer(number))))

        slack = bot.fake.slack
        for number, place in enumerate(places):
            (seen,) = [
                one for one in place.place.messages.values() if one.bot_id and one.thread_ts == place.root
            ]
            assert words(reading.text(seen)) == words(*answer(number))
            assert place.place.sessions.get(place.root, {"status": "active"})["status"] == "active"
        used = {call.method for call in slack.calls}
        refused = [call.answer["error"] for call in slack.calls if not call.answer["ok"]]
        assert {"chat.startStream", "chat.postMessage", "chat.update"} <= used
        assert refused == ["ratelimited"] * slack.busy
        assert slack.busy <= 3, f"told {slack.busy} times to come back later"
