"""Translates what Teams sends into what Switchboard hears. Pure: decides nothing, asks nobody.

Source: Microsoft Learn, Teams platform, "Conversations with a bot", "Adaptive Card actions", "User feedback".
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from adapters.teams.card_data import read_submission
from adapters.teams.inbound import message_text
from adapters.teams.inbound.activity import IncomingActivity
from bot.domain.events import (
    Author,
    ButtonPressed,
    Event,
    Greeted,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    StopRequested,
    ThreadKey,
)
from bot.domain.replies import Action

PLATFORM = "teams"
BOT = "28:"
"""What the ids of bots begin with."""
LIKED = ("like", "heart", "1f44d", "2764")
DISLIKED = ("dislike", "1f44e")


def message(incoming: IncomingActivity) -> Event | None:
    """A message, or the press of a card's Action.Submit, which arrives as a message without text. Other bots are
    not answered: two could talk for ever.
    """
    if incoming.from_.id.startswith(BOT):
        return None
    if isinstance(incoming.value, dict) and not (incoming.text or "").strip():
        return press(incoming, incoming.value)
    private = incoming.targeted
    direct = incoming.scope == "personal"
    return MessageReceived(
        **_happening(incoming, "message", private=private),
        text=message_text.message_words(incoming),
        message=incoming.id or "",
        addressed=direct or private or message_text.mentioned(incoming),
        direct=direct,
        threaded=incoming.scope == "channel" and not private,
        private=private,
        files=message_text.files(incoming),
    )


def edit(incoming: IncomingActivity) -> Event | None:
    """An edited message, or one whose deletion was undone."""
    if not incoming.id:
        return None
    return MessageEdited(
        **_happening(incoming, "edit", *_version(incoming)),
        message=incoming.id,
        text=message_text.message_words(incoming),
    )


def deletion(incoming: IncomingActivity) -> Event | None:
    if not incoming.id:
        return None
    return MessageDeleted(**_happening(incoming, "delete", *_version(incoming)), message=incoming.id)


def reaction(incoming: IncomingActivity) -> Event | None:
    """A thumb under one of our messages; other emoji say nothing about an answer."""
    kinds = [one.type.lower() for one in incoming.reactions_added or ()]
    for action, names in ((Action.UP, LIKED), (Action.DOWN, DISLIKED)):
        if any(kind.startswith(names) for kind in kinds):
            return _vote(incoming, "reaction", action)
    return None


def greeting(incoming: IncomingActivity) -> Event | None:
    """The bot was added. Two activities tell of one installation, so both make the same event."""
    installed = incoming.type == "installationUpdate" and incoming.action == "add"
    joined = any(member.id == incoming.recipient.id for member in incoming.members_added or ())
    if not (installed or joined):
        return None
    shared = _happening(incoming, "greet")
    name = f"greet:{incoming.conversation.id}"
    return Greeted(**{**shared, "id": name}, direct=incoming.scope == "personal")


def press(incoming: IncomingActivity, data: Any) -> Event | None:
    """One of our buttons or choices. None for anything that is not ours."""
    pressed = read_submission(data)
    if pressed is None:
        return None
    happening = _happening(incoming, "press", private=pressed.private)
    if pressed.action is Action.STOP:
        return StopRequested(**happening, turn=pressed.value)
    return ButtonPressed(
        **happening,
        action=pressed.action,
        value=pressed.value,
        message=incoming.reply_to_id or "",
        threaded=incoming.scope == "channel" and not pressed.private,
        private=pressed.private,
    )


def feedback(incoming: IncomingActivity) -> Event | None:
    """The thumbs Teams shows under an answer. The text comes as JSON inside JSON, or plain."""
    value = incoming.value.get("actionValue") if isinstance(incoming.value, dict) else None
    if not isinstance(value, dict) or value.get("reaction") not in ("like", "dislike"):
        return None
    action = Action.UP if value["reaction"] == "like" else Action.DOWN
    return _vote(incoming, "feedback", action, comment=_comment(value.get("feedback")))


def _vote(incoming: IncomingActivity, kind: str, action: Action, comment: str = "") -> Event:
    """All that is known of the answer is which message shows it."""
    message = incoming.reply_to_id or ""
    return ButtonPressed(
        **_happening(incoming, kind), action=action, value=message, message=message, comment=comment
    )


def _comment(feedback: Any) -> str:
    if not isinstance(feedback, str):
        return ""
    try:
        parsed = json.loads(feedback)
    except ValueError:
        return feedback[:2000]
    text = parsed.get("feedbackText") if isinstance(parsed, dict) else parsed
    return text[:2000] if isinstance(text, str) else ""


def _version(incoming: IncomingActivity) -> tuple[str, str]:
    """What tells the changes of one message apart; they all carry its id."""
    kind = incoming.channel_data.event_type if incoming.channel_data else None
    return kind or "", incoming.timestamp or ""


def _happening(incoming: IncomingActivity, kind: str, *more: str, private: bool = False) -> dict[str, Any]:
    """The fields that all events share."""
    tenant = next(iter(incoming.tenants), "")
    author = _author(incoming, tenant)
    conversation = _conversation(incoming)
    reference, _, root = conversation.partition(";messageid=")
    return {
        "id": ":".join((kind, conversation, incoming.id or _fingerprint(incoming), *more)),
        "thread": ThreadKey(
            platform=PLATFORM,
            workspace=tenant,
            channel=reference,
            thread=f"/{author.id}" if private else root,
        ),
        "author": author,
        "at": incoming.at,
        "reply": _reply(incoming, conversation, private=private),
    }


def _author(incoming: IncomingActivity, tenant: str) -> Author:
    person = incoming.from_
    return Author(
        id=person.aad_object_id or person.id,
        name=person.name or "",
        external=bool(person.tenant_id and tenant and person.tenant_id.lower() != tenant),
    )


def _conversation(incoming: IncomingActivity) -> str:
    """Where to answer: a new post in a channel whose id names no thread opens the thread of its own id."""
    conversation, message = incoming.conversation.id, incoming.id or ""
    bare = incoming.scope == "channel" and ";messageid=" not in conversation
    if bare and incoming.type == "message" and message.isdigit():
        return f"{conversation};messageid={message}"
    return conversation


def _reply(incoming: IncomingActivity, conversation: str, *, private: bool) -> Mapping[str, str]:
    """What is needed to answer from another process."""
    fields = {
        "service": incoming.service_url,
        "conversation": conversation,
        "scope": incoming.scope,
        "user": incoming.from_.id,
        "message": incoming.id or "",
        "label": _label(incoming),
        "private": "1" if private else "",
    }
    return {name: value for name, value in fields.items() if value}


def _label(incoming: IncomingActivity) -> str:
    """The sensitivity label of what was asked, as JSON: the answer carries it on."""
    for entity in incoming.of_kind("https://schema.org/Message"):
        usage = entity.get("usageInfo")
        if isinstance(usage, dict) and isinstance(usage.get("name"), str):
            kept = {
                name: usage[name]
                for name in ("@id", "name", "description")
                if isinstance(usage.get(name), str)
            }
            return json.dumps({"@type": "CreativeWork", **kept})
    return ""


def _fingerprint(incoming: IncomingActivity) -> str:
    """A stand-in for a missing id, the same when the same activity is delivered again."""
    told = incoming.model_dump_json(include={"name", "value", "reply_to_id", "timestamp", "from_"})
    return hashlib.sha256(told.encode()).hexdigest()[:24]
