"""The scoreboard in Slack and in Teams: people vote, and everybody sees what that says."""

import asyncio
from pathlib import Path

from tests.slack.fake import reading
from tests.slack.fake.world import Message
from tests.slack.office import Office
from tests.slack.office import office as slack_office
from tests.teams.eyes import card_words
from tests.teams.test_product import office as teams_office


async def told(at: Office, words: str) -> Message:
    """The scoreboard, once it counts that much: votes are handled in their own conversations."""
    async with asyncio.timeout(20):
        while words not in reading.text(shown := await at.command("/scoreboard")):  # noqa: ASYNC110 - counted elsewhere
            await asyncio.sleep(0.1)
    return shown


async def test_votes_in_slack_are_a_chart_and_a_table_for_everybody(tmp_path: Path) -> None:
    async with slack_office(tmp_path) as at:
        for number in range(3):
            asked = await at.say(f"<@{at.team.bot_user}> what is the capital of country {number}?")
            (answer,) = await at.answered(asked.ts)
            await at.press(answer, "👍")
            await at.press(answer, "👎" if number else "👍", user="U2")
        board = await told(at, "3 answers, 6 votes")
        left = await at.command("/scoreboard", "leave")
        rest = await told(at, "0 answers, 3 votes")

        (chart,) = [block for block in board.blocks if block["type"] == "data_visualization"]
        assert chart["chart"]["series"][0]["data"] == [{"label": "demo", "value": 67}]
        assert "4 of 6 (30 to 90%)" in reading.text(board).replace("\xa0", " ")
        assert reading.buttons(board) == ["Code", "Data", "Writing", "Facts", "Other"]
        assert reading.live(board) == []
        assert "6 things that counted are erased" in reading.text(left)
        assert "1 of 3, too few" in reading.text(rest).replace("\xa0", " ")


async def test_in_teams_it_is_a_card_that_says_what_is_too_few(tmp_path: Path) -> None:
    async with teams_office(tmp_path) as at:
        room = at.teams.personal()
        await at.said(room, "Why does my Python script raise a KeyError?")
        board = await at.said(room, "/scoreboard code")
        card = board.activity["attachments"][0]["content"]
        words = list(card_words(card))

        assert "Scoreboard: code" in words
        assert "sorted by a local rule" in " ".join(words)
        assert "too few" in [word.replace("\xa0", " ") for word in words]
        left = await at.said(room, "/scoreboard leave")
        assert "1 thing that counted is erased" in str(left.activity)
        assert "Nothing counts here yet" in str((await at.said(room, "scoreboard")).activity)
