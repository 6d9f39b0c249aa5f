"""The tool that computes: what it gives, and what it cannot be made to do."""

import pytest

from bot.answers.tools.servers import tool_servers
from bot.domain.tools import CallEnd, ToolResult
from bot.settings.tool_entries import ToolEntry

pytest.importorskip("pydantic_monty", reason="pydantic-monty is not installed")


async def run(code: str) -> ToolResult:
    server = tool_servers({"python": ToolEntry(builtin=True)}, {})[0]
    async with server.running():
        assert [tool.full_name for tool in await server.tools()] == ["python.run"]
        return await server.call("run", {"code": code}, key="k", progress=lambda _: None)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("print('hello')\nsum(range(10))", "hello\n45"),
        ("x = 1", "It ran and printed nothing."),
        ("'a\\x1b[31mb'", r"'a\x1b[31mb'"),
    ],
)
async def test_it_gives_what_was_printed_and_the_last_value(code: str, text: str) -> None:
    assert await run(code) == ToolResult(text=text)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("def f(:", "SyntaxError"),
        ("while True: pass", "TimeoutError"),
        ("'a' * 10**10", "MemoryError"),
        ("def f(): f()\nf()", "RecursionError"),
        ("open('/etc/passwd').read()", "PermissionError"),
        ("import socket", "ModuleNotFoundError"),
        ("import time\ntime.sleep(60)", "TimeoutError"),
        ("x = []\nfor i in range(30): x = [x, x]\nx", "too long or too much memory"),
        ("", "`code` must be a program"),
    ],
)
async def test_what_it_cannot_do_is_an_error_and_ends_soon(code: str, said: str) -> None:
    found = await run(code)

    assert found.end is CallEnd.FAILED
    assert said in found.text


async def test_output_without_end_is_cut() -> None:
    found = await run("while True: print('x' * 1000)")

    assert "cut here" in found.text
    assert len(found.text) < 21_000
