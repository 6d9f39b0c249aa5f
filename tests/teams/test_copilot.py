"""Answers in Microsoft 365 Copilot: nothing that was sent can be changed, and nothing may be lost, doubled or silent."""

import asyncio
import math
from collections.abc import AsyncGenerator, AsyncIterator

import pytest

from bot.domain.replies import Action, Choice, Option, Reply
from bot.domain.stream_parts import ShownPart, Status, Text
from tests.contracts.sinks import AGAIN, DONE, FOOTER
from tests.doubles import FakeTurnHandle
from tests.teams.clockwork import now
from tests.teams.fake import FakeTeams
from tests.teams.faults import Fault
from tests.teams.place import TeamsPlace, adapter_for


@pytest.fixture
async def teams() -> AsyncIterator[FakeTeams]:
    async with FakeTeams(clock=now) as fake:
        yield fake


@pytest.fixture
async def chat(teams: FakeTeams) -> AsyncIterator[TeamsPlace]:
    adapter = adapter_for(teams)
    async with adapter.running():
        yield TeamsPlace(teams, adapter, "personal", copilot=True)


@pytest.fixture
async def group(teams: FakeTeams) -> AsyncIterator[TeamsPlace]:
    adapter = adapter_for(teams)
    async with adapter.running():
        yield TeamsPlace(teams, adapter, "groupChat", copilot=True)


async def model(
    seconds: float, *, silence: float = 0.0, paragraph: int = 20
) -> AsyncGenerator[ShownPart, None]:
    """A model that thinks for a while and then writes four numbered words a second."""
    yield Status("grok is thinking")
    await asyncio.sleep(silence)
    for number in range(math.ceil(seconds * 4)):
        await asyncio.sleep(0.25)
        yield Text(f"w{number}" + ("\n\n" if number % paragraph == paragraph - 1 else " "))
    yield DONE


async def said(place: TeamsPlace) -> list[str]:
    return " ".join(one.text for one in await place.seen()).split()


def numbered(seconds: float) -> list[str]:
    return [f"w{number}" for number in range(math.ceil(seconds * 4))]


def kinds(place: TeamsPlace) -> list[str]:
    return [str(call.stream.get("streamType", call.method)) for call in place.made]


async def test_an_answer_is_streamed_after_a_word_on_what_happens(chat: TeamsPlace) -> None:
    await chat.sink(FakeTurnHandle()).show(model(10))

    (seen,) = await chat.seen()
    assert kinds(chat)[0] == "informative"
    assert kinds(chat)[-1] == "final"
    assert await said(chat) == numbered(10)
    assert (seen.footer, seen.buttons) == (FOOTER, ("Regenerate",))
    assert chat.teams.connector.violations == []


async def test_a_model_that_is_silent_for_a_minute_keeps_its_stream(chat: TeamsPlace) -> None:
    await chat.sink(FakeTurnHandle()).show(model(5, silence=60))

    assert kinds(chat)[-1] == "final"
    assert await said(chat) == numbered(5)
    assert chat.teams.connector.violations == []


@pytest.mark.parametrize("silence", [0, 130], ids=["writing", "thinking"])
async def test_what_does_not_fit_into_a_streams_life_follows_once(chat: TeamsPlace, silence: float) -> None:
    await chat.sink(FakeTurnHandle()).show(model(200, silence=silence))

    seen = await chat.seen()
    words = [word for word in await said(chat) if word.startswith("w")]
    assert words == numbered(200)
    assert [bool(one.footer) for one in seen] == [False] * (len(seen) - 1) + [True]
    assert seen[-1].buttons == ("Regenerate",)
    assert {"PUT", "DELETE"} & set(kinds(chat)) == set()
    assert chat.teams.connector.violations == []


async def test_code_that_a_stream_ends_in_is_code_on_both_sides(chat: TeamsPlace) -> None:
    async def coding() -> AsyncGenerator[ShownPart, None]:
        yield Text("```python\n")
        for number in range(800):
            await asyncio.sleep(0.25)
            yield Text(f"print({number})\n")
        yield Text("```\n")
        yield DONE

    await chat.sink(FakeTurnHandle()).show(coding())

    first, second = (message.text for message in chat.room.written())
    assert first.count("```") == second.count("```") == 2
    assert (first + second).count("print(") == 800


async def test_what_is_put_right_at_the_end_is_said_again_from_there_alone(chat: TeamsPlace) -> None:
    async def written() -> AsyncGenerator[ShownPart, None]:
        yield Text("The first paragraph.\n\nAs said[^a] before.\n\n")
        await asyncio.sleep(5)
        yield Text("More of it.\n\n[^a]: By Ada.")
        yield DONE

    await chat.sink(FakeTurnHandle()).show(written())

    whole = "\n".join(message.text for message in chat.room.written())
    assert whole.count("The first paragraph.") == 1
    assert whole.count("More of it.") == 1
    assert "By Ada." in whole


async def test_an_answer_without_a_stream_is_posted(chat: TeamsPlace) -> None:
    chat.teams.connector.streaming = False
    await chat.sink(FakeTurnHandle()).show(model(5))

    (seen,) = await chat.seen()
    assert (await said(chat), seen.footer) == (numbered(5), FOOTER)
    assert "PUT" not in kinds(chat)


async def test_a_group_sees_one_message_and_no_placeholder(group: TeamsPlace) -> None:
    await group.sink(FakeTurnHandle()).show(model(5))

    (seen,) = await group.seen()
    assert kinds(group) == ["POST", "POST"]
    assert (await said(group), seen.footer, seen.buttons) == (numbered(5), FOOTER, ("Regenerate",))


