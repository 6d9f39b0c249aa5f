"""Photographs the page of a running Switchboard, for the README and for whoever changes its looks.

SWITCHBOARD_CONFIG=tests/web/screenshots.toml SWITCHBOARD_DATA_DIR=/tmp/photos python -m bot
python -m tests.web.screenshots THE-PRINTED-ADDRESS adapters/web/screenshots
"""

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser

from tests.web.browsing import Tab, chromium, tab

WIDE = {"width": 1280, "height": 800}
NARROW = {"width": 360, "height": 720}
MODELS = ("demo", "demo-brief", "demo-calm")
CALM = "* { caret-color: transparent !important; animation: none !important; }"


@asynccontextmanager
async def seat(browser: Browser, url: str, **wishes: Any) -> AsyncIterator[Tab]:
    async with tab(browser, url, **{"device_scale_factor": 1.5, "bypass_csp": True, **wishes}) as found:
        await found.page.add_style_tag(content=CALM)
        yield found


async def new(one: Tab) -> None:
    await one.page.keyboard.press("Control+Shift+O")
    await one.page.wait_for_selector("#empty:not([hidden])")


async def scoreboard(one: Tab) -> None:
    """Chooses and votes often enough that something can be said."""
    for kept in (*MODELS, "demo-brief", "demo-brief", "demo-brief", "demo-calm"):
        await new(one)
        await one.ask(f"/compare {' '.join(MODELS)}: A list, please", answered=False)
        await one.page.click(f".reply button:text-is('Keep {kept}')")
        await one.has("Kept ")
    for vote in (*["Good answer"] * 4, "Bad answer"):
        await new(one)
        await one.ask("A list, please")
        await one.page.click(f".answer [aria-label='{vote}']")
        await one.page.wait_for_selector(f".answer [aria-label='{vote}'][aria-pressed=true]")
    await new(one)
    await one.ask("/scoreboard")
    await one.page.wait_for_selector(".chart")


async def photograph(url: str, folder: Path) -> None:
    async with chromium() as browser:
        async with seat(browser, url, viewport=WIDE, color_scheme="light") as one:
            await new(one)
            await one.page.screenshot(path=folder / "start.png")
            await one.ask("A list of what to do before a trip, please")
            await new(one)
            await one.ask("Show me a table of some moons")
            await one.ask("Now some code")
            await one.page.screenshot(path=folder / "answer.png")
            await one.page.keyboard.press("Control+k")
            await one.page.wait_for_selector("#picker:not([hidden])")
            await one.page.screenshot(path=folder / "picker.png")
            await one.page.keyboard.press("Escape")
            await new(one)
            await one.ask(f"/compare {' '.join(MODELS)}: What should I pack? Make a list", answered=False)
            await one.page.wait_for_selector(".cells:has(.under) .growing li:nth-child(2)")
            await one.page.screenshot(path=folder / "compare.png")
            await one.page.wait_for_selector(".growing", state="detached")
            await new(one)
            await one.ask("/council What should I pack? Make a list")
            await one.page.wait_for_selector(".growing", state="detached")
            await one.page.click(".columns > summary")
            await one.page.screenshot(path=folder / "council.png")
            await new(one)
            await one.ask("Tell me a slow story", answered=False)
            await one.has("found the jack")
            await one.page.screenshot(path=folder / "streaming.png")
            await one.page.click("#stop")
            await one.page.wait_for_selector("#stop", state="hidden")
        async with seat(browser, url, viewport=WIDE, color_scheme="dark") as one:
            await one.page.click("text=Show me a table")
            await one.has("adds up")
            await one.page.screenshot(path=folder / "dark.png")
        async with seat(browser, url, viewport=NARROW, device_scale_factor=2, has_touch=True) as one:
            await one.page.click("#menu")
            await one.page.click("text=Show me a table")
            await one.has("adds up")
            await one.page.wait_for_timeout(300)
            await one.page.screenshot(path=folder / "phone.png")
        async with seat(browser, url, viewport=WIDE, color_scheme="light") as one:
            await scoreboard(one)
            await one.page.screenshot(path=folder / "scoreboard.png")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("url")
    parser.add_argument("folder", type=Path)
    said = parser.parse_args()
    said.folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(photograph(said.url, said.folder))


if __name__ == "__main__":
    main()
