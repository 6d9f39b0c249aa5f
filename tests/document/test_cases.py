"""Every case of the table is read as the tree beside it, at once and piece by piece."""

import pytest

from bot.document.growing import GrowingDocument
from bot.document.reading import parse
from tests.document.notation import noted
from tests.document.speech import DEFINES, goes_on, spoken
from tests.document.table import Case, cases

EVERY = pytest.mark.parametrize("case", cases(), ids=str)
SETTLED = pytest.mark.parametrize("case", [one for one in cases() if not DEFINES.search(one.text)], ids=str)
"""Cases in which nothing further down says what is meant further up."""


def test_the_table_is_large_and_names_each_case_once() -> None:
    names = [str(case) for case in cases()]

    assert len(names) >= 150
    assert len(set(names)) == len(names)


@EVERY
def test_a_text_is_read_as_this_tree(case: Case) -> None:
    assert noted(parse(case.text)) == case.tree


@EVERY
def test_a_text_that_grew_is_the_tree_of_the_whole(case: Case) -> None:
    growing = GrowingDocument()
    for end in range(len(case.text) + 1):
        growing.grown(case.text[:end])

    assert growing.finished(case.text) == parse(case.text)


@SETTLED
def test_a_text_that_grows_shows_its_words_in_their_order(case: Case) -> None:
    growing, whole = GrowingDocument(), spoken(parse(case.text))
    astray = [
        (case.text[:end], shown)
        for end in range(len(case.text) + 1)
        if not goes_on(shown := spoken(growing.grown(case.text[:end])), whole)
    ]

    assert astray == []


@SETTLED
def test_what_is_steady_is_never_taken_back(case: Case) -> None:
    growing, whole, before = GrowingDocument(), spoken(parse(case.text)), ""
    for end in range(len(case.text) + 1):
        now = spoken(growing.steady(case.text[:end]))

        assert now.startswith(before)
        assert whole.startswith(now)
        before = now

    assert growing.finished(case.text) == parse(case.text)
