"""The page and the terminal on the whole product, with processes that are killed and others that take over."""

import asyncio
import codecs
import os
import pty
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser

from tests.interop.servers import free_port
from tests.ops.product import command, environment, running
from tests.web.browsing import CHROMIUM, tab

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed")
async def test_a_killed_process_is_replaced_under_the_open_page(
    browser: Browser, tmp_path: Path, unused_tcp_port: int
) -> None:
    """The answer begins in one process and ends in another, in the same place, on a page that was never reloaded."""
    port = str(unused_tcp_port)
    async with running(tmp_path, PORT=port) as first, tab(browser, first.address) as one:
        await one.ask("Hello")
        await one.ask("Tell me something slow", answered=False)
        await one.has("switchboard once joined")
        first.signal(signal.SIGKILL)
        await first.ended()
        await one.page.wait_for_selector("#banner:not([hidden])")
        await one.ask("And this?", answered=False)
        await one.has("It is kept here and sent again")
        async with running(tmp_path, PORT=port):
            one.page.set_default_timeout(30_000)
            await one.page.wait_for_selector("#link[data-state=live]")
            await one.has("found the jack")
            await one.page.click("#stop")
            await one.has("You asked: “And this?”")

            assert await one.texts(".said") == ["Hello", "Tell me something slow", "And this?"]
            assert await one.page.locator(".answer").count() == 3
            assert (await one.texts(".answer .prose"))[1].count("switchboard once joined") == 1
            assert one.strayed == []
            assert await one.violations() == []


async def test_the_page_is_not_served_where_others_could_reach_it(tmp_path: Path) -> None:
    async with (
        running(tmp_path, HOST="0.0.0.0") as product,
        aiohttp.ClientSession() as browser,
    ):
        address = product.public.replace("0.0.0.0", "127.0.0.1")
        for path in ("/", "/web/chats", "/web/page.js"):
            async with browser.get(address + path) as got:
                assert got.status == 404


async def test_a_question_through_a_pipe_is_answered(tmp_path: Path) -> None:
    said = await command(tmp_path, "chat", stdin="Show me a table\n")

    assert said.code == 0
    assert "| Titan | Saturn |" in said.out
    assert "\x1b" not in said.out
    assert said.err == ""


async def test_a_command_through_a_pipe_is_carried_out(tmp_path: Path) -> None:
    said = await command(tmp_path, "chat", stdin="/model")

    assert said.code == 0
    assert "demo answers here" in said.out


async def test_a_failed_answer_is_told_and_seen_in_the_exit_code(tmp_path: Path) -> None:
    said = await command(tmp_path, "chat", stdin="an error please")

    assert said.code == 1
    assert "demo is overloaded" in said.out


class Screen:
    """A pseudo-terminal, read as it fills."""

    def __init__(self, device: int) -> None:
        self.seen = ""
        self._device = device
        self._decode = codecs.getincrementaldecoder("utf-8")().decode
        self._more = asyncio.Event()

    def type(self, text: str) -> None:
        os.write(self._device, text.encode())

    async def shows(self, text: str) -> None:
        try:
            async with asyncio.timeout(30):
                while text not in self.seen:
                    self._more.clear()
                    await self._more.wait()
        except TimeoutError:
            raise AssertionError(f"{text!r} is not in {self.seen!r}") from None

    def read(self) -> None:
        with suppress(OSError):  # the other side is closed
            self.seen += self._decode(os.read(self._device, 4096))
        self._more.set()


@asynccontextmanager
async def terminal(folder: Path, **more: str) -> AsyncIterator[tuple[Screen, asyncio.subprocess.Process]]:
    """`switchboard chat` in a terminal of its own."""
    device, inside = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "chat"),
        cwd=folder,
        env={**environment(folder, more), "TERM": "xterm"},
        stdin=inside,
        stdout=inside,
        stderr=inside,
    )
    os.close(inside)
    screen = Screen(device)
    asyncio.get_running_loop().add_reader(device, screen.read)
    try:
        yield screen, process
    finally:
        asyncio.get_running_loop().remove_reader(device)
        os.close(device)
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def test_in_a_terminal_the_link_to_sign_in_leads_somewhere(tmp_path: Path) -> None:
    tools = '[tools.notes]\nurl = "https://notes.example/mcp"\noauth = true\n'
    (tmp_path / "switchboard.toml").write_text(tools, encoding="utf-8")
    async with (
        terminal(tmp_path, PORT=str(free_port())) as (screen, process),
        aiohttp.ClientSession() as browser,
    ):
        await screen.shows("\n> ")
        screen.type("/tools sign-in notes\r")
        await screen.shows("ends that")
        link = re.search(r"http://127[^\s>)]+", screen.seen)
        assert link
        async with browser.get(link[0]) as got:
            assert "You are about to sign in to notes" in await got.text()
        screen.type("\x04")
        assert await process.wait() == 0


async def test_in_a_terminal_ctrl_c_stops_the_answer_and_ctrl_d_leaves(tmp_path: Path) -> None:
    async with terminal(tmp_path) as (screen, process):
        await screen.shows("\n> ")
        screen.type("Tell me something slow\n")
        await screen.shows("switchboard once joined")
        process.send_signal(signal.SIGINT)
        await screen.shows("Stopped")
        screen.type("Hello again\n")
        await screen.shows("You asked: “Hello again”")
        await screen.shows("think, error.\r\n\x1b[2m\r\ndemo\r\n\x1b[0m\r\n> ")
        screen.type("\x04")

        async with asyncio.timeout(30):
            assert await process.wait() == 0
