"""The whole product in Slack, as a person meets it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.providers.fake import KEY, FakeVendor, Gate, Say, Step, fake_vendor
from tests.slack.fake import events, reading
from tests.slack.office import Office, office


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


ONE_MODEL = """
default = "m"

[providers.v]
dialect = "openai-chat"
base_url = "{url}"
api_key_env = "V_KEY"

[[models]]
name = "m"
provider = "v"
model = "m-1"
"""


class Telling(FakeVendor):
    """A vendor that says the same to everything."""

    def __init__(self, *said: Step) -> None:
        super().__init__()
        self.said = said

    def steps(self, dialect: str, question: str) -> Sequence[Step]:
        return self.said


@asynccontextmanager
async def answering(folder: Path, *said: Step) -> AsyncIterator[Office]:
    async with fake_vendor(Telling(*said)) as vendor:
        (folder / "switchboard.toml").write_text(ONE_MODEL.format(url=vendor.url))
        async with office(folder, agent=False, V_KEY=KEY) as at:
            yield at


def shown_by(at: Office) -> list[str]:
    return [call.method for call in at.slack.calls if call.method.startswith("chat.")]


async def test_a_quick_answer_is_one_message_and_one_call(tmp_path: Path) -> None:
    """One of several is quick also on a machine that is busy."""
    async with answering(tmp_path, Say("Four.")) as at:
        calls: list[list[str]] = []
        while len(calls) < 5 and ["chat.postMessage"] not in calls:
            before = len(shown_by(at))
            (answer,) = await at.answered((await at.say(f"<@{at.team.bot_user}> two and two?")).ts)
            calls.append(shown_by(at)[before:])

        assert ["chat.postMessage"] in calls
        assert "Four." in reading.text(answer)


async def test_a_slow_answer_is_seen_and_can_be_stopped_before_it_is_complete(tmp_path: Path) -> None:
    gate = Gate(asyncio.Event())
    async with answering(tmp_path, Say("Three, no,"), gate, Say("four.")) as at:
        asked = await at.say(f"<@{at.team.bot_user}> two and two?")
        await at.until(lambda: any("Stop" in reading.buttons(one) for one in at.ours()))
        gate.opened.set()
        (answer,) = await at.answered(asked.ts)

        assert "four." in reading.text(answer)
        assert shown_by(at)[0] == "chat.postMessage"
        assert set(shown_by(at)[1:]) == {"chat.update"}
