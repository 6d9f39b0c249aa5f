"""What stands around a message: names for ids, the place, what is in view, files as they really are."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import pytest

from adapters.slack.inbound.view import asked_about
from bot.domain.events import MessageEdited, MessageReceived
from bot.domain.surroundings import Surroundings
from bot.domain.turns import ChatMessage, said_in
from tests.slack.fake import events
from tests.slack.fake.api import Mishap
from tests.slack.fake.clock import Leap
from tests.slack.fake.world import Json, Message
from tests.slack.places import TOKEN, Bot, bot_in_slack


@pytest.fixture
async def bot() -> AsyncGenerator[Bot, None]:
    async with bot_in_slack() as bot:
        slack = bot.fake.slack
        slack.channels["C1"].name = "general"
        slack.add_person("U1", "T1", "Ada", tz="Europe/Berlin")
        slack.add_person("U2", "T1", "Bob Smith", profile={"display_name": "bob"}, is_restricted=True)
        slack.groups["S1"] = {"id": "S1", "handle": "designers"}
        yield bot


def said(
    bot: Bot, text: str, *, channel: str = "C1", thread: str = "", user: str = "U1", **more: Any
) -> Message:
    slack = bot.fake.slack
    return events.said(slack, slack.channels[channel], user, text, thread=thread, **more)


async def heard(bot: Bot, message: Message, **more: Any) -> MessageReceived:
    slack = bot.fake.slack
    event = await bot.heard(events.envelope(slack, slack.teams["T1"], events.message(slack, message) | more))
    assert isinstance(event, MessageReceived)
    return event


async def around(bot: Bot, event: MessageReceived, *, after: float | None = None) -> Surroundings:
    return await bot.adapter.surroundings(event, said_in(event), after=after)


def calls(bot: Bot, method: str) -> int:
    return len([call for call in bot.fake.slack.calls if call.method == method])


async def test_people_channels_and_groups_get_their_names(bot: Bot) -> None:
    text = "<@UBOT1> ask <@U2> and <!subteam^S1> in <#C1|>, not @U2x, U2 or <@U9>"
    found = await around(bot, await heard(bot, said(bot, text)))

    assert found.said.text == "ask @bob and @designers in #general, not @U2x, U2 or @U9"
    assert (found.said.author.name, found.time_zone, found.place) == (
        "Ada",
        "Europe/Berlin",
        "the channel #general",
    )


async def test_an_id_that_somebody_types_is_not_looked_up(bot: Bot) -> None:
    found = await around(bot, await heard(bot, said(bot, "<@UBOT1> what is @U2?")))

    assert found.said.text == "what is @U2?"


async def test_names_are_kept_and_asked_for_once(bot: Bot) -> None:
    for _ in range(3):
        await around(bot, await heard(bot, said(bot, "<@UBOT1> and <@U2>?")))

    assert calls(bot, "users.info") == 2
    assert calls(bot, "conversations.info") == 1


async def test_a_group_that_slack_does_not_know_is_asked_for_once(bot: Bot) -> None:
    for _ in range(3):
        await around(bot, await heard(bot, said(bot, "<@UBOT1> ask <!subteam^S404>")))

    assert calls(bot, "usergroups.list") == 1


async def test_a_crowd_of_names_costs_few_calls(bot: Bot) -> None:
    for number in range(100, 140):
        bot.fake.slack.add_person(f"U{number}", "T1", f"Person {number}")
    text = " ".join(f"<@U{number}>" for number in range(100, 140))
    await around(bot, await heard(bot, said(bot, f"<@UBOT1> {text}")))

    assert calls(bot, "users.info") <= 10


async def test_without_the_scope_the_id_stays_and_the_answer_is_not_held_up(bot: Bot) -> None:
    bot.fake.slack.tokens[TOKEN].scopes -= {"users:read", "channels:read", "usergroups:read"}
    found = await around(bot, await heard(bot, said(bot, "<@UBOT1> ask <@U2> and <!subteam^S1>")))

    assert found.said.text == "ask @U2 and @S1"
    assert (found.place, found.time_zone) == ("", "")


async def test_a_slack_that_hangs_holds_nothing_up_for_long(bot: Bot) -> None:
    event = await heard(bot, said(bot, "<@UBOT1> ask <@U2>"))
    bot.fake.api.mishaps[bot.fake.api.requests + 1] = Mishap.HANGS_BEFORE
    async with asyncio.timeout(8):
        found = await around(bot, event)
    bot.fake.api.cut()

    assert found.said.text == "ask @U2"


async def test_a_name_that_slack_is_too_busy_for_is_asked_for_again(bot: Bot) -> None:
    event = await heard(bot, said(bot, "<@UBOT1> hello"))
    next_one = bot.fake.api.requests + 1
    bot.fake.api.mishaps = {next_one: Mishap.BUSY, next_one + 1: Mishap.BUSY}  # the name and the channel
    first = await around(bot, event)
    clock = bot.fake.slack.clock
    assert isinstance(clock, Leap)
    clock.advance(2)
    second = await around(bot, event)

    assert (first.known, first.said.author.name) == (False, "")
    assert (second.known, second.said.author.name) == (True, "Ada")


async def test_a_channel_that_cannot_be_read_for_want_of_a_right_is_not_said_to_be_closed(bot: Bot) -> None:
    bot.fake.slack.tokens[TOKEN].scopes -= {"channels:history"}
    found = await looking(bot, "Summarize this channel", entity("channel_id", "C1"))

    assert "I cannot read this channel" in found.obstacle
    assert "/invite" not in found.obstacle


async def test_guests_are_known(bot: Bot) -> None:
    found = await around(bot, await heard(bot, said(bot, "<@UBOT1> hi", user="U2")))

    assert (found.said.author.name, found.said.author.guest) == ("bob", True)


async def test_who_has_left_is_not_asked_for(bot: Bot) -> None:
    """Their schedules go on being due."""
    bot.fake.slack.add_person("U3", "T1", "Cy", deleted=True)
    told = [
        (await around(bot, await heard(bot, said(bot, "<@UBOT1> hi", user=one)))).obstacle
        for one in ("U1", "U3")
    ]

    assert told[0] == ""
    assert "has left the workspace" in told[1]


async def test_what_lasts_of_an_event_holds_no_address_that_expires(bot: Bot) -> None:
    event = await heard(bot, said(bot, "<@UBOT1> hi", thread=said(bot, "root").ts))
    lasting = bot.adapter.lasting(
        replace(event, reply={**event.reply, "response_url": "https://hooks.slack.com/x"})
    )

    assert (lasting.thread, lasting.obstacle) == (event.thread, "")
    assert set(lasting.reply) == {"user_team", "channel", "thread", "user"}


async def test_names_stand_in_what_is_quoted_and_in_edits(bot: Bot) -> None:
    share = {"is_share": True, "author_name": "Eve", "text": "ask <@U2>"}
    asked = said(bot, "<@UBOT1> what?", attachments=[share])
    found = await around(bot, await heard(bot, asked))
    slack = bot.fake.slack
    edit = await bot.heard(
        events.envelope(slack, slack.teams["T1"], events.edited(slack, asked, "<@UBOT1> what, <@U2>?"))
    )
    assert isinstance(edit, MessageEdited)
    changed = await bot.adapter.surroundings(
        edit, ChatMessage(author=edit.author, text=edit.text, message=edit.message), after=None
    )

    assert found.said.quotes[0].text == "ask @bob"
    assert changed.said.text == "what, @bob?"


async def test_a_command_cut_off_in_front_leaves_the_names(bot: Bot) -> None:
    event = await heard(bot, said(bot, "<@UBOT1> grok: ask <@U2>"))
    part = ChatMessage(author=event.author, text="ask @U2", message=event.message)

    assert (await bot.adapter.surroundings(event, part, after=None)).said.text == "ask @bob"


async def test_a_file_of_another_organisation_is_asked_for(bot: Bot) -> None:
    slack = bot.fake.slack
    slack.files["F1"] = {
        "id": "F1",
        "name": "plan.pdf",
        "size": 5,
        "team": "T1",
        "data": b"%PDF-",
        "mimetype": "application/pdf",
    }
    stub = {"id": "F1", "mode": "file_access", "file_access": "check_file_info"}
    event = await heard(bot, said(bot, "<@UBOT1> what is it?", files=[stub]))
    (file,) = (await around(bot, event)).said.files

    assert (file.name, file.media_type, file.size) == ("plan.pdf", "application/pdf", 5)
    assert await bot.adapter.fetch(file) == b"%PDF-"


async def test_a_thread_full_of_such_files_costs_few_calls_and_the_newest_are_known(bot: Bot) -> None:
    slack = bot.fake.slack
    root = said(bot, "the plans", user="U2")
    for number in range(30):
        id = f"F{number}"
        slack.files[id] = {"id": id, "name": f"{id}.txt", "size": 1, "team": "T1", "mimetype": "text/plain"}
        stub = {"id": id, "mode": "file_access", "file_access": "check_file_info"}
        said(bot, "one", thread=root.ts, user="U2", files=[stub])
    asked = await heard(bot, said(bot, "<@UBOT1> which is the last?", thread=root.ts))
    found = await around(bot, asked, after=0.0)
    names = [file.name for one in found.before for file in one.files]

    assert calls(bot, "files.info") == 10
    assert names[-10:] == [f"F{number}.txt" for number in range(20, 30)]


async def test_an_app_that_hears_mentions_alone_looks_up_what_they_lack(bot: Bot) -> None:
    slack = bot.fake.slack
    root = said(bot, "the alert", user="U2")
    slack.files["F1"] = {
        "id": "F1",
        "name": "a.txt",
        "size": 1,
        "team": "T1",
        "data": b"x",
        "mimetype": "text/plain",
    }
    asked = said(bot, "<@UBOT1> and this?", thread=root.ts, files=[{"id": "F1", "name": "a.txt"}])
    twin = events.mention(slack, asked, files=False)
    event = await bot.heard(events.envelope(slack, slack.teams["T1"], twin))
    assert isinstance(event, MessageReceived)
    found = await around(bot, event, after=0.0)

    assert event.gaps
    assert [file.name for file in found.said.files] == ["a.txt"]
    assert [one.text for one in found.before] == ["the alert"]


async def test_what_was_erased_is_not_read_again_not_even_the_root(bot: Bot) -> None:
    root = said(bot, "a secret", user="U2")
    said(bot, "another secret", thread=root.ts, user="U2")
    newer = said(bot, "the tide", thread=root.ts, user="U2")
    event = await heard(bot, said(bot, "<@UBOT1> what now?", thread=root.ts))
    found = await around(bot, event, after=float(newer.ts) - 0.000001)

    assert [one.text for one in found.before] == ["the tide"]


# --- what is in view -----------------------------------------------------------------------------------------


def entity(kind: str, value: Any) -> Json:
    return {"entities": [{"type": f"slack#/types/{kind}", "value": value, "team_id": "T1"}]}


async def looking(bot: Bot, text: str, view: Json) -> Surroundings:
    return await around(bot, await heard(bot, said(bot, text, channel="D1"), app_context=view))


async def test_the_channel_in_view_is_read(bot: Bot) -> None:
    said(bot, "high tide at noon", user="U2")
    found = await looking(bot, "Summarize this channel", entity("channel_id", "C1"))

    assert [(one.author.name, one.text) for one in found.before] == [("bob", "high tide at noon")]
    assert found.obstacle == ""


async def test_where_the_bot_is_no_member_it_says_so(bot: Bot) -> None:
    slack = bot.fake.slack
    slack.add_channel("C7", "T1", name="incidents", bot_in=False)
    found = await looking(bot, "Summarize the channel I am looking at", entity("channel_id", "C7"))

    assert (
        found.obstacle
        == "I am not in #incidents, so I cannot read it. Type `/invite @Switchboard` there and ask again."
    )


async def test_the_message_in_view_is_read_with_its_thread(bot: Bot) -> None:
    root = said(bot, "the alert", user="U2")
    said(bot, "on it", thread=root.ts, user="U2")
    view = entity("message_context", {"channel_id": "C1", "message_ts": root.ts})
    found = await looking(bot, "what does this message mean?", view)

    assert [one.text for one in found.before] == ["the alert", "on it"]


async def test_the_canvas_in_view_is_a_file_of_the_question(bot: Bot) -> None:
    slack = bot.fake.slack
    page = b"<h1>Plan</h1><p>We sail at noon.</p>"
    slack.files["F1"] = {
        "id": "F1", "name": "Plan", "size": len(page), "team": "T1", "data": page, "mimetype": "application/vnd.slack-docs",
    }  # fmt: skip
    found = await looking(bot, "sum up this canvas", entity("canvas_id", "F1"))
    (file,) = found.said.files

    assert file.media_type == "text/html"
    assert await bot.adapter.fetch(file) == page


async def test_a_list_in_view_cannot_be_read_and_that_is_said(bot: Bot) -> None:
    found = await looking(bot, "what is on this list?", entity("list_id", "F2"))

    assert "lists" in found.obstacle


async def test_where_nothing_is_open_nothing_is_invented(bot: Bot) -> None:
    found = await looking(bot, "Summarize the channel I am looking at", {})

    assert "which channel" in found.obstacle


ABOUT = [
    "Summarize this channel",
    "Summarize the channel I am looking at",
    "what's new in this Slack channel?",
    "Fasse diesen Kanal zusammen",
    "Was gibt es Neues in diesem Kanal?",
    "Résume ce canal",
    "Resume este canal, por favor",
    "O que se passa neste canal?",
    "Riassumi questo canale",
    "Vat dit kanaal samen",
    "Podsumuj ten kanał",
    "Shrň tento kanál",
    "Sammanfatta denna kanal",
    "Tiivistä tämä kanava",
    "Bu kanal\u0131 özetle",
    "Перескажи этот канал",
    "Перекажи цей канал",
    "このチャンネルを要約して",
    "总结这个频道",
    "請總結這個頻道",
    "이 채널 요약해줘",
    "הערוץ הזה, תסכם",
    "لخص هذه القناة",
]
NOT_ABOUT = [
    "What TV channel shows the match?",
    "Which channel is best for marketing?",
    "How cold is the English Channel?",
    "channel",
    "How do I create a channel in Slack?",
    "Explain Go's channels",
    "Wie tief ist der Kanal?",
    "Où est le canal de Suez ?",
    "¿Qué canal da el partido?",
    "チャンネルの作り方",
    "频道怎么创建",
    "какой канал показывает матч?",
    "x" * 100_000,
    "this " * 50_000,
]


@pytest.mark.parametrize("text", ABOUT)
def test_a_question_about_the_channel_counts_in_any_language(text: str) -> None:
    assert asked_about(entity("channel_id", "C7"), text) == "channel C7"


@pytest.mark.parametrize("text", NOT_ABOUT, ids=range(len(NOT_ABOUT)))
def test_the_word_alone_sends_nothing_to_anybody(text: str) -> None:
    assert asked_about(entity("channel_id", "C7"), text) == ""


@pytest.mark.parametrize(
    "context", [None, 7, {"entities": 7}, {"entities": [7, {}]}, {"entities": [{"type": "x"}]}]
)
def test_whatever_slack_says_is_in_view_nothing_fails(context: Any) -> None:
    assert asked_about(context, "what is new?") == ""
