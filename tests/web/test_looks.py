"""The page by keyboard alone, at any width, in light and dark."""

import pytest
from playwright.async_api import Browser, expect

from bot.domain.replies import Reply, Table
from bot.domain.stream_parts import Closing, Reason
from tests.web.browsing import CHROMIUM, tab
from tests.web.scripted import Play, answer
from tests.web.served import Desk

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed"),
]


async def test_conversations_are_made_renamed_and_deleted_by_keyboard_alone(
    browser: Browser, page: Desk
) -> None:
    async with tab(browser, page.address) as one:
        keys = one.page.keyboard
        await one.page.wait_for_selector("#empty:not([hidden])")
        await one.page.wait_for_selector("#write:focus")
        await keys.type("First line")
        await keys.press("Shift+Enter")
        await keys.type("second line")
        await keys.press("Enter")
        await one.has("You said: First line")
        await keys.press("Control+Shift+O")
        await one.page.wait_for_selector("#empty:not([hidden])")
        await keys.type("Another")
        await keys.press("Enter")
        await one.has("You said: Another")
        await keys.press("Alt+ArrowDown")
        await one.has("You said: First line")
        await one.page.focus(".open[aria-current]")
        await keys.press("F2")
        await keys.press("Control+a")
        await keys.type("Renamed")
        await keys.press("Enter")
        await one.has("Renamed", within="#chats")
        await keys.press("ArrowUp")
        await keys.press("Delete")
        await one.page.wait_for_selector("#confirm[open]")
        await keys.press("Tab")
        await keys.press("Enter")
        await one.page.wait_for_function("() => document.querySelectorAll('#chats li').length === 1")

        assert await one.texts("#chats .open") == ["Renamed"]
        assert [thread.thread for thread in page.memory.forgotten] != []
        await one.page.focus(".open")
        await keys.press("?")
        assert await one.page.is_visible("#shortcuts")


async def test_commands_are_offered_after_a_slash(browser: Browser, page: Desk) -> None:
    async with tab(browser, page.address) as one:
        await one.page.wait_for_selector("#empty:not([hidden])")
        await one.page.focus("#write")
        await one.page.keyboard.type("/re")
        await one.page.wait_for_selector("#commands [aria-selected=true]")
        await one.page.keyboard.press("Tab")
        assert await one.page.input_value("#write") == "/reset"
        await one.page.keyboard.press("Enter")
        await one.has("You said: /reset")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
async def test_it_fits_and_is_readable(
    browser: Browser, page: Desk, play: Play, scheme: str, width: int
) -> None:
    play.line = answer(
        "# Title\n\nA [link](https://example.com) and `code_without_any_blanks_" + "x" * 80 + "`\n\n"
        "```python\nprint('"
        + "long " * 60
        + "')\n```\n\n|a|b|c|d|\n|-|-|-|-|\n"
        + "|word word word|" * 4
        + "\n",
        closing=Closing(reason=Reason.FAILED, footer="demo", notice="It failed."),
    )
    wishes = {"viewport": {"width": width, "height": 740}, "color_scheme": scheme}
    async with tab(browser, page.address, **wishes) as one:
        await one.ask("Unbrokenwords" * 30)

        assert await one.page.evaluate("document.documentElement.scrollWidth") <= width
        assert await one.page.evaluate("document.querySelector('#scroll').scrollWidth") <= width
        assert await one.page.evaluate(CONTRAST) == []
        if width == 360:
            await one.page.click("#menu")
            await one.page.keyboard.press("Enter")
            await one.page.wait_for_selector("#empty:not([hidden])")


@pytest.mark.parametrize("height", [400, 800])
async def test_what_comes_whole_and_is_higher_than_the_view_is_read_from_its_beginning(
    browser: Browser, page: Desk, play: Play, height: int
) -> None:
    play.line = Reply(title="Beginning", text="A line.\n\n" * 8 + "The end.")
    async with tab(browser, page.address, viewport={"width": 900, "height": height}) as one:
        await one.ask("Show")
        await one.has("The end.")
        title, end = one.page.locator(".reply h3"), one.page.locator(".reply p:last-child")

        await expect(title).to_be_in_viewport()
        if height == 400:
            await expect(end).not_to_be_in_viewport()
            await one.page.click("#latest")
        await expect(end).to_be_in_viewport()


async def test_a_table_of_many_columns_has_room(browser: Browser, page: Desk, play: Play) -> None:
    header = (
        "model",
        "kept",
        "preferred",
        "liked",
        "answers",
        "first word",
        "cost",
        "asked again",
        "stopped",
    )
    row = (
        "claude-opus",
        "11\u00a0of\u00a019",
        "none",
        "none",
        "42",
        "0.4\u00a0s\u00a0/\u00a01.2\u00a0s",
        "$0.05",
        "1",
        "0",
    )
    play.line = Reply(title="Scoreboard", text="", table=Table(header=header, rows=(row,)))
    async with tab(browser, page.address, viewport={"width": 1280, "height": 800}) as one:
        await one.ask("Show")
        await one.has("stopped")

        grid = one.page.locator(".grid")
        assert await grid.evaluate("(node) => node.scrollWidth <= node.clientWidth")
        assert await one.page.evaluate("document.querySelector('td').offsetHeight") < 45  # one line
        assert await one.page.evaluate("document.querySelector('#scroll').scrollWidth") <= 1280


async def test_what_begins_a_conversation_stands_on_one_line(browser: Browser, page: Desk) -> None:
    async with tab(browser, page.address) as one:
        button = one.page.locator("#new")
        assert await button.evaluate("(node) => node.offsetHeight") < 50
        assert await button.evaluate("(node) => node.scrollWidth <= node.clientWidth")


CONTRAST = """() => {
  const channel = (value) => (value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const found = parse(getComputedStyle(node).backgroundColor);
      if (found.length === 3 || found[3] > 0.5) return found;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const node of document.querySelectorAll("body *")) {
    const text = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
    if (!text || !node.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue;
    const [a, b] = [light(parse(getComputedStyle(node).color)), light(ground(node))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) poor.push(`${node.tagName}.${node.className} ${node.textContent.slice(0, 20)} ${ratio.toFixed(2)}`);
  }
  return poor;
}"""
