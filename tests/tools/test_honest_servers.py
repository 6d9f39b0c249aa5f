"""Servers that mean well, over both transports: what they offer, what calls give."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from bot.answers.tools.server import ToolServer
from bot.domain.tools import CallEnd, ToolFile
from tests.tools.bench import ask, desk, honest, serving, until


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving() as url:
        yield url


@pytest.fixture(params=["stdio", "http"])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[ToolServer]:
    entry = (
        honest() if request.param == "stdio" else {"url": request.getfixturevalue("address"), "private": True}
    )
    async with desk(**entry) as running:
        yield running


async def test_it_says_what_it_offers(server: ToolServer) -> None:
    add = next(tool for tool in await server.tools() if tool.name == "add")

    assert server.trouble == ""
    assert (add.full_name, add.description, add.read_only) == ("desk.add", "Adds two numbers.", True)
    assert add.parameters["properties"]["a"]["type"] == "integer"


async def test_a_call_gives_its_text_once(server: ToolServer) -> None:
    assert (await ask(server, "add", a=2, b=3)).text == "5"
    assert json.loads((await ask(server, "people")).text) == {"people": ["Ada", "Bo"], "count": 2}
    assert (await ask(server, "names")).text.split() == ["Ada", "Bo"]


async def test_files_come_as_files_and_links_only_by_name(server: ToolServer) -> None:
    found = await ask(server, "shapes")

    assert "red word" in found.text.replace("[31m", "")
    assert "\x1b" not in found.text
    assert "\u202e" not in found.text
    assert "[a link to: the plan]" in found.text
    assert "169.254" not in found.text
    assert [(file.name, file.media_type) for file in found.files] == [
        ("image-1.png", "image/png"),
        ("audio-2.wav", "audio/wav"),
        ("report.pdf", "application/pdf"),
    ]
    assert found.files[2] == ToolFile(name="report.pdf", media_type="application/pdf", data=b"%PDF")


@pytest.mark.parametrize(
    ("name", "args", "said"),
    [
        ("fail", {}, "no such ticket"),
        ("add", {"a": "x", "b": 1}, "a"),
        ("nothing", {}, "nothing"),
    ],
)
async def test_what_failed_says_why(
    server: ToolServer, name: str, args: dict[str, object], said: str
) -> None:
    found = await ask(server, name, **args)

    assert found.end is CallEnd.FAILED
    assert said in found.text
    assert (await ask(server, "add", a=1, b=1)).text == "2"


async def test_calls_run_at_once(server: ToolServer, tmp_path: Path) -> None:
    async with asyncio.TaskGroup() as group:
        calls = [group.create_task(ask(server, "meet", folder=str(tmp_path), count=4)) for _ in range(4)]

    assert {call.result().text for call in calls} == {"all there"}


async def test_a_call_that_is_cancelled_ends_at_the_server(server: ToolServer, tmp_path: Path) -> None:
    said = tmp_path / "said"
    call = asyncio.get_running_loop().create_task(ask(server, "linger", path=str(said)))
    await until(lambda: said.exists() and said.read_text() == "began")
    call.cancel()

    await until(lambda: said.read_text() == "cancelled")
    assert call.cancelled()
    assert (await ask(server, "add", a=1, b=1)).text == "2"


async def test_progress_is_told_in_few_clean_lines(server: ToolServer) -> None:
    lines: list[str] = []
    found = await server.call("tell", {"count": 500}, key="k", progress=lines.append)

    assert found.text == "told"
    assert lines[0] == "step 0 of many"
    assert len(lines) < 50


async def test_the_key_of_a_call_gets_to_the_server(server: ToolServer) -> None:
    found = await server.call("told_key", {}, key="turn-7/2", progress=lambda _: None)

    assert json.loads(found.text) == {"key": "turn-7/2"}


async def test_a_large_result_is_cut_with_a_note(server: ToolServer) -> None:
    found = await ask(server, "huge", signs=1_000_000)

    assert found.end is CallEnd.DONE
    assert len(found.text) < 110_000
    assert "cut here" in found.text


async def test_a_result_beyond_reading_says_so_and_the_next_call_works(server: ToolServer) -> None:
    found = await ask(server, "huge", signs=12_000_000)

    assert found.end is CallEnd.UNKNOWN
    assert "too large" in found.text
    assert (await ask(server, "add", a=1, b=1)).text == "2"


async def test_a_changed_listing_is_read_again() -> None:
    async with desk(**honest()) as server:
        await ask(server, "grow")

        async def grown() -> bool:
            return any(tool.name == "grown" for tool in await server.tools())

        await until(grown)


@pytest.mark.skipif(find_spec("mcp_server_time") is None, reason="mcp-server-time is not installed")
async def test_a_server_from_other_hands() -> None:
    async with desk(command=[sys.executable, "-m", "mcp_server_time"]) as server:
        names = {tool.name for tool in await server.tools()}
        told = json.loads((await ask(server, "get_current_time", timezone="Europe/Berlin")).text)

    assert names == {"get_current_time", "convert_time"}
    assert told["timezone"] == "Europe/Berlin"
