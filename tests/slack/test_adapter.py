"""What comes in from Slack, over HTTP and over Socket Mode."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from bot.domain.claims import Receipt
from bot.domain.events import MessageReceived
from bot.ports import Adapter
from tests.contracts.adapters import AdapterContract, HearingContract, PostOffice
from tests.doubles import FakeInbox
from tests.slack.fake import events, reading
from tests.slack.fake.api import Mishap
from tests.slack.fake.world import Json
from tests.slack.places import Bot, bot_in_slack


class Office:
    """Delivers Ada's direct messages to the bot; the same id is the same message with another event_id."""

    def __init__(self, bot: Bot) -> None:
        self.bot = bot
        self.sent: dict[str, Json] = {}

    @property
    def adapter(self) -> Adapter:
        return self.bot.adapter

    @property
    def inbox(self) -> FakeInbox:
        return self.bot.inbox

    def payload(self, text: str, id: str) -> Json:
        slack = self.bot.fake.slack
        if id not in self.sent:
            said = events.said(slack, slack.channels["D1"], "U1", text)
            self.sent[id] = events.message(slack, said)
        return events.envelope(slack, slack.teams["T1"], self.sent[id])

    def notices(self) -> list[str]:
        messages = self.bot.fake.slack.channels["D1"].messages.values()
        return [reading.text(message) for message in messages if message.bot_id]


class OverHttp(Office):
    async def deliver(self, text: str, *, id: str = "1") -> int:
        return (await self.bot.http.event(self.payload(text, id))).status

    async def forge(self, text: str) -> int:
        forged = self.bot.fake.http(f"{self.bot.url}/slack/events", secret="another")
        return (await forged.event(self.payload(text, "1"))).status

    async def deliver_bytes(self, body: bytes) -> int:
        return (await self.bot.http.raw(body, content_type="application/json")).status


class OverSocket(Office):
    async def deliver(self, text: str, *, id: str = "1") -> int:
        ack = await self.bot.fake.sockets.deliver("events_api", self.payload(text, id), tries=1)
        return 503 if ack is None else 200

    async def forge(self, text: str) -> int:
        raise NotImplementedError

    async def deliver_bytes(self, body: bytes) -> int:
        raise NotImplementedError


class TestOverHttp(AdapterContract):
    @pytest.fixture
    async def post_office(self) -> AsyncGenerator[PostOffice, None]:
        async with bot_in_slack() as bot:
            yield OverHttp(bot)


class TestOverSocketMode(HearingContract):
    @pytest.fixture
    async def post_office(self) -> AsyncGenerator[PostOffice, None]:
        async with bot_in_slack(socket=True) as bot:
            bot.fake.sockets.patience = 0.3
            yield OverSocket(bot)

    async def test_a_connection_that_slack_ends_is_made_anew(self) -> None:
        async with bot_in_slack(socket=True) as bot:
            office = OverSocket(bot)
            await bot.fake.sockets.connected()
            first = bot.fake.sockets.connections[0]
            await bot.fake.sockets.disconnect()
            async with bot.fake.sockets.changed:
                await bot.fake.sockets.changed.wait_for(
                    lambda: bot.fake.sockets.connections and bot.fake.sockets.connections[0] is not first
                )

            assert await office.deliver("hello again") == 200
            assert len(bot.inbox.events) == 1


@pytest.fixture
async def bot() -> AsyncGenerator[Bot, None]:
    async with bot_in_slack() as bot:
        yield bot


async def test_the_address_is_verified_by_its_challenge(bot: Bot) -> None:
    answer = await bot.http.event({"type": "url_verification", "token": "t", "challenge": "abc"})

    assert answer.status == 200
    assert "abc" in answer.body


async def test_the_word_payload_does_not_lose_a_command(bot: Bot) -> None:
    slack = bot.fake.slack
    fields = events.command(
        slack, slack.teams["T1"], slack.channels["C1"], "U1", command="/ask", text="grok what is a payload?"
    )
    answer = await bot.http.command(fields)

    (event,) = bot.inbox.events
    assert answer.status == 200
    assert answer.body == ""
    assert getattr(event, "text", "") == "/ask grok what is a payload?"


@pytest.mark.parametrize("first", ["message", "app_mention"])
async def test_the_twins_of_a_mention_are_one_event(bot: Bot, first: str) -> None:
    slack, team = bot.fake.slack, bot.fake.slack.teams["T1"]
    said = events.said(slack, slack.channels["C1"], "U1", f"<@{team.bot_user}> hello")
    twins = [events.message(slack, said), events.mention(slack, said)]
    if first == "app_mention":
        twins.reverse()
    for twin in twins:
        assert (await bot.http.event(events.envelope(slack, team, twin))).status == 200

    (event,) = bot.inbox.events
    assert getattr(event, "addressed", False)
    assert getattr(event, "text", "") == "hello"


