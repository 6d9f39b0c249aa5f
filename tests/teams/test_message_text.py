"""What Switchboard hears of what people do in Teams."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.domain.claims import Receipt
from bot.domain.events import (
    ButtonPressed,
    Event,
    Greeted,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    Quotation,
    StopRequested,
)
from bot.domain.replies import Action
from bot.domain.turns import ChatMessage
from tests.teams.people import MENTION
from tests.teams.rooms import ALICE, BOB, BOT
from tests.teams.served import Bot, bot_in_teams


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    async with bot_in_teams() as running:
        yield running


def heard(bot: Bot) -> Event:
    (event,) = bot.inbox.events
    return event


async def test_a_personal_chat_is_one_conversation(bot: Bot) -> None:
    await bot.teams.say(bot.teams.personal(), "hello")

    event = heard(bot)
    assert isinstance(event, MessageReceived)
    assert (event.thread.channel, event.thread.thread) == ("a:17I0kl9", "")
    assert (event.direct, event.addressed, event.threaded, event.private) == (True, True, False, False)
    assert (event.author.id, event.author.name, event.author.external) == (ALICE.aad, "Alice", False)


async def test_a_group_chat_hears_what_mentions_the_bot(bot: Bot) -> None:
    await bot.teams.say(bot.teams.group(), "hello")
    await bot.teams.say(bot.teams.group(), "between us", mention=False)

    said = [event for event in bot.inbox.events if isinstance(event, MessageReceived)]
    assert [(event.text, event.addressed, event.direct) for event in said] == [
        ("hello", True, False),
        ("between us", False, False),
    ]


PARAGRAPHS = [
    "hello",
    "a  b",
    " hello ",
    "two\nlines",
    "1 < 2",
    "1 &lt; 2",
    "salt & pepper",
    "<b>loud</b>",
    "<at>Bob</at> says so",
    "a\xa0b",
    "- a\n- b",
    "**bold** `code`",
    "https://example.com/?a=1",
    "\U0001f600",
]


@pytest.mark.parametrize("text", PARAGRAPHS)
async def test_one_plain_paragraph_is_heard_as_it_is_heard_among_others(bot: Bot, text: str) -> None:
    """What is nothing but its text is not read as HTML, which must make no difference."""
    room = bot.teams.personal()
    for html in (f"<p>{text}</p>", f"<p>{text}</p><p></p>"):
        await bot.teams.say(room, text, html=html)

    alone, among = bot.inbox.events
    assert isinstance(alone, MessageReceived)
    assert isinstance(among, MessageReceived)
    assert (alone.text, alone.quotes, alone.others) == (among.text, among.quotes, among.others)


async def test_the_time_zone_and_the_kind_of_place_are_known(bot: Bot) -> None:
    await bot.teams.say(bot.teams.group(), "what day is it?")
    (event,) = bot.inbox.events
    assert isinstance(event, MessageReceived)
    said = ChatMessage(author=event.author, text=event.text)
    around = await bot.adapter.surroundings(event, said, after=None)

    assert (around.time_zone, around.place) == ("Europe/Berlin", "a group chat")


async def test_who_else_is_mentioned_is_known(bot: Bot) -> None:
    carol = {"type": "mention", "mentioned": {"id": "29:carol", "name": "Carol"}, "text": "<at>Carol</at>"}
    channel = bot.teams.channel()
    await bot.teams.say(channel, "a question", id="100")
    await bot.teams.say(
        channel, "<at>Carol</at> can you?", root="100", id="101", mention=False, entities=[carol]
    )

    said = [event for event in bot.inbox.events if isinstance(event, MessageReceived)]
    assert [event.others for event in said] == [False, True]


async def test_a_channels_threads_are_conversations_of_their_own(bot: Bot) -> None:
    channel = bot.teams.channel()
    await bot.teams.say(channel, "new post", id="100")
    await bot.teams.say(channel, "reply", root="100", id="101")
    await bot.teams.say(channel, "another post", id="200")

    threads = [event.thread for event in bot.inbox.events]
    assert [thread.thread for thread in threads] == ["100", "100", "200"]
    assert {thread.channel for thread in threads} == {channel.id}


async def test_a_new_post_without_thread_id_opens_its_own_thread(bot: Bot) -> None:
    channel = bot.teams.channel()
    await bot.teams.deliver(bot.teams.people.message(channel.id, "channel", "new post", id="100"))

    event = heard(bot)
    assert event.thread.thread == "100"
    assert event.reply["conversation"] == f"{channel.id};messageid=100"


MENTIONS: list[tuple[str, str, str]] = [
    ("at the start", f"{MENTION} hi", "hi"),
    ("at the end", f"hi {MENTION}", "hi"),
    ("alone", MENTION, ""),
    ("twice named", f"{MENTION} what is Switchboard?", "what is Switchboard?"),
    ("with an id", '<at id="0">Switchboard</at> hi', "hi"),
    ("with others", f"{MENTION} ask <at>Bob</at>", "ask Bob"),
    ("entities", f"{MENTION} a &lt;b&gt; &amp; c&nbsp;d", "a <b> & c d"),
    ("blanks", f"{MENTION}&nbsp; hi\xa0", "hi"),
    ("a command", f"{MENTION} /model grok", "/model grok"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "text", "expected"), MENTIONS, ids=[row[0] for row in MENTIONS])
async def test_a_mention_of_the_bot_is_taken_out_once(bot: Bot, what: str, text: str, expected: str) -> None:
    entities = [{"type": "mention", "mentioned": {"id": BOT, "name": "Switchboard"}, "text": MENTION}]
    room = bot.teams.group()
    await bot.teams.deliver(
        bot.teams.people.message(room.id, "groupChat", "", id="1") | {"text": text, "entities": entities}
    )

    event = heard(bot)
    assert isinstance(event, MessageReceived)
    assert (event.text, event.addressed) == (expected, True)


async def test_somebody_of_the_same_name_is_not_the_bot(bot: Bot) -> None:
    entities = [{"type": "mention", "mentioned": {"id": "29:x", "name": "Switchboard"}, "text": MENTION}]
    await bot.teams.deliver(
        bot.teams.people.message("19:abc@thread.v2", "groupChat", "hi", id="1") | {"entities": entities}
    )

    event = heard(bot)
    assert isinstance(event, MessageReceived)
    assert (event.text, event.addressed) == ("Switchboard hi", False)


async def test_another_bot_is_not_answered(bot: Bot) -> None:
    sender = {"from": {"id": "28:another", "name": "Another"}}
    answer = await bot.teams.deliver(bot.teams.people.message("a:chat", "personal", "hi", id="1") | sender)

    assert answer.status == 200
    assert bot.inbox.events == []


async def test_a_quote_is_told_apart_from_the_question(bot: Bot) -> None:
    quoted = {"messageId": "17", "senderName": "Bob", "preview": "the tide\ncomes"}
    await bot.teams.say(
        bot.teams.personal(),
        '<quoted messageId="17"/> why?',
        entities=[{"type": "quotedReply", "quotedReply": quoted}],
    )

    event = heard(bot)
    assert isinstance(event, MessageReceived)
    assert event.text == "why?"
    assert event.quotes == (Quotation(text="the tide\ncomes", source="Bob"),)


async def test_a_preview_that_was_cut_in_an_emoji_is_quoted(bot: Bot) -> None:
    quoted = {"messageId": "17", "senderName": "Bob", "preview": "well done \ud83c"}
    told = await bot.teams.say(
        bot.teams.personal(), "why?", entities=[{"type": "quotedReply", "quotedReply": quoted}]
    )

    assert told.status == 200
    event = heard(bot)
    assert isinstance(event, MessageReceived)
    assert event.quotes == (Quotation(text="well done \ufffd", source="Bob"),)


async def test_a_targeted_message_is_a_private_matter(bot: Bot) -> None:
    await bot.teams.say(bot.teams.group(), "/model", targeted=True)

    event = heard(bot)
    assert isinstance(event, MessageReceived)
    assert (event.private, event.addressed, event.threaded) == (True, True, False)
    assert event.thread.thread == f"/{ALICE.aad}"


async def test_edits_and_deletions_name_the_message(bot: Bot) -> None:
    room = bot.teams.personal()
    asked = bot.teams.people.message(room.id, "personal", "hello", id="7")
    await bot.teams.deliver(asked)
    await bot.teams.deliver(bot.teams.people.edit(asked, "good evening"))
    await bot.teams.deliver(bot.teams.people.edit(asked, "back again", "undeleteMessage"))
    await bot.teams.deliver(bot.teams.people.delete(asked))

    said, edited, undone, deleted = bot.inbox.events
    assert isinstance(edited, MessageEdited)
    assert isinstance(undone, MessageEdited)
    assert isinstance(deleted, MessageDeleted)
    assert (edited.text, edited.message, undone.text, deleted.message) == (
        "good evening",
        "7",
        "back again",
        "7",
    )
    assert len({event.id for event in bot.inbox.events}) == 4
    assert {event.thread for event in bot.inbox.events} == {said.thread}


REACTIONS = [("like", Action.UP), ("heart", Action.UP), ("1f44e_thumbsdown", Action.DOWN), ("laugh", None)]


@pytest.mark.parametrize(("kind", "action"), REACTIONS)
async def test_a_thumb_under_an_answer_is_a_vote(bot: Bot, kind: str, action: Action | None) -> None:
    added = [{"type": kind}]
    await bot.teams.deliver(
        bot.teams.people.activity(
            "messageReaction", "a:1", "personal", id="f:1", replyToId="17", reactionsAdded=added
        )
    )

    votes = [(event.action, event.message) for event in bot.inbox.events if isinstance(event, ButtonPressed)]
    assert votes == ([(action, "17")] if action else [])


async def test_an_installation_is_greeted_once(bot: Bot) -> None:
    people = bot.teams.people
    await bot.teams.deliver(people.activity("installationUpdate", "a:1", "personal", id="f:1", action="add"))
    added = [{"id": "29:alice"}, {"id": BOT}]
    await bot.teams.deliver(
        people.activity("conversationUpdate", "a:1", "personal", id="f:2", membersAdded=added)
    )

    assert isinstance(heard(bot), Greeted)


QUIET: dict[str, dict[str, Any]] = {
    "an upgrade": {"kind": "installationUpdate", "action": "add-upgrade"},
    "a removal": {"kind": "installationUpdate", "action": "remove"},
    "somebody else joined": {"kind": "conversationUpdate", "membersAdded": [{"id": "29:x"}]},
    "a channel was made": {"kind": "conversationUpdate", "channelData": {"eventType": "channelCreated"}},
    "a read receipt": {"kind": "event", "name": "application/vnd.microsoft.readReceipt"},
    "typing": {"kind": "typing"},
    "something new": {"kind": "somethingNew"},
}


@pytest.mark.parametrize("name", QUIET)
async def test_what_asks_for_nothing_is_answered_200(bot: Bot, name: str) -> None:
    fields = dict(QUIET[name])
    if "channelData" in fields:
        fields["channelData"] |= {"tenant": {"id": bot.teams.people.tenant}}
    activity = bot.teams.people.activity(fields.pop("kind"), "a:1", "personal", id="f:1", **fields)

    assert (await bot.teams.deliver(activity)).status == 200
    assert bot.inbox.events == []


DATA = {"sb_action": "pick", "sb_input": "choice0", "choice0": "me grok"}


async def test_a_pressed_card_is_answered_and_heard(bot: Bot) -> None:
    action = {"type": "Action.Execute", "title": "Use this model", "verb": "pick", "data": DATA}
    answer = await bot.teams.deliver(bot.teams.people.pressed("a:1", "personal", action, "17", id="f:1"))

    event = heard(bot)
    assert isinstance(event, ButtonPressed)
    assert (event.action, event.value, event.message) == (Action.PICK, "me grok", "17")
    assert answer.status == 200
    assert answer.body == {
        "statusCode": 200,
        "type": "application/vnd.microsoft.activity.message",
        "value": "Got it.",
    }


async def test_an_old_clients_submit_is_the_same_press(bot: Bot) -> None:
    await bot.teams.deliver(
        bot.teams.people.activity(
            "message", "a:1", "personal", id="18", value=DATA, replyToId="17", text=None
        )
    )

    event = heard(bot)
    assert isinstance(event, ButtonPressed)
    assert (event.action, event.value, event.message) == (Action.PICK, "me grok", "17")


@pytest.mark.parametrize(
    "data",
    [None, [], {}, {"sb_action": "nothing"}, {"sb_action": ["pick"]}, {"sb_action": "pick", "sb_value": 7}, DATA | {"sb_input": ["x"]}],
    ids=str,
)  # fmt: skip
async def test_a_button_that_is_not_ours_changes_nothing(bot: Bot, data: Any) -> None:
    action = {"type": "Action.Execute", "data": data}
    answer = await bot.teams.deliver(bot.teams.people.pressed("a:1", "personal", action, "17", id="f:1"))
    await bot.teams.deliver(bot.teams.people.activity("message", "a:1", "personal", id="18", value={"x": 1}))

    assert (answer.status, answer.body["statusCode"]) == (200, 400)
    assert bot.inbox.events == []


@pytest.mark.parametrize("data", [DATA | {"choice0": ""}, {"sb_action": "pick", "sb_input": "choice0"}])
async def test_a_press_before_anything_is_chosen_says_what_is_missing(bot: Bot, data: dict[str, str]) -> None:
    action, room = {"type": "Action.Execute", "data": data}, bot.teams.group()
    answer = await bot.teams.deliver(bot.teams.people.pressed(room.id, room.kind, action, "17", id="f:1"))
    submit = bot.teams.people.activity("message", room.id, room.kind, id="18", value=data, text=None)
    await bot.teams.deliver(submit)

    assert answer.body["value"] == "Choose a model first."
    assert [(told.text, told.targeted) for told in room.said()] == [("Choose a model first.", ALICE.id)]
    assert bot.inbox.events == []
    assert bot.teams.connector.violations == []


@pytest.mark.parametrize(
    ("receipt", "told"),
    [(Receipt.STOPPING, "Stopping."), (Receipt.IDLE, "already ended"), (Receipt.REFUSED, "Only the person")],
)
async def test_stop_says_what_became_of_it(bot: Bot, receipt: Receipt, told: str) -> None:
    bot.inbox.answer = receipt
    action = {"type": "Action.Execute", "data": {"sb_action": "stop", "sb_value": "turn-1"}}
    answer = await bot.teams.deliver(bot.teams.people.pressed("a:1", "personal", action, "17", id="f:1"))

    event = heard(bot)
    assert isinstance(event, StopRequested)
    assert event.turn == "turn-1"
    assert told in answer.body["value"]


async def test_who_types_stop_to_somebody_elses_answer_is_told_alone(bot: Bot) -> None:
    bot.inbox.answer = Receipt.REFUSED
    group = bot.teams.group()
    await bot.teams.say(group, "stop", sender=BOB)

    (told,) = group.said()
    assert (told.text, told.targeted) == ("Only the person who asked can stop this answer.", BOB.id)


async def test_feedback_is_answered_with_an_empty_object_and_heard(bot: Bot) -> None:
    answer = await bot.teams.deliver(
        bot.teams.people.feedback("a:1", "personal", "dislike", "too long", "17") | {"id": "f:1"}
    )

    event = heard(bot)
    assert isinstance(event, ButtonPressed)
    assert (event.action, event.value, event.comment) == (Action.DOWN, "17", "too long")
    assert (answer.status, answer.body) == (200, {})


async def test_feedback_without_message_or_json_is_taken_too(bot: Bot) -> None:
    value = {"actionName": "feedback", "actionValue": {"reaction": "like", "feedback": "nice"}}
    answer = await bot.teams.deliver(
        bot.teams.people.invoke("a:1", "personal", "message/submitAction", value)
    )

    event = heard(bot)
    assert isinstance(event, ButtonPressed)
    assert (event.comment, answer.body) == ("nice", {})


async def test_feedback_of_a_kind_nobody_knows_is_answered_and_left_alone(bot: Bot) -> None:
    reactions: list[Any] = [[], {}, None, 7, "love"]
    for reaction in reactions:
        value = {"actionName": "feedback", "actionValue": {"reaction": reaction}}
        invoke = bot.teams.people.invoke("a:1", "personal", "message/submitAction", value)
        assert (await bot.teams.send(invoke)).status == 200

    assert bot.inbox.events == []


async def test_the_same_invoke_delivered_again_is_one_press(bot: Bot) -> None:
    press = bot.teams.people.feedback("a:1", "personal", "like", "", "17")
    answers = [await bot.teams.send(press), await bot.teams.send(press)]

    assert [answer.status for answer in answers] == [200, 200]
    assert len(bot.inbox.events) == 1


@pytest.mark.parametrize(
    "name", ["message/fetchTask", "task/fetch", "fileConsent/invoke", "composeExtension/query", "x"]
)
@pytest.mark.parametrize("value", [None, [], "x", {"data": 1}], ids=["null", "list", "word", "object"])
async def test_every_invoke_gets_an_object(bot: Bot, name: str, value: Any) -> None:
    answer = await bot.teams.deliver(bot.teams.people.invoke("a:1", "personal", name, value, id="f:1"))

    assert answer.status == 200
    assert isinstance(answer.body, dict)


async def test_an_invoke_without_storage_is_503(bot: Bot) -> None:
    bot.inbox.down = True
    answer = await bot.teams.deliver(bot.teams.people.feedback("a:1", "personal", "like", "", "17"))

    assert answer.status == 503


async def test_a_full_conversation_is_told_to_the_asker_alone(bot: Bot) -> None:
    bot.inbox.answer = Receipt.FULL
    group = bot.teams.group()
    await bot.teams.say(group, "hello")

    (notice,) = group.said()
    assert notice.targeted == ALICE.id
    assert bot.teams.connector.violations == []


async def test_files_are_named_and_the_formatted_text_is_none(bot: Bot) -> None:
    download = {
        "contentType": "application/vnd.microsoft.teams.file.download.info",
        "name": "notes.txt",
        "content": {
            "downloadUrl": f"{bot.teams.download_url}/download/n",
            "uniqueId": "u1",
            "fileType": "txt",
        },
    }
    image = {
        "contentType": "image/*",
        "contentUrl": f"{bot.teams.origin}/emea/v3/attachments/i/views/original",
    }
    html = {"contentType": "text/html", "content": "<p>x</p>"}
    bot.teams.files.contents["n"] = b"some notes"
    await bot.teams.say(bot.teams.personal(), "read", attachments=[html, download, image])

    event = heard(bot)
    assert isinstance(event, MessageReceived)
    assert [(file.name, file.media_type) for file in event.files] == [
        ("notes.txt", "text/plain"),
        ("image 3", ""),
    ]
    notes, picture = event.files
    assert await bot.adapter.fetch(notes) == b"some notes"
    assert (await bot.adapter.fetch(picture)).startswith(b"\x89PNG")


async def test_files_of_different_messages_are_told_apart(bot: Bot) -> None:
    image = {"contentType": "image/png", "contentUrl": f"{bot.teams.origin}/emea/v3/attachments/i/original"}
    for room in (bot.teams.personal(), bot.teams.group()):
        await bot.teams.say(room, "<at>Switchboard</at> what is it?", mentions=("bot",), attachments=[image])

    events = [event for event in bot.inbox.events if isinstance(event, MessageReceived)]
    assert len({event.files[0].id for event in events}) == 2


@pytest.mark.parametrize("admitted", [False, True])
async def test_another_organisations_people_are_heard_by_policy_only(admitted: bool) -> None:
    async with bot_in_teams(admitted) as bot:
        sender = {"id": BOB.id, "name": "Bob", "aadObjectId": BOB.aad, "tenantId": "foreign"}
        message = bot.teams.people.message("19:abc@thread.v2", "groupChat", "hi", id="1")
        answer = await bot.teams.deliver(message | {"from": sender})

        assert answer.status == 200
        assert [event.author.external for event in bot.inbox.events] == ([True] if admitted else [])


FOREIGN = {"from": {"id": BOB.id, "name": "Bob", "aadObjectId": BOB.aad, "tenantId": "foreign"}}
TURNED_AWAY = "I only answer people of the organisation that runs me. Ask somebody there to ask for you."


async def test_somebody_of_another_organisation_is_told_once_and_alone(bot: Bot) -> None:
    room = bot.teams.group()
    for id, mention in (("1", False), ("2", True), ("3", True)):
        message = bot.teams.people.message(room.id, room.kind, "hi", mention=mention, id=id)
        await bot.teams.deliver(message | FOREIGN)
    vote = bot.teams.people.activity(
        "messageReaction", room.id, room.kind, id="f:1", replyToId="17", reactionsAdded=[{"type": "like"}]
    )
    await bot.teams.deliver(vote | FOREIGN)

    assert [(told.text, told.targeted) for told in room.said()] == [(TURNED_AWAY, BOB.id)]
    assert bot.inbox.events == []
    assert bot.teams.connector.violations == []


async def test_another_organisations_press_is_answered_with_the_reason(bot: Bot) -> None:
    action = {"type": "Action.Execute", "data": DATA}
    pressed = bot.teams.people.pressed("a:1", "personal", action, "17", id="f:1")
    answer = await bot.teams.deliver(pressed | FOREIGN)

    assert answer.body["value"] == TURNED_AWAY
    assert bot.inbox.events == []


@pytest.mark.parametrize("admitted", [False, True])
@pytest.mark.parametrize("kind", ["reaction", "feedback"])
async def test_another_organisations_votes_count_by_policy_only(admitted: bool, kind: str) -> None:
    async with bot_in_teams(admitted) as bot:
        people = bot.teams.people
        sender = {"id": BOB.id, "name": "Bob", "aadObjectId": BOB.aad, "tenantId": "foreign"}
        if kind == "reaction":
            added = [{"type": "like"}]
            vote = people.activity(
                "messageReaction", "a:1", "personal", id="f:1", replyToId="17", reactionsAdded=added
            )
        else:
            vote = people.feedback("a:1", "personal", "like", "nice", "17")
        answer = await bot.teams.deliver(vote | {"from": sender})

        assert answer.status == 200
        assert len(bot.inbox.events) == int(admitted)
