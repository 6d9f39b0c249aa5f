"""Files beside an answer: what Slack does not take is told, and the answer stands all the same."""

from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from bot.domain.generated import GeneratedFile
from bot.domain.stream_parts import Text
from tests.contracts.conversations import words
from tests.contracts.sinks import ANSWER, DONE, FILES, PICTURES, assert_whole, long, show
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
    assert words(seen.text).startswith(
        words(ANSWER, "Slack did not take picture.png, because the app lacks the right")
    )
    assert "switchboard manifest slack" in seen.text
    assert seen.footer


async def test_a_file_that_slack_refuses_is_said_and_the_others_are_there(place: SlackPlace) -> None:
    place.bot.fake.slack.file_refusals["report.pdf"] = "storage_limit_reached"
    await show(place, FakeTurnHandle(), [Text(ANSWER), *FILES, DONE])

    (seen,) = await place.seen()
    assert "Slack did not take report.pdf (storage_limit_reached). Ask again to get it." in words(seen.text)
    assert seen.files == ("tides.csv",)


async def test_an_upload_that_fails_is_said_with_its_status(place: SlackPlace) -> None:
    place.bot.fake.slack.broken_uploads = True
    await show(place, FakeTurnHandle(), [Text(ANSWER), FILES[0], DONE])

    (seen,) = await place.seen()
    assert "Slack did not take report.pdf (HTTP 400). Ask again to get it." in words(seen.text)


async def test_a_text_is_a_snippet_of_its_kind_and_all_else_a_file(place: SlackPlace) -> None:
    texts = {
        "a.py": b"x = 1",
        "b.csv": b"a,b",
        "c.txt": b"\xff\xfe",
        "d.md": b"x" * 2_000_000,
        "e.json": b"{}",
    }
    files = [GeneratedFile(name=name, media_type="text/plain", data=data) for name, data in texts.items()]
    await show(place, FakeTurnHandle(), [Text(ANSWER), *files, DONE])

    kept = place.bot.fake.slack.files.values()
    assert {one["name"]: one["snippet_type"] for one in kept} == {
        "a.py": "python",
        "b.csv": "csv",
        "c.txt": "",
        "d.md": "",
        "e.json": "json",
    }
    assert {one["name"]: one["data"] for one in kept} == texts


async def test_files_that_slack_does_not_attach_are_said(place: SlackPlace) -> None:
    slack = place.bot.fake.slack
    slack.unattached, slack.file_refusals["report.pdf"] = "file_sharing_disabled", "storage_limit_reached"
    await show(place, FakeTurnHandle(), [Text(ANSWER), PICTURES[0], *FILES, DONE])

    (seen,) = await place.seen()
    assert (seen.files, seen.pictures) == ((), ())
    names = ", ".join(one.name for one in (PICTURES[0], *FILES))
    assert f"Slack did not take {names} (file_sharing_disabled). Ask again to get them." in words(seen.text)
    assert seen.footer
