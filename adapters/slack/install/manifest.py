"""The app's manifest, with a reason for every scope and event. Ready to paste at api.slack.com/apps.

Without a host it is the Socket Mode variant, which is also kept in manifests/slack.yaml. Source:
docs.slack.dev "App manifest reference"; limits from Slack's published schema 2.0.0.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from adapters.slack.callback_ids import ASK
from bot.domain.command_table import COMMANDS, CommandRow
from bot.domain.errors import SettingsError

SCOPES: Mapping[str, str] = {
    "app_mentions:read": "hear that it was mentioned",
    "assistant:write": "be an agent: suggested prompts, a session with Slack's own Stop",
    "channels:history": "hear follow-ups in a thread it takes part in, and read what was said there before",
    "groups:history": "hear follow-ups and read threads in private channels it was invited to",
    "im:history": "hear direct messages",
    "mpim:history": "hear and read group direct messages it was added to",
    "chat:write": "answer",
    "commands": "hear /model and the other slash commands, and the message shortcut",
    "files:read": "read what people attach to their questions",
    "files:write": "show the pictures and files of an answer, and attach very long answers as a file",
    "reactions:read": "take a thumb under an answer as a vote, and a crossed-out loudspeaker as mute",
    "users:read": "call people by their names, know guests, and know what day it is where they are",
    "usergroups:read": "call groups that are mentioned by their names",
    "channels:read": "know the name of a channel",
    "groups:read": "know the name of a private channel it was invited to",
    "im:read": "know that a place is a direct message",
    "mpim:read": "know that a place is a group direct message",
}
"""Scope -> what would not work without it."""

EVENTS: Mapping[str, str] = {
    "agent_session_stopped": "Slack's own Stop button",
    "app_home_opened": "show the Home page, greet in the Messages tab",
    "app_mention": "questions in channels",
    "app_uninstalled": "forget a workspace",
    "message.channels": "follow-ups without a mention; remove it to insist on mentions",
    "message.groups": "the same in private channels",
    "message.im": "direct messages",
    "message.mpim": "the same in group direct messages",
    "reaction_added": "votes by reaction",
    "tokens_revoked": "forget a workspace",
}

OWN_COMMAND = CommandRow(name="switchboard", does="What works here", usage="[COMMAND]")
"""Takes all the others as an argument, for names that are taken or that Slack reserves, like /help."""
SLASH_COMMANDS = (*(row for row in COMMANDS if row.name != "help"), OWN_COMMAND)

PREFIX = re.compile(r"([a-z0-9][a-z0-9_-]{0,10}[-_])?")
HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?", re.IGNORECASE)


def render_manifest(host: str = "", prefix: str = "") -> str:
    """YAML for a public https host (and port), or for Socket Mode. `prefix` stands before the names of the slash commands:
    "ai-". Raises SettingsError for what cannot be one.
    """
    name = host.removeprefix("https://").rstrip("/")
    if name and not HOST.fullmatch(name):
        raise SettingsError(f'--host {host!r} is not a host name. Write one such as "bot.example.com".')
    if not PREFIX.fullmatch(prefix):
        raise SettingsError(
            f'--prefix {prefix!r} cannot be. Write small letters or digits and a hyphen behind them, such as "ai-".'
        )
    head = "# Paste this at https://api.slack.com/apps: Create New App, From a manifest.\n"
    return head + "\n".join(_lines(manifest(name, prefix))) + "\n"


def manifest(host: str = "", prefix: str = "") -> dict[str, Any]:
    """The manifest as data."""
    events = f"https://{host}/slack/events" if host else ""
    address = {"request_url": events} if events else {}
    menus = (
        {"message_menu_options_url": events} if host else {}
    )  # what a menu shows for what is typed into it
    redirect = {"redirect_urls": [f"https://{host}/slack/oauth_redirect"]} if host else {}
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {
            "name": "Switchboard",
            "description": "Every AI model your company uses, in the chat it already uses",
            "background_color": "#1f2937",
        },
        "features": _features(events, prefix),
        "oauth_config": {**redirect, "scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {**address, "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, **address, **menus},
            "org_deploy_enabled": True,
            "socket_mode_enabled": not host,
            "token_rotation_enabled": False,
        },
    }


def _features(events: str, prefix: str) -> dict[str, Any]:
    url = {"url": events} if events else {}
    commands = [
        {
            "command": f"/{row.name if row is OWN_COMMAND else prefix + row.name}",
            **url,
            "description": row.does,
            **({"usage_hint": row.usage} if row.usage else {}),
            "should_escape": True,
        }
        for row in SLASH_COMMANDS
    ]
    prompts = [
        {"title": "What can you do?", "message": "help"},
        {"title": "Which models are there?", "message": "model"},
        {"title": "Summarize this channel", "message": "Summarize the channel I am looking at"},
    ]
    shortcut = {
        "name": "Ask Switchboard",
        "type": "message",
        "callback_id": ASK,
        "description": "Ask a model about this message",
    }
    return {
        "agent_view": {
            "agent_description": "Ask any model your company uses, and switch it with one command.",
            "suggested_prompts": prompts,
        },
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "bot_user": {"display_name": "Switchboard", "always_online": True},
        "slash_commands": commands,
        "shortcuts": [shortcut],
    }


def _lines(value: object, indent: str = "") -> Iterator[str]:
    """Plain YAML; scopes and events with their reasons. Strings are written as JSON, which YAML reads."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, dict | list):
                yield f"{indent}{key}:"
                yield from _lines(inner, indent + "  ")
            else:
                yield f"{indent}{key}: {json.dumps(inner)}"
    elif isinstance(value, list):
        for inner in value:
            if isinstance(inner, dict):
                first, *rest = _lines(inner, indent + "  ")
                yield f"{indent}- {first.strip()}"
                yield from rest
            else:
                why = SCOPES.get(inner) or EVENTS.get(inner)
                yield f"{indent}- {json.dumps(inner)}" + (f"  # {why}" if why else "")