async def test_a_mention_that_comes_without_its_files_waits_for_the_message_that_has_them(bot: Bot) -> None:
    slack, team = bot.fake.slack, bot.fake.slack.teams["T1"]
    channel = slack.channels["C1"]
    picture = {
        "id": "F1",
        "name": "a.png",
        "mimetype": "image/png",
        "url_private": "https://files.slack.com/a",
    }
    before = events.said(slack, channel, "U1", f"<@{team.bot_user}> hello")
    await bot.http.event(events.envelope(slack, team, events.message(slack, before)))
    said = events.said(slack, channel, "U1", f"<@{team.bot_user}> look", files=[picture])
    async with asyncio.TaskGroup() as group:
        bare = events.mention(slack, said, files=False)
        group.create_task(bot.http.event(events.envelope(slack, team, bare)))
        group.create_task(bot.http.event(events.envelope(slack, team, events.message(slack, said))))

    _, event = bot.inbox.events
    assert [file.name for file in getattr(event, "files", ())] == ["a.png"]


async def test_a_mention_whose_message_never_comes_is_taken_in_all_the_same(bot: Bot) -> None:
    slack, team = bot.fake.slack, bot.fake.slack.teams["T1"]
    first, second = (
        events.said(slack, slack.channels["C1"], "U1", f"<@{team.bot_user}> {text}")
        for text in ("one", "two")
    )
    await bot.http.event(events.envelope(slack, team, events.message(slack, first)))
    await bot.http.event(events.envelope(slack, team, events.mention(slack, second)))

    assert [getattr(event, "text", "") for event in bot.inbox.events] == ["one", "two"]


async def test_slacks_own_stop_where_nothing_runs_ends_the_session(bot: Bot) -> None:
    slack, team = bot.fake.slack, bot.fake.slack.teams["T1"]
    root = events.said(slack, slack.channels["C1"], "U1", "hello")
    slack.channels["C1"].sessions[root.ts] = {"status": "processing", "title": ""}
    bot.inbox.answer = Receipt.IDLE
    await bot.http.event(events.envelope(slack, team, events.session_stopped(slack, "C1", "U1", root.ts, [])))

    assert slack.channels["C1"].sessions[root.ts]["status"] == "active"


async def test_slack_delivers_again_until_storage_is_back(bot: Bot) -> None:
    slack, team = bot.fake.slack, bot.fake.slack.teams["T1"]
    said = events.said(slack, slack.channels["D1"], "U1", "hello")
    payload = events.envelope(slack, team, events.message(slack, said))
    bot.inbox.down = True
    assert (await bot.http.event(payload, retries=True)).status == 503
    bot.inbox.down = False

    assert (await bot.http.event(payload, retries=True)).status == 200
    assert len(bot.inbox.events) == 1


async def test_what_nobody_subscribed_to_is_answered_and_dropped(bot: Bot) -> None:
    slack, team = bot.fake.slack, bot.fake.slack.teams["T1"]
    for kind in ("channel_created", "team_join", "app_context_changed", "agent_session_title_changed"):
        answer = await bot.http.event(
            events.envelope(slack, team, {"type": kind, "user": "U1", "channel": "C1"})
        )
        assert answer.status == 200
    assert (await bot.http.event({"type": "app_rate_limited", "team_id": "T1"})).status == 200

    assert bot.inbox.events == []


@pytest.mark.parametrize(
    "event",
    [
        {"type": "message", "channel": "C1", "user": "U1", "ts": 5, "text": ["x"]},
        {"type": "message", "subtype": "message_changed", "channel": "C1", "message": "x"},
        {"type": "app_home_opened", "user": None, "tab": 7},
        {"type": "reaction_added", "item": None, "item_user": "UBOT1"},
        {"type": "message", "channel_type": "im", "channel": "D1", "user": "U1", "ts": "1.1", "files": "x"},
        {"type": 5},
        "text",
        None,
    ],
    ids=range(8),
)
async def test_a_signed_payload_of_a_wrong_shape_is_never_an_error(bot: Bot, event: Any) -> None:
    slack = bot.fake.slack
    answer = await bot.http.event(events.envelope(slack, slack.teams["T1"], event))

    assert answer.status in (200, 400)


async def test_a_workspace_that_never_installed_gets_nothing(bot: Bot) -> None:
    slack = bot.fake.slack
    stranger = slack.add_team("T9", token="xoxb-9")
    channel = slack.add_channel("C9", "T9")
    said = events.said(slack, channel, "U9", f"<@{stranger.bot_user}> hello")
    answer = await bot.http.event(events.envelope(slack, stranger, events.mention(slack, said)))

    assert answer.status == 200
    assert answer.body == ""
    assert bot.inbox.events == []


