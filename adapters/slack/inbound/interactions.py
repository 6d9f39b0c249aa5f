"""Translates buttons, menus and modals into events. Pure.

A control's action_id is "<action>.<number>"; its value is what the core gave it. Slack's own feedback buttons
have both in the value. Sources: docs.slack.dev, "Interaction payloads" and the page of each.
"""

import json
from collections.abc import Mapping
from typing import Any

from adapters.slack.callback_ids import ASK, FORM, ORIGIN, REASON, VOTE
from adapters.slack.conversation_reference import (
    Surface,
    command_thread,
    home_thread,
    reply_fields,
    thread_key,
)
from adapters.slack.inbound.form_modal import filled
from adapters.slack.install.installations import Installation
from bot.domain.events import (
    Author,
    ButtonPressed,
    Event,
    MessageReceived,
    Quotation,
    StopRequested,
    ThreadKey,
)
from bot.domain.replies import Action

Json = Mapping[str, Any]

ACTIONS = frozenset(action.value for action in Action)


def translate_interaction(payload: Json, installation: Installation, *, now: float) -> Event | None:
    match payload.get("type"):
        case "block_actions":
            return _pressed(payload, installation, now)
        case "view_submission":
            return _submitted(payload, installation, now)
    return None


def _pressed(payload: Json, installation: Installation, now: float) -> Event | None:
    found = _chosen(payload)
    if found is None:
        return None
    action, value = found
    first = payload["actions"][0]
    at, user = (
        str(first.get("action_ts") or payload.get("trigger_id") or ""),
        person_of(payload, installation),
    )
    where, reply = _origin(payload, installation, user.id)
    id = f"press:{user.id}:{at}:{first.get('action_id')}"
    when = float(at) if at.replace(".", "", 1).isdigit() else now
    if action is Action.STOP:
        return StopRequested(id=id, thread=where, author=user, at=when, reply=reply, turn=value)
    return ButtonPressed(
        id=id,
        thread=where,
        author=user,
        at=when,
        reply=reply,
        action=action,
        value=value,
        message=str(_container(payload).get("message_ts") or ""),
        threaded="surface" not in reply,  # the bot always answers in a thread in channels and direct messages
        private="surface" in reply or bool(_container(payload).get("is_ephemeral")),
        direct=where.channel.startswith("D"),
    )


def _chosen(payload: Json) -> tuple[Action, str] | None:
    """The pressed action and its value; None for a control that is not the bot's."""
    actions = payload.get("actions")
    first = actions[0] if isinstance(actions, list) and actions and isinstance(actions[0], Mapping) else {}
    value = str((first.get("selected_option") or {}).get("value") or first.get("value") or "")
    name = str(first.get("action_id") or "").partition(".")[0]
    if name == VOTE:
        name, _, value = value.partition(" ")
    return (Action(name), value) if name in ACTIONS else None


def _origin(payload: Json, installation: Installation, user: str) -> tuple[ThreadKey, Mapping[str, str]]:
    """The conversation of a control, and where to answer."""
    box = _container(payload)
    if box.get("type") == "view":
        return home_thread(installation, user), reply_fields(installation, surface=Surface.HOME, user=user)
    channel, ts = str(box.get("channel_id") or ""), str(box.get("message_ts") or "")
    team = str((payload.get("user") or {}).get("team_id") or installation.workspace)
    mark, *of = str(payload["actions"][0].get("block_id") or "").split(":")
    if mark == ORIGIN and len(of) == 3:  # an answer that is shown elsewhere than where it was asked for
        home, thread, _ = of
        elsewhere = channel if channel != home else ""
        reference = reply_fields(
            installation,
            channel=home,
            thread=thread,
            user=user,
            user_team=team,
            ts=thread,
            pressed_in=elsewhere,
        )
        return thread_key(installation, home, thread), reference
    if box.get("is_ephemeral") and not box.get("thread_ts"):
        url = str(payload.get("response_url") or "")
        reference = reply_fields(
            installation, surface=Surface.COMMAND, channel=channel, user=user, response_url=url
        )
        return command_thread(installation, channel, user), reference
    root = str(box.get("thread_ts") or (payload.get("message") or {}).get("thread_ts") or ts)
    direct = channel.startswith("D")
    reference = reply_fields(
        installation, channel=channel, thread=root, user=user, user_team=team, ts=ts, direct=direct
    )
    return thread_key(installation, channel, root), reference


def _submitted(payload: Json, installation: Installation, now: float) -> Event | None:
    """A submitted modal. Its private_metadata, which people cannot see, holds the conversation reference."""
    view = payload.get("view") or {}
    about = json.loads(view.get("private_metadata") or "{}")
    user, text = person_of(payload, installation), _typed(view)
    id = f"submit:{view.get('id')}:{view.get('hash')}"
    if view.get("callback_id") == ASK:
        channel, root = about["channel"], about["thread"]
        return MessageReceived(
            id=id,
            thread=thread_key(installation, channel, root),
            author=user,
            at=now,
            reply=reply_fields(
                installation,
                channel=channel,
                thread=root,
                user=user.id,
                ts=about["ts"],
                about=about["ts"],
                ids=about["by"],
                response_url=about["url"],
            ),
            text=text,
            quotes=(Quotation(text=about["text"], source=f"@{about['by']}"),) if about["text"] else (),
            threaded=True,
            late=True,
        )
    if view.get("callback_id") == FORM:
        return filled(payload, user, installation, id=id, now=now)
    if view.get("callback_id") == REASON:
        return ButtonPressed(
            id=id,
            thread=thread_key(installation, about["channel"], about["thread"]),
            author=user,
            at=now,
            reply=reply_fields(installation, channel=about["channel"], thread=about["thread"], user=user.id),
            action=Action.DOWN,
            value=about["turn"],
            comment=text,
        )
    return None


def _typed(view: Json) -> str:
    """The text typed into a modal's only text field."""
    values = ((view.get("state") or {}).get("values") or {}).values()
    return " ".join(str(one.get("value") or "") for block in values for one in block.values()).strip()


def person_of(payload: Json, installation: Installation) -> Author:
    """A person of another workspace by the payload; that may still be one of the same organisation."""
    who = payload.get("user") or {}
    return Author(
        id=str(who.get("id") or ""),
        name=str(who.get("username") or who.get("name") or ""),
        external=who.get("team_id", installation.workspace)
        not in (installation.workspace, installation.enterprise),
    )


def _container(payload: Json) -> Json:
    box = payload.get("container")
    return box if isinstance(box, Mapping) else {}
