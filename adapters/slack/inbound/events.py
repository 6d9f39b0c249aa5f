"""Translates Slack's payloads into events. Pure: a payload in, an event out, or None for what the bot
ignores.

A mention in a channel arrives twice, as `message` and as `app_mention`, in either order: both become the same
event with the same id, and whether the bot is addressed is read from the text. Sources: docs.slack.dev, the
reference page of each event.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from adapters.slack.conversation_reference import (
    Surface,
    home_thread,
    reply_fields,
    thread_key,
)
from adapters.slack.inbound import interactions
from adapters.slack.inbound.message_content import mentions, plain_words
from adapters.slack.inbound.slash_commands import translate_command
from adapters.slack.install.installations import Installation
from bot.domain.events import (
    Author,
    Event,
    File,
    Greeted,
    HomeOpened,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    StopRequested,
    ThreadKey,
    WorkspaceLeft,
)

Json = Mapping[str, Any]

ABOUT_CHANNEL = re.compile(r"\bchannel\b", re.IGNORECASE)

PLATFORM = "slack"
SPOKEN = {"", "file_share", "thread_broadcast", "me_message"}
"""Subtypes of a message that a person wrote. All others (joins, topics, bots, reminders) are ignored."""


def translate(payload: Json, installation: Installation, *, now: float) -> Event | None:
    """Any payload of the Events API, a slash command or an interaction. `now` is for those without a time."""
    if payload.get("type") == "event_callback":
        event = payload.get("event")
        hear = HEARD.get(event.get("type", "")) if isinstance(event, Mapping) else None
        return hear(payload, event, installation) if hear and isinstance(event, Mapping) else None
    if "command" in payload:
        return translate_command(payload, installation, now=now)
    return interactions.translate_interaction(payload, installation, now=now)


def installation_ids(payload: Json) -> tuple[str, str, bool]:
    """(team, enterprise, org-wide) of the installation a payload is for; "" where it does not say."""
    inside = payload.get("authorizations")
    first = inside[0] if isinstance(inside, list) and inside and isinstance(inside[0], Mapping) else payload
    team = first.get("team_id") or _ident(payload.get("team")) or payload.get("team_id")
    if not team:
        team = _ident(payload.get("user"), "team_id") or _ident(payload.get("view"), "team_id")
    enterprise = first.get("enterprise_id") or _ident(payload.get("enterprise"))
    org_wide = first.get("is_enterprise_install") in (True, "true")
    return str(team or ""), str(enterprise or ""), org_wide


def _ident(value: object, key: str = "id") -> str:
    return str(value.get(key) or "") if isinstance(value, Mapping) else ""


def _message(payload: Json, event: Json, installation: Installation) -> Event | None:
    match event.get("subtype", ""):
        case "message_changed":
            return _edited(payload, event, installation)
        case "message_deleted":
            return _deleted(payload, event, installation)
        case subtype if subtype not in SPOKEN:
            return None
    return _spoken(payload, event, installation)


def _spoken(payload: Json, event: Json, installation: Installation) -> MessageReceived | None:
    """A person's message. Bots get no answer, this one included: two bots could talk for ever."""
    channel, ts, user = event.get("channel"), event.get("ts"), event.get("user")
    if event.get("bot_id") or not (channel and ts and user) or user in (installation.user, "USLACKBOT"):
        return None
    text = str(event.get("text") or "")
    direct = event.get("channel_type", "im" if channel.startswith("D") else "") == "im"
    root = str(event.get("thread_ts") or "")
    inside = bool(root) and root != ts
    author = _author_of(payload, event, installation)
    looking = _context(event, text) if direct else ""
    return MessageReceived(
        id=f"{channel}:{ts}",
        thread=thread_key(installation, channel, root or ts),
        author=author,
        at=_seconds(ts),
        reply=reply_fields(
            installation,
            channel=channel,
            thread=root or ts,
            user=user,
            ts=ts,
            user_team=_team_of(event) or installation.workspace,
            direct=direct,
            context=looking,
        ),
        text=plain_words(text, bot=installation.user),
        message=ts,
        addressed=direct or event.get("type") == "app_mention" or mentions(text, installation.user),
        direct=direct,
        threaded=inside,
        late=(inside and not direct) or bool(looking),
        files=files(event, installation),
    )


def _context(event: Json, text: str) -> str:
    """The channel a person has open while writing to the agent, if the question is about it; else ""."""
    entities = (event.get("app_context") or {}).get("entities") or []
    channels = [one.get("value") for one in entities if one.get("type") == "slack#/types/channel_id"]
    return str(channels[0]) if channels and ABOUT_CHANNEL.search(text) else ""


