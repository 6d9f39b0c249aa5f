"""How answers grow in Teams, in time that is skipped: the documented rules are never broken, whatever happens."""

import asyncio
import json
import math
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise

import pytest

from adapters.teams.inbound import events
from adapters.teams.inbound.activity import IncomingActivity
from bot.domain.errors import PlatformBusy, PlatformGone, PlatformRefused
from bot.domain.replies import Action, Button, Reply, Section
from bot.domain.stream_parts import Closing, Reason, ShownPart, Status, Text, Thinking
from tests.contracts.conversations import Fault as Befalls
from tests.contracts.sinks import AGAIN, DONE, FOOTER
from tests.doubles import FakeTurnHandle
from tests.teams.clockwork import now
from tests.teams.eyes import see, seen_in
from tests.teams.fake import FakeTeams
from tests.teams.faults import Fault
from tests.teams.issuer import Trouble
from tests.teams.place import TeamsPlace, adapter_for
from tests.teams.refusals import Refused
from tests.teams.rules import size

WORDS = "The tide comes twice a day because the Moon pulls at the sea. "


@pytest.fixture
async def teams() -> AsyncIterator[FakeTeams]:
    async with FakeTeams(clock=now) as fake:
        yield fake


@pytest.fixture
async def chat(teams: FakeTeams) -> AsyncIterator[TeamsPlace]:
    adapter = adapter_for(teams)
    async with adapter.running():
        yield TeamsPlace(teams, adapter, "personal")


@pytest.fixture
async def group(teams: FakeTeams) -> AsyncIterator[TeamsPlace]:
    adapter = adapter_for(teams)
    async with adapter.running():
        yield TeamsPlace(teams, adapter, "groupChat")


async def model(
    seconds: float, *, every: float = 0.25, silence: float = 0.0, closing: Closing = DONE, text: str = WORDS
) -> AsyncGenerator[ShownPart, None]:
    """A model that thinks for `silence` seconds and then writes for about `seconds`, however busy the machine is."""
    yield Status("grok is thinking")
    await asyncio.sleep(silence)
    for _ in range(math.ceil(seconds / every)):
        await asyncio.sleep(every)
        yield Text(text)
    yield closing


def kinds(place: TeamsPlace) -> list[str]:
    """The calls in short: informative, streaming, final, POST, PUT, DELETE."""
    return [str(call.stream.get("streamType", call.method)) for call in place.made]


def assert_spaced(place: TeamsPlace, least: float) -> None:
    times = [call.at for call in place.made if call.stream]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert min(gaps) > least - 0.01


async def test_a_stream_begins_with_what_is_happening_and_ends_with_label_thumbs_and_buttons(
    chat: TeamsPlace,
) -> None:
    turn_handle = FakeTurnHandle()
    ids = await chat.sink(turn_handle).show(model(6))

    last = chat.made[-1].sent
    assert kinds(chat)[0] == "informative"
    assert kinds(chat)[-1] == "final"
    assert set(kinds(chat)[1:-1]) == {"streaming"}
    assert [call.stream.get("streamSequence") for call in chat.made[:-1]] == list(range(1, len(chat.made)))
    assert last["entities"][1]["additionalType"] == ["AIGeneratedContent"]
    assert last["channelData"] == {"feedbackLoop": {"type": "default"}}
    assert last["text"].endswith(f"\n\n*{FOOTER}*")
    assert ids == tuple(chat.room.messages)[1:]
    assert chat.teams.connector.violations == []
    assert_spaced(chat, 1.5)


async def test_a_short_answer_is_a_stream_of_two_requests(chat: TeamsPlace) -> None:
    await chat.sink(FakeTurnHandle()).show(model(0.3))

    assert kinds(chat) == ["informative", "final"]
    assert_spaced(chat, 1.5)


async def test_a_slow_model_is_shown_to_be_at_work(chat: TeamsPlace) -> None:
    await chat.sink(FakeTurnHandle()).show(model(2, silence=45))

    assert kinds(chat).count("informative") >= 4
    assert chat.teams.connector.violations == []


async def test_an_answer_longer_than_two_minutes_ends_complete_in_the_same_message(chat: TeamsPlace) -> None:
    ids = await chat.sink(FakeTurnHandle()).show(model(300, text="The tide comes. "))

    (seen,) = await chat.seen()
    (stream,) = chat.room.streams.values()
    assert ids[:1] == (seen.id,) == (stream.id,)
    assert seen.text.count("The tide") == 1200
    assert seen.footer == FOOTER
    assert max(at for at, _ in stream.requests) - stream.started < 115
    assert kinds(chat).count("PUT") > 20
    assert chat.teams.connector.violations == []


