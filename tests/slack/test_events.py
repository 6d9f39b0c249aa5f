"""What each of Slack's payloads becomes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from adapters.slack.conversation_reference import ConversationReference, Surface
from adapters.slack.inbound.events import installation_ids, translate
from adapters.slack.install.installations import Installation
from bot.domain.events import (
    EVENT,
    ButtonPressed,
    Event,
    Greeted,
    HomeOpened,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    StopRequested,
    WorkspaceLeft,
)
from bot.domain.replies import Action
from tests.slack.fake import events
from tests.slack.fake.clock import Leap
from tests.slack.fake.world import Json, Message, Slack, Team

US = Installation(workspace="T1", token="xoxb-1", user="UBOT1", bot="BBOT1")
NOW = 1_790_000_000.0


@dataclass
class World:
    """A small workspace to make payloads in."""

    slack: Slack
    team: Team

    def said(self, text: str, *, channel: str = "C1", user: str = "U1", thread: str = "") -> Message:
        return events.said(self.slack, self.slack.channels[channel], user, text, thread=thread)

    def heard(self, event: Json, **more: Any) -> Event | None:
        return translate(events.envelope(self.slack, self.team, event, **more), US, now=NOW)

    def message(self, text: str, **more: Any) -> MessageReceived:
        event = self.heard(events.message(self.slack, self.said(text, **more)))
        assert isinstance(event, MessageReceived)
        return event


@pytest.fixture
def world() -> World:
    slack = Slack(clock=Leap())
    team = slack.add_team("T1", token="xoxb-1")
    for id, kind in (("C1", "channel"), ("G1", "group"), ("M1", "mpim"), ("D1", "im")):
        slack.add_channel(id, "T1", kind=kind, user="U1" if kind == "im" else "")
    return World(slack, team)


def test_a_top_level_direct_message_opens_a_thread(world: World) -> None:
    event = world.message("hello", channel="D1")

    assert (event.direct, event.addressed, event.threaded, event.late) == (True, True, False, False)
    assert event.thread.thread == event.message == ConversationReference.of(event).thread
    assert event.id == f"D1:{event.message}"


def test_a_message_in_a_direct_thread_belongs_to_it(world: World) -> None:
    root = world.said("first", channel="D1")
    event = world.message("second", channel="D1", thread=root.ts)

    assert event.thread.thread == root.ts
    assert (event.threaded, event.late, event.addressed) == (True, False, True)


@pytest.mark.parametrize("channel", ["C1", "G1", "M1"])
def test_in_shared_places_only_a_mention_addresses_the_bot(world: World, channel: str) -> None:
    assert not world.message("hello all", channel=channel).addressed
    assert world.message("hello <@UBOT1>", channel=channel).addressed
    assert not world.message("hello <@UBOT12>", channel=channel).addressed
    assert not world.message("hello &lt;@UBOT1&gt;", channel=channel).addressed
    assert not world.message("hello", channel=channel).direct


def test_a_mention_inside_a_thread_says_that_there_is_more_to_read(world: World) -> None:
    root = world.said("what do you think?")
    event = world.message("<@UBOT1> and you?", thread=root.ts)

    assert (event.threaded, event.late) == (True, True)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<@UBOT1> hello", "hello"),
        ("<@UBOT1|switchboard> /model grok", "/model grok"),
        ("ask <@U2> or <@U3|ada> in <#C1|general>", "ask @U2 or @ada in #general"),
        ("<!here> <!subteam^S1|@team> <!date^1^{date}|today>", "@here @team today"),
        (
            "<https://a.example/x|the page> <https://a.example/x>",
            "the page (https://a.example/x) https://a.example/x",
        ),
        ("<mailto:a@b.example|a@b.example>", "a@b.example"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2"),
        ("&lt;!channel&gt;", "<!channel>"),
        ("", ""),
    ],
    ids=range(9),
)
def test_slacks_notation_becomes_plain_words(world: World, written: str, read: str) -> None:
    assert world.message(written, channel="D1").text == read


def test_files_come_along_with_the_token_they_need(world: World) -> None:
    said = world.said("look", channel="D1")
    said.files = [
        {
            "id": "F1",
            "name": "a.png",
            "mimetype": "image/png",
            "size": 5,
            "url_private": "https://files.slack.com/a",
        },
        {"id": "F2", "mode": "tombstone"},
    ]
    event = world.heard(events.message(world.slack, said))

    assert isinstance(event, MessageReceived)
    file, gone = event.files
    assert (file.name, file.media_type, file.size) == ("a.png", "image/png", 5)
    assert file.source == {"url": "https://files.slack.com/a", "workspace": "T1", "enterprise": ""}
    assert gone.trouble == "it was deleted"


@pytest.mark.parametrize("subtype", ["channel_join", "channel_topic", "reminder_add", "huddle_thread"])
def test_what_nobody_wrote_is_not_heard(world: World, subtype: str) -> None:
    event = events.message(world.slack, world.said("<@UBOT1> x")) | {"subtype": subtype}

    assert world.heard(event) is None


def test_a_reply_that_is_also_sent_to_the_channel_is_heard(world: World) -> None:
    root = world.said("first")
    event = events.message(world.slack, world.said("<@UBOT1> x", thread=root.ts)) | {
        "subtype": "thread_broadcast"
    }

    assert isinstance(world.heard(event), MessageReceived)


def test_only_real_edits_are_heard(world: World) -> None:
    said = world.said("old", channel="D1")
    unfurl = world.heard(events.edited(world.slack, said, "old", by_person=False))
    edit = world.heard(events.edited(world.slack, said, "new"))

    assert unfurl is None
    assert isinstance(edit, MessageEdited)
    assert (edit.message, edit.text, edit.thread.thread) == (said.ts, "new", said.ts)


def test_two_edits_of_one_message_are_two_events(world: World) -> None:
    said = world.said("a", channel="D1")
    ids = {getattr(world.heard(events.edited(world.slack, said, text)), "id", "") for text in ("b", "c")}

    assert len(ids) == 2


def test_our_own_edits_are_not_heard(world: World) -> None:
    ours = world.said("old", user="UBOT1")

    assert world.heard(events.edited(world.slack, ours, "new")) is None


@pytest.mark.parametrize("how", ["deleted", "tombstone"])
def test_a_deletion_is_heard(world: World, how: str) -> None:
    root = world.said("root")
    said = world.said("gone", thread=root.ts)
    made = events.deleted(world.slack, said) if how == "deleted" else events.tombstone(world.slack, said)
    event = world.heard(made)

    assert isinstance(event, MessageDeleted)
    assert (event.message, event.thread.thread) == (said.ts, root.ts)


def test_the_home_tab_and_the_messages_tab_are_different_things(world: World) -> None:
    channel = world.slack.channels["D1"]
    home = world.heard(events.home_opened(world.slack, channel, "home"))
    greeting = world.heard(events.home_opened(world.slack, channel, "messages"))

    assert isinstance(home, HomeOpened)
    assert isinstance(greeting, Greeted)
    assert ConversationReference.of(home).surface is Surface.HOME
    assert ConversationReference.of(greeting).surface is Surface.GREETING


def test_slacks_own_stop_stops_whatever_runs(world: World) -> None:
    event = world.heard(events.session_stopped(world.slack, "C1", "U1", "5.0", ["6.0"]))

    assert isinstance(event, StopRequested)
    assert (event.thread.thread, event.author.id, event.turn) == ("5.0", "U1", "")


@pytest.mark.parametrize(
    ("event", "leaves"),
    [
        ({"type": "app_uninstalled"}, True),
        ({"type": "tokens_revoked", "tokens": {"oauth": ["U1"], "bot": ["UBOT1"]}}, True),
        ({"type": "tokens_revoked", "tokens": {"oauth": ["U1"], "bot": []}}, False),
    ],
    ids=["uninstalled", "bot token", "a person's token"],
)
def test_a_workspace_that_removed_the_bot_is_left(world: World, event: Json, leaves: bool) -> None:
    assert isinstance(world.heard(event), WorkspaceLeft) is leaves


def test_a_command_is_private_and_in_no_thread(world: World) -> None:
    fields = events.command(
        world.slack, world.team, world.slack.channels["C1"], "U1", command="/model", text="grok"
    )
    event = translate(fields, US, now=NOW)

    assert isinstance(event, MessageReceived)
    assert (event.text, event.private, event.threaded, event.thread.thread) == (
        "/model grok",
        True,
        False,
        "/U1",
    )
    assert ConversationReference.of(event).surface is Surface.COMMAND
    assert ConversationReference.of(event).response_url == fields["response_url"]


@pytest.mark.parametrize(
    ("typed", "read"), [("", "/help"), ("model grok", "/model grok")], ids=["alone", "before another"]
)
def test_the_bots_own_command_stands_before_any_other(world: World, typed: str, read: str) -> None:
    channel = world.slack.channels["C1"]
    fields = events.command(world.slack, world.team, channel, "U1", command="/switchboard", text=typed)

    assert getattr(translate(fields, US, now=NOW), "text", "") == read


@pytest.mark.parametrize(
    ("command", "text", "read"),
    [
        ("/ai-model", "grok", "/model grok"),
        ("/acme_model", "", "/model"),
        ("/Acme-Model", "grok", "/model grok"),
        ("/ai-switchboard", "model grok", "/model grok"),
        ("/switchboard", "/model grok", "/model grok"),
        ("/kitty", "purr", "/kitty purr"),
    ],
    ids=range(6),
)
def test_a_renamed_command_is_understood_by_its_last_word(
    world: World, command: str, text: str, read: str
) -> None:
    fields = events.command(
        world.slack, world.team, world.slack.channels["C1"], "U1", command=command, text=text
    )

    assert getattr(translate(fields, US, now=NOW), "text", "") == read


def press(world: World, action_id: str, value: str, **on: Any) -> Event | None:
    message = on.get("on") or world.said("an answer", user="UBOT1", thread=world.said("q").ts)
    element = {
        "type": "button",
        "action_id": action_id,
        "value": value,
        "text": {"type": "plain_text", "text": "x"},
    }
    home = on.get("home", False)
    payload = events.pressed(world.slack, world.team, "U1", on=None if home else message, element=element)
    return translate(payload, US, now=NOW)


@pytest.mark.parametrize(
    ("action_id", "value", "action", "kept"),
    [
        ("again.0", "turn-1", Action.AGAIN, "turn-1"),
        ("pick.3", "me grok", Action.PICK, "me grok"),
        ("vote.0", "up turn-1", Action.UP, "turn-1"),
        ("vote.0", "down turn-1", Action.DOWN, "turn-1"),
    ],
    ids=["again", "pick", "up", "down"],
)
def test_a_button_carries_its_action_and_value(
    world: World, action_id: str, value: str, action: Action, kept: str
) -> None:
    event = press(world, action_id, value)

    assert isinstance(event, ButtonPressed)
    assert (event.action, event.value, event.private) == (action, kept, False)
    assert event.thread.thread == ConversationReference.of(event).thread != event.message


def test_stop_is_not_queued_like_a_button(world: World) -> None:
    event = press(world, "stop.0", "turn-1")

    assert isinstance(event, StopRequested)
    assert event.turn == "turn-1"


def test_a_button_pressed_by_another_organisation_says_so(world: World) -> None:
    message = world.said("an answer", user="UBOT1")
    element = {
        "type": "button",
        "action_id": "again.0",
        "value": "t",
        "text": {"type": "plain_text", "text": "x"},
    }
    payload = events.pressed(world.slack, world.team, "U7", on=message, element=element)
    ours = translate(payload, US, now=NOW)
    theirs = translate({**payload, "user": {"id": "U7", "team_id": "T7"}}, US, now=NOW)

    assert ours is not None
    assert theirs is not None
    assert (ours.author.external, theirs.author.external) == (False, True)


@pytest.mark.parametrize("action_id", ["", "unknown.0", "STOP.0", "x"])
def test_controls_that_are_not_ours_are_ignored(world: World, action_id: str) -> None:
    assert press(world, action_id, "x") is None


def test_a_button_on_the_home_page_belongs_to_the_person(world: World) -> None:
    event = press(world, "pick.0", "me grok", home=True)

    assert isinstance(event, ButtonPressed)
    assert (event.thread.channel, event.thread.thread, event.private) == ("home", "U1", True)


def test_a_button_under_a_private_answer_is_answered_privately(world: World) -> None:
    whispered = world.said("psst", user="UBOT1")
    whispered.seen_by = "U1"
    event = press(world, "pick.0", "me grok", on=whispered)

    assert isinstance(event, ButtonPressed)
    assert event.thread.thread == "/U1"
    assert event.private


def test_the_same_ids_in_two_workspaces_are_two_conversations(world: World) -> None:
    said = world.said("hello", channel="D1")
    payload = events.envelope(world.slack, world.team, events.message(world.slack, said))
    here = translate(payload, US, now=NOW)
    there = translate(payload, Installation(workspace="T2", token="x", user="UBOT1"), now=NOW)

    assert here is not None
    assert there is not None
    assert here.thread != there.thread


@pytest.mark.parametrize(
    ("payload", "workspace"),
    [
        ({"authorizations": [{"team_id": "T1", "enterprise_id": None}], "team_id": "T9"}, ("T1", "", False)),
        (
            {
                "authorizations": [{"team_id": None, "enterprise_id": "E1", "is_enterprise_install": True}],
                "team_id": "T1",
            },
            ("T1", "E1", True),
        ),
        ({"team": {"id": "T1"}, "enterprise": {"id": "E1"}}, ("T1", "E1", False)),
        ({"team": None, "user": {"id": "U1", "team_id": "T1"}}, ("T1", "", False)),
        ({"team": None, "user": {"id": "U1"}, "view": {"team_id": "T1"}}, ("T1", "", False)),
        ({"team_id": "T1", "command": "/x", "is_enterprise_install": "true"}, ("T1", "", True)),
        ({}, ("", "", False)),
        ({"authorizations": "x", "team": "y"}, ("", "", False)),
    ],
    ids=range(8),
)
def test_the_installation_a_payload_is_meant_for(payload: Json, workspace: tuple[str, str, bool]) -> None:
    assert installation_ids(payload) == workspace


def test_every_event_survives_storage(world: World) -> None:
    said = world.said("<@UBOT1> hello")
    channel = world.slack.channels["D1"]
    made: list[Callable[[], Json]] = [
        lambda: events.message(world.slack, said),
        lambda: events.edited(world.slack, said, "new"),
        lambda: events.home_opened(world.slack, channel, "home"),
        lambda: events.home_opened(world.slack, channel, "messages"),
        lambda: events.session_stopped(world.slack, "C1", "U1", "5.0", []),
        lambda: {"type": "app_uninstalled"},
        lambda: events.deleted(world.slack, said),
    ]
    for make in made:
        event = world.heard(make())
        assert event is not None
        assert EVENT.validate_json(EVENT.dump_json(event)) == event
