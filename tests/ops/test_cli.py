"""The command line as it is typed: what it prints, and how it exits."""

import shutil
import zipfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.ops.product import ROOT, command, command_anew, running
from tests.providers.fake import KEY, fake_vendor
from tests.storage.servers import server

KEYS = ("Zt3vQk8r0WmX5yLd7cHn2bFs9gJpA4eU", "hV6uR1oTq9KzB3xMw8YfC5aNs2iLj7Ed")
with_teams = pytest.mark.skipif(find_spec("adapters.teams") is None, reason="adapters/teams is not there")


async def test_help_names_every_command(tmp_path: Path) -> None:
    said = await command(tmp_path, "--help")

    assert said.code == 0
    assert all(f"  {name} " in said.out for name in ("run", "chat", "check", "models", "dead", "manifest"))
    assert "http://127.0.0.1:3978/" in said.out


async def test_an_unknown_command_is_met_with_the_known_ones(tmp_path: Path) -> None:
    said = await command(tmp_path, "start")

    assert said.code == 2
    assert "run" in said.err


async def test_a_wrong_setting_stops_it_before_anything_starts(tmp_path: Path) -> None:
    said = await command(tmp_path, PORT="abc", SLACK_BOT_TOKEN="xoxb-hunter2")

    assert said.code == 2
    assert said.out == ""
    assert "PORT is 'abc'" in said.err
    assert "SLACK_SIGNING_SECRET" in said.err
    assert "Traceback" not in said.err + said.out
    assert "hunter2" not in said.err
    assert not (tmp_path / "data").exists()


async def test_the_playground_is_refused_where_others_can_reach_it(tmp_path: Path) -> None:
    said = await command(tmp_path, TEAMS_PLAYGROUND="1", HOST="0.0.0.0")

    assert said.code == 2
    assert "TEAMS_PLAYGROUND" in said.err


async def test_a_model_that_refers_to_nothing_stops_it(tmp_path: Path) -> None:
    (tmp_path / "switchboard.toml").write_text('[[models]]\nname = "x"\nprovider = "opnai"\nmodel = "y"\n')
    said = await command(tmp_path)

    assert said.code == 2
    assert 'provider "opnai" is not known. Did you mean "openai"?' in said.err


async def test_check_is_content_with_nothing_set(tmp_path: Path) -> None:
    said = await command(tmp_path, "check")

    assert said.code == 0, said.err
    assert "● redis" in said.out
    assert "○ openai" in said.out
    assert "set OPENAI_API_KEY" in said.out


async def test_check_says_which_vendor_cannot_be_reached(tmp_path: Path) -> None:
    said = await command(
        tmp_path, "check", OPENAI_API_KEY="sk-hunter2-0123456789", OPENAI_BASE_URL="http://127.0.0.1:9/v1"
    )

    assert said.code == 1
    assert "✗ openai" in said.out
    assert "http://127.0.0.1:9/v1 cannot be reached" in said.out
    assert "hunter2" not in said.out + said.err


async def test_check_says_which_model_a_vendor_does_not_list(tmp_path: Path) -> None:
    (tmp_path / "switchboard.toml").write_text('[[models]]\nname = "x"\nprovider = "openai"\nmodel = "m-2"\n')
    async with fake_vendor() as vendor:
        said = await command(tmp_path, "check", OPENAI_API_KEY=KEY, OPENAI_BASE_URL=f"{vendor.url}/v1")

    assert said.code == 0
    assert '? x           openai does not list "m-2". Did you mean "m-1"?' in said.out
    assert "All is well" not in said.out
    assert "question mark" in said.out


async def test_check_says_that_nobody_can_install_and_what_to_type(tmp_path: Path) -> None:
    several = {"SLACK_CLIENT_ID": "1.2", "SLACK_CLIENT_SECRET": "cs", "SLACK_SIGNING_SECRET": "ss"}
    closed = await command(tmp_path, "check", **several)
    (tmp_path / "switchboard.toml").write_text('[policy]\ninstalls = ["T0123"]\n')
    named = await command(tmp_path, "check", **several)

    assert (
        '? slack       Nobody can install in Slack: write installs = ["T0123"] under [policy]' in closed.out
    )
    assert "question mark" in closed.out
    assert (closed.code, named.code) == (0, 0)
    assert "install" not in named.out


async def test_check_says_that_redis_does_not_answer(tmp_path: Path) -> None:
    said = await command(tmp_path, "check", REDIS_URL="redis://:hunter2@127.0.0.1:9/0")

    assert said.code == 1
    assert "✗ redis" in said.out
    assert "hunter2" not in said.out + said.err


async def test_check_says_what_a_redis_would_lose(tmp_path: Path) -> None:
    with server() as forgetful:
        url = f"redis://127.0.0.1:{forgetful.port}"
        warned = await command(tmp_path, "check", REDIS_URL=url)
        accepted = await command(tmp_path, "check", REDIS_URL=url, SWITCHBOARD_ACCEPT_NO_PERSISTENCE="1")
        forgetful.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        refused = await command(tmp_path, "check", REDIS_URL=url)

    assert (warned.code, accepted.code, refused.code) == (0, 0, 1)
    assert "? redis" in warned.out
    assert "SWITCHBOARD_ACCEPT_NO_PERSISTENCE=1" in warned.out
    assert "● redis" in accepted.out
    assert "✗ redis" in refused.out
    assert "CONFIG SET maxmemory-policy noeviction" in refused.out


