"""Ask Switchboard in a message's menu: what its dialog shows, and where the question goes."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from bot.domain.claims import Receipt
from bot.domain.events import MessageReceived
from tests.teams.actions import (
    LINK,
    Dialog,
    graph_message,
    open_dialog,
    press,
    shown_after,
    submission,
    used,
)
from tests.teams.eyes import card_live
from tests.teams.faults import Fault
from tests.teams.people import adaptive_card, forwarded, shared_file
from tests.teams.refusals import Refused
from tests.teams.rooms import ALICE, BOB, Room
from tests.teams.rules import nested
from tests.teams.served import Bot, bot_in_teams

COMES = "The answer comes to your chat with Switchboard."
ELSEWHERE: dict[str, Any] = {
    "from": {"id": ALICE.id, "name": "Eve", "aadObjectId": ALICE.aad, "tenantId": "99999999-other"}
}


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    async with bot_in_teams() as running:
        yield running


@pytest.fixture
def chat(bot: Bot) -> Room:
    """A chat of other people: the bot is no member of it."""
    room = bot.teams.group("19:others@thread.v2")
    room.refusal = Refused(
        403, "BotNotInConversationRoster", "The bot is not part of the conversation roster."
    )
    return room


def heard(bot: Bot) -> MessageReceived:
    (event,) = bot.inbox.events
    assert isinstance(event, MessageReceived)
    return event


async def test_the_dialog_shows_the_message_and_asks_for_a_question(bot: Bot, chat: Room) -> None:
    dialog = await open_dialog(bot.teams, chat, graph_message("The pier is closed."))

    assert "Bob wrote:\nThe pier is closed." in dialog.words
    assert COMES in dialog.words
    assert dialog.buttons == ["Ask"]
    assert dialog.inputs["question"]["isMultiline"] is True
    assert not dialog.inputs["question"].get("isRequired")
    assert bot.inbox.events == []
    assert bot.teams.connector.calls == []


async def test_the_dialog_needs_no_storage(bot: Bot, chat: Room) -> None:
    bot.inbox.down = True

    assert (await open_dialog(bot.teams, chat, graph_message("The pier is closed."))).buttons == ["Ask"]


HOSTILE = "**bold** [a link](https://evil.example) ![x](https://evil.example/x.png) <at>Bob</at> <b>bold</b>"


async def test_nothing_in_a_message_or_a_name_comes_alive_in_the_dialog(bot: Bot, chat: Room) -> None:
    dialog = await open_dialog(bot.teams, chat, graph_message(HOSTILE, name=HOSTILE))
    kinds = {element["type"] for element in nested(dialog.card["body"])}

    assert card_live(dialog.card) == []
    assert kinds == {"Container", "RichTextBlock", "TextRun", "Input.Text"}
    assert HOSTILE[:40] in dialog.words


async def test_a_long_message_is_shown_in_part(bot: Bot, chat: Room) -> None:
    dialog = await open_dialog(bot.teams, chat, graph_message("tide " * 10_000))

    assert len(dialog.words) < 1_000
    assert "tide tide" in dialog.words
    assert "\n…\n" in dialog.words


async def test_the_question_goes_to_the_persons_own_chat(bot: Bot, chat: Room) -> None:
    dialog = await open_dialog(bot.teams, chat, graph_message("The pier is closed."))
    said = await press(bot.teams, dialog, question="Until when?")

    assert said == COMES
    event = heard(bot)
    assert (event.text, event.direct, event.addressed, event.private) == ("Until when?", True, True, False)
    assert (event.thread.channel, event.thread.thread) == (f"a:{ALICE.id}", "")
    assert (event.author.id, event.author.name) == (ALICE.aad, "Alice")
    assert [(quote.text, quote.source, quote.link) for quote in event.quotes] == [
        ("The pier is closed.", "Bob", LINK)
    ]
    assert [call.path.rpartition("/v3/")[2] for call in bot.teams.connector.calls] == ["conversations"]


async def test_it_is_one_conversation_with_what_the_person_writes_there(bot: Bot, chat: Room) -> None:
    await press(bot.teams, await open_dialog(bot.teams, chat, graph_message("The pier is closed.")))
    await bot.teams.say(bot.teams.personal(f"a:{ALICE.id}"), "and the beach?")

    asked, more = bot.inbox.events
    assert asked.thread == more.thread
    assert asked.author.id == more.author.id
    assert {**asked.reply, "message": "-"} == {**more.reply, "message": "-"}


async def test_no_question_means_explain_it(bot: Bot, chat: Room) -> None:
    dialog = await open_dialog(bot.teams, chat, graph_message("The pier is closed."))
    said = await press(bot.teams, dialog, question="  ")

    assert (said, heard(bot).text) == (COMES, "Explain this message.")


@pytest.mark.parametrize("kind", ["personal", "groupChat", "channel"])
async def test_it_works_in_every_kind_of_place(bot: Bot, kind: str) -> None:
    """The answer's place is the person's chat, whatever the other one is called."""
    room = bot.teams.rooms.open("19:place", kind)
    named = {"channel": {"id": "19:place", "name": "tides"}, "team": {"id": "19:team", "name": "Harbour"}}
    dialog = await open_dialog(bot.teams, room, graph_message("High tide."))
    pressed = submission(dialog, bot.teams)
    said = await shown_after(
        bot.teams, dialog, pressed | {"channelData": {**pressed["channelData"], **named}}
    )

    assert said == COMES
    assert (heard(bot).direct, heard(bot).threaded) == (True, False)
    assert heard(bot).thread.channel == f"a:{ALICE.id}"
    assert "tides" not in str(heard(bot).reply)


async def test_an_invoke_that_comes_many_times_asks_once(bot: Bot, chat: Room) -> None:
    dialog = await open_dialog(bot.teams, chat, graph_message("The pier is closed."))
    pressed = submission(dialog, bot.teams, question="Until when?")
    async with asyncio.TaskGroup() as tasks:
        sent = [tasks.create_task(shown_after(bot.teams, dialog, pressed)) for _ in range(5)]

    assert {task.result() for task in sent} == {COMES}
    assert heard(bot).text == "Until when?"


async def test_a_client_that_tries_again_with_another_id_asks_once(bot: Bot, chat: Room) -> None:
    dialog = await open_dialog(bot.teams, chat, graph_message("The pier is closed."))
    for _ in range(3):
        await press(bot.teams, dialog, question="Until when?")

    assert heard(bot).text == "Until when?"


async def test_an_invoke_without_an_id_asks_once(bot: Bot, chat: Room) -> None:
    about = graph_message("The pier is closed.")
    dialog = await open_dialog(bot.teams, chat, about, id=None)
    pressed = submission(dialog, bot.teams, question="Until when?") | {"id": None}
    for _ in range(2):
        await shown_after(bot.teams, dialog, pressed)
    await shown_after(bot.teams, dialog, pressed | {"timestamp": "2026-11-23T10:00:09.000Z"})

    assert len(bot.inbox.events) == 2


async def test_the_same_message_is_asked_about_as_often_as_somebody_asks(bot: Bot, chat: Room) -> None:
    about = graph_message("The pier is closed.")
    for sender in (ALICE, BOB, ALICE):
        dialog = await open_dialog(bot.teams, chat, about, sender=sender)
        await press(bot.teams, dialog, sender=sender, question="Until when?")

    assert len({event.id for event in bot.inbox.events}) == 3
    assert [event.thread.channel for event in bot.inbox.events] == [
        f"a:{ALICE.id}",
        f"a:{BOB.id}",
        f"a:{ALICE.id}",
    ]


def opened_again(shown: Dialog | str) -> Dialog:
    assert isinstance(shown, Dialog)
    return shown


async def test_who_has_not_added_the_app_is_told_what_to_do_and_need_not_type_again(
    bot: Bot, chat: Room
) -> None:
    bot.teams.connector.installed.clear()
    dialog = await open_dialog(bot.teams, chat, graph_message("The pier is closed."))
    again = opened_again(await press(bot.teams, dialog, question="Until when?"))

    assert again.words.startswith("Add Switchboard first")
    assert again.inputs["question"]["value"] == "Until when?"
    assert bot.inbox.events == []

    bot.teams.connector.installed.add(ALICE.id)

    assert await press(bot.teams, again) == COMES
    assert heard(bot).text == "Until when?"


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        (403, "BotDisabledByAdmin", "An administrator has switched Switchboard off"),
        (403, "ConversationBlockedByUser", "You have blocked Switchboard"),
        (404, "ConversationNotFound", "Add Switchboard first"),
        (400, "BadSyntax", "Add Switchboard first"),
        (401, "BotNotRegistered", "Ask your administrator"),
        (500, "ServiceError", "Press Ask again"),
    ],
)
async def test_why_no_chat_could_be_opened_is_told(
    bot: Bot, chat: Room, status: int, code: str, told: str
) -> None:
    dialog = await open_dialog(bot.teams, chat, graph_message("The pier is closed."))
    bot.teams.connector.faults.plan(Fault(status=status, code=code, times=2))
    again = opened_again(await press(bot.teams, dialog, question="Until when?"))

    assert told in again.words
    assert bot.inbox.events == []


async def test_a_connector_that_hangs_is_not_waited_for(bot: Bot, chat: Room) -> None:
    dialog = await open_dialog(bot.teams, chat, graph_message("The pier is closed."))
    bot.teams.connector.faults.numbered[1] = Fault(hang=True)
    again = opened_again(await press(bot.teams, dialog, question="Until when?"))
    bot.teams.connector.faults.clear()

    assert "Press Ask again" in again.words


async def test_storage_out_of_reach_is_told_in_the_dialog(bot: Bot, chat: Room) -> None:
    dialog = await open_dialog(bot.teams, chat, graph_message("The pier is closed."))
    bot.inbox.down = True
    again = opened_again(await press(bot.teams, dialog, question="Until when?"))
    bot.inbox.down = False

    assert "I cannot take questions at the moment" in again.words
    assert await press(bot.teams, again) == COMES
    assert heard(bot).text == "Until when?"


@pytest.mark.parametrize("receipt", [Receipt.FULL, Receipt.FULL_QUIET])
async def test_who_has_too_many_questions_waiting_is_told_in_the_dialog(
    bot: Bot, chat: Room, receipt: Receipt
) -> None:
    bot.inbox.answer = receipt
    dialog = await open_dialog(bot.teams, chat, graph_message("The pier is closed."))
    again = opened_again(await press(bot.teams, dialog, question="Until when?"))

    assert "messages of yours to answer" in again.words


async def test_other_organisations_people_get_a_word_and_no_model(bot: Bot, chat: Room) -> None:
    about = graph_message("The pier is closed.")
    dialog = await open_dialog(bot.teams, chat, about, **ELSEWHERE)
    pressed = used(bot.teams, chat, about, "submitAction", data={"question": "?"}) | ELSEWHERE
    said = await shown_after(bot.teams, dialog, pressed)

    assert "other organisations may not ask" in dialog.words
    assert dialog.buttons == []
    assert "other organisations may not ask" in str(said)
    assert bot.inbox.events == []


async def test_other_organisations_people_ask_where_the_policy_lets_them() -> None:
    async with bot_in_teams(True) as bot:
        about, chat = graph_message("The pier is closed."), bot.teams.group()
        dialog = await open_dialog(bot.teams, chat, about, **ELSEWHERE)
        pressed = submission(dialog, bot.teams) | ELSEWHERE

        assert await shown_after(bot.teams, dialog, pressed) == COMES
        assert heard(bot).author.external


UNREADABLE: Mapping[str, Mapping[str, Any]] = {
    "empty": graph_message(""),
    "nothing": {},
    "no body": graph_message("", body=None),
    "a deleted one": graph_message("", deleted=True, body={"contentType": "html", "content": ""}),
    "of another shape": {"body": [1], "from": "x", "linkToMessage": 5, "attachments": "?"},
}


@pytest.mark.parametrize("about", UNREADABLE.values(), ids=UNREADABLE)
async def test_a_message_without_anything_to_read_wants_a_question(
    bot: Bot, chat: Room, about: Mapping[str, Any]
) -> None:
    dialog = await open_dialog(bot.teams, chat, about)
    again = opened_again(await press(bot.teams, dialog))

    assert "I cannot read this message" in again.words
    assert bot.inbox.events == []
    assert await press(bot.teams, again, question="What is a pier?") == COMES
    assert heard(bot).quotes == ()


async def test_all_that_the_message_shows_reaches_the_model(bot: Bot, chat: Room) -> None:
    """Its code, what it forwards, its cards; and what of it cannot be read is known."""
    html = '<p>see</p><codeblock class="Python"><code>print(1)</code></codeblock><attachment id="7"></attachment>'
    card = adaptive_card({"type": "TextBlock", "text": "Tide table"})
    about = graph_message(
        "",
        body={"contentType": "html", "content": html},
        attachments=[
            forwarded("7", "<p>The <b>pier</b> is closed.</p>", "Carol"),
            card,
            shared_file("plan.docx"),
        ],
    )
    dialog = await open_dialog(bot.teams, chat, about)
    await press(bot.teams, dialog, question="Why?")

    own, *shown = heard(bot).quotes
    assert (own.text, own.source, own.link) == ("see\n```Python\nprint(1)\n```", "Bob", LINK)
    assert [(quote.text, quote.source) for quote in shown] == [
        ("The **pier** is closed.", "Carol"),
        ("Tide table", "a card"),
    ]
    assert [(file.name, bool(file.trouble)) for file in heard(bot).files] == [("plan.docx", True)]
    assert "print(1)" in dialog.words


async def test_a_forward_without_words_is_shown_and_explained(bot: Bot, chat: Room) -> None:
    about = graph_message("", attachments=[forwarded("7", "<p>The pier is closed.</p>", "Carol")])
    dialog = await open_dialog(bot.teams, chat, about)

    assert await press(bot.teams, dialog) == COMES
    assert "The pier is closed." in dialog.words
    assert [(quote.text, quote.source) for quote in heard(bot).quotes] == [("The pier is closed.", "Carol")]


async def test_a_link_that_is_no_web_address_is_left_out(bot: Bot, chat: Room) -> None:
    about = graph_message("The pier is closed.", linkToMessage="javascript:alert(1)")
    await press(bot.teams, await open_dialog(bot.teams, chat, about))

    assert [quote.link for quote in heard(bot).quotes] == [""]


async def test_an_app_is_named_as_who_wrote_it(bot: Bot, chat: Room) -> None:
    about = graph_message("Build 7 failed.") | {
        "from": {"user": None, "application": {"id": "A", "displayName": "CI"}}
    }
    dialog = await open_dialog(bot.teams, chat, about)
    await press(bot.teams, dialog)

    assert "CI wrote:" in dialog.words
    assert [quote.source for quote in heard(bot).quotes] == ["CI"]


OTHERS = (
    "query",
    "queryLink",
    "anonymousQueryLink",
    "selectItem",
    "onCardButtonClicked",
    "querySettingUrl",
    "setting",
)


@pytest.mark.parametrize("name", OTHERS)
async def test_what_else_message_extensions_ask_is_answered_with_nothing(
    bot: Bot, chat: Room, name: str
) -> None:
    delivered = await bot.teams.deliver(used(bot.teams, chat, graph_message("x"), name))

    assert (delivered.status, delivered.body) == (200, {})
    assert bot.inbox.events == []


@pytest.mark.parametrize("name", ["fetchTask", "submitAction"])
async def test_a_command_of_another_name_is_answered_with_nothing(bot: Bot, chat: Room, name: str) -> None:
    delivered = await bot.teams.deliver(used(bot.teams, chat, graph_message("x"), name, command="other"))

    assert (delivered.status, delivered.body) == (200, {})
    assert bot.inbox.events == []