async def test_a_model_that_is_silent_for_longer_than_two_minutes_still_answers(chat: TeamsPlace) -> None:
    await chat.sink(FakeTurnHandle()).show(model(2, silence=170))

    (seen,) = await chat.seen()
    assert seen.text.startswith("The tide")
    assert chat.teams.connector.violations == []


async def test_stop_in_teams_ends_the_model_and_says_nothing_more(chat: TeamsPlace) -> None:
    turn_handle, given = FakeTurnHandle(), []

    async def watched() -> AsyncGenerator[ShownPart, None]:
        async for part in turn_handle.stop.cut(model(600)):
            given.append(now())
            yield part
        yield Closing(reason=Reason.STOPPED, footer=FOOTER, notice="Stopped.")

    async with asyncio.TaskGroup() as tasks:
        started = now()
        showing = tasks.create_task(chat.sink(turn_handle).show(watched()))
        await asyncio.sleep(5)
        chat.teams.cancel(chat.room)

    (stream,) = chat.room.streams.values()
    assert showing.result() == (stream.id,)
    assert turn_handle.stop.fired
    assert given[-1] - started < 8
    assert kinds(chat).count("final") == 0
    assert chat.teams.connector.violations == []


async def test_stop_during_silence_is_noticed(chat: TeamsPlace) -> None:
    turn_handle = FakeTurnHandle()
    async with asyncio.TaskGroup() as tasks:
        started = now()
        tasks.create_task(chat.sink(turn_handle).show(turn_handle.stop.cut(model(5, silence=600))))
        await asyncio.sleep(3)
        chat.teams.cancel(chat.room)

    assert turn_handle.stop.fired
    assert now() - started < 20


async def test_where_streams_are_off_the_answer_grows_by_edits(chat: TeamsPlace) -> None:
    chat.teams.connector.streaming = False
    await chat.sink(FakeTurnHandle()).show(model(6))
    first = kinds(chat)
    await chat.sink(FakeTurnHandle(id="turn-2")).show(model(1))

    assert first[:3] == ["informative", "POST", "PUT"]
    assert kinds(chat)[len(first)] == "POST"
    assert [seen.footer for seen in await chat.seen()] == [FOOTER, FOOTER]


async def test_streaming_is_tried_again_after_a_while(chat: TeamsPlace) -> None:
    chat.teams.connector.streaming = False
    await chat.sink(FakeTurnHandle()).show(model(1))
    chat.teams.connector.streaming = True
    await asyncio.sleep(130)
    await chat.sink(FakeTurnHandle(id="turn-2")).show(model(1))

    assert kinds(chat)[-1] == "final"


async def test_a_dead_stream_that_takes_no_edit_ends_in_a_new_message(chat: TeamsPlace) -> None:
    chat.teams.connector.put_on_streams = False
    await chat.sink(FakeTurnHandle()).show(model(160, text="The tide comes. "))

    assert (await chat.seen())[-1].text.count("The tide") == 640
    assert (await chat.seen())[-1].footer == FOOTER


STREAM_FAULTS = [
    Fault(status=500, times=1),
    Fault(status=502, html=True, times=2),
    Fault(status=503, times=3),
    Fault(status=412, code="PreconditionFailed", times=2),
    Fault(status=429, code="Throttled", retry_after=3, times=2),
    Fault(status=429, code="Throttled", times=2),
    Fault(status=429, code="Throttled", flat=True, times=1),
    Fault(status=403, code="ContentStreamNotAllowed", message="Message size too large.", times=1),
    Fault(status=400, code="BadRequest", message="No such thing.", times=1),
    Fault(cut=True, times=2),
    Fault(cut=True, carried=True, times=2),
]  # fmt: skip