@pytest.mark.parametrize("silence", [11, 60])
async def test_a_group_that_waits_is_told_in_time_and_the_answer_follows(
    group: TeamsPlace, silence: float
) -> None:
    await group.sink(FakeTurnHandle()).show(model(5, silence=silence))

    told, answer = await group.seen()
    assert told.text.strip() == "grok is thinking… The answer follows in a message of its own."
    assert told.buttons == ("Stop",)
    assert answer.text.split() == numbered(5)
    assert group.teams.connector.violations == []


@pytest.mark.parametrize("status", [400, 403, 429, 503])
async def test_an_answer_does_not_depend_on_the_word_that_it_follows(group: TeamsPlace, status: int) -> None:
    def strikes(method: str, activity: dict[str, object]) -> bool:
        return "follows" in str(activity.get("text"))

    group.teams.connector.faults.plan(Fault(status=status, times=6, match=strikes))
    await group.sink(FakeTurnHandle()).show(model(5, silence=60))

    assert (await said(group))[-len(numbered(5)) :] == numbered(5)


async def test_who_waits_is_told_also_where_the_stop_is_refused(group: TeamsPlace) -> None:
    group.teams.connector.faults.plan(
        Fault(status=400, times=9, match=lambda _, activity: "suggestedActions" in activity)
    )
    await group.sink(FakeTurnHandle()).show(model(5, silence=60))

    told, answer = await group.seen()
    assert "The answer follows" in told.text
    assert answer.text.split() == numbered(5)
    assert group.teams.connector.violations == []


async def test_who_watched_a_long_thought_is_told_once_that_the_answer_follows(chat: TeamsPlace) -> None:
    await chat.sink(FakeTurnHandle()).show(model(5, silence=130))

    told, answer = await chat.seen()
    assert told.text.strip() == "The answer follows in a message of its own."
    assert answer.text.split() == numbered(5)
    assert "AIGeneratedContent" not in str(chat.room.messages[told.id].activity)
    assert "feedbackLoop" not in str(chat.room.messages[told.id].activity)


async def test_an_answer_in_extended_markdown_is_not_shown_again_after_a_crash(teams: FakeTeams) -> None:
    adapter = adapter_for(teams, TEAMS_EXTENDED_MARKDOWN="1")
    async with adapter.running():
        chat = TeamsPlace(teams, adapter, "personal", copilot=True)
        turn_handle = FakeTurnHandle()
        await chat.sink(turn_handle).show(model(5))
        await chat.sink(turn_handle.next_attempt()).show(model(5))

    answer, buttons = chat.room.said()
    assert answer.text.split()[:20] == numbered(5)
    assert [one.buttons for one in await chat.seen()] == [("Regenerate",)]
    assert buttons.text == ""


async def test_nothing_private_is_said_where_everybody_reads(group: TeamsPlace) -> None:
    await group.sink(FakeTurnHandle()).say(Reply(text="You spent 3 dollars.", private=True, secret=True))
    await group.sink(FakeTurnHandle(id="turn-2")).say(Reply(text="There is no command muet.", private=True))

    secret, word = await group.seen()
    assert "dollars" not in secret.text
    assert "chat of your own" in secret.text
    assert word.text.strip() == "There is no command muet."
    assert group.teams.connector.violations == []


async def test_a_pick_is_confirmed_in_a_new_message(chat: TeamsPlace) -> None:
    options = (Option(value="me grok", label="grok"),)
    picker = Reply(text="Models", choices=(Choice(action=Action.PICK, label="Pick one", options=options),))
    card = await chat.sink(FakeTurnHandle()).say(picker)
    await chat.sink(FakeTurnHandle(id="turn-2")).say(Reply(text="grok answers.", replaces=card))

    first, second = await chat.seen()
    assert first.options == ("grok",)
    assert second.text.strip() == "grok answers."
    assert "PUT" not in kinds(chat)


async def test_a_reply_said_before_a_crash_is_not_said_again(chat: TeamsPlace) -> None:
    turn_handle = FakeTurnHandle()
    reply = Reply(text="grok answers.", buttons=(AGAIN,))
    await chat.sink(turn_handle).say(reply)
    await chat.sink(turn_handle.next_attempt()).say(reply)

    assert len(chat.room.said()) == 1


async def test_a_sensitivity_label_is_not_sent(chat: TeamsPlace) -> None:
    """Copilot shows none, and documents that it takes none."""
    label = {"type": "https://schema.org/Message", "usageInfo": {"@id": "s1", "name": "Confidential"}}
    entities = [{"type": "ProductInfo", "id": "COPILOT"}, label]
    await chat.adapter.sink(chat.event("hello", entities=entities), FakeTurnHandle()).show(model(1))

    assert "usageInfo" not in str(chat.made[-1].sent)


@pytest.mark.parametrize("status", [400, 403, 405, 501])
async def test_any_refusal_of_a_stream_ends_in_a_posted_answer(chat: TeamsPlace, status: int) -> None:
    chat.teams.connector.faults.plan(
        Fault(status=status, times=1, match=lambda _, activity: "streaming" in str(activity.get("entities")))
    )
    await chat.sink(FakeTurnHandle()).show(model(8))

    assert chat.room.written()[-1].text.split()[: len(numbered(8))] == numbered(8)
    assert (await chat.seen())[-1].footer == FOOTER
