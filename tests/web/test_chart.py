"""Shares as the page draws them."""

import pytest
from playwright.async_api import Browser

from bot.domain.confidence import Estimate
from bot.domain.replies import Chart, Reply, Series, Table
from tests.web.browsing import CHROMIUM, tab
from tests.web.scripted import Play
from tests.web.served import Desk

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed"),
]

HOSTILE = '<img src=x onerror="alert(1)">'
SHARES = Chart(
    title="Scoreboard",
    categories=("grok", HOSTILE),
    series=(
        Series(name="preferred", values=(Estimate(value=0.8, low=0.6, high=0.9), None)),
        Series(
            name="liked",
            values=(Estimate(value=0.5, low=0.25, high=0.75), Estimate(value=0.0, low=0.0, high=0.4)),
        ),
    ),
)
BOARD = Reply(
    title="Scoreboard",
    text="How it stands:",
    chart=SHARES,
    table=Table(header=("model", "liked"), rows=(("grok", "50%"),)),
)


async def test_shares_are_bars_whose_words_are_told(browser: Browser, page: Desk, play: Play) -> None:
    play.line = BOARD
    async with tab(browser, page.address) as one:
        await one.ask("Show")
        picture = one.page.get_by_role("img", name="Scoreboard")

        assert await picture.count() == 1
        assert await one.page.locator(".chart desc").all_text_contents() == [
            f"preferred: grok 80% (60% to 90%). liked: grok 50% (25% to 75%), {HOSTILE} 0% (0% to 40%)."
        ]
        assert await one.texts(".reply td") == ["grok", "50%"]
        assert await one.page.locator(".chart img, .chart script").count() == 0
        await one.assert_clean()


async def test_bars_and_ranges_are_as_long_as_what_they_say(browser: Browser, page: Desk, play: Play) -> None:
    play.line = BOARD
    async with tab(browser, page.address) as one:
        await one.ask("Show")
        bars = [await node.get_attribute("width") for node in await one.page.locator(".chart .bar").all()]
        *_, preferred, liked, none = [float(width or 0) for width in bars]

        assert preferred / liked == pytest.approx(1.6)
        assert none == 0
        ranges = await one.page.locator(".chart .range").all()
        boxes = [await node.bounding_box() for node in ranges]
        widths = [box["width"] for box in boxes if box]
        assert widths[1] / widths[0] == pytest.approx(0.5 / 0.3, rel=0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_its_words_can_be_read_in_light_and_dark(
    browser: Browser, page: Desk, play: Play, scheme: str
) -> None:
    play.line = BOARD
    async with tab(browser, page.address) as one:
        await one.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        await one.ask("Show")
        ink, paper = await one.page.evaluate(
            "[getComputedStyle(document.querySelector('.chart .name')).fill, getComputedStyle(document.body).backgroundColor]"
        )

        assert contrast(ink, paper) > 7


def contrast(one: str, other: str) -> float:
    """As WCAG 2 has it."""

    def light(colour: str) -> float:
        parts = [int(part) / 255 for part in colour[4:-1].split(",")]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


async def test_it_fits_a_phone(browser: Browser, page: Desk, play: Play) -> None:
    play.line = BOARD
    async with tab(browser, page.address) as one:
        await one.page.set_viewport_size({"width": 375, "height": 700})
        await one.ask("Show")
        box = await one.page.locator(".chart").bounding_box()

        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 375
