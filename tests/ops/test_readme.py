"""The README's promises, tried: its commands, its words, its settings."""

import re

from bot.__main__ import parser
from bot.app import known_settings
from bot.settings.config_file import read_config as read_file
from tests.ops.product import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, re.DOTALL)
INSTALL = "python3 -m venv .venv && .venv/bin/pip install -qr requirements.txt && "
INSTALLATION = 600.0  # seconds


def line(end: str) -> str:
    """The one command that starts with nothing and ends like that."""
    (found,) = [line for line in README.splitlines() if line.startswith("python3 ") and line.endswith(end)]
    return found


def test_one_line_runs_it_and_one_line_tests_it() -> None:
    assert line("switchboard").startswith(INSTALL)
    assert line("-m pytest") == f"{INSTALL}.venv/bin/python -m pytest"


def test_every_command_it_names_exists() -> None:
    named = set(re.findall(r"`switchboard (\w+)", README))
    known = parser().format_help()

    assert named
    assert [name for name in named if not re.search(rf"^ +{name} ", known, re.MULTILINE)] == []


def test_every_setting_it_names_exists() -> None:
    starts = "HOST|PORT|ADMIN_|REDIS_|SWITCHBOARD_|SLACK_|TEAMS_|FOUNDRY_|OLLAMA_"
    named = set(re.findall(rf"`((?:{starts})[A-Z_]*)", README)) | set(re.findall(r"`(\w+_API_KEY)", README))

    assert named
    assert [
        name for name in sorted(named) if name not in known_settings().variables() and not name.endswith("_")
    ] == []


def test_its_configuration_file_is_accepted() -> None:
    whole, *more = [read_file(text) for language, text in BLOCKS if language == "toml"]

    assert whole.agents[0].name == "counsel"
    assert all((one.providers and one.models) or one.tools for one in more)