@pytest.mark.parametrize(
    "fault",
    STREAM_FAULTS,
    ids=lambda fault: f"{fault.status}-{fault.times}-{fault.retry_after}-{fault.carried}",
)
@pytest.mark.parametrize("kind", ["streaming", "final"])
async def test_trouble_in_the_middle_leaves_one_whole_answer(
    chat: TeamsPlace, fault: Fault, kind: str
) -> None:
    def strikes(method: str, activity: dict[str, object]) -> bool:
        return f'"streamType": "{kind}"' in json.dumps(activity)

    chat.teams.connector.faults.plan(Fault(**{**vars(fault), "match": strikes}))
    turn_handle, parts = FakeTurnHandle(), 40
    for _ in range(3):
        try:
            await chat.sink(turn_handle).show(model(parts / 4))
            break
        except PlatformBusy:
            turn_handle = turn_handle.next_attempt()

    (seen,) = await chat.seen()
    assert seen.text.count("The tide") == parts
    assert seen.footer == FOOTER


async def test_a_question_while_an_old_stream_hangs_is_answered(chat: TeamsPlace) -> None:
    """A worker died in an answer whose first request was carried out unanswered: nothing waits for that stream."""
    chat.fault(1, Befalls.DROPPED)
    await chat.sink(FakeTurnHandle()).show(model(2))

    (seen,) = await chat.seen()
    assert seen.footer == FOOTER


async def test_edits_in_a_group_keep_to_the_limits_and_offer_a_stop(group: TeamsPlace) -> None:
    await group.sink(FakeTurnHandle(id="turn-9")).show(model(120))

    stop = group.made[0].sent["suggestedActions"]
    assert (stop["actions"][0]["title"], stop["to"]) == ("Stop", ["29:alice"])
    assert stop["actions"][0]["value"] == {"sb_action": "stop", "sb_value": "turn-9"}
    assert kinds(group)[:3] == ["POST", "PUT", "POST"]
    assert set(kinds(group)[3:]) == {"PUT"}
    assert group.teams.connector.violations == []


@pytest.fixture(params=["personal", "groupChat", "channel"])
async def edited(request: pytest.FixtureRequest, teams: FakeTeams) -> AsyncIterator[TeamsPlace]:
    """A place where answers grow by edits."""
    teams.connector.streaming = False
    adapter = adapter_for(teams)
    async with adapter.running():
        yield TeamsPlace(teams, adapter, request.param)


@pytest.mark.parametrize("seconds", [0.1, 20], ids=["quick", "long"])
async def test_label_thumbs_and_buttons_of_an_edited_answer_are_really_shown(
    edited: TeamsPlace, seconds: float
) -> None:
    """Teams shows nothing of these that only an edit brings."""
    await edited.sink(FakeTurnHandle()).show(model(seconds))

    answer, buttons = edited.room.said()
    assert ["AIGeneratedContent"] in [one.get("additionalType") for one in answer.activity["entities"]]
    assert answer.activity["channelData"] == {"feedbackLoop": {"type": "default"}}
    assert see(answer).buttons == ()
    assert see(buttons).buttons == ("Regenerate",)


async def test_a_stop_can_be_seen_while_an_answer_grows_by_edits(edited: TeamsPlace) -> None:
    """The suggested action vanishes with the first edit, so there is a card."""
    seen: list[tuple[str, ...]] = []

    async def watched() -> AsyncGenerator[ShownPart, None]:
        async for part in model(20):
            if isinstance(part, Closing):
                seen.extend(see(message).buttons for message in edited.room.said())
            yield part

    await edited.sink(FakeTurnHandle()).show(watched())

    assert seen == [(), ("Stop",)]


async def test_a_failure_is_not_labelled_as_written_by_a_model(edited: TeamsPlace) -> None:
    async def failing() -> AsyncGenerator[ShownPart, None]:
        yield Status("grok is thinking")
        yield Closing(reason=Reason.FAILED, footer=FOOTER, notice="grok did not answer.")

    await edited.sink(FakeTurnHandle()).show(failing())

    (message,) = edited.room.written()
    assert "AIGeneratedContent" not in json.dumps(message.activity)
    assert "feedbackLoop" not in json.dumps(message.activity)


async def test_a_streamed_failure_is_not_labelled_either(chat: TeamsPlace) -> None:
    closing = Closing(reason=Reason.FAILED, footer=FOOTER, notice="grok did not answer.")
    await chat.sink(FakeTurnHandle()).show(told([closing]))

    assert "AIGeneratedContent" not in json.dumps(chat.made[-1].sent)


