"""Outgoing activities: text, the AI label, sources, thumbs, and buttons.

Source: Microsoft Learn, Teams platform, "Bot messages with AI-generated content", "Stream bot messages",
"Suggested actions", "Targeted messages", "Add code to enable SSO in your bot app" (the OAuth card).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from adapters.teams.card_data import ACTION, PRIVATE, VALUE
from adapters.teams.conversation_reference import ConversationReference
from adapters.teams.outbound.rendering.sources import CITED, Citation
from bot.domain.replies import Action, Button, SignInOffer

Activity = dict[str, Any]

SUGGESTED = 3
"""Teams shows the first three suggested actions."""
ADDRESSES = 6_000
"""Characters of the addresses of all citations together: they share a message's size with its text."""
QUOTATION = "quotedReply"
CARD = "application/vnd.microsoft.card.adaptive"
SIGN_IN_CARD = "application/vnd.microsoft.card.oauth"
SIGN_IN = "Sign in"
THUMBS = {"feedbackLoop": {"type": "default"}}


def text_message(text: str, *, extended: bool = False) -> Activity:
    return {
        "type": "message",
        "text": text,
        "textFormat": "extendedmarkdown" if extended else "markdown",
    }


def card_message(card: Mapping[str, Any], summary: str) -> Activity:
    """A card alone: Teams splits a message with text and a card. The summary is for notifications."""
    return {"type": "message", "summary": summary, "attachments": [attachment(card)]}


def attachment(card: Mapping[str, Any]) -> Activity:
    return {"contentType": CARD, "content": dict(card)}


def sign_in_message(offer: SignInOffer) -> Activity:
    """The card at which a client signs its person in by itself. Where it cannot, the button leads to the link."""
    card = {
        "text": SIGN_IN,
        "connectionName": SIGN_IN,
        "buttons": [{"type": "signin", "title": SIGN_IN, "value": offer.link}],
        "tokenExchangeResource": {"id": offer.ticket, "uri": offer.resource},
    }
    return {
        "type": "message",
        "summary": SIGN_IN,
        "attachments": [{"contentType": SIGN_IN_CARD, "content": card}],
    }


def ai_label(reference: ConversationReference, sources: Sequence[Citation] = ()) -> Activity:
    """The entity that marks a message as written by a model; Teams allows one per message."""
    entity: Activity = {
        "type": "https://schema.org/Message",
        "@type": "Message",
        "@context": "https://schema.org",
        "@id": "",
        "additionalType": ["AIGeneratedContent"],
    }
    if reference.label and not reference.copilot:
        entity["usageInfo"] = json.loads(reference.label)
    if sources:
        entity["citation"] = list(_citations(sources[:CITED]))
    return entity


def _citations(sources: Sequence[Citation]) -> Iterator[Activity]:
    """The citations; those whose addresses are too long for the message have none that can be clicked."""
    room = ADDRESSES
    for source in sources:
        appearance = {
            "@type": "DigitalDocument",
            "name": (source.name or source.url)[:80],
            "abstract": (source.url or source.name)[:160],
        }
        if source.url and len(source.url) <= room:
            room -= len(source.url)
            appearance["url"] = source.url
        yield {"@type": "Claim", "position": source.number, "appearance": appearance}


def stream_info(kind: str, *, stream: str = "", sequence: int = 0) -> Activity:
    """The entity of a stream's activities. The last has no sequence number, the first no stream id."""
    info: Activity = {"type": "streaminfo", "streamType": kind}
    if stream:
        info["streamId"] = stream
    if sequence:
        info["streamSequence"] = sequence
    return info


def suggested(buttons: Sequence[Button], reference: ConversationReference) -> Activity | None:
    """The buttons under a text message, for the asker. In a personal chat some are sent as messages."""
    actions = [_suggestion(button, reference) for button in buttons[:SUGGESTED]]
    return {"to": [reference.user], "actions": actions} if actions else None


def _suggestion(button: Button, reference: ConversationReference) -> Activity:
    if button.action is Action.RUN and reference.personal:
        return {"type": "imBack", "title": button.label, "value": button.value}
    return {
        "type": "Action.Submit",
        "title": button.label,
        "value": button_payload(button.action, button.value, reference),
    }


def button_payload(action: Action, value: str, reference: ConversationReference) -> dict[str, Any]:
    """A button's data, read back by adapters.teams.card_data.read_submission."""
    carried: dict[str, Any] = {ACTION: str(action), VALUE: value}
    return {**carried, PRIVATE: True} if reference.private else carried


def quoting(activity: Activity, quoted: str) -> Activity:
    """A text message as a reply to the message of this id; "" quotes none. An edit has to quote again."""
    if not quoted:
        return activity
    entities = [*activity.get("entities", ()), {"type": QUOTATION, "quotedReply": {"messageId": quoted}}]
    return {**activity, "text": f'<quoted messageId="{quoted}"/>\n\n{activity["text"]}', "entities": entities}


def unquoted(activity: Activity) -> Activity:
    """The same message as a reply to none."""
    kept = [entity for entity in activity.get("entities", ()) if entity["type"] != QUOTATION]
    if len(kept) == len(activity.get("entities", ())):
        return activity
    return {**activity, "text": activity["text"].partition("\n\n")[2], "entities": kept}


def addressed(activity: Activity, reference: ConversationReference) -> Activity:
    """A new private message: to the asker, under the question. Edits must not name a recipient."""
    if not reference.private:
        return activity
    entities = list(activity.get("entities", ()))
    if reference.message:
        entities.append({"type": "targetedMessageInfo", "messageId": reference.message})
    return {**activity, "recipient": {"id": reference.user}, "entities": entities}
