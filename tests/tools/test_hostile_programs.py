"""Programs that mean ill or are broken: what people are told, what is left of them, and what they get to know."""

import asyncio
import json
import logging
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from bot.domain.tools import CallEnd
from tests.tools import bench
from tests.tools.bench import ask, built, desk, program, until

HOSTILE = Path(__file__).with_name("hostile_server.py")


def hostile(mode: str, *rest: str, **entry: Any) -> dict[str, Any]:
    return {"command": [sys.executable, str(HOSTILE), mode, *rest], **entry}


def alive(pid: int) -> bool:
    """Zombies that nobody has collected yet are dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_a_program_that_is_not_there() -> None:
    async with desk(command=["no-such-program", "--key"]) as server:
        assert server.trouble == (
            "desk cannot be started: there is no program no-such-program. "
            "Install it, or write its whole path as command in [tools.desk]."
        )
        assert (await ask(server, "work")).end is CallEnd.FAILED


async def test_a_program_that_ends_at_once() -> None:
    async with desk(**program("import sys; sys.exit(3)")) as server:
        assert server.trouble.startswith("desk has ended by itself: run ")
        assert await server.tools() == ()

        found = await ask(server, "work")
        assert found.end is CallEnd.FAILED
        assert "The call was not run." in found.text


@pytest.mark.parametrize("mode", ["silent", "only-junk"])
async def test_a_program_that_never_answers(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.answers.tools.mcp_servers.CONNECT", 2.0)
    entry = hostile(mode) if mode != "silent" else program("import time; time.sleep(600)")
    async with desk(**entry) as server:
        assert server.trouble.startswith(
            ("desk did not say what it offers within 2 seconds", "desk has ended")
        )


async def test_prints_between_the_messages_do_no_harm() -> None:
    async with desk(**hostile("junk")) as server:
        assert (await ask(server, "work")).text == "worked"


async def test_starting_never_waits() -> None:
    began = time.monotonic()
    server = built(moment=0.2, **program("import time; time.sleep(600)"))
    async with server.running():
        assert time.monotonic() - began < 2
        assert await server.tools() == ()
        assert server.trouble == "desk is still starting: try again in a moment."


async def test_a_program_that_dies_in_a_call_may_have_run_it_and_comes_back() -> None:
    async with desk(**hostile("dies")) as server:
        found = await ask(server, "work")
        assert found.end is CallEnd.UNKNOWN
        assert found.text == "desk broke off before it answered. The call was sent, so it may have run."

        async def asked_again() -> bool:
            return (await ask(server, "work")).end is CallEnd.UNKNOWN

        await until(asked_again)


async def test_leaving_ends_also_at_the_moment_when_the_program_dies() -> None:
    async with asyncio.timeout(bench.PATIENCE):
        async with desk(**hostile("dies")) as server:
            await ask(server, "work")


async def test_an_answer_that_never_comes_may_have_run() -> None:
    async with desk(**hostile("deaf", seconds=1)) as server:
        found = await ask(server, "work")

    assert found.end is CallEnd.UNKNOWN
    assert found.text == "desk gave no answer within 1 seconds. The call was sent, so it may have run."


async def test_endless_progress_ends_with_the_time_of_the_call() -> None:
    lines: list[str] = []
    async with desk(**hostile("chatty", seconds=3)) as server:
        found = await server.call("work", {}, key="k", progress=lines.append)

    assert found.end is CallEnd.UNKNOWN
    assert 1 <= len(lines) <= 5


async def test_an_endless_line_ends_with_the_time_of_the_call() -> None:
    async with desk(**hostile("endless", seconds=3)) as server:
        assert (await ask(server, "work")).end is CallEnd.UNKNOWN


async def test_a_result_of_very_many_parts_is_cut() -> None:
    async with desk(**hostile("parts")) as server:
        found = await ask(server, "work")

    assert "49000 more parts were left out" in found.text


async def test_an_answer_that_is_none() -> None:
    async with desk(**hostile("nonsense")) as server:
        found = await ask(server, "work")

    assert found.end is CallEnd.UNKNOWN
    assert "no result" in found.text


async def test_nobody_is_asked_for_a_password() -> None:
    async with desk(**hostile("asks")) as server:
        reply = json.loads((await ask(server, "work")).text)

    assert "error" in reply


@pytest.mark.parametrize(("mode", "count"), [("many", 200), ("pages", 20)])
async def test_a_listing_without_end_is_cut(mode: str, count: int) -> None:
    async with desk(**hostile(mode)) as server:
        assert len(await server.tools()) == count


async def test_what_cannot_be_borne_is_not_offered() -> None:
    async with desk(**hostile("odd")) as server:
        tools = await server.tools()

    assert [tool.name for tool in tools] == ["work", "Straße / 2"]
    assert len(tools[0].description) <= 4_000
    assert not set("\x1b\u202e") & set(tools[0].description)


async def test_a_listing_that_changes_all_the_time_is_not_read_all_the_time(tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with desk(**hostile("flapping", str(log))) as server:
        began = time.monotonic()
        await until(lambda: log.read_text().count("listed") >= 3)
        assert time.monotonic() - began > 3.5
        assert len(await server.tools()) == 1


async def test_it_gets_no_key_but_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-1")
    monkeypatch.setenv("DESK_KEY", "sk-secret-2")
    keys = {"DESK_KEY": "sk-secret-2", "OTHER_KEY": "sk-secret-3"}
    async with desk(keys, **bench.honest(env={"KEY": "DESK_KEY"})) as server:
        told = json.loads((await ask(server, "environment")).text)

    assert told.pop("KEY") == "sk-secret-2"
    assert "sk-secret" not in json.dumps(told)
    assert set(told) <= {"HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER", "LC_CTYPE"}


async def test_a_key_that_is_not_set_is_named() -> None:
    server = built({}, **bench.honest(env={"KEY": "DESK_KEY"}))

    assert server.trouble == "desk needs DESK_KEY, which is not set."


async def test_what_it_complains_about_is_bounded_and_without_keys(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "bot.answers.tools")
    async with desk({"DESK_KEY": "sk-secret"}, **hostile("loud", env={"KEY": "DESK_KEY"})) as server:
        assert (await ask(server, "work")).text == "worked"

    assert "my key is ***" in caplog.text
    assert "sk-secret" not in caplog.text
    assert 1 < caplog.text.count("noise") <= 200


async def test_a_stubborn_program_and_what_it_started_end_with_it(tmp_path: Path) -> None:
    note = tmp_path / "pids"
    async with desk(**hostile("stubborn", str(note))):
        pids = [int(word) for word in note.read_text().split()]
        assert all(map(alive, pids))

    await until(lambda: not any(map(alive, pids)))


OWNER = """
import asyncio, sys
from tests.tools.bench import desk
from tests.tools.test_hostile_programs import hostile

async def main():
    async with desk(**hostile("stubborn", sys.argv[1])):
        print("up", flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a program with the one that started it")
async def test_a_program_ends_when_we_are_killed(tmp_path: Path) -> None:
    note = tmp_path / "pids"
    root = str(Path(__file__).parents[2])
    owner = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", OWNER, str(note)),
        env={**os.environ, "PYTHONPATH": root},
        cwd=root,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert owner.stdout
        assert await asyncio.wait_for(owner.stdout.readline(), bench.PATIENCE) == b"up\n"
        program_id, started = [int(word) for word in note.read_text().split()]
        owner.kill()
        await owner.wait()

        await until(lambda: not alive(program_id))
    finally:
        os.kill(started, signal.SIGKILL)  # what it started itself is out of reach when we are killed
