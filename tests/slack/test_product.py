"""The whole product in Slack, as a person meets it: the demo model answers."""

from pathlib import Path

import pytest

from tests.slack.fake import events, reading
from tests.slack.office import office


@pytest.mark.parametrize("door", ["http", "socket"])
async def test_a_thread_with_the_bot_from_mention_to_switch(tmp_path: Path, door: str) -> None:
    async with office(tmp_path, socket=door == "socket") as at:
        first = await at.say(f"<@{at.team.bot_user}> hello there")
        (answer,) = await at.answered(first.ts)
        await at.say("and a second question without a mention", thread=first.ts)
        answers = await at.answered(first.ts, count=2)

        assert "hello there" in reading.text(answer)
        assert reading.footer(answer).startswith("demo")
        assert "Regenerate" in reading.buttons(answer)
        assert "hello there" in reading.text(answers[1]) or "second question" in reading.text(answers[1])
        assert len([one for one in at.ours() if one.thread_ts == first.ts]) == 2


async def test_a_command_and_its_button(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        channel = at.slack.channels["C1"]
        fields = events.command(at.slack, at.team, channel, "U1", command="/model", text="")
        await at.deliver("slash_commands", dict(fields))
        await at.until(lambda: bool([one for one in channel.messages.values() if one.seen_by]))
        (picker,) = [one for one in channel.messages.values() if one.seen_by]

        assert "demo" in reading.options(picker)
        assert reading.live(picker) == []


async def test_stop_ends_an_answer_and_says_so(tmp_path: Path) -> None:
    async with office(tmp_path, agent=False) as at:
        asked = await at.say("tell me something long and slow", channel="D1")
        await at.until(lambda: any("Stop" in reading.buttons(one) for one in at.ours("D1")))
        (growing,) = at.ours("D1")
        await at.press(growing, "Stop")
        (stopped,) = await at.answered(asked.ts, "D1")

        assert "topped" in reading.text(stopped)
        assert "Stop" not in reading.buttons(stopped)
