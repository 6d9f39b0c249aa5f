"""Tools in all four dialects, with approvals, from a server that somebody else wrote to what people see and press.

The server is the public `mcp-server-time` over its standard input and output; the vendors are ours, and strict.
"""

import json
import sys
from collections.abc import Sequence
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.conversations import Seen
from tests.e2e.company import DIALECTS, MODELS, Vendors, addresses
from tests.e2e.test_page import CHAT, Page
from tests.ops.product import running
from tests.ops.test_running import posts
from tests.providers.fake import Answer, Step, fake_vendor
from tests.providers.tool_speech import TOOL_SPEECHES, Call
from tests.slack.fake import reading
from tests.slack.office import office as slack_office
from tests.teams import test_product as teams_product
from tests.teams.eyes import see
from tests.teams.rooms import Room

pytest.importorskip("mcp_server_time", reason="mcp-server-time is not installed")

TIME = f"""
[tools.time]
command = [{json.dumps(sys.executable)}, "-m", "mcp_server_time", "--local-timezone", "UTC"]
run = ["get_*"]
"""
ABLE = MODELS.replace('-id"\n', '-id"\ntools = true\n') + TIME
NOW = Call("time__get_current_time", '{"timezone": "Asia/Tokyo"}', "call_1")
CONVERT = Call(
    "time__convert_time",
    '{"source_timezone": "Asia/Tokyo", "time": "09:00", "target_timezone": "Europe/Berlin"}',
    "call_2",
)
HEADERS = {"content-type": "text/event-stream"}


class Clerks(Vendors):
    """Every model looks at the clock, converts a time, and says what came of it."""

    def steps(self, dialect: str, question: str) -> Sequence[Step]:
        speech = TOOL_SPEECHES[dialect]
        calls = json.dumps(self.asked[-1].body).count("time__")
        offered = json.dumps(self.asked[-1].body.get("tools")).count("time__")
        rounds = (calls - offered) // (2 if dialect == "gemini" else 1)  # its results name the tool again
        match rounds:
            case 0:
                said = speech.answer(NOW, thought="What time is it?", text="One moment.", id="a-1")
            case 1:
                said = speech.answer(CONVERT, thought="Convert it.", id="a-2")
            case _:
                said = speech.answer(text="It is one in the morning.", id="a-3")
        return (Answer(200, HEADERS, said),)

    def ended(self, dialect: str) -> dict[str, Any]:
        """The last request of one dialect."""
        return next(one.body for one in reversed(self.asked) if one.dialect == dialect)


def told(vendors: Clerks, dialect: str) -> None:
    """The model was told what the server really said, twice."""
    said = json.dumps(vendors.ended(dialect))
    assert "Asia/Tokyo" in said
    assert "time_difference" in said


def ended(room: Room) -> Sequence[Seen]:
    """The bot's finished messages."""
    return [each for each in map(see, teams_product.talk(room)) if each.footer]


def more_than(room: Room, count: int) -> bool:
    return len(ended(room)) > count


async def test_in_slack(tmp_path: Path) -> None:
    vendors = Clerks()
    (tmp_path / "switchboard.toml").write_text(ABLE, encoding="utf-8")
    async with (
        fake_vendor(vendors),
        slack_office(tmp_path, socket=False, agent=False, limits=False, **addresses(vendors)) as at,
    ):
        for name, dialect in DIALECTS.items():
            root = await at.say(f"<@{at.team.bot_user}> {name}: when do they start in Tokyo?")
            (card,) = await at.answered(root.ts)
            assert reading.text(card).startswith("One moment.")
            plain = reading.text(card).replace("*", "").replace("`", "")
            assert "Run convert_time on time?" in plain
            assert '"target_timezone": "Europe/Berlin"' in plain
            assert "used time.get_current_time" in reading.footer(card)
            assert "time_difference" not in json.dumps(vendors.ended(dialect))

            old = deepcopy(card)  # as a window shows it that nobody has looked at since
            await at.press(card, "Run it", user="U2")
            await at.press(card, "Run it")
            (decided, answer) = await at.answered(root.ts, count=2)
            assert reading.text(decided) == f"{reading.text(old)}\nAda: Run it."
            assert reading.buttons(decided) == []
            assert reading.footer(decided) == reading.footer(old)
            await at.press(old, "Run it")
            assert reading.text(answer) == "It is one in the morning."
            assert reading.footer(answer).startswith(name)
            told(vendors, dialect)
        assert len(vendors.asked) == 3 * len(DIALECTS)


class TwoAtOnce(Vendors):
    """Wants to convert two times in one round."""

    def steps(self, dialect: str, question: str) -> Sequence[Step]:
        speech = TOOL_SPEECHES[dialect]
        if "time_difference" in json.dumps(self.asked[-1].body):
            return (Answer(200, HEADERS, speech.answer(text="Both are known.", id="a-2")),)
        other = Call(CONVERT.name, CONVERT.args.replace("09:00", "10:00"), "call_3")
        return (Answer(200, HEADERS, speech.answer(CONVERT, other, id="a-1")),)


