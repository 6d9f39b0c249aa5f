"""The payloads Slack sends, in full."""

from typing import Any

from tests.slack.fake.blocks import menu_groups
from tests.slack.fake.world import Channel, Json, Message, Slack, Team


def envelope(slack: Slack, team: Team, event: Json, **more: Any) -> Json:
    """An Events API request. A new event_id each time; a twin has another one."""
    number = slack.random.getrandbits(40)
    return {
        "type": "event_callback",
        "token": "verification",
        "team_id": None if team.org_wide else team.id,
        "enterprise_id": team.enterprise or None,
        "api_app_id": "A1",
        "event_id": f"Ev{number:010X}",
        "event_time": int(slack.clock.now()),
        "authorizations": [
            {
                "enterprise_id": team.enterprise or None,
                "team_id": None if team.org_wide else team.id,
                "user_id": team.bot_user,
                "is_bot": True,
                "is_enterprise_install": team.org_wide,
            }
        ],
        "is_ext_shared_channel": False,
        "context_team_id": team.id,
        "context_enterprise_id": team.enterprise or None,
        "event_context": f"4-{number}",
        "event": event,
    } | more


def said(slack: Slack, channel: Channel, user: str, text: str, *, thread: str = "", **more: Any) -> Message:
    """Somebody's message, put into the channel. `more`: files, and what else it shows, as Slack has it: attachments, blocks, subtype, bot_id, ..."""
    files, blocks = more.pop("files", []), more.pop("blocks", [])
    return slack.put(
        Message(
            ts=slack.next_ts(),
            channel=channel.id,
            user=user,
            bot_id=more.pop("bot_id", ""),
            text=text,
            thread_ts=thread,
            files=files,
            blocks=blocks,
            extra=more,
        )
    )


def message(slack: Slack, message: Message, **more: Any) -> Json:
    """The message.* event of a person's message."""
    channel = slack.channels[message.channel]
    event: Json = {
        "type": "message",
        "channel_type": channel.kind,
        "channel": channel.id,
        "user": message.user,
        "text": message.text,
        "ts": message.ts,
        "event_ts": message.ts,
        "team": channel.team,
        "client_msg_id": f"c-{message.ts}",
        "blocks": message.blocks,
    } | message.extra
    if message.bot_id:
        event["bot_id"] = message.bot_id
    if message.thread_ts:
        event["thread_ts"] = message.thread_ts
    if message.files:
        event |= {"subtype": "file_share", "files": message.files}
    return event | more


def mention(slack: Slack, said: Message, *, files: bool = True, **more: Any) -> Json:
    """The app_mention twin. `files=False` leaves them out, as Slack sometimes does."""
    event = message(slack, said, **more)
    for key in ("channel_type", "subtype"):
        event.pop(key, None)
    if not files:
        event.pop("files", None)
    return event | {"type": "app_mention"}


def edited(slack: Slack, before: Message, text: str, *, by_person: bool = True) -> Json:
    """message_changed; `by_person=False` is an unfurl: the text stays."""
    ts = slack.next_ts()
    inner = message(slack, before)
    after = inner | {"text": text if by_person else before.text}
    if by_person:
        after["edited"] = {"user": before.user, "ts": ts}
        before.text = text
    return {
        "type": "message",
        "subtype": "message_changed",
        "hidden": True,
        "channel": before.channel,
        "channel_type": slack.channels[before.channel].kind,
        "ts": ts,
        "event_ts": ts,
        "message": after,
        "previous_message": inner,
    }


def tombstone(slack: Slack, before: Message) -> Json:
    """What an edit looks like when the root of a thread was deleted."""
    event = edited(slack, before, "This message was deleted.")
    event["message"]["subtype"] = "tombstone"
    return event


def deleted(slack: Slack, before: Message) -> Json:
    ts = slack.next_ts()
    slack.channels[before.channel].messages.pop(before.ts, None)
    return {
        "type": "message",
        "subtype": "message_deleted",
        "hidden": True,
        "channel": before.channel,
        "channel_type": slack.channels[before.channel].kind,
        "ts": ts,
        "event_ts": ts,
        "deleted_ts": before.ts,
        "previous_message": message(slack, before),
    }


def by_bot(
    slack: Slack, channel: Channel, text: str, *, bot_id: str = "BOTHER", user: str = "UOTHER"
) -> Json:
    """Another bot's message."""
    posted = said(slack, channel, user, text)
    posted.bot_id = bot_id
    return message(slack, posted) | {"bot_id": bot_id, "subtype": "bot_message"}


def echo(slack: Slack, ours: Message) -> Json:
    """Our own message, sent back to us."""
    return message(slack, ours) | {"bot_id": ours.bot_id, "app_id": "A1"}


def home_opened(slack: Slack, channel: Channel, tab: str) -> Json:
    return {
        "type": "app_home_opened",
        "user": channel.user,
        "channel": channel.id,
        "tab": tab,
        "event_ts": slack.next_ts(),
    }


def reaction(slack: Slack, user: str, on: Message, name: str) -> Json:
    return {
        "type": "reaction_added",
        "user": user,
        "reaction": name,
        "item_user": on.user,
        "item": {"type": "message", "channel": on.channel, "ts": on.ts},
        "event_ts": slack.next_ts(),
    }


