"""What stands around a question in Teams: what was said before it, files as Microsoft Graph has them, names, the place."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.teams.conversation_reference import ConversationReference
from adapters.teams.outbound.rendering.messages import button_payload
from bot.domain.errors import PlatformError
from bot.domain.events import EVENT, MessageReceived
from bot.domain.replies import Action
from bot.domain.surroundings import Surroundings
from bot.domain.turns import ChatMessage, said_in
from tests.stalls import MOST, stalls
from tests.teams.files import PNG
from tests.teams.people import GROUP, TEAM, TENANT, pasted, shared_file
from tests.teams.rooms import ALICE, BOB, BOT, Person, Room
from tests.teams.served import Bot, bot_in_teams

PLAN = "https://contoso.sharepoint.com/sites/team/plan.docx"


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    """One whose operator has switched Graph on, in a team and a chat that consented."""
    async with bot_in_teams(TEAMS_GRAPH="1") as running:
        running.teams.graph.granted = {running.teams.channel().id, running.teams.group().id}
        yield running


def ago(minutes: float) -> str:
    return (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat(timespec="milliseconds")


def was_said(bot: Bot, room: Room, text: str, minutes: float, **fields: Any) -> str:
    """Something people said among themselves, of which the bot was not told. Returns its id."""
    usual: dict[str, Any] = {"sender": BOB, "mention": False, "timestamp": ago(minutes)}
    return str(bot.teams.write(room, text, **(usual | fields))["id"])


async def asks(bot: Bot, room: Room, text: str = "sum this up", **fields: Any) -> MessageReceived:
    """A mention, as it comes out of storage."""
    assert (await bot.teams.say(room, text, **fields)).status == 200
    event = EVENT.validate_json(EVENT.dump_json(bot.inbox.events[-1]))
    assert isinstance(event, MessageReceived)
    return event


async def around(bot: Bot, event: MessageReceived, *, after: float | None = None) -> Surroundings:
    known = (0.0 if event.late else None) if after is None else after
    return await bot.adapter.surroundings(event, said_in(event), after=known)


def heard(seen: Surroundings) -> list[str]:
    return [f"{one.author.name}: {one.text}" if one.author.id else one.text for one in seen.before]


async def test_a_thread_is_read_from_its_first_message_on(bot: Bot) -> None:
    channel = bot.teams.channel()
    root = was_said(bot, channel, "shall we ship?", 9)
    was_said(bot, channel, "not yet", 8, root=root, sender=ALICE)
    was_said(bot, channel, "another thread", 7)
    event = await asks(bot, channel, root=root)
    was_said(bot, channel, "said after it", -1, root=root)
    seen = await around(bot, event)

    assert heard(seen) == ["Bob: shall we ship?", "Alice: not yet"]
    assert [one.author.id for one in seen.before] == [BOB.aad, ALICE.aad]
    assert all(one.message and one.at for one in seen.before)


async def test_a_group_chat_is_read_oldest_first(bot: Bot) -> None:
    group = bot.teams.group()
    for number in range(3):
        was_said(bot, group, f"line {number}", 9 - number)
    seen = await around(bot, await asks(bot, group))

    assert heard(seen) == ["Bob: line 0", "Bob: line 1", "Bob: line 2"]


async def test_system_lines_deleted_messages_and_the_bots_own_are_left_out(bot: Bot) -> None:
    group = bot.teams.group()
    was_said(bot, group, "kept", 9)
    was_said(bot, group, "Bob joined", 8, messageType="systemEventMessage")
    gone = was_said(bot, group, "taken back", 7)
    group.messages[gone].deleted = True
    answer = {"id": "555", "text": "an answer", "timestamp": ago(6)}
    bot.teams.rooms.posted(group, answer, "")
    seen = await around(bot, await asks(bot, group))

    assert heard(seen) == ["Bob: kept"]


@pytest.mark.parametrize("oldest_first", [True, False], ids=["oldest first", "newest first"])
async def test_of_a_long_thread_the_first_and_the_newest_are_read(bot: Bot, oldest_first: bool) -> None:
    """Graph does not promise an order of replies."""
    bot.teams.graph.oldest_first = oldest_first
    channel = bot.teams.channel()
    root = was_said(bot, channel, "the beginning", 200)
    for number in range(70):
        was_said(bot, channel, f"reply {number}", 180 - number, root=root)
    seen = await around(bot, await asks(bot, channel, root=root))
    said = heard(seen)

    assert said[:2] == ["Bob: the beginning", "(Messages between these are left out here.)"]
    assert said[-1] == "Bob: reply 69"
    assert 45 <= len(said) <= 52


async def test_nobody_else_waits_while_a_thread_of_costly_messages_is_read(bot: Bot) -> None:
    channel = bot.teams.channel()
    root = was_said(bot, channel, "shall we ship?", 99)
    for minute in range(48):
        was_said(bot, channel, "x", 60 - minute, root=root, html="<p>x</p>" + "<b>" * 2_000)
    event = await asks(bot, channel, root=root)
    async with stalls() as found:
        seen = await around(bot, event)

    assert heard(seen) == ["Bob: shall we ship?", *["Bob: x"] * 48]
    assert found.busy < MOST


async def test_what_is_known_is_not_read_again(bot: Bot) -> None:
    group = bot.teams.group()
    was_said(bot, group, "known", 9)
    was_said(bot, group, "missed", 3)
    event = await asks(bot, group)
    since = datetime.fromisoformat(ago(5)).timestamp()

    assert heard(await around(bot, event, after=since)) == ["Bob: missed"]


async def test_nothing_is_read_where_everything_is_known(bot: Bot) -> None:
    channel = bot.teams.channel()
    event = await asks(bot, channel)

    assert not event.late
    assert (await around(bot, event)).before == ()
    assert bot.teams.graph.asked == []


async def test_a_mention_may_have_missed_something_unless_everything_is_delivered(bot: Bot) -> None:
    channel, group = bot.teams.channel(), bot.teams.group()
    root = was_said(bot, channel, "a thread", 9)
    alone = await asks(bot, channel, root=root)
    await bot.teams.say(channel, "among people", root=root, mention=False)
    with_consent = await asks(bot, channel, root=root)
    elsewhere = await asks(bot, group)

    assert [one.gaps for one in (alone, with_consent, elsewhere)] == [True, False, True]
    assert [one.late for one in (alone, with_consent, elsewhere)] == [True, True, True]


async def test_the_team_is_looked_up_once_and_not_where_its_id_is_told(bot: Bot) -> None:
    channel = bot.teams.channel()
    root = was_said(bot, channel, "a thread", 9)
    for _ in range(2):
        await around(bot, await asks(bot, channel, root=root))
    data = {"tenant": {"id": TENANT}, "team": {"id": "19:other@thread.tacv2", "aadGroupId": GROUP}}
    told = await around(bot, await asks(bot, channel, root=root, channelData=data))

    assert heard(told)[0] == "Bob: a thread"
    assert len([call for call in bot.teams.connector.calls if "/v3/teams/" in call.path]) == 1


CONSENT = {
    "channel": "(What was said here before cannot be read: an owner of this team can allow it by adding the app to it anew.)",
    "groupChat": "(What was said here before cannot be read: somebody in this chat can allow it by adding the app anew.)",
}


@pytest.mark.parametrize("kind", CONSENT)
async def test_without_consent_the_model_is_told_who_can_give_it(bot: Bot, kind: str) -> None:
    bot.teams.graph.granted.clear()
    room = bot.teams.channel() if kind == "channel" else bot.teams.group()
    root = was_said(bot, room, "before", 9)
    seen = await around(bot, await asks(bot, room, root=root if kind == "channel" else ""))

    assert heard(seen) == [CONSENT[kind]]


async def test_a_tenant_that_gives_no_token_is_like_one_without_consent(bot: Bot) -> None:
    bot.teams.issuer.audiences.discard(bot.teams.graph.url)
    group = bot.teams.group()
    seen = await around(bot, await asks(bot, group))

    assert heard(seen) == [CONSENT["groupChat"]]


async def test_where_graph_is_not_switched_on_the_model_is_told_of_a_thread_it_cannot_see() -> None:
    async with bot_in_teams() as bot:
        channel = bot.teams.channel()
        root = was_said(bot, channel, "before", 9)
        in_thread = await around(bot, await asks(bot, channel, root=root))
        new_post = await around(bot, await asks(bot, channel))
        group = await around(bot, await asks(bot, bot.teams.group()))

    assert len(in_thread.before) == 1
    assert "TEAMS_GRAPH=1" in in_thread.before[0].text
    assert (new_post.before, group.before) == ((), ())
    assert bot.teams.graph.asked == []


@pytest.mark.parametrize("status", [429, 503])
async def test_graph_is_asked_again_when_it_says_so(bot: Bot, status: int) -> None:
    bot.teams.graph.refusals = [(status, "1"), (status, "2")]
    group = bot.teams.group()
    was_said(bot, group, "before", 9)

    assert heard(await around(bot, await asks(bot, group))) == ["Bob: before"]


@pytest.mark.parametrize(
    "refusals",
    [[(429, "60")], [(429, "4")] * 3, [(500, "")], [(429, "")]],
    ids=["a minute", "often", "500", "no time"],
)
async def test_nobody_waits_long_for_what_was_said_before(bot: Bot, refusals: list[tuple[int, str]]) -> None:
    bot.teams.graph.refusals = refusals
    group = bot.teams.group()
    event = await asks(bot, group)
    start = asyncio.get_running_loop().time()
    seen = await around(bot, event)

    assert heard(seen) == ["(What was said here before cannot be read just now.)"]
    assert asyncio.get_running_loop().time() - start < 11


async def test_a_token_that_graph_refuses_is_renewed_once(bot: Bot) -> None:
    group = bot.teams.group()
    was_said(bot, group, "before", 9)
    await around(bot, await asks(bot, group))
    bot.teams.issuer.granted.clear()

    assert heard(await around(bot, await asks(bot, group)))[0] == "Bob: before"


async def test_the_token_is_for_graph_and_of_the_conversations_tenant() -> None:
    partner = "5d2a1b84-0000-4000-8000-0000000000f1"
    async with bot_in_teams(TEAMS_GRAPH="1", TEAMS_ALLOWED_TENANTS=partner) as bot:
        teams = bot.teams
        teams.people = replace(teams.people, tenant=partner)
        teams.graph.tenant = partner
        group = teams.group()
        teams.graph.granted = {group.id}
        was_said(bot, group, "before", 9)
        seen = await around(bot, await asks(bot, group))

    assert heard(seen) == ["Bob: before"]
    assert {one.tenant for one in teams.graph.asked} == {partner}


async def test_the_token_does_not_follow_a_next_page_to_another_host(bot: Bot) -> None:
    bot.teams.graph.page, bot.teams.graph.oldest_first = 1, True
    bot.teams.graph.strange_link = f"{bot.teams.canary_url}/v1.0/x"
    channel = bot.teams.channel()
    root = was_said(bot, channel, "the beginning", 9)
    for number in range(3):
        was_said(bot, channel, f"reply {number}", 8 - number, root=root)
    seen = await around(bot, await asks(bot, channel, root=root))

    assert heard(seen) == ["(What was said here before cannot be read just now.)"]
    assert bot.teams.canary.seen == []


async def test_a_shared_file_of_a_channel_is_fetched_without_the_token_where_it_lies(bot: Bot) -> None:
    bot.teams.graph.files = True
    bot.teams.graph.shared[PLAN] = ("plan.docx", 12, "application/msword")
    bot.teams.files.contents["plan.docx"] = b"the plan"
    seen = await around(bot, await asks(bot, bot.teams.channel(), attached=[shared_file("plan.docx")]))
    (file,) = seen.said.files

    assert (file.name, file.size, file.media_type, file.trouble) == (
        "plan.docx",
        12,
        "application/msword",
        "",
    )
    assert await bot.adapter.fetch(file) == b"the plan"
    assert all("Authorization" not in headers for _, headers in bot.teams.files.seen)


async def test_a_redirect_of_graph_elsewhere_is_not_followed(bot: Bot) -> None:
    bot.teams.graph.files = True
    bot.teams.graph.shared[PLAN] = ("plan.docx", 12, "application/msword")
    bot.teams.graph.download_url = bot.teams.canary_url
    seen = await around(bot, await asks(bot, bot.teams.channel(), attached=[shared_file("plan.docx")]))

    with pytest.raises(PlatformError):
        await bot.adapter.fetch(seen.said.files[0])
    assert bot.teams.canary.seen == []


async def test_a_file_that_nobody_allowed_says_who_can(bot: Bot) -> None:
    seen = await around(bot, await asks(bot, bot.teams.channel(), attached=[shared_file("plan.docx")]))
    bot.teams.graph.files = True
    gone = await around(bot, await asks(bot, bot.teams.channel(), attached=[shared_file("plan.docx")]))

    assert "an administrator has to consent to Files.Read.All" in seen.said.files[0].trouble
    assert "not there any more" in gone.said.files[0].trouble


async def test_a_file_that_was_shown_before_the_question_can_be_read_too(bot: Bot) -> None:
    bot.teams.graph.files = True
    bot.teams.graph.shared[PLAN] = ("plan.docx", 12, "application/msword")
    bot.teams.files.contents["plan.docx"] = b"the plan"
    group = bot.teams.group()
    was_said(bot, group, "see this", 9, attached=[shared_file("plan.docx")])
    seen = await around(bot, await asks(bot, group))

    assert await bot.adapter.fetch(seen.before[0].files[0]) == b"the plan"


async def test_no_more_than_ten_files_are_looked_up(bot: Bot) -> None:
    bot.teams.graph.files = True
    names = [f"{number}.txt" for number in range(15)]
    for name in names:
        bot.teams.graph.shared[f"https://contoso.sharepoint.com/sites/team/{name}"] = (name, 3, "text/plain")
    seen = await around(
        bot, await asks(bot, bot.teams.channel(), attached=[shared_file(name) for name in names])
    )

    assert len([file for file in seen.said.files if not file.trouble]) == 10
    assert len([one for one in bot.teams.graph.asked if one.path.startswith("/shares/")]) == 10


async def test_a_pasted_picture_is_fetched_from_graph(bot: Bot) -> None:
    channel = bot.teams.channel()
    root = was_said(bot, channel, "look", 9, html=f"<p>look</p>{pasted('a')}")
    event = await asks(bot, channel, root=root, html=f"<p>and this</p>{pasted('b')}")
    bot.teams.graph.hosted = {f"h{root}-1": PNG + b"a", f"h{event.message}-1": PNG + b"b"}
    seen = await around(bot, event)

    assert await bot.adapter.fetch(seen.before[0].files[0]) == PNG + b"a"
    assert await bot.adapter.fetch(seen.said.files[0]) == PNG + b"b"


async def test_a_picture_that_nobody_allowed_says_who_can(bot: Bot) -> None:
    bot.teams.graph.granted.clear()
    seen = await around(bot, await asks(bot, bot.teams.channel(), html=f"<p>this</p>{pasted('b')}"))

    assert "an owner of the team" in seen.said.files[0].trouble


@pytest.mark.parametrize("status", [500, 503])
async def test_a_picture_that_graph_cannot_tell_of_now_is_nobodys_fault(bot: Bot, status: int) -> None:
    event = await asks(bot, bot.teams.group(), html=pasted("0-eus-d1"))
    bot.teams.graph.refusals = [(status, "")] * 2
    seen = await around(bot, event)

    assert [file.trouble for file in seen.said.files] == ["it cannot be looked up just now: try again"]


async def test_files_in_a_one_to_one_chat_need_no_graph(bot: Bot) -> None:
    room = bot.teams.personal()
    seen = await around(bot, await asks(bot, room, html=f"<p>this</p>{pasted('b')}"))

    assert "attach it as a file" in seen.said.files[0].trouble
    assert bot.teams.graph.asked == []


NAMES: Mapping[str, tuple[dict[str, Any], str]] = {
    "both": ({"channel": {"id": "c", "name": "General"}, "team": {"id": TEAM, "name": "Sales"}}, "the channel General of the team Sales"),
    "channel": ({"channel": {"id": "c", "name": "General"}, "team": {"id": TEAM}}, "the channel General"),
    "team": ({"channel": {"id": "c"}, "team": {"id": TEAM, "name": "Sales"}}, "the team Sales"),
    "neither": ({"channel": {"id": "c"}, "team": {"id": TEAM}}, "a channel"),
}  # fmt: skip


@pytest.mark.parametrize("told", NAMES)
async def test_the_place_has_the_names_that_are_told(bot: Bot, told: str) -> None:
    data, place = NAMES[told]
    event = await asks(bot, bot.teams.channel(), channelData={"tenant": {"id": TENANT}, **data})

    assert (await around(bot, event)).place == place


async def test_who_comes_without_a_name_is_asked_for_once(bot: Bot) -> None:
    nameless: dict[str, Any] = {"from": {"id": ALICE.id, "name": "", "aadObjectId": ALICE.aad}}
    room = bot.teams.group()
    names = [(await around(bot, await asks(bot, room, **nameless))).said.author.name for _ in range(2)]

    assert names == ["Alice", "Alice"]
    assert len([call for call in bot.teams.connector.calls if "/members/" in call.path]) == 1


async def test_a_name_that_is_not_told_is_no_reason_not_to_answer(bot: Bot) -> None:
    stranger = Person(id="29:carol", name="", aad="22222222-0000-4000-8000-000000000002")
    seen = await around(bot, await asks(bot, bot.teams.group(), sender=stranger))

    assert (seen.said.author.id, seen.said.author.name) == (stranger.aad, "")
    assert BOT not in str(seen)


CAROL = Person(id="29:carol", name="Carol", aad="22222222-3d56-4244-b585-20c8a42ed2b8", role="guest")


@pytest.mark.parametrize("kind", ["group", "channel"])
async def test_where_guests_may_not_ask_it_is_looked_up_who_is_one(kind: str) -> None:
    async with bot_in_teams(False, False) as bot:
        room = getattr(bot.teams, kind)()
        room.members = (ALICE, CAROL)
        seen = [
            await around(bot, await asks(bot, room, sender=sender)) for sender in (CAROL, ALICE, BOB, CAROL)
        ]

        assert [(one.said.author.guest, one.known) for one in seen] == [
            (True, True),
            (False, True),
            (False, False),
            (True, True),
        ]
        assert len([call for call in bot.teams.connector.calls if "/members/" in call.path]) == 3


async def test_where_guests_may_not_ask_it_is_looked_up_who_presses() -> None:
    async with bot_in_teams(False, False) as bot:
        group = bot.teams.group()
        group.members = (ALICE, CAROL)
        data = button_payload(Action.AGAIN, "7", ConversationReference.of(await asks(bot, group)))
        action = {"type": "Action.Execute", "data": data}
        pressed = bot.teams.people.pressed(group.id, group.kind, action, "17", id="f:1")
        sender = {"id": CAROL.id, "name": CAROL.name, "aadObjectId": CAROL.aad}
        await bot.teams.deliver(pressed | {"from": sender})
        event = bot.inbox.events[-1]
        seen = await bot.adapter.surroundings(event, ChatMessage(author=event.author, text=""), after=None)

        assert (event.kind, seen.said.author.guest, seen.known) == ("button", True, True)


async def test_where_guests_may_ask_nobody_is_looked_up_for_it(bot: Bot) -> None:
    seen = await around(bot, await asks(bot, bot.teams.group()))

    assert (seen.known, seen.said.author.name) == (True, "Alice")
    assert [call for call in bot.teams.connector.calls if "/members/" in call.path] == []


async def test_a_model_in_copilot_is_told_that_files_are_lost_there(bot: Bot) -> None:
    event = await asks(bot, bot.teams.personal(), copilot=True)

    assert event.fileless
    assert "files and pictures do not reach you" in (await around(bot, event)).place
