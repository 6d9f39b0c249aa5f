"""Translates Teams' activities into events. Pure.

Source: Microsoft Learn, Teams platform, "Conversations with a bot", "Adaptive Card actions", "User feedback".
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from adapters.teams.card_data import KEY, read_form, read_submission
from adapters.teams.conversation_reference import ConversationReference
from adapters.teams.inbound.activity import IncomingActivity, NamedPlace
from adapters.teams.inbound.content.message import read_activity
from bot.domain.events import (
    Author,
    ButtonPressed,
    Event,
    FormFilled,
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
"""The prefix of bots' ids."""
UPLOAD = ("contentUrl", "name", "uniqueId", "fileType")
LONGEST_ADDRESS = 8_192
LIKED = ("like", "heart", "1f44d", "2764")
DISLIKED = ("dislike", "1f44e")


def message(incoming: IncomingActivity) -> Event | None:
    """A message, or the press of a card's Action.Submit, which comes as a message without text. Other bots
    get no answer: two could talk for ever.
    """
    if incoming.from_.id.startswith(BOT):
        return None
    if isinstance(incoming.value, dict) and not (incoming.text or "").strip():
        return press(incoming, incoming.value)
    private = incoming.targeted
    direct = incoming.scope == "personal"
    said = read_activity(incoming)
    return MessageReceived(
        **_happening(incoming, "message", private=private),
        text=said.text,
        message=incoming.id or "",
        addressed=direct or private or said.addressed,
        direct=direct,
        threaded=incoming.scope == "channel" and not private,
        private=private,
        files=said.files,
        quotes=said.quotes,
        others=said.others,
        late=_follows_others(incoming, private=private),
        fileless=incoming.copilot,
    )


def edit(incoming: IncomingActivity) -> Event | None:
    """An edited message, or one whose deletion was undone. Without words it says nothing about what was said."""
    said = read_activity(incoming)
    if not incoming.id or not (said.text or said.quotes):
        return None
    return MessageEdited(
        **_happening(incoming, "edit", *_version(incoming)),
        message=incoming.id,
        text=said.text,
        quotes=said.quotes,
        direct=incoming.scope == "personal",
        threaded=incoming.scope == "channel",
    )


def deletion(incoming: IncomingActivity) -> Event | None:
    if not incoming.id:
        return None
    return MessageDeleted(**_happening(incoming, "delete", *_version(incoming)), message=incoming.id)


def reaction(incoming: IncomingActivity) -> Event | None:
    """A thumb under one of the bot's messages. Other emoji are ignored."""
    kinds = [one.type.lower() for one in incoming.reactions_added or ()]
    for action, names in ((Action.UP, LIKED), (Action.DOWN, DISLIKED)):
        if any(kind.startswith(names) for kind in kinds):
            return _vote(incoming, "reaction", action)
    return None


def greeting(incoming: IncomingActivity) -> Event | None:
    """The bot was added. Teams sends two activities for one installation; both become the same event."""
    installed = incoming.type == "installationUpdate" and incoming.action == "add"
    joined = any(member.id == incoming.recipient.id for member in incoming.members_added or ())
    if not (installed or joined):
        return None
    shared = _happening(incoming, "greet")
    name = f"greet:{incoming.conversation.id}"
    return Greeted(**{**shared, "id": name}, direct=incoming.scope == "personal")


def press(incoming: IncomingActivity, data: Any) -> Event | None:
    """A press of the bot's own button or choice, or a form that was filled in. None for any other."""
    if form := read_form(data):
        return FormFilled(
            **_happening(incoming, "form", private=form.private),
            form=form.form,
            values=form.values,
            message=incoming.reply_to_id or "",
            direct=incoming.scope == "personal",
            threaded=incoming.scope == "channel" and not form.private,
            private=form.private,
        )
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
        direct=incoming.scope == "personal",
    )


def feedback(incoming: IncomingActivity) -> Event | None:
    """The thumbs Teams shows under an answer. The text comes as JSON inside JSON, or plain."""
    value = incoming.value.get("actionValue") if isinstance(incoming.value, dict) else None
    if not isinstance(value, dict) or value.get("reaction") not in ("like", "dislike"):
        return None
    action = Action.UP if value["reaction"] == "like" else Action.DOWN
    return _vote(incoming, "feedback", action, comment=_comment(value.get("feedback")))


