"""A real browser on the page, watched: nothing it logs, blocks or asks another address for goes unseen."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, Page, async_playwright

SHELL, WHOLE = Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium")
CHROMIUM = SHELL if SHELL.exists() else WHOLE
"""The shell draws the same with half the work."""
ARGUMENTS = [
    *([] if SHELL.exists() else ["--headless=new"]),
    *("--no-sandbox", "--disable-gpu", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
WATCH = """
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
"""


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    with tempfile.TemporaryDirectory(prefix="sb-chromium-") as home:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=CHROMIUM, args=ARGUMENTS, env={"HOME": home, "PATH": "/usr/bin:/bin"}
            )
            try:
                yield browser
            finally:
                await browser.close()


@dataclass
class Tab:
    """One open page. `complaints` are console errors, uncaught errors and dialogs; `strayed` requests elsewhere."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    strayed: list[str] = field(default_factory=list)

    async def ask(self, text: str, *, answered: bool = True) -> None:
        """Writes and sends; waits until one more answer has ended."""
        ended = ".post:not(.person):not(.growing)"
        before = await self.page.locator(ended).count()
        await self.page.fill("#write", text)
        await self.page.press("#write", "Enter")
        if answered:
            await self.page.wait_for_function(
                "([ended, before]) => document.querySelectorAll(ended).length > before", arg=[ended, before]
            )

    async def texts(self, selector: str) -> list[str]:
        return [text.strip() for text in await self.page.locator(selector).all_inner_texts()]

    async def has(self, text: str, *, within: str = "#posts") -> None:
        """Waits until it is there."""
        await self.page.wait_for_function(
            "([within, text]) => document.querySelector(within)?.innerText.includes(text)", arg=[within, text]
        )

    async def titled(self, title: str) -> None:
        """Waits until the window has that title: a new one is fetched after its question was shown."""
        await self.page.wait_for_function("(title) => document.title === title", arg=title)

    async def violations(self) -> Any:
        return await self.page.evaluate("window.violations")

    async def assert_clean(self) -> None:
        assert self.complaints == []
        assert self.strayed == []
        assert await self.violations() == []


@asynccontextmanager
async def tab(browser: Browser, url: str, **wishes: Any) -> AsyncIterator[Tab]:
    """A tab in a context of its own, at the page, when it is connected."""
    context = await browser.new_context(**{"viewport": {"width": 1280, "height": 860}, **wishes})
    context.set_default_timeout(10_000)
    try:
        yield await opened(await context.new_page(), url)
    finally:
        await context.close()


async def opened(page: Page, url: str) -> Tab:
    found = Tab(page=page, url=url)
    host = urlsplit(url).netloc
    page.on(
        "console",
        lambda said: found.complaints.append(said.text) if said.type in {"error", "warning"} else None,
    )
    page.on("pageerror", lambda error: found.complaints.append(str(error)))
    page.on(
        "request",
        lambda asked: found.strayed.append(asked.url) if urlsplit(asked.url).netloc != host else None,
    )

    async def dismiss(dialog: Any) -> None:
        found.complaints.append(f"dialog: {dialog.message}")
        await dialog.dismiss()

    page.on("dialog", dismiss)
    await page.add_init_script(WATCH)
    await page.goto(url)
    await page.wait_for_selector("#link[data-state=live]")
    return found
