"""The README's promises, tried: its commands, its words, its settings."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import tomllib
from asyncio.subprocess import PIPE
from pathlib import Path

import aiohttp
import pytest

from bot.__main__ import parser
from bot.app import known_settings
from bot.settings.config_file import read_config as read_file
from tests.ops.product import ROOT, environment
from tests.ops.test_running import answered, send

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
    (example,) = [text for language, text in BLOCKS if language == "toml"]

    assert tomllib.loads(example)
    assert read_file(example).agents[0].name == "counsel"


@pytest.mark.skipif("CI" not in os.environ, reason="installs everything anew: only in CI")
async def test_the_line_that_runs_it_works_in_a_fresh_copy(tmp_path: Path) -> None:
    copy = tmp_path / "switchboard"
    git = shutil.which("git") or "git"
    files = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, files.split("\0")):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, copy / name)
    outside = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    own = {name: value for name, value in environment(copy, outside).items() if name != "PYTHONPATH"}
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", line("switchboard"), cwd=copy, env=own, stdout=PIPE, start_new_session=True
    )  # fmt: skip
    try:
        async with asyncio.timeout(INSTALLATION):
            address = await _opened(process)
        async with aiohttp.ClientSession(address) as client:
            await send(client, "first-chat", "Are you there?")

            assert "Are you there?" in (await answered(client, "first-chat"))["text"]
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        await process.wait()


async def _opened(process: asyncio.subprocess.Process) -> str:
    said = ""
    while process.stdout and (words := await process.stdout.readline()):
        said += words.decode()
        if found := re.search(r"Open (http://[^/]+)/", said):
            return found[1]
    raise AssertionError(said)