@pytest.mark.parametrize("status", [400, 403, 404, 405, 501])
@pytest.mark.parametrize("seconds", [0.1, 20], ids=["quick", "long"])
async def test_where_edits_are_refused_for_good_the_answer_is_posted(
    edited: TeamsPlace, status: int, seconds: float
) -> None:
    """No placeholder stays, and the next answer does not even try."""
    edited.room.edits_refused = status
    await edited.sink(FakeTurnHandle()).show(model(seconds))
    first = await edited.seen()
    tried = len(edited.made)
    await edited.sink(FakeTurnHandle(id="turn-2")).show(model(1))

    (seen,) = first
    assert (seen.footer, seen.buttons) == (FOOTER, ("Regenerate",))
    assert seen.text.count("The tide") == math.ceil(seconds / 0.25)
    assert "PUT" not in kinds(edited)[tried:]
    assert [one.footer for one in await edited.seen()] == [FOOTER, FOOTER]


@pytest.mark.parametrize("status", [400, 403, 404, 405, 501])
@pytest.mark.parametrize("edit", [1, 2, 3])
async def test_one_refused_edit_loses_and_doubles_nothing(edited: TeamsPlace, status: int, edit: int) -> None:
    count = 0

    def strikes(method: str, activity: dict[str, object]) -> bool:
        nonlocal count
        count += method == "PUT"
        return method == "PUT" and count == edit

    edited.teams.connector.faults.plan(Fault(status=status, times=1, match=strikes))
    await edited.sink(FakeTurnHandle()).show(model(5))

    (seen,) = await edited.seen()
    assert seen.text.count("The tide") == 20
    assert (seen.footer, seen.buttons) == (FOOTER, ("Regenerate",))


@pytest.mark.parametrize("status", [400, 403, 404, 405, 501])
async def test_what_cannot_be_replaced_is_said_anew(edited: TeamsPlace, status: int) -> None:
    """Picks, comparisons and commands answer by a new message there."""
    card = await edited.sink(FakeTurnHandle()).say(Reply(text="Which one?"))
    edited.room.edits_refused = status
    await edited.sink(FakeTurnHandle(id="turn-2")).say(Reply(text="grok it is.", replaces=card))

    assert [seen.text.strip() for seen in await edited.seen()] == ["Which one?", "grok it is."]


async def test_what_follows_a_stream_that_takes_no_edit_is_not_forgotten_by_a_later_attempt(
    chat: TeamsPlace,
) -> None:
    def strikes(method: str, activity: dict[str, object]) -> bool:
        return activity.get("type") == "message" and FOOTER in str(activity.get("text"))

    chat.room.edits_refused = 405
    chat.teams.connector.faults.plan(Fault(status=503, times=5, match=strikes))
    turn_handle, words = FakeTurnHandle(), "The tide comes. "
    with pytest.raises(PlatformBusy):
        await chat.sink(turn_handle).show(model(115, text=words))
    await chat.sink(turn_handle.next_attempt()).show(told([Text(words * 460), DONE]))

    assert (await chat.seen())[-1].text.count("The tide") == 460
    assert (await chat.seen())[-1].footer == FOOTER


async def test_a_reply_that_could_not_take_a_place_is_said_once_however_often_it_is_tried(
    edited: TeamsPlace,
) -> None:
    edited.room.edits_refused = 403
    edited.teams.connector.faults.plan(Fault(status=403, times=9, match=lambda method, _: method == "DELETE"))
    turn_handle = FakeTurnHandle()
    await edited.sink(turn_handle).say(Reply(text="Asking two models."))
    for _ in range(2):
        turn_handle = turn_handle.next_attempt()
        await edited.sink(turn_handle).say(Reply(text="Here they are."))

    assert [one.text.strip() for one in await edited.seen()] == ["Asking two models.", "Here they are."]


async def test_an_apology_leaves_nothing_of_an_answer_that_did_not_come_to_its_end(
    edited: TeamsPlace,
) -> None:
    edited.teams.connector.faults.plan(
        Fault(status=503, times=99, match=lambda _, activity: FOOTER in str(activity.get("text")))
    )
    turn_handle = FakeTurnHandle()
    with pytest.raises(PlatformBusy):
        await edited.sink(turn_handle).show(model(40, text=WORDS * 10))
    await edited.sink(turn_handle.next_attempt()).say(Reply(text="Something went wrong."))

    (seen,) = await edited.seen()
    assert (seen.text.strip(), seen.buttons) == ("Something went wrong.", ())


