"""The app's manifest is one Slack accepts, asks for no more than is used, and subscribes to what is heard.

Slack publishes the schema of manifests without a package that carries it, so the limits checked here are written
down from it (schema 2.0.0, November 2026), for the parts that we use and no others.
"""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from adapters.slack.inbound.dispatch import EVENTS as HEARD
from adapters.slack.inbound.slash_commands import OWN_COMMAND
from adapters.slack.install.manifest import EVENTS, SCOPES, SLASH_COMMANDS, manifest, render_manifest
from adapters.slack.web_api import PER_MINUTE
from bot.domain.command_table import COMMANDS
from bot.domain.errors import SettingsError
from tests.block_yaml import read_yaml
from tests.slack.fake.api import HISTORY, READ, SCOPE
from tests.slack.fake.world import SCOPES as GRANTED

ROOT = Path(__file__).parents[2]


def text(most: int, least: int = 1) -> dict[str, Any]:
    return {"type": "string", "minLength": least, "maxLength": most}


def closed(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


def several(items: Any, most: int, least: int = 1) -> dict[str, Any]:
    return {"type": "array", "minItems": least, "maxItems": most, "items": items}


FLAG = {"type": "boolean"}
ADDRESS = {"type": "string", "pattern": "^https://", "maxLength": 3000}
SCHEMA = closed(
    ["display_information"],
    _metadata=closed([], major_version={"const": 2}, minor_version={"type": "integer"}),
    display_information=closed(
        ["name"],
        name=text(35),
        description=text(140),
        background_color={"type": "string", "pattern": "^#[0-9a-fA-F]{6}$"},
        long_description=text(4000, 175),
    ),
    features=closed(
        [],
        agent_view=closed(
            [],
            agent_description=text(300),
            suggested_prompts=several(closed(["title", "message"], title=text(75), message=text(3000)), 4),
        ),
        app_home=closed(
            [], home_tab_enabled=FLAG, messages_tab_enabled=FLAG, messages_tab_read_only_enabled=FLAG
        ),
        bot_user=closed(["display_name"], display_name=text(80), always_online=FLAG),
        slash_commands=several(
            closed(
                ["command", "description"],
                command={"type": "string", "pattern": "^/", "minLength": 2, "maxLength": 32},
                url=ADDRESS,
                description=text(2000),
                usage_hint=text(1000),
                should_escape=FLAG,
            ),
            50,
        ),
        shortcuts=several(
            closed(
                ["name", "type", "callback_id", "description"],
                name=text(24),
                type={"enum": ["message", "global"]},
                callback_id=text(255),
                description=text(150),
            ),
            10,
        ),
    ),
    oauth_config=closed(
        [], redirect_urls=several(ADDRESS, 1000), scopes=closed([], bot=several(text(255), 255))
    ),
    settings=closed(
        [],
        event_subscriptions=closed([], request_url=ADDRESS, bot_events=several(text(255), 100)),
        interactivity=closed(
            ["is_enabled"], is_enabled=FLAG, request_url=ADDRESS, message_menu_options_url=ADDRESS
        ),
        org_deploy_enabled=FLAG,
        socket_mode_enabled=FLAG,
        token_rotation_enabled=FLAG,
    ),
)


@pytest.mark.parametrize(
    "host", ["", "bot.example.com", "bot.example.com:8443"], ids=["socket", "http", "port"]
)
def test_the_manifest_keeps_slacks_limits(host: str) -> None:
    jsonschema.validate(manifest(host), SCHEMA)


def test_over_http_every_address_is_given_and_over_a_socket_none() -> None:
    http, socket = json.dumps(manifest("bot.example.com")), json.dumps(manifest())

    assert http.count("https://bot.example.com/slack/events") == len(SLASH_COMMANDS) + 3
    assert "https://bot.example.com/slack/oauth_redirect" in http
    assert "https://" not in socket
    assert not manifest("bot.example.com")["settings"]["socket_mode_enabled"]
    assert manifest()["settings"]["socket_mode_enabled"]


@pytest.mark.parametrize(
    "host", ["bot example.com", "bot.example.com/x", 'a"b', "-x", "a\nb: c"], ids=range(5)
)
def test_what_is_no_host_is_refused_with_a_remedy(host: str) -> None:
    with pytest.raises(SettingsError, match=r"bot\.example\.com"):
        render_manifest(host)


def test_the_file_is_the_socket_mode_manifest() -> None:
    assert (ROOT / "manifests" / "slack.yaml").read_text(encoding="utf-8") == render_manifest()


@pytest.mark.parametrize("host", ["", "bot.example.com"], ids=["socket", "http"])
def test_the_yaml_says_the_same_as_the_data(host: str) -> None:
    assert read_yaml(render_manifest(host)) == manifest(host)


def test_every_scope_and_event_says_why() -> None:
    for name, why in {**SCOPES, **EVENTS}.items():
        assert f'- "{name}"  # {why}' in render_manifest()


def test_no_scope_is_asked_for_that_nothing_needs() -> None:
    needed = {scope for start, scope in SCOPE.items() if start != "reactions."} | {
        *HISTORY.values(),
        *READ.values(),
    }
    heard = {"app_mentions:read", "commands", "reactions:read"}

    assert set(SCOPES) == needed | heard
    assert set(SCOPES) <= GRANTED
    assert set(PER_MINUTE)


def test_what_is_subscribed_to_is_listened_to() -> None:
    subscribed = {name.split(".")[0] for name in EVENTS}

    assert subscribed == set(HEARD)


def test_every_command_there_is_can_be_typed_with_a_slash() -> None:
    listed = {one["command"]: one for one in manifest()["features"]["slash_commands"]}

    assert set(listed) == {f"/{row.name}" for row in COMMANDS} - {"/help"} | {f"/{OWN_COMMAND}"}
    assert all(listed[f"/{row.name}"]["description"] == row.does for row in COMMANDS if row.name != "help")


def test_the_bots_own_command_leads_to_all_others() -> None:
    assert OWN_COMMAND in [row.name for row in SLASH_COMMANDS]


@pytest.mark.parametrize("host", ["", "bot.example.com"], ids=["socket", "http"])
def test_a_prefix_stands_before_every_command_but_the_bots_own(host: str) -> None:
    listed = [one["command"] for one in manifest(host, "ai-")["features"]["slash_commands"]]

    assert "/switchboard" in listed
    assert {"/ai-model", "/ai-ask", "/ai-forget"} < set(listed)
    assert all(one.startswith("/ai-") for one in listed if one != "/switchboard")
    assert all(len(one) <= 32 for one in listed)
    assert read_yaml(render_manifest(host, "ai-")) == manifest(host, "ai-")


@pytest.mark.parametrize("prefix", ["ai", "AI-", "a b-", "-", '"-', "x" * 20 + "-"], ids=range(6))
def test_what_is_no_prefix_is_refused_with_a_remedy(prefix: str) -> None:
    with pytest.raises(SettingsError, match="ai-"):
        render_manifest(prefix=prefix)


def test_the_readme_says_what_is_lost_without_each_scope() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([a-z_:]+)` \| (.+) \|$", text, re.MULTILINE))

    assert {scope: why for scope, why in rows.items() if ":" in scope or scope == "commands"} == dict(SCOPES)
