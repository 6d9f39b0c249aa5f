"""Several answers to one question on the page: one way is shown at a time, and a question can be asked in other words."""

import json
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, TimeoutError

from tests.ops.product import running
from tests.web.browsing import CHROMIUM, Tab, opened, tab

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed"),
]
SHOWN = """JSON.stringify([...document.querySelectorAll("#posts > .post:not(.aside)")].map((node) =>
  node.classList.contains("growing") ? "grows" :
  node.querySelector(".said")?.innerText ?? node.querySelector(".pager > span:not(.elsewhere)")?.innerText ?? "alone"))"""
ELSEWHERE = "The conversation goes on from another answer."


@dataclass
class Reader:
    """Somebody who reads and presses."""

    tab: Tab

    async def becomes(self, *said: str) -> None:
        """Waits until these questions are shown, and of each answer which it is."""
        try:
            await self.tab.page.wait_for_function(
                f"(said) => {SHOWN} === said", arg=json.dumps(said, separators=(",", ":"))
            )
        except TimeoutError:
            assert json.loads(await self.tab.page.evaluate(SHOWN)) == list(said)

    def answer(self, number: int) -> Locator:
        return self.tab.page.locator(".answer").nth(number)

    async def press(self, label: str, *, under: int = 0) -> None:
        await self.answer(under).get_by_role("button", name=label).click()


@pytest_asyncio.fixture(loop_scope="module")
async def reader(browser: Browser, tmp_path: Path) -> AsyncIterator[Reader]:
    async with running(tmp_path) as product, tab(browser, product.address) as one:
        one.page.set_default_timeout(30_000)
        yield Reader(one)
        assert one.strayed == []
        assert one.complaints == []
        assert await one.violations() == []


async def test_a_second_answer_stands_in_the_place_of_the_first_and_both_can_be_read(reader: Reader) -> None:
    await reader.tab.ask("One")
    await reader.tab.ask("Two")
    await reader.press("Regenerate", under=1)
    await reader.becomes("One", "alone", "Two", "2/2")
    assert not await reader.tab.page.is_visible(f"text={ELSEWHERE}")
    await reader.press("Previous answer", under=1)
    await reader.becomes("One", "alone", "Two", "1/2")
    await reader.tab.has(ELSEWHERE)

    focused = await reader.tab.page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert focused == "Next answer"
    assert await reader.answer(1).get_by_role("group", name="Answer 1 of 2").count() == 1
    assert await reader.tab.page.inner_text("#spoken") == "Answer 1 of 2"
    await reader.tab.page.keyboard.press("Enter")
    await reader.becomes("One", "alone", "Two", "2/2")


async def test_what_followed_another_answer_is_shown_with_that_one_alone(reader: Reader) -> None:
    await reader.tab.ask("One")
    await reader.tab.ask("Two")
    await reader.press("Regenerate", under=0)
    await reader.becomes("One", "2/2")
    await reader.tab.has(ELSEWHERE)
    await reader.press("Previous answer", under=0)
    await reader.becomes("One", "1/2", "Two", "alone")
    assert not await reader.tab.page.is_visible(f"text={ELSEWHERE}")
    await reader.press("Next answer", under=0)
    await reader.press("Go on from this one", under=0)
    await reader.tab.has("The conversation goes on from demo's answer to “One” (2/2)")
    await reader.tab.ask("Three")
    await reader.becomes("One", "2/2", "Three", "alone")
    assert "You asked before: “One”" in await reader.answer(1).inner_text()
    await reader.tab.page.reload()

    await reader.becomes("One", "2/2", "Three", "alone")
    await reader.press("Previous answer", under=0)
    await reader.becomes("One", "1/2", "Two", "alone")
    await reader.tab.ask(
        "Four", answered=False
    )  # it goes on where the conversation does, and so does who writes
    await reader.becomes("One", "2/2", "Three", "alone", "Four", "alone")


async def test_a_question_is_asked_in_other_words_and_the_old_one_stays(reader: Reader) -> None:
    await reader.tab.ask("One")
    await reader.tab.ask("Two")
    pencil = reader.tab.page.locator(".person").nth(1).get_by_role("button", name="Change the question")
    await pencil.focus()
    await reader.tab.page.keyboard.press("Enter")
    field = reader.tab.page.get_by_role("textbox", name="Your question")
    assert await field.input_value() == "Two"
    assert await field.evaluate("(node) => node === document.activeElement")
    await field.press("Escape")
    assert await pencil.evaluate("(node) => node === document.activeElement")
    await reader.becomes("One", "alone", "Two", "alone")
    await pencil.click()
    await field.fill("Two, but short")
    await reader.tab.page.get_by_role("button", name="Save & ask").click()
    await reader.becomes("One", "alone", "Two, but short", "2/2")
    assert "You asked before: “One”" in await reader.answer(1).inner_text()
    await reader.press("Previous answer", under=1)
    await reader.becomes("One", "alone", "Two", "1/2")
    await reader.tab.page.reload()

    await reader.becomes("One", "alone", "Two, but short", "2/2")


async def test_what_is_no_question_cannot_be_asked_in_other_words(reader: Reader) -> None:
    await reader.tab.ask("/help")
    await reader.tab.ask("One")

    pencils = reader.tab.page.locator(".person .pencil")
    assert [await pencils.nth(at).is_visible() for at in range(2)] == [False, True]


async def test_another_window_sees_the_same(reader: Reader) -> None:
    await reader.tab.ask("One")
    other = Reader(await opened(await reader.tab.page.context.new_page(), reader.tab.page.url))
    await other.becomes("One", "alone")
    await reader.press("Regenerate")
    await other.becomes("One", "2/2")
    await other.press("Previous answer")
    await other.press("Go on from this one")
    await other.becomes("One", "1/2")
    await reader.tab.page.reload()

    await reader.becomes("One", "1/2")
    assert not await reader.tab.page.is_visible(f"text={ELSEWHERE}")


async def test_a_second_answer_that_is_cut_off_by_a_kill_ends_in_its_place(
    browser: Browser, tmp_path: Path, unused_tcp_port: int
) -> None:
    port = str(unused_tcp_port)
    async with running(tmp_path, PORT=port) as first, tab(browser, first.address) as one:
        reader = Reader(one)
        one.page.set_default_timeout(60_000)
        await one.ask("Tell me something slow", answered=False)
        await one.has("switchboard once joined")
        await one.page.click("#stop")
        await one.page.wait_for_selector(".answer:not(.growing)")
        await reader.press("Regenerate")
        await reader.becomes("Tell me something slow", "grows")
        first.signal(signal.SIGKILL)
        await first.ended()
        async with running(tmp_path, PORT=port):
            await reader.becomes("Tell me something slow", "2/2")
            await reader.press("Previous answer")
            await reader.becomes("Tell me something slow", "1/2")
            await one.ask("/memory")

            assert "1 question with the answers" in await one.page.inner_text("#posts")