async def test_a_long_answer_with_long_addresses_is_shown_whole(edited: TeamsPlace) -> None:
    cited = "".join(f"see [[{n}]](https://s{n}.example/{'x' * 1900}) " for n in range(1, 11))
    await edited.sink(FakeTurnHandle()).show(told([Text(cited + WORDS * 590), DONE]))

    (seen,) = await edited.seen()
    (label,) = [one for one in edited.room.written()[0].activity["entities"] if one.get("citation")]
    assert seen.text.count("The tide") == 590
    assert [one["position"] for one in label["citation"]] == list(range(1, 11))
    assert [("url" in one["appearance"]) for one in label["citation"]] == [True] * 3 + [False] * 7


@pytest.mark.parametrize("call", ["POST", "PUT"])
async def test_a_question_that_cannot_be_quoted_is_answered_all_the_same(
    group: TeamsPlace, call: str
) -> None:
    """Whoever asked may have deleted it meanwhile."""
    group.teams.connector.faults.plan(
        Fault(
            status=400,
            times=99,
            match=lambda method, activity: method == call and "quotedReply" in json.dumps(activity),
        )
    )
    await group.sink(FakeTurnHandle()).show(model(5))

    (seen,) = await group.seen()
    assert (seen.text.count("The tide"), seen.footer, seen.buttons) == (20, FOOTER, ("Regenerate",))


@pytest.mark.parametrize("name", ["f:1", "1795448999999"], ids=["execute", "submit"])
@pytest.mark.parametrize("private", [False, True], ids=["public", "private"])
async def test_an_answer_to_a_press_is_tied_to_no_message(
    group: TeamsPlace, name: str, private: bool
) -> None:
    """There is none: the press is an invoke, or a message that nobody sees."""
    data = {"sb_action": "again", "sb_value": "turn-1"} | ({"sb_private": True} if private else {})
    pressed = group.teams.people.activity("message", group.room.id, "groupChat", id=name, value=data)
    event = events.message(IncomingActivity.model_validate(pressed))
    assert event is not None
    await group.adapter.sink(event, FakeTurnHandle()).show(model(5))

    (seen,) = await group.seen()
    assert (seen.footer, seen.private) == (FOOTER, private)
    assert not {"quotedReply", "targetedMessageInfo"} & set(
        json.dumps([c.sent for c in group.made]).split('"')
    )
    assert group.teams.connector.violations == []


async def test_a_private_word_to_a_question_that_everybody_read_stands_under_none(group: TeamsPlace) -> None:
    await group.sink(FakeTurnHandle()).say(Reply(text="You spent nothing.", private=True))

    (seen,) = await group.seen()
    assert seen.private
    assert "targetedMessageInfo" not in json.dumps(group.made[0].sent)


async def test_an_answer_in_a_group_chat_is_tied_to_its_question(group: TeamsPlace) -> None:
    event = group.event("why?")
    await group.adapter.sink(event, FakeTurnHandle()).show(model(5))

    asked = event.reply["message"]
    assert all(
        call.sent["text"].startswith(f'<quoted messageId="{asked}"/>')
        for call in group.made
        if "text" in call.sent
    )
    assert group.teams.connector.violations == []


async def test_a_comparison_keeps_its_label_in_place_of_the_message_that_waits(edited: TeamsPlace) -> None:
    sink = edited.sink(FakeTurnHandle())
    await sink.say(Reply(text="Asking two models.", generated=True))
    await sink.say(Reply(text="", sections=(Section(title="grok", text="Hi"),), generated=True))

    (message,) = edited.room.said()
    assert "AIGeneratedContent" in json.dumps(message.activity)


async def test_an_answer_in_a_thread_stays_in_it(teams: FakeTeams) -> None:
    adapter = adapter_for(teams)
    async with adapter.running():
        place = TeamsPlace(teams, adapter, "channel")
        event = place.event()
        await adapter.sink(event, FakeTurnHandle()).show(model(3))

    assert {message.root for message in place.room.said()} == {event.thread.thread}


async def test_a_private_question_is_answered_to_the_asker_alone(group: TeamsPlace) -> None:
    event = group.event("why?", targeted=True)
    await group.adapter.sink(event, FakeTurnHandle()).show(model(5))

    (seen,) = await group.seen()
    assert seen.private
    assert all(call.query == {"isTargetedActivity": "true"} for call in group.made)
    assert group.made[0].sent["entities"][-1] == {
        "type": "targetedMessageInfo",
        "messageId": event.reply["message"],
    }
    assert group.teams.connector.violations == []