def session_stopped(slack: Slack, channel: str, user: str, thread: str, stopped: list[str]) -> Json:
    return {
        "type": "agent_session_stopped",
        "channel": channel,
        "user": user,
        "thread_ts": thread,
        "streaming_message_ts": stopped,
        "event_ts": slack.next_ts(),
    }


def command(
    slack: Slack, team: Team, channel: Channel, user: str, *, command: str, text: str
) -> dict[str, str]:
    """A slash command's form fields. Slack refuses app commands inside threads, so there is no thread."""
    return {
        "token": "verification",
        "team_id": team.id,
        "team_domain": "fake",
        "channel_id": channel.id,
        "channel_name": "general",
        "user_id": user,
        "user_name": "ada",
        "command": command,
        "text": text,
        "api_app_id": "A1",
        "is_enterprise_install": "true" if team.org_wide else "false",
        "response_url": response_url(slack, channel.id, user),
        "trigger_id": slack.trigger(),
    }


def response_url(slack: Slack, channel: str, user: str, *, ts: str = "", thread: str = "") -> str:
    token = f"r{len(slack.response_urls) + 1}"
    slack.response_urls[token] = {
        "channel": channel,
        "user": user,
        "ts": ts,
        "thread": thread,
        "uses": 0,
        "until": slack.clock.now() + 1800,
    }
    return f"{{origin}}/respond/{token}"


def block_id(on: Message | None, element: Json) -> str:
    """Of the block with that element; Slack makes one up where the app gave none."""
    blocks = on.blocks if on else []
    return next((one["block_id"] for one in blocks if "block_id" in one and element in one["elements"]), "b")


def typed(team: Team, user: str, *, on: Message, element: Json, text: str) -> Json:
    """block_suggestion: what somebody has typed into a menu that finds."""
    return {
        "type": "block_suggestion",
        "api_app_id": "A1",
        "team": None if team.org_wide else {"id": team.id, "domain": "fake"},
        "user": {"id": user, "name": "ada", "team_id": team.id},
        "container": {
            "type": "message",
            "message_ts": on.ts,
            "channel_id": on.channel,
            "is_ephemeral": False,
        },
        "channel": {"id": on.channel, "name": "x"},
        "action_id": element["action_id"],
        "block_id": block_id(on, element),
        "value": text,
    }


def pressed(
    slack: Slack, team: Team, user: str, *, on: Message | None, element: Json, chosen: str = ""
) -> Json:
    """block_actions for a button or a select. Without a message: pressed on the App Home."""
    action: Json = {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block_id(on, element),
        "action_ts": slack.next_ts(),
    }
    if element["type"] == "static_select":
        action["selected_option"] = next(one for one in menu_groups(element) if one["value"] == chosen)
    elif element["type"] == "external_select":
        action["selected_option"] = {"text": {"type": "plain_text", "text": "x"}, "value": chosen}
    else:
        action |= {"value": element.get("value", ""), "text": element["text"]}
    payload: Json = {
        "type": "block_actions",
        "api_app_id": "A1",
        "user": {"id": user, "username": "ada", "team_id": team.id},
        "team": None if team.org_wide else {"id": team.id, "domain": "fake"},
        "enterprise": {"id": team.enterprise} if team.enterprise else None,
        "is_enterprise_install": team.org_wide,
        "trigger_id": slack.trigger(),
        "actions": [action],
    }
    if on is None:
        return payload | {
            "container": {"type": "view", "view_id": "V1"},
            "view": {"id": "V1", "type": "home", "team_id": team.id},
        }
    container = {
        "type": "message",
        "message_ts": on.ts,
        "channel_id": on.channel,
        "is_ephemeral": bool(on.seen_by),
    }
    if on.thread_ts:
        container["thread_ts"] = on.thread_ts
    return payload | {
        "container": container,
        "channel": {"id": on.channel, "name": "x"},
        "message": {"ts": on.ts, **({"thread_ts": on.thread_ts} if on.thread_ts else {})},
        "state": {"values": {}},
        "response_url": response_url(slack, on.channel, user, ts=on.ts, thread=on.thread_ts),
    }


def shortcut(slack: Slack, team: Team, user: str, on: Message, callback_id: str) -> Json:
    return {
        "type": "message_action",
        "callback_id": callback_id,
        "trigger_id": slack.trigger(),
        "response_url": response_url(slack, on.channel, user),
        "channel": {"id": on.channel, "name": "x"},
        "user": {"id": user, "team_id": team.id},
        "team": {"id": team.id, "domain": "fake"},
        "message": {
            "user": on.user,
            "text": on.text,
            "ts": on.ts,
            "blocks": on.blocks,
            "files": on.files,
            **({"bot_id": on.bot_id} if on.bot_id else {}),
            **({"thread_ts": on.thread_ts} if on.thread_ts else {}),
            **on.extra,
        },
        "message_ts": on.ts,
    }


def submitted(slack: Slack, team: Team, user: str, view: Json, values: dict[str, tuple[str, Json]]) -> Json:
    """view_submission; `values` is block_id -> (action_id, the element's state)."""
    state = {block: {action: value} for block, (action, value) in values.items()}
    return {
        "type": "view_submission",
        "team": {"id": team.id, "domain": "fake"},
        "user": {"id": user, "team_id": team.id},
        "api_app_id": "A1",
        "trigger_id": slack.trigger(),
        "response_urls": [],
        "view": view | {"state": {"values": state}},
    }