def _edited(payload: Json, event: Json, installation: Installation) -> Event | None:
    """An edit by a person. Slack also sends this event for unfurls and other changes of its own."""
    now, before = event.get("message") or {}, event.get("previous_message") or {}
    if now.get("subtype") == "tombstone":
        return _deleted(payload, {**event, "deleted_ts": now.get("ts")}, installation)
    user, ts = now.get("user"), now.get("ts")
    if (
        not user
        or not ts
        or user == installation.user
        or now.get("bot_id")
        or now.get("text") == before.get("text")
    ):
        return None
    at = str((now.get("edited") or {}).get("ts") or event.get("ts"))
    return MessageEdited(
        id=f"{event.get('channel')}:{ts}:edit:{at}",
        thread=_thread_of(event, now, installation),
        author=_author_of(payload, {**event, "user": user}, installation),
        at=_seconds(at),
        message=ts,
        text=plain_words(str(now.get("text") or ""), bot=installation.user),
    )


def _deleted(payload: Json, event: Json, installation: Installation) -> Event | None:
    before, ts = event.get("previous_message") or {}, event.get("deleted_ts")
    user = before.get("user") or ""
    if not ts or user == installation.user or before.get("bot_id"):
        return None
    return MessageDeleted(
        id=f"{event.get('channel')}:{ts}:delete",
        thread=_thread_of(event, {"ts": ts, **before}, installation),
        author=Author(id=user),
        at=_seconds(event.get("ts") or ts),
        message=ts,
    )


def _home(payload: Json, event: Json, installation: Installation) -> Event | None:
    """The Home tab needs its page; the Messages tab gets the agent's greeting, once per person."""
    user, channel = str(event.get("user") or ""), str(event.get("channel") or "")
    at = _seconds(event.get("event_ts"))
    if event.get("tab") == "home":
        return HomeOpened(
            id=f"home:{user}:{event.get('event_ts')}",
            thread=home_thread(installation, user),
            author=Author(id=user),
            at=at,
            reply=reply_fields(installation, surface=Surface.HOME, user=user),
        )
    return Greeted(
        id=f"greet:{channel}:{user}",
        thread=thread_key(installation, channel),
        author=Author(id=user),
        at=at,
        reply=reply_fields(installation, surface=Surface.GREETING, channel=channel, user=user, direct=True),
        direct=True,
    )


def _stopped(payload: Json, event: Json, installation: Installation) -> Event | None:
    """Slack's own Stop button, shown while a session is processing."""
    channel, root = str(event.get("channel") or ""), str(event.get("thread_ts") or "")
    return StopRequested(
        id=f"stop:{channel}:{root}:{event.get('event_ts')}",
        thread=thread_key(installation, channel, root),
        author=Author(id=str(event.get("user") or "")),
        at=_seconds(event.get("event_ts")),
        reply=reply_fields(installation, channel=channel, thread=root, user=str(event.get("user") or "")),
    )


def _left(payload: Json, event: Json, installation: Installation) -> Event | None:
    """Uninstalled, or the bot's own token revoked; people's tokens are not used."""
    if event.get("type") == "tokens_revoked" and not (event.get("tokens") or {}).get("bot"):
        return None
    return WorkspaceLeft(
        id=f"left:{payload.get('event_id')}",
        thread=thread_key(installation, ""),
        author=Author(id=""),
        at=_seconds(payload.get("event_time")),
    )


def _author_of(payload: Json, event: Json, installation: Installation) -> Author:
    """`external`: in a channel shared with another organisation, and by the payload a member of that one."""
    team = _team_of(event)
    shared = bool(payload.get("is_ext_shared_channel"))
    return Author(
        id=str(event["user"]),
        external=shared and team not in {installation.workspace, installation.enterprise} - {""},
    )


def _team_of(event: Json) -> str:
    return str(event.get("user_team") or event.get("team") or event.get("source_team") or "")


def _thread_of(event: Json, inner: Json, installation: Installation) -> ThreadKey:
    return thread_key(
        installation, str(event.get("channel") or ""), str(inner.get("thread_ts") or inner.get("ts") or "")
    )


def files(event: Json, installation: Installation) -> tuple[File, ...]:
    """The attachments. `source` holds the URL and the workspace whose token can read it."""
    found = []
    for one in event.get("files") or []:
        if one.get("mode") == "tombstone" or not one.get("id"):
            continue
        address = one.get("url_private_download") or one.get("url_private") or ""
        found.append(
            File(
                id=one["id"],
                name=str(one.get("name") or one["id"]),
                media_type=str(one.get("mimetype") or ""),
                size=int(one.get("size") or 0),
                source={
                    "url": str(address),
                    "workspace": installation.workspace,
                    "enterprise": installation.enterprise,
                },
            )
        )
    return tuple(found)


def _seconds(ts: object) -> float:
    try:
        return float(str(ts))
    except ValueError:
        return 0.0


HEARD: Mapping[str, Callable[[Json, Json, Installation], Event | None]] = {
    "message": _message,
    "app_mention": _spoken,
    "app_home_opened": _home,
    "agent_session_stopped": _stopped,
    "app_uninstalled": _left,
    "tokens_revoked": _left,
}