@pytest.mark.parametrize("status", [400, 403, 404])
async def test_a_private_answer_comes_to_the_askers_chat_where_nothing_can_be_private(
    group: TeamsPlace, status: int
) -> None:
    """Also after a crash: it is there once."""
    refusal = Fault(status=status, times=100, match=lambda _, activity: "recipient" in activity)
    group.teams.connector.faults.plan(refusal)
    event, turn_handle = group.event("why?", targeted=True), FakeTurnHandle()
    await group.adapter.sink(event, turn_handle).show(model(5))
    await group.adapter.sink(event, turn_handle.next_attempt()).show(told([Text(WORDS * 20), DONE]))

    assert group.room.said() == []
    (seen,) = seen_in(group.teams.personal("a:29:alice").said())
    assert (seen.text.count("The tide"), seen.footer, seen.buttons) == (20, FOOTER, ("Regenerate",))


async def test_a_private_reply_goes_to_the_askers_chat_where_nothing_can_be_private(
    group: TeamsPlace,
) -> None:
    group.teams.connector.faults.plan(
        Fault(status=400, code="BadArgument", match=lambda _, activity: "recipient" in activity)
    )
    event = group.event("/usage", targeted=True)
    await group.adapter.sink(event, FakeTurnHandle()).say(Reply(text="You spent nothing.", private=True))

    assert group.room.said() == []
    (message,) = group.teams.personal("a:29:alice").said()
    assert message.text == "You spent nothing."


@pytest.mark.parametrize(
    ("status", "code"), [(403, "ConversationBlockedByUser"), (404, "ConversationNotFound")]
)
async def test_a_conversation_that_is_gone_ends_the_turn(group: TeamsPlace, status: int, code: str) -> None:
    group.room.refusal = Refused(status, code, "No.")
    sink = group.sink(FakeTurnHandle())

    with pytest.raises(PlatformGone):
        await sink.show(model(3))


@pytest.mark.parametrize(
    ("status", "code", "remedy"),
    [
        (403, "BotNotInConversationRoster", "add the app there again"),
        (403, "BotDisabledByAdmin", "Teams admin center"),
        (403, "NotEnoughPermissions", "switchboard manifest teams"),
        (403, "ForbiddenOperationException", "TEAMS_TENANT_ID"),
        (403, "InvalidBotApiHost", "TEAMS_..._URL"),
        (403, "", "TEAMS_TENANT_ID"),
        (401, "BotNotRegistered", "TEAMS_APP_ID"),
        (401, "", "TEAMS_APP_ID"),
    ],
)
async def test_a_refused_bot_waits_and_says_what_mends_it(
    group: TeamsPlace, status: int, code: str, remedy: str
) -> None:
    """The answer is read to its end: the model is not asked again when it is shown."""
    group.room.refusal = Refused(status, code, "No.")
    read = 0

    async def watched() -> AsyncGenerator[ShownPart, None]:
        nonlocal read
        async for part in model(3):
            yield part
        read += 1

    with pytest.raises(PlatformRefused) as refused:
        await group.sink(FakeTurnHandle()).show(watched())
    assert remedy in refused.value.remedy
    assert read == 1
    with pytest.raises(PlatformRefused):
        await group.sink(FakeTurnHandle()).say(Reply(text="hi"))


@pytest.mark.parametrize(("status", "refused"), [(400, True), (401, True), (403, True), (500, False)])
async def test_a_secret_that_is_refused_is_waited_for_and_named(
    group: TeamsPlace, status: int, refused: bool
) -> None:
    group.teams.issuer.trouble["token"] = Trouble(status=status)
    with pytest.raises(PlatformBusy) as busy:
        await group.sink(FakeTurnHandle()).show(model(3))
    group.teams.issuer.trouble["token"] = Trouble()
    await group.sink(FakeTurnHandle()).show(model(3))

    remedy = getattr(busy.value, "remedy", "")
    assert isinstance(busy.value, PlatformRefused) is refused
    assert not refused or f"TEAMS_APP_ID and TEAMS_TENANT_ID ({status})" in remedy
    assert len(group.room.written()) == 1


async def test_an_outage_gives_the_turn_back(group: TeamsPlace) -> None:
    group.teams.connector.faults.plan(Fault(status=503, times=1000))

    with pytest.raises(PlatformBusy):
        await group.sink(FakeTurnHandle()).show(model(3))


