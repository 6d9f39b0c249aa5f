"""A file on its way into somebody's OneDrive: killed at any call it arrives all the same, and where none can be sent people learn
it.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from functools import partial
from typing import Any

import pytest

from adapters.teams.clouds import service_hosts
from adapters.teams.conversation_reference import ConversationReference
from adapters.teams.http_session import HttpSession
from adapters.teams.inbound import events
from adapters.teams.inbound.activity import IncomingActivity
from adapters.teams.outbound.beside import beside, left_over
from adapters.teams.outbound.column_pace import ColumnPace
from adapters.teams.outbound.connector import Connector
from adapters.teams.outbound.delivery import DeliveryContext
from adapters.teams.outbound.refusals import Refusals
from bot.delivery.pacing import WallClock
from bot.domain.errors import PlatformBusy
from bot.domain.events import EVENT, ButtonPressed
from bot.domain.replies import Action
from bot.domain.stream_parts import Closing, Reason, ShownPart, Text
from bot.ports import TurnHandle
from tests.contracts.conversations import Fault, words
from tests.contracts.crashes import killed_in_call
from tests.contracts.sinks import ANSWER, DONE, FILES, show
from tests.doubles import FakeTurnHandle
from tests.teams.clockwork import now
from tests.teams.eyes import see
from tests.teams.fake import FakeTeams
from tests.teams.place import TeamsPlace, adapter_for
from tests.teams.rules import CONSENT, INFO

REPORT = FILES[0]
CHINA = "https://login.botframework.azure.cn/v1/.well-known/openidconfiguration"


@pytest.fixture
async def place() -> AsyncIterator[TeamsPlace]:
    async with FakeTeams(clock=now) as teams:
        adapter = adapter_for(teams)
        async with adapter.running():
            yield TeamsPlace(teams, adapter, "personal")


async def handed_over() -> AsyncGenerator[ShownPart, None]:
    yield REPORT
    yield Closing(reason=Reason.STOP, footer="")


def consented(place: TeamsPlace, **upload: Any) -> ButtonPressed:
    """What the person's yes is, as it comes out of storage. The card is the last message there."""
    card = place.room.said()[-1]
    told = {
        "contentUrl": f"{place.teams.download_url}/personal/report.pdf",
        "name": "report.pdf",
        "uploadUrl": f"{place.teams.download_url}/upload/report.pdf",
        "uniqueId": "1150D938",
        "fileType": "pdf",
    }
    value = {
        "type": "fileUpload",
        "action": "accept",
        "context": card.activity["attachments"][0]["content"]["acceptContext"],
        "uploadInfo": told | upload,
    }
    invoke = place.teams.people.invoke(
        place.room.id, "personal", "fileConsent/invoke", value, id="f:1", replyToId=card.id
    )
    read = events.consent(IncomingActivity.model_validate(invoke))
    assert read is not None
    event = EVENT.validate_json(EVENT.dump_json(read))
    assert isinstance(event, ButtonPressed)
    return event


async def take(place: TeamsPlace, event: ButtonPressed, turn_handle: TurnHandle) -> tuple[str, ...]:
    return await place.adapter.sink(event, turn_handle).show(handed_over())


def kinds(place: TeamsPlace) -> list[str]:
    parts = [part for one in place.room.said() for part in one.activity.get("attachments") or ()]
    return [part["contentType"] for part in parts if part["contentType"] in {CONSENT, INFO}]


async def test_a_yes_names_the_file_and_where_it_goes(place: TeamsPlace) -> None:
    await show(place, FakeTurnHandle(), [Text(ANSWER), REPORT, DONE])
    event = consented(place)

    assert (event.action, event.value) == (Action.TAKE, REPORT.key)
    assert event.message == place.room.said()[-1].id


@pytest.mark.parametrize("hang", [Fault.HANGS_BEFORE, Fault.HANGS_AFTER], ids=["before", "after"])
async def test_a_worker_killed_at_any_call_hands_it_over_all_the_same(place: TeamsPlace, hang: Fault) -> None:
    call = 0
    while True:
        call += 1
        place.move()
        place.teams.files.contents.clear()
        await show(place, FakeTurnHandle(id=f"answer-{call}"), [Text(ANSWER), REPORT, DONE])
        before = place.calls()
        place.teams.files.sessions.add("report.pdf")
        event = consented(place)
        turn_handle = FakeTurnHandle(id=f"turn-{call}")
        again = await killed_in_call(place, partial(take, place, event), turn_handle, before + call, hang)
        assert place.teams.files.contents == {"report.pdf": REPORT.data}
        if again is None:
            break
        await take(place, event, again)

        assert set(kinds(place)) <= {INFO, CONSENT}
        assert INFO in kinds(place) or "may be in your OneDrive already" in str(
            place.room.said()[-1].activity
        )
    assert kinds(place) == [INFO]
    assert call > 2