async def test_other_bots_are_known_for_apps_and_the_bot_itself_is_not_heard(bot: Bot) -> None:
    slack, team = bot.fake.slack, bot.fake.slack.teams["T1"]
    channel = slack.channels["C1"]
    other = events.by_bot(slack, channel, f"<@{team.bot_user}> hello")
    same = {**other, "subtype": ""}
    ours = events.said(slack, channel, team.bot_user, "an answer")
    ours.bot_id = team.bot_id
    for event in (other, same, events.mention(slack, ours), events.echo(slack, ours)):
        assert (await bot.http.event(events.envelope(slack, team, event))).status == 200

    assert [(one.author.id, one.author.app) for one in bot.inbox.events] == [("BOTHER", True)]


@pytest.mark.parametrize("admitted", [False, True])
async def test_people_of_other_organisations_are_heard_by_policy_only(admitted: bool) -> None:
    async with bot_in_slack(external=admitted) as bot:
        slack, team = bot.fake.slack, bot.fake.slack.teams["T1"]
        said = events.said(slack, slack.channels["C1"], "U7", f"<@{team.bot_user}> hello")
        event = events.mention(slack, said) | {"user_team": "T7", "team": "T7"}
        await bot.http.event(events.envelope(slack, team, event, is_ext_shared_channel=True))

        (heard,) = bot.inbox.events
        assert isinstance(heard, MessageReceived)
        assert heard.author.external
        assert (heard.addressed, heard.others) == ((True, False) if admitted else (False, True))


@pytest.mark.parametrize(("organisation", "heard"), [("E1", 1), ("E9", 0), ("", 0)])
async def test_in_an_organisation_a_press_counts_only_from_its_own_people(
    organisation: str, heard: int
) -> None:
    """A press does not say which organisation somebody is of, so Slack is asked; whoever is unknown is a stranger."""
    async with bot_in_slack() as bot:
        slack, team = bot.fake.slack, bot.fake.slack.teams["T1"]
        team.enterprise = "E1"
        slack.people["U7"] = {"id": "U7", "enterprise_user": {"enterprise_id": organisation}}
        button = {"type": "button", "action_id": "again.0", "value": "turn-1", "text": "Regenerate"}
        for _ in range(2):
            press = events.pressed(slack, team, "U7", on=None, element=button)
            press["user"]["team_id"] = "T7"
            assert (await bot.http.interaction(press)).status == 200

        assert len(bot.inbox.events) == 2 * heard
        assert len([call for call in slack.calls if call.method == "users.info"]) == 1


async def test_who_hosts_a_shared_channel_is_not_one_of_us_for_that() -> None:
    async with bot_in_slack() as bot:
        slack, team = bot.fake.slack, bot.fake.slack.teams["T1"]
        said = events.said(slack, slack.channels["C1"], "U7", f"<@{team.bot_user}> hello")
        event = events.mention(slack, said) | {"user_team": "T7", "team": "T7"}
        shared = {"is_ext_shared_channel": True, "context_team_id": "T7"}
        answer = await bot.http.event(events.envelope(slack, team, event, **shared))

        assert answer.status == 200
        assert [getattr(event, "addressed", True) for event in bot.inbox.events] == [False]


async def test_while_slack_does_not_say_whose_people_somebody_is_of_it_is_asked_to_send_again() -> None:
    async with bot_in_slack() as bot:
        slack, team = bot.fake.slack, bot.fake.slack.teams["T1"]
        team.enterprise = "E1"
        slack.people["U7"] = {"id": "U7", "enterprise_user": {"enterprise_id": "E1"}}
        said = events.said(slack, slack.channels["C1"], "U7", f"<@{team.bot_user}> hello")
        event = events.mention(slack, said) | {"user_team": "T7", "team": "T7"}
        envelope = events.envelope(slack, team, event, is_ext_shared_channel=True)
        await OverHttp(bot).deliver("hello")  # the bot knows who it is from then on
        bot.fake.api.mishaps = {bot.fake.api.requests + 1: Mishap.BUSY}
        statuses = [(await bot.http.event(envelope)).status for _ in range(2)]

        assert statuses == [503, 200]
        assert [event.author.id for event in bot.inbox.events] == ["U1", "U7"]


async def test_slack_is_not_asked_who_we_are_with_every_event(bot: Bot) -> None:
    office = OverHttp(bot)
    for number in range(5):
        await office.deliver("hello", id=str(number))

    assert [call.method for call in bot.fake.slack.calls] == ["auth.test"]