async def test_a_long_pause_is_handed_on(group: TeamsPlace) -> None:
    group.teams.connector.faults.plan(Fault(status=429, retry_after=120, times=1000))
    started = now()

    with pytest.raises(PlatformBusy) as caught:
        await group.sink(FakeTurnHandle()).say(Reply(text="hi"))
    assert caught.value.retry_after == 120
    assert now() - started < 5


async def test_a_refused_token_is_renewed_once(group: TeamsPlace) -> None:
    await group.sink(FakeTurnHandle()).say(Reply(text="hi"))
    group.teams.issuer.granted.clear()
    await group.sink(FakeTurnHandle()).say(Reply(text="again"))

    assert group.teams.issuer.calls["token"] == 2
    assert [seen.text.strip() for seen in await group.seen()] == ["hi", "again"]


async def test_one_token_serves_everybody_and_is_renewed_ahead(group: TeamsPlace) -> None:
    async with asyncio.TaskGroup() as tasks:
        for number in range(5):
            group.move()
            tasks.create_task(group.sink(FakeTurnHandle(id=str(number))).say(Reply(text="hi")))
    assert group.teams.issuer.calls["token"] == 1


@contextmanager
def sizes_watched(place: TeamsPlace) -> Iterator[None]:
    yield
    assert [call.path for call in place.made if size(call.sent) > 80 * 1024] == []


@pytest.mark.parametrize("sign", ["a", "ü", "潮", "🌊"], ids=["ascii", "latin", "cjk", "emoji"])
async def test_a_very_long_answer_is_split_by_utf16(chat: TeamsPlace, sign: str) -> None:
    line = (sign * 60 + "\n\n") * 10
    with sizes_watched(chat):
        await chat.sink(FakeTurnHandle()).show(model(40, every=0.4, text=line))

    seen = await chat.seen()
    assert sum(one.text.count(sign) for one in seen) == 60 * 10 * 100
    assert len(seen) == (2 if sign != "🌊" else 4)
    assert [bool(one.footer) for one in seen] == [False] * (len(seen) - 1) + [True]
    assert chat.teams.connector.violations == []


async def test_code_stays_code_on_both_sides_of_a_split(chat: TeamsPlace) -> None:
    body = "```python\n" + "print('tide')\n" * 5000 + "```"
    await chat.sink(FakeTurnHandle()).show(told([Text(body), DONE]))

    texts = [message.text for message in chat.room.written()]
    assert [text.count("```") for text in texts] == [2, 2]
    assert texts[1].startswith("```python\n")


async def told(parts: Sequence[ShownPart]) -> AsyncGenerator[ShownPart, None]:
    for part in parts:
        yield part


@pytest.mark.parametrize("width", [30, 60], ids=["drawn", "listed"])
@pytest.mark.parametrize("extended", [False, True], ids=["markdown", "extended"])
async def test_a_table_over_two_messages_stays_readable(teams: FakeTeams, width: int, extended: bool) -> None:
    cells = "c" * width
    row = f"| {cells} | {cells} |\n"
    adapter = adapter_for(teams, TEAMS_EXTENDED_MARKDOWN="1" if extended else "")
    async with adapter.running():
        place = TeamsPlace(teams, adapter, "personal")
        await place.sink(FakeTurnHandle()).show(told([Text(f"| one | two |\n|---|--:|\n{row * 900}"), DONE]))

    texts = [message.text for message in place.room.written()]
    assert len(texts) > 1
    assert sum(text.count(cells) for text in texts) == 1800
    assert all("one" in text and "two" in text for text in texts)
    assert all(text.count("```") == (0 if extended or width > 30 else 2) for text in texts)


async def test_code_in_a_list_stays_in_it_on_both_sides_of_a_split(chat: TeamsPlace) -> None:
    body = "1. see:\n   ```python\n" + "   print('tide')\n" * 3000 + "   ```\n2. end"
    await chat.sink(FakeTurnHandle()).show(told([Text(body), DONE]))

    texts = [message.text for message in chat.room.written()]
    assert [text.count("```") for text in texts] == [2, 2]
    assert texts[1].startswith("   ```python\n   print")
    assert texts[1].split("\n\n*")[0].endswith("   ```\n2. end")


