"""Comparisons on the page stand in one branch of the conversation, and stay there whatever is kept, changed or gone on from."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, TimeoutError

from tests.ops.product import running
from tests.web.browsing import CHROMIUM, Tab, tab

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed"),
]
CONFIG = Path(__file__).with_name("screenshots.toml")  # with two agents that can be compared
STANDS = """JSON.stringify([...document.querySelectorAll("#posts > :not(.aside)")].map((node) =>
  node.querySelector(".said")?.innerText.split(": ").at(-1) ??
  (node.classList.contains("columns") ? "columns" : node.querySelector(".pager > span:not(.elsewhere)")?.innerText ??
  (node.innerText.startsWith("Comparison") ? "board" : "answer"))))"""
ELSEWHERE = "The conversation goes on from another answer."


async def stands(one: Tab, *wanted: str) -> None:
    """Waits until the conversation is this: questions, answers, boards (or which of several they are), and rows of columns."""
    try:
        await one.page.wait_for_function(f"(wanted) => {STANDS} === wanted", arg=_written(wanted))
    except TimeoutError:
        assert json.loads(await one.page.evaluate(STANDS)) == list(wanted)


def _written(wanted: tuple[str, ...]) -> str:
    return json.dumps(wanted, separators=(",", ":"))


async def press(one: Tab, label: str) -> None:
    await one.page.get_by_role("button", name=label).first.click()


@pytest_asyncio.fixture(loop_scope="module")
async def one(browser: Browser, tmp_path: Path) -> AsyncIterator[Tab]:
    async with (
        running(tmp_path, SWITCHBOARD_CONFIG=str(CONFIG)) as product,
        tab(browser, product.address) as found,
    ):
        found.page.set_default_timeout(30_000)
        yield found
        await found.assert_clean()


async def test_one_kept_after_the_next_question_keeps_its_place(one: Tab) -> None:
    await one.ask("/compare --blind tutor editor: First")
    await one.page.wait_for_selector("text=Keep B")
    await one.ask("Second")
    await stands(one, "First", "board", "columns", "Second", "answer")
    await press(one, "Keep A")
    await one.has("A is ")
    await stands(one, "First", "board", "columns", "Second", "answer")
    await one.page.reload()

    await stands(one, "First", "board", "columns", "Second", "answer")
    assert await one.page.locator(".columns [data-column]").count() == 2


async def test_a_compared_question_is_changed_and_both_comparisons_stay(one: Tab) -> None:
    await one.ask("/compare tutor editor: First")
    await one.page.wait_for_selector("text=first word")
    await one.page.locator(".person").get_by_role("button", name="Change the question").click()
    await one.page.get_by_role("textbox", name="Your question").fill("/compare --blind tutor editor: Other")
    await press(one, "Save & ask")
    await one.page.wait_for_selector("text=Keep B")
    await stands(one, "Other", "2/2", "columns")
    await press(one, "Previous answer")
    await stands(one, "First", "1/2", "columns")
    await one.has(ELSEWHERE)
    await press(one, "Go on from this one")
    await one.has("The conversation goes on from tutor's answer to “First” (1/2)")
    await one.page.reload()
    await stands(one, "First", "1/2", "columns")
    assert not await one.page.is_visible(f"text={ELSEWHERE}")

    await press(one, "Next answer")
    await one.has(ELSEWHERE)
    await press(one, "Keep A")
    await one.has("A is ")
    await one.page.reload()
    await stands(one, "Other", "2/2", "columns")
    assert not await one.page.is_visible(f"text={ELSEWHERE}")
