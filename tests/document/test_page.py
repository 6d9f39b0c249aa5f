"""Every case of the table is seen on the page as it says there: all of them in one tab."""

from collections.abc import AsyncIterator, Mapping, Sequence

import pytest
import pytest_asyncio

from tests.document.platforms import page
from tests.document.seen import Line, words, written
from tests.document.table import Case, cases
from tests.document.test_platforms import in_order
from tests.web.browsing import CHROMIUM, chromium, tab
from tests.web.served import desk

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed"),
]
EVERY = pytest.mark.parametrize("case", cases(), ids=str)
Shown = Mapping[str, Sequence[Line]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shown() -> AsyncIterator[Shown]:
    """What is seen of each case, by its text."""
    async with chromium() as browser, desk() as served, tab(browser, served.address) as opened:
        texts = [case.text for case in cases()]
        yield dict(zip(texts, await page.shown(opened.page, texts), strict=True))
        await opened.assert_clean()


@EVERY
async def test_people_see_this_on_the_page(shown: Shown, case: Case) -> None:
    assert written(shown[case.text]) == written(page.expected(case))


@EVERY
async def test_people_see_the_words_of_the_tree_on_the_page(shown: Shown, case: Case) -> None:
    assert in_order(words(page.expected(case)), words(shown[case.text]))
