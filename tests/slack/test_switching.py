"""Switching the model in Slack, with the product as it is run: who reads it, and who takes it back."""

from pathlib import Path

from tests.slack.fake import reading
from tests.slack.fake.world import Message
from tests.slack.office import Office, office

MODELS = """
[[models]]
name = "swift"
provider = "demo"
model = "demo"

[[models]]
name = "deep"
provider = "demo"
model = "deep"
"""


def read(at: Office, message: Message) -> str:
    return reading.text(at.slack.channels[message.channel].messages[message.ts])


async def test_a_switch_for_a_channel_is_said_there_and_taken_back_by_who_made_it(tmp_path: Path) -> None:
    (tmp_path / "switchboard.toml").write_text(MODELS, encoding="utf-8")
    async with office(tmp_path, SWITCHBOARD_CONFIG=str(tmp_path / "switchboard.toml")) as at:
        said = await at.command("/model", "deep --channel")
        told = read(at, said)
        await at.press(said, "Undo", user="U2")
        refused = await at.next({one for one in at.slack.channels["C1"].messages if one <= said.ts})
        await at.press(said, "Undo")
        await at.until(lambda: "took the switch back" in read(at, said))

        assert (said.seen_by, told) == (
            "",
            "Ada switched: deep answers for everybody in this channel from now on.",
        )
        assert (refused.seen_by, reading.text(refused)) == (
            "U2",
            "Only whoever switched, or an administrator, can take it back.",
        )
        assert "swift answers here again" in read(at, said)


async def test_a_switch_in_a_thread_is_said_in_the_thread_and_one_for_me_to_me(tmp_path: Path) -> None:
    (tmp_path / "switchboard.toml").write_text(MODELS, encoding="utf-8")
    async with office(tmp_path, SWITCHBOARD_CONFIG=str(tmp_path / "switchboard.toml")) as at:
        first = await at.told(f"<@{at.team.bot_user}> model why")
        root = first.thread_ts or first.ts
        here = await at.told(f"<@{at.team.bot_user}> model deep", thread=root)
        mine = await at.told(f"<@{at.team.bot_user}> model swift --me", thread=root)

        assert (here.seen_by, here.thread_ts) == ("", root)
        assert "deep answers in this thread from now on." in reading.text(here)
        assert mine.seen_by == "U1"
        assert "Here deep still answers" in reading.text(mine)