async def test_a_worker_killed_after_the_bytes_were_sent_does_not_claim_to_know(place: TeamsPlace) -> None:
    await show(place, FakeTurnHandle(), [Text(ANSWER), REPORT, DONE])
    event = consented(place)
    before = FakeTurnHandle(id="turn-2", attempt=2, ref={"begun": True})

    assert await take(place, event, before) == ()
    assert await take(place, event, before.next_attempt()) == ()  # it died once more, before that was stored
    assert kinds(place) == [CONSENT]
    (card,) = place.room.said()[-1].activity["attachments"]
    assert "may be in your OneDrive already (404)" in card["content"]["description"]
    assert card["content"]["acceptContext"] == {"sb_file": REPORT.key}


async def test_onedrive_that_is_busy_is_asked_again_by_the_worker(place: TeamsPlace) -> None:
    await show(place, FakeTurnHandle(), [Text(ANSWER), REPORT, DONE])
    event, turn_handle = consented(place), FakeTurnHandle(id="turn-2")
    place.teams.files.sessions.add("report.pdf")
    place.teams.files.refusals["report.pdf"] = 429
    with pytest.raises(PlatformBusy):
        await take(place, event, turn_handle)
    await take(place, event, turn_handle.next_attempt())

    assert kinds(place) == [INFO]


@pytest.mark.parametrize(
    "address",
    [
        "http://contoso.sharepoint.com/x",
        "https://sharepoint.com.evil.example/x",
        "https://evil.example/sharepoint.com",
        "https://user@contoso.sharepoint.com/x",
        "https://contoso.sharepoint.com:8443/x",
        "https://smba.trafficmanager.net/x",
        "https://127.0.0.1/x",
        "file:///etc/passwd",
        "",
        None,
        7,
    ],
)
async def test_no_byte_goes_to_an_address_that_is_not_a_file_host(place: TeamsPlace, address: Any) -> None:
    await show(place, FakeTurnHandle(), [Text(ANSWER), REPORT, DONE])
    event = consented(place, uploadUrl=address)

    assert await take(place, event, FakeTurnHandle(id="turn-2")) == ()
    assert "not one of Microsoft's" in see(place.room.said()[-1]).text
    assert place.teams.files.seen == []


async def test_a_yes_without_an_address_is_none_to_act_on(place: TeamsPlace) -> None:
    await show(place, FakeTurnHandle(), [Text(ANSWER), REPORT, DONE])
    told = {"uploadUrl": None, "contentUrl": None, "name": None, "uniqueId": None, "fileType": None}
    event = consented(place, **told)

    assert await take(place, event, FakeTurnHandle(id="turn-2")) == ()
    assert kinds(place) == []


async def test_an_address_that_teams_does_not_own_becomes_no_link(place: TeamsPlace) -> None:
    await show(place, FakeTurnHandle(), [Text(ANSWER), REPORT, DONE])
    place.teams.files.sessions.add("report.pdf")
    event = consented(place, contentUrl="https://evil.example/login")
    await take(place, event, FakeTurnHandle(id="turn-2"))

    assert place.teams.files.contents == {"report.pdf": REPORT.data}
    assert "evil.example" not in str([one.activity for one in place.room.said()])
    assert "Saved as report.pdf in your OneDrive." in words(see(place.room.said()[-1]).text)


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        {"action": "accept", "context": {"sb_file": "k"}},
        {"action": "accept", "context": {"sb_file": 7}, "uploadInfo": {}},
        {"action": "accept", "context": "k", "uploadInfo": {}},
        {"action": "steal", "context": {"sb_file": "k"}, "uploadInfo": {}},
        {"action": "decline", "context": {}},
    ],
)
async def test_an_answer_of_another_shape_is_none(place: TeamsPlace, value: Any) -> None:
    invoke = place.teams.people.invoke(place.room.id, "personal", "fileConsent/invoke", value, id="f:1")

    assert events.consent(IncomingActivity.model_validate(invoke)) is None


async def test_a_yes_from_a_place_of_several_people_is_none(place: TeamsPlace) -> None:
    value = {"action": "decline", "context": {"sb_file": "k"}}
    invoke = place.teams.people.invoke("19:abc", "groupChat", "fileConsent/invoke", value, id="f:1")

    assert events.consent(IncomingActivity.model_validate(invoke)) is None


async def test_in_a_cloud_without_it_texts_are_shown_and_others_named(place: TeamsPlace) -> None:
    there = adapter_for(place.teams, TEAMS_OPENID_METADATA_URL=CHINA)
    context = DeliveryContext(
        connector=Connector(http=HttpSession(), hosts=service_hosts(()), credentials=None),
        reference=ConversationReference.of(place.event()),
        turn_handle=FakeTurnHandle(),
        clock=WallClock(),
        edits=Refusals(),
        columns=ColumnPace(),
        consent=there.capabilities.hands_over,
    )

    assert beside(FILES, context) == []
    told = words(left_over(FILES, context))
    assert "(19 bytes) came with this answer, and in this cloud Teams takes no files from bots." in told
    assert "Monday,high" in told
