"""The first thing an operator reads."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.app import read_settings
from bot.domain.catalog import Model
from bot.domain.readiness import Trouble
from bot.platforms import PLATFORM_SETTINGS
from bot.serving.process import Listeners
from bot.serving.start_page import render_start_page

MODELS = [Model(name=name, provider="p", model=name) for name in ("grok", "gpt", "claude")]


def page(troubles: Sequence[Trouble] = (), /, **environ: str) -> str:
    settings = read_settings(environ, folder=Path("/nonexistent"))
    listeners = Listeners(host=settings.host, port=4000, admin_host=settings.admin_host, admin_port=4001)
    return render_start_page(
        settings,
        listeners,
        MODELS,
        platforms=PLATFORM_SETTINGS,
        unset=["OPENAI_API_KEY", "XAI_API_KEY"],
        seconds=0.83,
        page_token="the-token",
        troubles=troubles,
    )


def line(text: str, start: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip().startswith(start)), "")


def test_with_nothing_set_it_says_where_to_click_and_what_switches_the_rest_on() -> None:
    text = page()

    assert "Open http://127.0.0.1:4000/?token=the-token and ask something." in text
    assert line(text, "● Models") == "● Models  grok, gpt, claude; /model switches"
    assert "OPENAI_API_KEY" in line(text, "○ Models")
    assert "SLACK_BOT_TOKEN and SLACK_APP_TOKEN" in line(text, "○ Slack")
    assert "TEAMS_PLAYGROUND=1" in line(text, "○ Teams")
    assert ".switchboard/" in line(text, "● Memory")
    assert "http://127.0.0.1:4001/metrics" in line(text, "● Admin")


def test_what_is_on_stands_above_what_is_off() -> None:
    marks = [
        line.strip()[0]
        for line in page(SLACK_BOT_TOKEN="xoxb-1", SLACK_APP_TOKEN="xapp-1").splitlines()
        if line.strip()
    ]

    assert "".join(mark for mark in marks if mark in "●○").rstrip("○") == "●●●●●"


def test_a_public_listener_has_no_page_and_says_why() -> None:
    text = page(HOST="0.0.0.0")

    assert "Open" not in text
    assert "the-token" not in text
    assert "HOST=127.0.0.1" in line(text, "○ Page")


def test_it_says_that_the_page_is_off_because_a_platform_comes_in_over_http() -> None:
    slack = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s"}
    text = page(**slack)

    assert "the-token" not in text
    assert "SWITCHBOARD_PAGE=on: Slack comes in over HTTP" in line(text, "○ Page")
    assert "?token=the-token" in page(**slack, SWITCHBOARD_PAGE="on")
    assert "SWITCHBOARD_PAGE=off" in line(page(SWITCHBOARD_PAGE="off"), "○ Page")


def test_it_warns_of_open_doors() -> None:
    text = page(ADMIN_HOST="0.0.0.0", REDIS_URL="redis://redis.example.com:6379/0")

    assert "! ADMIN_HOST=0.0.0.0" in text
    assert "! REDIS_URL has no password and no TLS" in text


@pytest.mark.parametrize(
    ("address", "lacking"),
    [
        ("redis://localhost:6379/0", ""),
        ("redis://[::1]:6379", ""),
        ("unix:///run/redis.sock", ""),
        ("rediss://user:word@redis.example.com", ""),
        ("rediss+cluster://user:word@a.example.com:1,b.example.com:1", ""),
        ("redis://user:word@redis.example.com", "no TLS"),
        ("rediss://redis.example.com", "no password"),
        ("redis+cluster://127.0.0.1:1,redis.example.com:1", "no password and no TLS"),
        ("redis+sentinel://user:word@a.example.com:1/service", "no TLS"),
    ],
)
def test_it_warns_of_a_redis_that_others_can_read(address: str, lacking: str) -> None:
    text = page(REDIS_URL=address)

    assert (f"! REDIS_URL has {lacking}:" in text) if lacking else "! REDIS_URL" not in text


def test_it_says_that_redis_is_away() -> None:
    said = page([Trouble(what="Redis is away", remedy="Start it")], REDIS_URL="redis://localhost")

    assert "! Redis is away. Start it." in said
    assert "Nothing is taken in until that is mended." in said


def test_a_warning_is_shown_and_stops_nothing() -> None:
    said = page([Trouble(what="Redis forgets", remedy="Set it", stops=False)])

    assert "! Redis forgets. Set it." in said
    assert "Nothing is taken in" not in said


def test_it_warns_of_tokens_that_travel_in_the_clear() -> None:
    token = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}

    assert "! SLACK_API_URL=http://slack.example" in page(**token, SLACK_API_URL="http://slack.example/api")
    assert "in the clear" not in page(**token, SLACK_API_URL="http://127.0.0.1:8080/api/")


def test_it_warns_of_tokens_that_are_kept_as_they_are() -> None:
    several = {"SLACK_CLIENT_ID": "1.2", "SLACK_CLIENT_SECRET": "cs", "SLACK_SIGNING_SECRET": "ss"}

    assert "! The tokens of workspaces" in page(**several)
    assert "! The tokens of" not in page(**several, SWITCHBOARD_ENCRYPTION_KEY="k" * 32)


@pytest.mark.parametrize(
    ("installs", "says"),
    [
        ("", "! Nobody can install in Slack: write installs = ["),
        ("installs = []", "! Nobody can install in Slack: write installs = ["),
        ('installs = ["*"]', "! Every Slack workspace there is can install"),
        ('installs = ["T0123"]', ""),
    ],
)
def test_it_says_who_can_install(tmp_path: Path, installs: str, says: str) -> None:
    (tmp_path / "switchboard.toml").write_text(f"[policy]\n{installs}\n")
    config = {"SWITCHBOARD_CONFIG": str(tmp_path / "switchboard.toml")}
    several = {"SLACK_CLIENT_ID": "1.2", "SLACK_CLIENT_SECRET": "cs", "SLACK_SIGNING_SECRET": "ss"}
    text = page(**several, **config)

    assert says in text
    assert ("install in Slack" in text or "can install" in text) is bool(says)
    assert ("installed before goes on" in text) is (not installs)
    assert "can install" not in page(**config)


def test_no_secret_is_on_it() -> None:
    text = page(
        XAI_API_KEY="canary-1",
        REDIS_URL="rediss://u:canary-2@h",
        SLACK_BOT_TOKEN="canary-3",
        SLACK_APP_TOKEN="canary-4",
    )

    assert "canary" not in text


def test_it_says_that_a_loopback_listener_needs_a_proxy_for_what_is_delivered() -> None:
    http = page(SLACK_BOT_TOKEN="xoxb-1", SLACK_SIGNING_SECRET="s")

    assert "listens at http://127.0.0.1:4000/slack/events" in line(http, "● Slack")
    assert "! HOST=127.0.0.1: only a proxy or a tunnel" in http
    assert "! HOST" not in page(SLACK_BOT_TOKEN="xoxb-1", SLACK_APP_TOKEN="xapp-1")
