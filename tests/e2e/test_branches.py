"""A second opinion in Slack and Teams: both answers say which they are, and the thread goes on from the one that is picked."""

from pathlib import Path

import pytest

from tests.slack.fake import reading
from tests.slack.fake.world import Message
from tests.slack.office import office as slack_office
from tests.teams.rooms import Room
from tests.teams.test_product import Office, card, finished, shown, talk
from tests.teams.test_product import office as teams_office

GO_ON = "Go on from this one"


async def test_in_slack(tmp_path: Path) -> None:
    async with slack_office(tmp_path) as at:
        root = await at.say(f"<@{at.team.bot_user}> one")
        await at.answered(root.ts)
        await at.say(f"<@{at.team.bot_user}> two", thread=root.ts)
        first, second = await at.answered(root.ts, count=2)
        await at.press(first, "Regenerate")
        first, second, third = await at.answered(root.ts, count=3)

        def now(answer: Message) -> Message:
            return at.slack.channels["C1"].messages[answer.ts]

        await at.until(lambda: "1/2" in reading.footer(now(first)))

        assert reading.footer(third) == "demo · 2/2 · the conversation goes on from another answer"
        assert GO_ON in reading.buttons(third)
        assert GO_ON not in reading.buttons(now(first))
        await at.press(third, GO_ON)

        def offers() -> list[bool]:
            return [GO_ON in reading.buttons(now(one)) for one in (first, second, third)]

        await at.until(lambda: offers() == [True, True, False])
        assert reading.footer(now(third)) == "demo · 2/2"
        await at.say(f"<@{at.team.bot_user}> three", thread=root.ts)
        last = (await at.answered(root.ts, count=4))[-1]
        assert "You asked before: “one”" in reading.text(last)


def offers(room: Room) -> list[bool]:
    """Of each card from the top, whether the conversation can go on from its answer."""
    cards = [shown(one).buttons for one in room.said() if "Regenerate" in shown(one).buttons]
    return [GO_ON in one for one in cards]


async def press(at: Office, room: Room, label: str) -> None:
    """Presses the first such button from the top."""
    message = next(one for one in room.said() if label in shown(one).buttons)
    (data,) = [one["data"] for one in card(message) if one.get("title") == label]
    pressed = at.teams.people.pressed(
        str(message.activity.get("conversation", room.id)),
        room.kind,
        {"type": "Action.Execute", "data": data},
        message.id,
        id=at.teams.rooms.new_id(),
    )
    await at.teams.deliver(pressed)


@pytest.mark.parametrize("where", ["personal", "group"])
async def test_in_teams(tmp_path: Path, where: str) -> None:
    async with teams_office(tmp_path) as at:
        room = at.teams.personal() if where == "personal" else at.teams.group()
        first = await at.said(room, "one")
        await at.said(room, "two")
        known = {one.id for one in talk(room)}
        await press(at, room, "Regenerate")
        await at.until(lambda: [one for one in talk(room) if one.id not in known and finished(one)])
        (third,) = [one for one in talk(room) if one.id not in known]
        await at.until(lambda: "1/2" in shown(room.messages[first.id]).footer)
        assert shown(third).footer == "demo · 2/2 · the conversation goes on from another answer"
        assert offers(room) == [False, False, True]
        await press(at, room, GO_ON)

        await at.until(lambda: offers(room) == [True, True, False])
        last = await at.said(room, "three")
        assert "You asked before: “one”" in shown(last).text
