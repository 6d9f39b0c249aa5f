"""Every case of the table while it grows, cut at every character, on all three platforms."""

import html
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from adapters.slack.outbound.rendering.blocks import to_blocks
from adapters.slack.outbound.rendering.page import GrowingPage
from adapters.teams.outbound.rendering.markdown import ShownMarkdown
from adapters.web.outbound.tree import GrowingTree, tree_of
from tests.document.speech import UNDECIDED, WORD
from tests.document.table import Case, cases

EVERY = pytest.mark.parametrize("case", cases(), ids=str)
SAID = ("text", "url", "name", "value")  # of Slack's blocks
KINDS = {
    "p",
    "h",
    "q",
    "hr",
    "fn",
    "pre",
    "ul",
    "ol",
    "t",
    "b",
    "i",
    "s",
    "c",
    "br",
    "mark",
    "a",
    "m",
}  # of the page's


@dataclass(frozen=True, slots=True)
class Place:
    """How one platform shows a text that grows, and a whole one: anything that `said` finds the words in."""

    growing: Callable[[], Callable[[str], object]]
    ended: Callable[[], Callable[[str], object]]
    whole: Callable[[str], object]


def page_grown() -> Callable[[str], object]:
    tree = GrowingTree()

    def grown(text: str) -> object:
        tree.text = text
        return tree.blocks()

    return grown


PLACES = {
    "slack": Place(lambda: GrowingPage().grown, lambda: GrowingPage().finished, to_blocks),
    "teams": Place(
        lambda: ShownMarkdown(extended=False).grown,
        lambda: ShownMarkdown(extended=False).finished,
        lambda text: ShownMarkdown(extended=False).finished(text),
    ),
    "page": Place(page_grown, lambda: tree_of, tree_of),
}
ON = pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)


def said(shown: Any) -> list[str]:
    return WORD.findall(html.unescape(" ".join(_texts(shown))).replace("\u200b", "").replace("\\_", "_"))


def _texts(shown: Any) -> Iterator[str]:
    if isinstance(shown, str):
        yield shown
    elif isinstance(shown, dict):
        for name, value in shown.items():
            if name in SAID or not isinstance(value, str):
                yield from _texts(value)
    elif isinstance(shown, list) and shown[:1] == ["t"]:  # a cell is a list of inlines, of no kind itself
        for cell in (cell for row in shown[2:] for cell in row):
            for one in cell:
                yield from _texts(one)
    elif isinstance(shown, list):
        for one in shown[1 if shown and shown[0].__hash__ and shown[0] in KINDS else 0 :]:
            yield from _texts(one)


@ON
@EVERY
def test_no_word_is_shown_early_that_will_not_be_there(case: Case, place: Place) -> None:
    if "]:" in case.text:
        pytest.skip("what is defined further down is not known before")
    final, grown = Counter(said(place.whole(case.text))), place.growing()

    for end in range(1, len(case.text)):
        early = said(grown(case.text[:end]))

        assert not Counter(early[:-UNDECIDED]) - final, case.text[:end]


@ON
@EVERY
def test_what_grew_ends_as_if_it_had_come_at_once(case: Case, place: Place) -> None:
    ended = place.ended()
    for end in range(1, len(case.text), 7):
        ended(case.text[:end])

    assert ended(case.text) == place.whole(case.text)
