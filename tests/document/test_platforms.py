"""Every case of the table is seen on each platform as it says there."""

import re
from collections import Counter
from collections.abc import Sequence

import pytest

from bot.document.reading import parse
from tests.document.platforms import slack, teams
from tests.document.seen import is_table, words, written
from tests.document.speech import WORD, spoken
from tests.document.table import Case, cases

EVERY = pytest.mark.parametrize("case", cases(), ids=str)
PLATFORMS = {"slack": slack, "teams": teams}
ON = pytest.mark.parametrize("platform", PLATFORMS)


def in_order(few: Sequence[str], many: Sequence[str]) -> bool:
    rest = iter(many)
    return all(word in rest for word in few)


@ON
@EVERY
def test_people_see_this(case: Case, platform: str) -> None:
    place = PLATFORMS[platform]
    shown, expected = place.shown(case.text), place.expected(case.seen_on(platform))
    if platform == "teams" and is_table(expected):
        pytest.skip("a table is text there, whose form is its own; its words are checked below")
    if "⟨math:" in case.seen:  # which is shown as it was written, on a line or in a block
        assert words(shown) == words(expected)
        return

    assert re.sub(r"• (?=[☐☑])", "", written(shown)) == written(expected)


@ON
@EVERY
def test_people_see_the_words_of_the_tree_in_their_order(case: Case, platform: str) -> None:
    expected = PLATFORMS[platform].expected(case.seen_on(platform))
    spoken_words = words(expected) if not is_table(expected) else WORD.findall(spoken(parse(case.text)))

    shown = words(PLATFORMS[platform].shown(case.text))
    if platform == "teams" and "wide" in case.name:  # row by row, each cell beside its heading
        assert Counter(spoken_words) <= Counter(shown)
    else:
        assert in_order(spoken_words, shown)