async def test_check_says_what_is_wrong_with_a_password(tmp_path: Path) -> None:
    with server("--requirepass", "right") as locked:
        said = await command(tmp_path, "check", REDIS_URL=f"redis://:hunter2@127.0.0.1:{locked.port}")

    assert said.code == 1
    assert "refuses the user or the password in REDIS_URL" in said.out
    assert "hunter2" not in said.out + said.err


async def test_a_question_through_a_pipe_gets_its_answer(tmp_path: Path) -> None:
    said = await command(tmp_path, "chat", stdin="hello \udcff there\n")

    assert (said.code, said.err) == (0, "")
    assert "You asked: “hello \ufffd there”" in said.out


async def test_a_question_that_is_too_long_is_refused_in_words(tmp_path: Path) -> None:
    said = await command(tmp_path, "chat", stdin="x" * 100_001)

    assert (said.code, said.err) == (1, "")
    assert "longer than the 100,000 characters" in said.out


async def test_models_lists_what_can_be_picked(tmp_path: Path) -> None:
    said = await command(tmp_path, "models")

    assert said.code == 0, said.err
    assert "demo:demo" in said.out


@with_teams
async def test_manifest_writes_the_package_for_teams(tmp_path: Path) -> None:
    app_id = "07338883-af76-47b3-86e4-2603c50be638"
    said = await command(tmp_path, "manifest", "teams", "--app-id", app_id, "--host", "bot.example.com")

    assert said.code == 0, said.err
    with zipfile.ZipFile(tmp_path / "switchboard-teams.zip") as package:
        assert app_id in package.read("manifest.json").decode()


@with_teams
async def test_manifest_refuses_an_id_that_is_none(tmp_path: Path) -> None:
    said = await command(tmp_path, "manifest", "teams", "--app-id", "mine", "--host", "bot.example.com")

    assert said.code == 2
    assert "--app-id 'mine' is no Microsoft App ID" in said.err


async def test_a_manifest_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    said = await command(tmp_path, "manifest", "slack", "--out", "nowhere/slack.yaml")

    assert said.code == 2
    assert "--out nowhere/slack.yaml cannot be written (No such file or directory)" in said.err


async def test_without_an_adapters_folder_the_rest_works_and_asking_for_it_is_told(tmp_path: Path) -> None:
    ours = tmp_path / "checkout"
    for package in ("bot", "adapters", "providers"):
        shutil.copytree(ROOT / package, ours / package, ignore=shutil.ignore_patterns("teams", "__pycache__"))
    well = await command_anew(tmp_path, "check", PYTHONPATH=str(ours))
    asked = await command_anew(tmp_path, TEAMS_PLAYGROUND="1", PYTHONPATH=str(ours))

    assert well.code == 0, well.err
    assert asked.code == 2
    assert "adapters.teams.setup is wanted, but this copy of Switchboard comes without it" in asked.err


async def test_another_encryption_key_is_refused_before_anything_is_taken_in(tmp_path: Path) -> None:
    await command(tmp_path, "models", SWITCHBOARD_ENCRYPTION_KEY=KEYS[0])
    ended = await command(tmp_path, "run", SWITCHBOARD_ENCRYPTION_KEY=KEYS[1])

    assert ended.code == 2
    assert "SWITCHBOARD_ENCRYPTION_KEY is not the key" in ended.err


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A key, or none, before and after; and what the operator reads."""

    name: str
    before: str
    after: str
    told: tuple[str, ...]


@pytest.mark.parametrize(
    "case",
    [
        Changed(
            name="set later",
            before="",
            after=KEYS[0],
            told=("stored without a key", "another SWITCHBOARD_DATA_DIR", "remove the key"),
        ),
        Changed(name="left out", before=KEYS[0], after="", told=("is not set", "Set it again")),
    ],
    ids=lambda case: case.name.replace(" ", "-"),
)
@pytest.mark.parametrize("typed", ["run", "check", "models"])
async def test_a_key_set_later_or_left_out_stops_it_with_a_way_out(
    tmp_path: Path, case: Changed, typed: str
) -> None:
    def key(value: str) -> dict[str, str]:
        return {"SWITCHBOARD_ENCRYPTION_KEY": value} if value else {}

    assert (await command(tmp_path, "models", **key(case.before))).code == 0
    ended = await command(tmp_path, typed, **key(case.after))

    assert (ended.code, ended.out) == (2, "")
    assert all(words in ended.err for words in case.told), ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("weak", ["a" * 32, f"{KEYS[0]}, {'ab' * 20}", "replace-me-with-a-real-key-please"])
async def test_what_is_no_key_stops_it_before_a_server_is_started(tmp_path: Path, weak: str) -> None:
    ended = await command(tmp_path, SWITCHBOARD_ENCRYPTION_KEY=weak)

    assert (ended.code, ended.out) == (2, "")
    assert "Make one with: openssl rand -base64 32" in ended.err
    assert not (tmp_path / "data").exists()


async def test_a_misspelt_variable_is_told_wherever_somebody_looks(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OPENAI_APIKEY=sk-hunter2\n")
    said = "OPENAI_APIKEY is not read. Did you mean OPENAI_API_KEY?"
    checked = await command(tmp_path, "check")
    asked = await command(tmp_path, "chat", stdin="hello")
    async with running(tmp_path) as product:
        page = product.page

    assert (checked.code, asked.code) == (0, 0)
    assert f"? settings    {said}" in checked.out
    assert said in asked.err
    assert f"! {said}" in page
    assert "hunter2" not in checked.out + asked.err + page