async def test_two_calls_are_decided_one_after_the_other_in_slack(tmp_path: Path) -> None:
    vendors = TwoAtOnce()
    (tmp_path / "switchboard.toml").write_text(ABLE, encoding="utf-8")
    async with (
        fake_vendor(vendors),
        slack_office(tmp_path, socket=False, agent=False, limits=False, **addresses(vendors)) as at,
    ):
        root = await at.say(f"<@{at.team.bot_user}> two times, please")
        (first,) = await at.answered(root.ts)
        before = set(at.slack.channels["C1"].messages)
        await at.press(first, "Don't")
        second = await at.next(before, "C1")
        assert reading.text(first).endswith("Ada: Don't.")
        assert reading.buttons(first) == []
        assert '"time": "10:00"' in reading.text(second)
        assert second.thread_ts == root.ts
        assert reading.live(first) == reading.live(second) == []
        await at.press(second, "Run it")
        answers = await at.answered(root.ts, count=2)

        assert reading.text(second).endswith("Ada: Run it.")
        assert reading.buttons(second) == []
        assert reading.text(answers[-1]) == "Both are known."
        assert "time.convert_time (not run), time.convert_time 0" in reading.footer(answers[-1])
        assert "did not allow it" in json.dumps(vendors.asked[-1].body)


async def test_on_the_page(tmp_path: Path) -> None:
    vendors = Clerks()
    (tmp_path / "switchboard.toml").write_text(ABLE, encoding="utf-8")
    async with (
        fake_vendor(vendors),
        running(tmp_path, **addresses(vendors)) as product,
        product.visitor() as client,
    ):
        at = Page(client, vendors)
        for name, dialect in DIALECTS.items():
            card = await at.says(f"{name}: when do they start in Tokyo?")
            buttons = {one["label"]: one for one in card["closing"]["buttons"]}
            assert list(buttons) == ["Run it", "Don't", "Always for this tool in this thread"]
            assert "Europe/Berlin" in json.dumps(card)
            answer = await at.presses(buttons["Run it"], card)
            decided = next(one for one in await posts(client, CHAT) if one["id"] == card["id"])
            assert decided["text"] == card["text"]
            assert decided["closing"] == {
                **{key: value for key, value in card["closing"].items() if key != "buttons"},
                "notice": "You: Run it.",
            }
            assert answer["text"] == "It is one in the morning."
            assert answer["closing"]["footer"].startswith(name)
            told(vendors, dialect)
        listed = (await at.says("/tools"))["reply"]["text"]
        assert "▸ get" in listed.replace("\\", "")


async def test_in_teams(tmp_path: Path) -> None:
    vendors = Clerks()
    async with (
        fake_vendor(vendors),
        teams_product.office(tmp_path, ABLE, **addresses(vendors)) as at,
    ):
        room = at.teams.personal()
        for name, dialect in DIALECTS.items():
            card = await at.said(room, f"{name}: when do they start in Tokyo?")
            assert "Europe/Berlin" in see(card).text
            await at.until(lambda: "Run it" in teams_product.buttons(room))
            answered = partial(more_than, room, len(ended(room)))
            await at.press(room, room.said()[-1])
            await at.until(answered)
            assert ended(room)[-1].text.strip() == "It is one in the morning."
            decided = ended(room)[-2]
            assert decided.text.strip().endswith("Alice: Run it.")
            assert "Europe/Berlin" in decided.text
            assert decided.buttons == ()
            told(vendors, dialect)


LONG_CODE = "\n".join(f"n{n} = {n}  # one of many lines of a long program" for n in range(600)) + "\nn599 + 1"


class Programmer(Vendors):
    """Wants to run a program longer than a message."""

    def steps(self, dialect: str, question: str) -> Sequence[Step]:
        speech = TOOL_SPEECHES[dialect]
        if "600" in json.dumps(self.asked[-1].body["messages"][-1]):
            return (Answer(200, HEADERS, speech.answer(text="It is 600.", id="a-2")),)
        wanted = Call("python__run", json.dumps({"code": LONG_CODE}), "call_1")
        return (Answer(200, HEADERS, speech.answer(wanted, id="a-1")),)


async def test_a_long_argument_is_folded_in_slack_and_shown_whole_in_further_messages(tmp_path: Path) -> None:
    pytest.importorskip("pydantic_monty", reason="pydantic-monty is not installed")
    vendors = Programmer()
    tools = "\n[tools.python]\nbuiltin = true\n"
    (tmp_path / "switchboard.toml").write_text(ABLE.replace(TIME, tools), encoding="utf-8")
    async with (
        fake_vendor(vendors),
        slack_office(tmp_path, socket=False, agent=False, limits=False, **addresses(vendors)) as at,
    ):
        root = await at.say(f"<@{at.team.bot_user}> claude: how many?")
        (card,) = await at.answered(root.ts)
        assert f"(folded: {len(LONG_CODE):,} characters, sha256 " in reading.text(card)
        assert "n599" not in reading.text(card)
        await at.press(card, "Show all")
        (_, last) = await at.answered(root.ts, count=2)
        shown = [one for one in at.ours() if one.thread_ts == root.ts and one.ts != card.ts]
        assert len(shown) > 2
        whole = "".join(map(reading.text, shown))
        assert [n for n in range(600) if f"n{n} = {n} " not in whole] == []
        assert "n599 + 1" in whole
        assert reading.buttons(last) == []
        assert reading.footer(last) == "The buttons are above, where this was asked for."

        await at.press(card, "Run it")
        *_, answer = await at.answered(root.ts, count=3)
        assert reading.text(answer) == "It is 600."
        assert reading.text(card).endswith("Ada: Run it.")
