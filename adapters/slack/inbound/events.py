"""Translates Slack's payloads into events. Pure: a payload in, an event out, or None for what the bot
ignores.

A mention in a channel arrives twice, as `message` and as `app_mention`, in either order: both become the same
event with the same id, and whether the bot is addressed is read from the text. Sources: docs.slack.dev, the
reference page of each event.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from adapters.slack.conversation_reference import (
    Surface,
    home_thread,
    reply_fields,
    thread_key,
)
from adapters.slack.inbound import interactions
from adapters.slack.inbound.content.message import author_of, is_by_app, is_ours, read_message
from adapters.slack.inbound.slash_commands import translate_command
from adapters.slack.inbound.view import asked_about
from adapters.slack.install.installations import Installation
from bot.domain.events import (
    Author,
    Event,
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

PLATFORM = "slack"
SPOKEN = {"", "file_share", "thread_broadcast", "me_message", "bot_message"}
"""Subtypes of a message that somebody wrote, or an app. All others (joins, topics, reminders) are ignored."""


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
    """Somebody's message, or another app's; the bot's own is none."""
    channel, ts = str(event.get("channel") or ""), str(event.get("ts") or "")
    author = _author_of(payload, event, installation)
    if not (channel and ts and author.id) or author.id == "USLACKBOT" or is_ours(event, installation):
        return None
    said = read_message(event, installation)
    direct = event.get("channel_type", "im" if channel.startswith("D") else "") == "im"
    root = str(event.get("thread_ts") or "")
    inside = bool(root) and root != ts
    return MessageReceived(
        id=f"{channel}:{ts}",
        thread=thread_key(installation, channel, root or ts),
        author=author,
        at=_seconds(ts),
        reply=reply_fields(
            installation,
            channel=channel,
            thread=root or ts,
            user=str(event.get("user") or ""),
            ts=ts,
            user_team=_team_of(event) or installation.workspace,
            direct=direct,
            view=asked_about(event.get("app_context"), said.text) if direct else "",
            ids=" ".join(said.ids),
        ),
        text=said.text,
        message=ts,
        addressed=(direct and not author.app) or event.get("type") == "app_mention" or said.addressed,
        direct=direct,
        threaded=inside,
        late=inside and not direct,
        files=said.files,
        quotes=said.quotes,
        others=said.others and not said.addressed,
    )


def _edited(payload: Json, event: Json, installation: Installation) -> Event | None:
    """An edit by a person. Slack also sends this event for unfurls and other changes of its own. One that adds a mention
    of the bot is a question like any other.
    """
    now, before = _object(event.get("message")), _object(event.get("previous_message"))
    if now.get("subtype") == "tombstone":
        return _deleted(payload, {**event, "deleted_ts": now.get("ts")}, installation)
    ts, channel = now.get("ts"), str(event.get("channel") or "")
    if not now.get("user") or not ts or is_by_app(now) or is_ours(now, installation):
        return None
    if now.get("text") == before.get("text"):
        return None
    said = read_message(now, installation)
    if said.addressed and not read_message(before, installation).addressed:
        kind = event.get("channel_type", "im" if channel.startswith("D") else "")
        return _spoken(payload, {**now, "channel": channel, "channel_type": kind}, installation)
    at = str(_object(now.get("edited")).get("ts") or event.get("ts"))
    root, direct = str(now.get("thread_ts") or ts), channel.startswith("D")
    return MessageEdited(
        id=f"{channel}:{ts}:edit:{at}",
        thread=_thread_of(event, now, installation),
        author=_author_of(payload, {**event, "user": now["user"]}, installation),
        at=_seconds(at),
        reply=reply_fields(
            installation,
            channel=channel,
            thread=root,
            user=str(now["user"]),
            ts=str(ts),
            user_team=_team_of(now) or installation.workspace,
            direct=direct,
            ids=" ".join(said.ids),
        ),
        message=str(ts),
        text=said.text,
        quotes=said.quotes,
        direct=direct,
        threaded=root != ts,
    )


def _deleted(payload: Json, event: Json, installation: Installation) -> Event | None:
    """Somebody's message, or one of the bot's own that an administrator removed; other apps' too, which are context."""
    before, ts = _object(event.get("previous_message")), event.get("deleted_ts")
    if not ts:
        return None
    by_person = "" if is_by_app(before) or is_ours(before, installation) else str(before.get("user") or "")
    return MessageDeleted(
        id=f"{event.get('channel')}:{ts}:delete",
        thread=_thread_of(event, {"ts": ts, **before}, installation),
        author=Author(id=by_person),
        at=_seconds(event.get("ts") or ts),
        message=str(ts),
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
    external = bool(payload.get("is_ext_shared_channel")) and _team_of(event) not in {
        installation.workspace,
        installation.enterprise,
    } - {""}
    return replace(author_of(event), external=external)


def _team_of(event: Json) -> str:
    return str(event.get("user_team") or event.get("team") or event.get("source_team") or "")


def _thread_of(event: Json, inner: Json, installation: Installation) -> ThreadKey:
    return thread_key(
        installation, str(event.get("channel") or ""), str(inner.get("thread_ts") or inner.get("ts") or "")
    )


def _object(value: object) -> Json:
    return value if isinstance(value, Mapping) else {}


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
