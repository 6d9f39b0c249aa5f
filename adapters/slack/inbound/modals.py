"""The two modals: a question about somebody's message, and why an answer was bad. Pure.

A modal must be opened within three seconds of the click, so the inbound handler opens it. The conversation of
its text is stored in private_metadata. Source: docs.slack.dev "Modals".
"""

import json
from collections.abc import Mapping
from typing import Any

from adapters.slack.callback_ids import ASK, REASON
from adapters.slack.inbound.content.message import author_of, read_message
from adapters.slack.install.installations import Installation
from adapters.slack.outbound.rendering.rich import plain_text
from bot.domain.events import ButtonPressed

QUOTE = 1_500  # characters of the message that are quoted
METADATA = 3_000  # characters that Slack allows

Json = Mapping[str, Any]


def about_message(payload: Json, installation: Installation) -> dict[str, Any]:
    """Asks for the question about the message that the shortcut was used on. What fits of it is kept, in case that it
    cannot be read again where the bot is not.
    """
    message = payload["message"]
    said = read_message(message, installation)
    about = {
        "channel": payload["channel"]["id"],
        "thread": str(message.get("thread_ts") or message["ts"]),
        "ts": str(message["ts"]),
        "url": str(payload.get("response_url") or ""),
        "by": author_of(message).name or author_of(message).id,
        "text": "\n\n".join([said.text, *(quote.text for quote in said.quotes)])[:QUOTE],
    }
    while len(json.dumps(about)) > METADATA:
        about["text"] = about["text"][: len(about["text"]) // 2]
    return _modal(
        ASK,
        about,
        title="Ask about this",
        submit="Ask",
        label="Your question",
        hint="The answer appears in the message's thread, or comes to you where I may not write there.",
    )


def why_bad(event: ButtonPressed) -> dict[str, Any]:
    """Asks what was wrong, after a thumb down. It may be closed without an answer."""
    about = {"channel": event.thread.channel, "thread": event.thread.thread, "turn": event.value}
    return _modal(REASON, about, title="What was wrong?", submit="Send", label="What would have been better?")


def _modal(
    callback: str, about: Mapping[str, str], *, title: str, submit: str, label: str, hint: str = ""
) -> dict[str, Any]:
    field: dict[str, Any] = {
        "type": "input",
        "block_id": "text",
        "label": plain_text(label),
        "element": {"type": "plain_text_input", "action_id": "text", "multiline": True, "max_length": 3000},
    }
    return {
        "type": "modal",
        "callback_id": callback,
        "private_metadata": json.dumps(about),
        "title": plain_text(title),
        "submit": plain_text(submit),
        "close": plain_text("Cancel"),
        "blocks": [field | ({"hint": plain_text(hint)} if hint else {})],
    }
