"""An earlier answer written anew, because somebody decided about what it asks for: nothing of it gets into the turn in hand."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.domain.errors import PlatformError
from bot.domain.replies import Action, Button
from bot.domain.shown_answers import ShownAnswer
from bot.domain.stream_parts import Text
from tests.contracts.conversations import words
from tests.contracts.sinks import ANSWER, DONE, FILES, in_parts, show
from tests.doubles import FakeTurnHandle
from tests.teams.clockwork import now
from tests.teams.fake import FakeTeams
from tests.teams.faults import Fault
from tests.teams.place import TeamsPlace, adapter_for

ASKS = replace(DONE, buttons=(Button(action=Action.APPROVE, label="Run it", value="turn-1 c"),))
DECIDED = replace(ASKS, notice="Ann: Run it.", buttons=())


@pytest.fixture
async def teams() -> AsyncIterator[FakeTeams]:
    async with FakeTeams(clock=now) as fake:
        yield fake


@pytest.fixture(params=["personal", "groupChat", "channel"])
async def place(teams: FakeTeams, request: pytest.FixtureRequest) -> AsyncIterator[TeamsPlace]:
    adapter = adapter_for(teams)
    async with adapter.running():
        yield TeamsPlace(teams, adapter, request.param)


async def asking(place: TeamsPlace) -> ShownAnswer:
    ids = await show(place, FakeTurnHandle(id="turn-1"), [Text(ANSWER), ASKS])
    pressed = place.room.said()[-1].id
    return ShownAnswer(messages=ids, pressed=pressed, text=ANSWER, closing=DECIDED)


async def test_a_decision_that_came_to_nothing_leaves_no_trace_in_the_turn(place: TeamsPlace) -> None:
    shown = await asking(place)
    later = FakeTurnHandle(id="turn-2")
    sink = place.sink(later)
    await sink.rewrite(shown)
    assert "Run it" not in [label for one in await place.seen() for label in one.buttons]
    await sink.rewrite(replace(shown, closing=ASKS))

    assert later.saves == []
    assert [label for one in await place.seen() for label in one.buttons].count("Run it") == 1
    assert len(place.room.said()) <= 2


@pytest.mark.parametrize("status", [403, 404])
async def test_what_teams_will_not_change_stays_and_the_answer_goes_on_below(
    place: TeamsPlace, status: int
) -> None:
    shown = await asking(place)
    before = len(place.room.said())
    place.teams.connector.faults.plan(Fault(status=status, match=lambda method, _: method == "PUT"))
    later = FakeTurnHandle(id="turn-2")
    with pytest.raises(PlatformError):
        await place.sink(later).rewrite(shown)
    place.teams.connector.faults.clear()

    assert (later.saves, len(place.room.said())) == ([], before)
    await show(place, later, in_parts("It is done."))
    texts = [words(one.text) for one in await place.seen()]
    assert texts[0].startswith(words(ANSWER))
    assert words("It is done.") in texts


async def test_where_files_are_shown_in_words_they_stay(place: TeamsPlace) -> None:
    unkept = replace(FILES[1], key="")
    ids = await show(place, FakeTurnHandle(id="turn-1"), [Text(ANSWER), unkept, ASKS])
    assert "too many files wait" not in (await place.seen())[0].text
    shown = ShownAnswer(messages=ids, pressed=ids[0], text=ANSWER, closing=DECIDED, files=(unkept.note,))
    await place.sink(FakeTurnHandle(id="turn-2")).rewrite(shown)

    assert "Monday" in (await place.seen())[0].text


async def test_a_file_that_there_was_no_room_for_is_named(place: TeamsPlace) -> None:
    await show(place, FakeTurnHandle(), [Text(ANSWER), replace(FILES[0], key=""), DONE])

    assert "too many files wait to be taken now" in words((await place.seen())[0].text)
