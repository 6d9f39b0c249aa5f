"""What holds for every renderer, whatever a model writes. The page gets data; its nodes are made in a browser: see
test_page.py and tests/web.
"""

import re
from collections import Counter
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given

from adapters.web.outbound.tree import tree_of
from tests.document.heavy import HEAVY, Heavy
from tests.document.platforms import slack, teams
from tests.document.seen import words
from tests.document.speech import WORD
from tests.document.strategies import NOISE, Answer, answers
from tests.document.test_bounds import assert_linear
from tests.document.test_growing_platforms import KINDS, said
from tests.document.test_platforms import in_order
from tests.document.test_properties import MANY

DELIMITERS = re.compile(r"\|:?-+:?\|")
ON = pytest.mark.parametrize("platform", [slack, teams], ids=["slack", "teams"])


@ON
@MANY
@given(answer=answers())
def test_an_answer_is_shown_word_for_word(platform: ModuleType, answer: Answer) -> None:
    spoken, seen = WORD.findall(answer.words), words(platform.shown(answer.source))

    if DELIMITERS.search(
        answer.source
    ):  # a table may be shown row by row, each cell behind the head of its column
        assert Counter(spoken) <= Counter(seen)
    else:
        assert in_order(spoken, seen)


@ON
@MANY
@given(text=NOISE)
def test_nothing_becomes_live(platform: ModuleType, text: str) -> None:
    assert platform.live(text) == []


@ON
@pytest.mark.parametrize("heavy", HEAVY.values(), ids=HEAVY)
def test_a_text_is_rendered_in_linear_time(platform: ModuleType, heavy: Heavy) -> None:
    assert_linear(platform.rendered, heavy)


@MANY
@given(answer=answers())
def test_an_answer_is_sent_to_the_page_word_for_word(answer: Answer) -> None:
    assert in_order(WORD.findall(answer.words), said(tree_of(answer.source)))


def nodes(data: Any) -> Iterator[list[Any]]:
    """Every node of the page's data."""
    if isinstance(data, list):
        if data[:1] == ["t"]:
            data = [one for row in data[2:] for cell in row for one in cell]
        elif data and isinstance(data[0], str) and data[0] in KINDS:
            yield data
        for one in data:
            yield from nodes(one)


@MANY
@given(text=NOISE)
def test_nothing_that_is_sent_to_the_page_leads_anywhere_but_to_the_web(text: str) -> None:
    addresses = [node[1] for node in nodes(tree_of(text)) if node[0] == "a"]

    assert [one for one in addresses if not re.match(r"(?i)(?:https?://|mailto:)", one)] == []


@pytest.mark.parametrize("heavy", HEAVY.values(), ids=HEAVY)
def test_the_pages_data_is_made_in_linear_time(heavy: Heavy) -> None:
    assert_linear(tree_of, heavy)
