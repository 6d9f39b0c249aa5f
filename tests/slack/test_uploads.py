"""Files beside an answer: what Slack does not take is told, and the answer stands all the same."""

from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from bot.domain.stream_parts import Text
from tests.contracts.conversations import words
from tests.contracts.sinks import ANSWER, DONE, PICTURES, assert_whole, long, show
from tests.doubles import FakeTurnHandle
from tests.slack.places import SlackPlace, bot_in_slack


@pytest.fixture
async def place() -> AsyncGenerator[SlackPlace, None]:
    async with bot_in_slack() as bot:
        place = SlackPlace(bot)
        await place.enter()
        yield place


async def test_a_long_answer_and_its_pictures_are_files_of_its_last_message(place: SlackPlace) -> None:
    text = long(400)
    await show(place, FakeTurnHandle(), [Text(text), *PICTURES, DONE])

    *others, last = await place.seen()
    assert_whole([*others, last], text)
    assert last.pictures == tuple(picture.data for picture in PICTURES)
    assert "answer.md" in {file["name"] for file in place.bot.fake.slack.files.values()}


async def test_a_picture_that_slack_does_not_take_is_said(place: SlackPlace) -> None:
    token = place.bot.fake.slack.tokens["xoxb-1"]
    place.bot.fake.slack.tokens["xoxb-1"] = replace(token, scopes=token.scopes - {"files:write"})
    await show(place, FakeTurnHandle(), [Text(ANSWER), PICTURES[0], DONE])

    (seen,) = await place.seen()
    assert words(seen.text) == words(
        ANSWER, "A picture came with this answer, and Slack did not take it. Ask again to get another one."
    )
    assert seen.footer
