"""Translates slash commands. Pure. Source: docs.slack.dev "Enabling interactivity with Slash Commands"."""

import re
from collections.abc import Mapping
from typing import Any

from adapters.slack.conversation_reference import Surface, command_thread, reply_fields
from adapters.slack.inbound.content.words import plain_words
from adapters.slack.install.installations import Installation
from bot.domain.events import Author, MessageReceived

OWN_COMMAND = "switchboard"

Json = Mapping[str, Any]


def translate_command(payload: Json, installation: Installation, *, now: float) -> MessageReceived:
    """A slash command: only the person who typed it sees the answer, and Slack has no threads for it."""
    channel, user = str(payload.get("channel_id") or ""), str(payload.get("user_id") or "")
    return MessageReceived(
        id=f"command:{payload.get('trigger_id')}",
        thread=command_thread(installation, channel, user),
        author=Author(id=user, name=str(payload.get("user_name") or "")),
        at=now,
        reply=reply_fields(
            installation,
            surface=Surface.COMMAND,
            channel=channel,
            user=user,
            response_url=str(payload.get("response_url") or ""),
        ),
        text=_typed(
            str(payload["command"]), plain_words(str(payload.get("text") or ""), bot=installation.user)
        ),
        direct=channel.startswith("D"),
        private=True,
    )


def _typed(command: str, text: str) -> str:
    """The command as it is typed elsewhere. Where names are taken it has a prefix, so its last word counts. /switchboard
    may precede any, as Slack reserves /help.
    """
    word = re.split(r"[-_]", command.lstrip("/").lower())[-1]
    if word == OWN_COMMAND:
        return f"/{text.lstrip('/') or 'help'}"
    return f"/{word} {text}".strip()