@pytest.mark.parametrize(
    ("early", "late"),
    [("see [the docs][d] now", "[d]: https://d.example"), ("As said[^a] before", "[^a]: By Ada.")],
)
async def test_what_is_explained_at_the_end_is_put_right_in_the_same_message(
    chat: TeamsPlace, early: str, late: str
) -> None:
    """What was streamed may not be changed by the stream, but by an edit."""

    async def written() -> AsyncGenerator[ShownPart, None]:
        yield Text(f"{early} and so on.\n\n")
        await asyncio.sleep(5)
        yield Text(f"More of it.\n\n{late}")
        yield DONE

    ids = await chat.sink(FakeTurnHandle()).show(written())

    (message,) = chat.room.written()
    assert ids[:1] == (message.id,)
    assert "[the docs](https://d.example)" in message.text or "\\[a\\] By Ada." in message.text
    assert kinds(chat)[-3:] == ["final", "PUT", "POST"]
    assert chat.teams.connector.violations == []


async def test_sources_become_citations(chat: TeamsPlace) -> None:
    text = "It is the Moon [[1]](https://nasa.example/tides) and the Sun [2].\n\n[2]: https://esa.example/sun"
    await chat.sink(FakeTurnHandle()).show(told([Text(text), DONE]))

    citations = chat.made[-1].sent["entities"][1]["citation"]
    assert [(one["position"], one["appearance"]["name"]) for one in citations] == [
        (1, "nasa.example"),
        (2, "esa.example"),
    ]
    assert "the Moon [1] and the Sun [2]" in chat.made[-1].sent["text"]


async def test_a_sensitivity_label_is_carried_on(chat: TeamsPlace) -> None:
    usage = {"@type": "CreativeWork", "@id": "s1", "name": "Confidential", "description": "Internal"}
    label = {"type": "https://schema.org/Message", "usageInfo": usage}
    event = chat.event("hello", entities=[label])
    await chat.adapter.sink(event, FakeTurnHandle()).show(model(1))

    assert chat.made[-1].sent["entities"][1]["usageInfo"] == usage


async def test_an_error_of_the_core_reaches_the_worker_as_it_is(chat: TeamsPlace) -> None:
    async def broken() -> AsyncGenerator[ShownPart, None]:
        yield Thinking("hm")
        raise PlatformGone("no more")

    with pytest.raises(PlatformGone, match="no more"):
        await chat.sink(FakeTurnHandle()).show(broken())


async def test_a_given_up_turn_ends_its_open_stream(chat: TeamsPlace) -> None:
    turn_handle = FakeTurnHandle()
    async with asyncio.TaskGroup() as tasks:
        showing = tasks.create_task(chat.sink(turn_handle).show(model(100)))
        await asyncio.sleep(5)
        showing.cancel()
    apology = Reply(
        text="Something went wrong.", buttons=(Button(action=Action.AGAIN, label="Again", value="1"),)
    )
    await chat.sink(turn_handle.next_attempt()).say(apology)

    (seen,) = await chat.seen()
    assert seen.text.strip() == "Something went wrong."
    assert AGAIN.label not in seen.buttons


async def test_without_a_token_everybody_is_told_at_once(group: TeamsPlace) -> None:
    group.teams.issuer.trouble["token"] = Trouble(status=503, delay=2)
    started, refused = now(), []

    async def say(number: int) -> None:
        with pytest.raises(PlatformBusy):
            await group.sink(FakeTurnHandle(id=str(number))).say(Reply(text="hi"))
        refused.append(number)

    async with asyncio.TaskGroup() as tasks:
        for number in range(10):
            tasks.create_task(say(number))
    assert len(refused) == 10
    assert now() - started < 5
    assert group.made == []


TABLE = "# Tides\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nThat is all. "


@pytest.mark.parametrize("kind", ["personal", "groupChat"])
@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
async def test_extended_markdown_is_used_where_it_is_known(teams: FakeTeams, kind: str, known: bool) -> None:
    teams.connector.extended = known
    adapter = adapter_for(teams, TEAMS_EXTENDED_MARKDOWN="1")
    async with adapter.running():
        place = TeamsPlace(teams, adapter, kind)
        await place.sink(FakeTurnHandle()).show(told([Text(TABLE), DONE]))
        await place.sink(FakeTurnHandle(id="turn-2")).say(Reply(text="Memory erased."))

    answer, said = place.room.written()
    assert answer.activity["textFormat"] == ("extendedmarkdown" if known else "markdown")
    assert "# Tides\n\n| a | b |" in answer.text
    assert said.text == "Memory erased."
