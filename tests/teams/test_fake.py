"""The fake refuses what Teams refuses: a fake that accepts everything proves nothing."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from tests.teams import clockwork
from tests.teams.fake import FakeTeams
from tests.teams.faults import Fault
from tests.teams.refusals import Refused
from tests.teams.rooms import ALICE, Room
from tests.teams.rules import check_action_answer, check_dialog

Answer = tuple[int, Any]


class Caller:
    """A bot that calls the connector as it likes."""

    def __init__(self, teams: FakeTeams, http: aiohttp.ClientSession, token: str) -> None:
        self.teams, self.http, self.token = teams, http, token

    async def call(
        self, method: str, room: Room | str, activity: dict[str, Any], *, on: str = "", query: str = ""
    ) -> Answer:
        name = quote(room.id if isinstance(room, Room) else room, safe="")
        url = f"{self.teams.people.service_url}v3/conversations/{name}/activities"
        url += f"/{on}" if on else ""
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self.http.request(method, url + query, json=activity, headers=headers) as response:
            is_json = response.content_type == "application/json"
            return response.status, (await response.json() if is_json else {})

    async def post(self, room: Room | str, activity: dict[str, Any], **where: str) -> Answer:
        return await self.call("POST", room, activity, **where)


@asynccontextmanager
async def caller() -> AsyncIterator[Caller]:
    async with FakeTeams(clock=clockwork.now) as teams, aiohttp.ClientSession() as http:
        form = {
            "grant_type": "client_credentials",
            "client_id": teams.issuer.app_id,
            "client_secret": teams.issuer.secret,
            "scope": "https://api.botframework.com/.default",
        }
        async with http.post(teams.issuer.token_url, data=form) as response:
            token = (await response.json())["access_token"]
        yield Caller(teams, http, token)


def update(
    text: str, sequence: int, stream: str = "", kind: str = "streaming", **more: Any
) -> dict[str, Any]:
    info = {"type": "streaminfo", "streamType": kind, "streamSequence": sequence}
    if stream:
        info["streamId"] = stream
    return {"type": "typing", "text": text, "entities": [info], **more}


def final(text: str, stream: str, **more: Any) -> dict[str, Any]:
    info = {"type": "streaminfo", "streamType": "final", "streamId": stream}
    return {"type": "message", "text": text, "entities": [info], **more}


def say(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "message", "text": text, **more}


async def started(bot: Caller, room: Room, text: str = "A brown") -> str:
    status, body = await bot.post(room, update(text, 1))
    assert status == 201
    await asyncio.sleep(1.5)
    return str(body["id"])


def scripted(test: Callable[[Caller], Awaitable[None]]) -> Callable[[], None]:
    """Runs a test with a caller of its own, in skipped time."""

    async def main() -> None:
        async with caller() as bot:
            await test(bot)

    def wrapped() -> None:
        clockwork.run(main())

    wrapped.__name__ = test.__name__
    return wrapped


@scripted
async def test_a_well_behaved_stream_is_shown_as_one_message(bot: Caller) -> None:
    room = bot.teams.personal()
    stream = await started(bot, room)
    assert (await bot.post(room, update("A brown fox", 2, stream)))[0] == 202
    await asyncio.sleep(1.5)
    assert (await bot.post(room, final("A brown fox.", stream)))[0] == 202

    assert [(message.id, message.text) for message in room.said()] == [(stream, "A brown fox.")]
    assert bot.teams.connector.violations == []


@scripted
async def test_a_call_without_the_issued_token_is_refused(bot: Caller) -> None:
    bot.token = "forged"
    assert (await bot.post(bot.teams.personal(), say("hi")))[0] == 401


@scripted
async def test_streams_are_for_personal_chats_alone(bot: Caller) -> None:
    bodies = [(await bot.post(bot.teams.group(), update("x", 1))) for _ in range(2)]

    assert [status for status, _ in bodies] == [405, 405]
    assert {"code" in body for _, body in bodies} == {True, False}


REFUSED_UPDATES = [
    ("first sequence is not 1", lambda _: update("x", 2), 400),
    ("first without text", lambda _: update("", 1), 400),
    ("second stream in the chat", lambda _: update("x", 1), 403),
    ("text that drops what was streamed", lambda s: update("Another", 2, s), 403),
    ("unknown stream", lambda _: update("A brown fox", 2, "42"), 400),
    ("label before the final", lambda s: update("A brown f", 2, s, channelData={"feedbackLoop": {"type": "default"}}), 400),
    ("informative after content", lambda s: update("thinking", 2, s, "informative"), 400),
    ("final with another text", lambda s: final("No fox", s), 403),
    ("final as typing", lambda s: {**final("A brown fox", s), "type": "typing"}, 400),
    ("final too large", lambda s: final("A brown" + "x" * 60_000, s), 403),
]  # fmt: skip


@pytest.mark.parametrize(("what", "make", "status"), REFUSED_UPDATES, ids=[row[0] for row in REFUSED_UPDATES])
def test_a_stream_request_against_the_rules_is_refused(
    what: str, make: Callable[[str], dict[str, Any]], status: int
) -> None:
    async def main() -> None:
        async with caller() as bot:
            room = bot.teams.personal()
            stream = await started(bot, room) if "first" not in what else ""
            assert (await bot.post(room, make(stream)))[0] == status
            assert bot.teams.connector.violations

    clockwork.run(main())


@scripted
async def test_more_than_one_stream_request_a_second_is_throttled(bot: Caller) -> None:
    room = bot.teams.personal()
    stream = await started(bot, room)
    await bot.post(room, update("A brown fox", 2, stream))
    status, _ = await bot.post(room, update("A brown fox j", 3, stream))

    assert status == 429


@scripted
async def test_a_repeated_sequence_number_is_dropped_but_accepted(bot: Caller) -> None:
    room = bot.teams.personal()
    stream = await started(bot, room)
    status, body = await bot.post(room, update("A brown fox", 1, stream))

    assert (status, body["error"]["code"]) == (202, "ContentStreamSequenceOrderPreConditionFailed")


@scripted
async def test_a_stream_ends_after_two_minutes(bot: Caller) -> None:
    room = bot.teams.personal()
    stream = await started(bot, room)
    await asyncio.sleep(119)
    status, body = await bot.post(room, final("A brown fox", stream))
    assert (status, "exceeded streaming time" in body["error"]["message"]) == (403, True)

    assert (await bot.call("PUT", room, say("A brown fox"), on=stream))[0] == 200
    assert [message.text for message in room.said()] == ["A brown fox"]


@scripted
async def test_a_cancelled_or_finished_stream_takes_nothing_more(bot: Caller) -> None:
    room = bot.teams.personal()
    stream = await started(bot, room)
    await bot.post(room, final("A brown fox", stream))
    again = await bot.post(room, final("A brown fox", stream))
    second = await started(bot, room)
    bot.teams.cancel(room)
    cancelled = await bot.post(room, update("A brown fox", 2, second))

    assert "already completed" in again[1]["error"]["message"]
    assert "canceled by user" in cancelled[1]["error"]["message"]


AI = {
    "type": "https://schema.org/Message",
    "@type": "Message",
    "@context": "https://schema.org",
    "@id": "",
    "additionalType": ["AIGeneratedContent"],
}


def cited(**appearance: Any) -> dict[str, Any]:
    whole = {"@type": "DigitalDocument", "name": "Handbook", "abstract": "Facts"} | appearance
    return {"@type": "Claim", "position": 1, "appearance": whole}


REFUSED_MESSAGES = [
    ("nothing in it", say("")),
    ("two AI entities", say("x", entities=[AI, AI])),
    ("21 citations", say("x", entities=[{**AI, "citation": [cited()] * 21}])),
    ("a long citation", say("x", entities=[{**AI, "citation": [cited(abstract="x" * 161)]}])),
    ("a citation without abstract", say("x", entities=[{**AI, "citation": [cited(abstract="")]}])),
    ("an unknown format", say("x", textFormat="html")),
    ("a card of version 2", say("", attachments=[{"contentType": "application/vnd.microsoft.card.adaptive", "content": {"type": "AdaptiveCard", "version": "2.0", "body": []}}])),
    ("suggested actions with a card", say("x", suggestedActions={"actions": [{"type": "imBack", "title": "x"}]}, attachments=[{"contentType": "image/png"}])),
    ("a mention that is not in the text", say("x", entities=[{"type": "mention", "text": "<at>A</at>"}])),
    ("both feedback forms", say("x", channelData={"feedbackLoop": {"type": "thumbs"}})),
]  # fmt: skip


@pytest.mark.parametrize(("what", "activity"), REFUSED_MESSAGES, ids=[row[0] for row in REFUSED_MESSAGES])
def test_a_message_against_the_rules_is_refused(what: str, activity: dict[str, Any]) -> None:
    async def main() -> None:
        async with caller() as bot:
            assert (await bot.post(bot.teams.personal(), activity))[0] == 400

    clockwork.run(main())


@scripted
async def test_a_message_too_large_in_utf16_is_refused(bot: Caller) -> None:
    assert (await bot.post(bot.teams.personal(), say("ü" * 60_000)))[0] == 413
    assert (await bot.post(bot.teams.personal(), say("ü" * 40_000)))[0] == 201


@scripted
async def test_ids_are_decoded_once_and_unknown_places_are_not_found(bot: Caller) -> None:
    channel = bot.teams.channel()
    root = (await bot.post(channel, say("new post")))[1]["id"]
    thread = f"{channel.id};messageid={root}"

    assert (await bot.post(thread, say("reply")))[0] == 201
    assert (await bot.post(f"{channel.id};messageid=1", say("reply")))[0] == 404
    assert (await bot.post(quote(thread, safe=""), say("reply")))[0] == 404
    assert (await bot.call("PUT", channel, say("x"), on="42"))[0] == 404
    assert [message.text for message in channel.shown(root)] == ["new post", "reply"]


@scripted
async def test_a_bot_edits_its_own_messages_alone(bot: Caller) -> None:
    group = bot.teams.group()
    theirs = bot.teams.rooms.heard(group, ALICE, {"id": "7", "text": "hi"})

    assert (await bot.call("PUT", group, say("x"), on=theirs.id))[0] == 403


@scripted
async def test_a_bot_that_was_removed_is_told_so(bot: Caller) -> None:
    group = bot.teams.group()
    group.refusal = Refused(403, "BotNotInConversationRoster", "The bot is not part of the roster.")

    assert (await bot.post(group, say("x")))[0] == 403


@scripted
async def test_sends_are_limited_per_conversation_in_every_window(bot: Caller) -> None:
    group = bot.teams.group()
    burst = [(await bot.post(group, say("x")))[0] for _ in range(8)]
    await asyncio.sleep(2)
    slow = []
    for _ in range(60):
        slow.append((await bot.post(group, say("x")))[0])
        await asyncio.sleep(0.26)

    assert burst == [201] * 7 + [429]
    assert 429 in slow


@scripted
async def test_overlapping_writes_in_one_conversation_conflict(bot: Caller) -> None:
    bot.teams.connector.latency = 0.1
    group = bot.teams.group()
    async with asyncio.TaskGroup() as tasks:
        both = [tasks.create_task(bot.post(group, say("x"))) for _ in range(2)]

    assert sorted(task.result()[0] for task in both) == [201, 412]


@scripted
async def test_targeted_messages_have_their_own_rules(bot: Caller) -> None:
    group, query = bot.teams.group(), "?isTargetedActivity=true"
    to = {"recipient": {"id": ALICE.id}}
    status, body = await bot.post(group, say("psst", **to), query=query)
    message = body["id"]

    assert status == 201
    assert (await bot.post(group, say("psst"), query=query))[0] == 400
    assert (await bot.post(bot.teams.personal(), say("psst", **to), query=query))[0] == 400
    assert (await bot.post(group, say("psst", recipient={"id": "29:x"}), query=query))[0] == 404
    assert (await bot.call("PUT", group, say("edited", **to), on=message, query=query))[0] == 400
    assert (await bot.call("PUT", group, say("edited"), on=message, query=query))[0] == 200
    assert (await bot.call("PUT", group, say("edited"), on=message))[0] == 404
    group.messages[message].at -= 25 * 3600
    assert (await bot.call("PUT", group, say("late"), on=message, query=query))[0] == 404


@scripted
async def test_a_lost_answer_leaves_what_was_carried_out(bot: Caller) -> None:
    group = bot.teams.group()
    bot.teams.connector.faults.plan(Fault(cut=True, carried=True))
    with pytest.raises(aiohttp.ClientError):
        await bot.post(group, say("x"))
    bot.teams.connector.faults.plan(Fault(status=502, html=True))
    assert (await bot.post(group, say("y"))) == (502, {})

    assert [message.text for message in group.said()] == ["x"]


async def test_the_fake_runs_as_a_process_of_its_own() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.teams", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout
        told = json.loads(await process.stdout.readline())
        async with aiohttp.ClientSession(told["control"]) as http:
            wish = {"room": "a:1", "kind": "personal", "text": "hello"}
            async with http.post("/_control/say", json=wish) as response:
                assert (await response.json())["status"] == 0
            async with http.get("/_control/rooms") as response:
                rooms = await response.json()
    finally:
        process.terminate()
        await process.wait()

    assert [message["text"] for message in rooms["a:1"]["messages"]] == ["hello"]


async def test_a_chat_is_opened_only_with_somebody_who_has_the_app() -> None:
    async with caller() as bot:
        wish = {
            "isGroup": False,
            "members": [{"id": ALICE.id}],
            "channelData": {"tenant": {"id": bot.teams.people.tenant}},
        }
        opened, chat = await create(bot, wish)
        assert (opened, chat) == (201, {"id": f"a:{ALICE.id}"})

        bot.teams.connector.installed.clear()
        refused, body = await create(bot, wish)
        assert (refused, body["error"]["code"]) == (403, "ForbiddenOperationException")
        assert await create(bot, wish | {"channelData": {}}) == (
            400,
            body_of("A chat is created in a tenant."),
        )


async def create(bot: Caller, wish: dict[str, Any]) -> Answer:
    url = f"{bot.teams.people.service_url}v3/conversations"
    headers = {"Authorization": f"Bearer {bot.token}"}
    async with bot.http.post(url, json=wish, headers=headers) as response:
        return response.status, await response.json()


def body_of(message: str) -> dict[str, Any]:
    return {"error": {"code": "BadSyntax", "message": message}}


INPUT = {"type": "Input.Text", "id": "question"}
SHOWN = {"type": "AdaptiveCard", "version": "1.5", "body": [INPUT], "actions": []}
WRAPPED = {"contentType": "application/vnd.microsoft.card.adaptive", "content": SHOWN}
OPENED = {"title": "Ask", "height": "medium", "width": "medium", "card": WRAPPED}


def dialog(**changed: Any) -> dict[str, Any]:
    return {"task": {"type": "continue", "value": OPENED | changed}}


def carded(**changed: Any) -> dict[str, Any]:
    return dialog(card=WRAPPED | {"content": SHOWN | changed})


@pytest.mark.parametrize(
    "body",
    [
        None, {}, {"task": {"type": "message", "value": "x"}}, dialog(title=""), dialog(height="huge"), dialog(card={}),
        dialog() | {"statusCode": 200}, carded(version="1.6"), carded(body=[INPUT, INPUT]),
        carded(body=[{"type": "Input.Text"}]), carded(actions=[{"type": "Action.Execute", "title": "Ask"}]),
        carded(body=[{"type": "TextBlock", "text": "x" * 60_000}]),
    ],
)  # fmt: skip
def test_a_dialog_of_another_shape_is_none(body: Any) -> None:
    with pytest.raises(Refused):
        check_dialog(body)


@pytest.mark.parametrize(
    "body",
    [
        None, [], {"composeExtension": {"type": "message"}}, {"composeExtension": {"type": "message", "text": " "}},
        {"composeExtension": {"type": "result", "text": "x"}}, {"statusCode": 200},
        {"composeExtension": {"type": "message", "text": "x"}, "more": 1},
    ],
)  # fmt: skip
def test_a_closing_word_of_another_shape_is_none(body: Any) -> None:
    with pytest.raises(Refused):
        check_action_answer(body)


def test_what_teams_takes_for_an_answer_is_taken() -> None:
    assert check_dialog(dialog()) == check_action_answer(dialog()) == SHOWN
    assert check_action_answer({"composeExtension": {"type": "message", "text": "Soon."}}) == "Soon."
    assert check_action_answer({}) == ""