def consent(incoming: IncomingActivity) -> Event | None:
    """Somebody lets a file of ours into their OneDrive, or does not. `reply` gets "upload": where it goes, as Teams said."""
    value = incoming.value if isinstance(incoming.value, dict) else {}
    context, upload = value.get("context"), value.get("uploadInfo")
    key = context.get(KEY) if isinstance(context, dict) else None
    if not isinstance(key, str) or incoming.scope != "personal":
        return None
    happening, message = _happening(incoming, "consent"), incoming.reply_to_id or ""
    if value.get("action") == "decline":
        return ButtonPressed(**happening, action=Action.LEAVE, value=key[:200], message=message)
    if value.get("action") != "accept" or not isinstance(upload, dict):
        return None
    told = {"url": upload.get("uploadUrl")} | {name: upload.get(name) for name in UPLOAD}
    kept = {
        name: text for name, text in told.items() if isinstance(text, str) and len(text) <= LONGEST_ADDRESS
    }
    happening["reply"] = {**happening["reply"], "upload": json.dumps(kept)}
    return ButtonPressed(**happening, action=Action.TAKE, value=key[:200], message=message)


def reference(incoming: IncomingActivity) -> ConversationReference:
    """Where to answer an activity that becomes no event."""
    shared = _happening(incoming, "told")
    return ConversationReference.read(shared["reply"], shared["thread"].workspace)


def whereabouts(incoming: IncomingActivity) -> tuple[ThreadKey, Author]:
    """The place of an activity that becomes no event, and whose it is."""
    shared = _happening(incoming, "asked")
    return shared["thread"], shared["author"]


def _vote(incoming: IncomingActivity, kind: str, action: Action, comment: str = "") -> Event:
    """A vote. It names only the message that shows the answer."""
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
    """Distinguishes the edits of one message, which all have its id."""
    kind = incoming.channel_data.event_type if incoming.channel_data else None
    return kind or "", incoming.timestamp or ""


def _happening(incoming: IncomingActivity, kind: str, *more: str, private: bool = False) -> dict[str, Any]:
    """The fields common to all events."""
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
        "reply": _reply(incoming, conversation, private=private, asks=kind == "message"),
    }


def _author(incoming: IncomingActivity, tenant: str) -> Author:
    person = incoming.from_
    return Author(
        id=person.aad_object_id or person.id,
        name=person.name or "",
        external=bool(person.tenant_id and tenant and person.tenant_id.lower() != tenant),
    )


def _conversation(incoming: IncomingActivity) -> str:
    """The conversation. A new post in a channel, whose id names no thread, starts the thread of its id."""
    conversation, message = incoming.conversation.id, incoming.id or ""
    bare = incoming.scope == "channel" and ";messageid=" not in conversation
    if bare and incoming.type == "message" and message.isdigit():
        return f"{conversation};messageid={message}"
    return conversation


def _reply(incoming: IncomingActivity, conversation: str, *, private: bool, asks: bool) -> Mapping[str, str]:
    """The conversation reference, which any process can answer with, and what is known of the place. `asks`: it is a
    message that an answer can be tied to.
    """
    data = incoming.channel_data
    fields = {
        "service": incoming.service_url,
        "conversation": conversation,
        "scope": incoming.scope,
        "user": incoming.from_.id,
        "message": (incoming.id or "") if asks else "",
        "label": _label(incoming),
        "private": "1" if private else "",
        "zone": incoming.zone,
        "channel_name": _name(data.channel if data else None),
        "team_name": _name(data.team if data else None),
        "team": (data.team.id if data and data.team else None) or "",
        "group": (data.team.aad_group_id if data and data.team else None) or "",
        "copilot": "1" if incoming.copilot else "",
    }
    return {name: value for name, value in fields.items() if value}


def _follows_others(incoming: IncomingActivity, *, private: bool) -> bool:
    """Whether something may have been said here before: in a group chat, and below the first message of a channel's thread."""
    if private or incoming.scope == "personal":
        return False
    return incoming.scope != "channel" or not _conversation(incoming).endswith(f";messageid={incoming.id}")


def _name(place: NamedPlace | None) -> str:
    return (place.name if place else None) or ""


def _label(incoming: IncomingActivity) -> str:
    """The question's sensitivity label as JSON: the answer gets the same one."""
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
    """A substitute for a missing id, the same for every delivery of the same activity."""
    told = incoming.model_dump_json(include={"name", "value", "reply_to_id", "timestamp", "from_"})
    return hashlib.sha256(told.encode()).hexdigest()[:24]
