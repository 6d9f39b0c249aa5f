"""Activities as they go out: text, the label that a model wrote it, sources, thumbs, and what can be pressed.

Source: Microsoft Learn, Teams platform, "Bot messages with AI-generated content", "Stream bot messages",
"Suggested actions", "Targeted messages".
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from adapters.teams.conversation_reference import Place
from adapters.teams.inbound.events import ACTION, PRIVATE, VALUE
from adapters.teams.outbound.rendering.inline import Source
from bot.domain.replies import Action, Button

Activity = dict[str, Any]

SUGGESTED = 3
"""Teams shows the first three suggested actions."""
CITED = 10
"""Teams takes 20 citations, Microsoft's own Playground 10."""
CARD = "application/vnd.microsoft.card.adaptive"
THUMBS = {"feedbackLoop": {"type": "default"}}


def message(text: str, *, extended: bool = False) -> Activity:
    return {
        "type": "message",
        "text": text,
        "textFormat": "extendedmarkdown" if extended else "markdown",
    }


def card_message(card: Mapping[str, Any], summary: str) -> Activity:
    """A card alone: Teams splits a message that has both text and a card. The summary shows in notifications."""
    return {"type": "message", "summary": summary, "attachments": [attachment(card)]}


def attachment(card: Mapping[str, Any]) -> Activity:
    return {"contentType": CARD, "content": dict(card)}


def ai_label(place: Place, sources: Sequence[Source] = ()) -> Activity:
    """The entity that marks a message as written by a model; Teams takes one of them per message."""
    entity: Activity = {
        "type": "https://schema.org/Message",
        "@type": "Message",
        "@context": "https://schema.org",
        "@id": "",
        "additionalType": ["AIGeneratedContent"],
    }
    if place.label:
        entity["usageInfo"] = json.loads(place.label)
    if sources:
        entity["citation"] = [_citation(source) for source in sources[:CITED]]
    return entity


def _citation(source: Source) -> Activity:
    appearance = {
        "@type": "DigitalDocument",
        "name": (source.name or source.url)[:80],
        "url": source.url,
        "abstract": source.url[:160],
    }
    return {"@type": "Claim", "position": source.number, "appearance": appearance}


def stream_info(kind: str, *, stream: str = "", sequence: int = 0) -> Activity:
    """What makes an activity part of a stream. The final has no sequence number, the first no stream id."""
    info: Activity = {"type": "streaminfo", "streamType": kind}
    if stream:
        info["streamId"] = stream
    if sequence:
        info["streamSequence"] = sequence
    return info


def suggested(buttons: Sequence[Button], place: Place) -> Activity | None:
    """The buttons under a message of text, for the asker. In a personal chat what a person could write is written."""
    actions = [_suggestion(button, place) for button in buttons[:SUGGESTED]]
    return {"to": [place.user], "actions": actions} if actions else None


def _suggestion(button: Button, place: Place) -> Activity:
    if button.action is Action.RUN and place.personal:
        return {"type": "imBack", "title": button.label, "value": button.value}
    return {
        "type": "Action.Submit",
        "title": button.label,
        "value": payload(button.action, button.value, place),
    }


def payload(action: Action, value: str, place: Place) -> dict[str, Any]:
    """What a button carries, read back by adapters.teams.inbound.events.read."""
    carried: dict[str, Any] = {ACTION: str(action), VALUE: value}
    return {**carried, PRIVATE: True} if place.private else carried


def addressed(activity: Activity, place: Place) -> Activity:
    """A new private message: to the asker, under what they asked. Edits must not name a recipient."""
    if not place.private:
        return activity
    entities = list(activity.get("entities", ()))
    if place.message:
        entities.append({"type": "targetedMessageInfo", "messageId": place.message})
    return {**activity, "recipient": {"id": place.user}, "entities": entities}
