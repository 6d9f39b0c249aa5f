"""What holds for every renderer, whatever a model writes. The page's nodes are made in a browser: see tests/web."""

import re
from collections import Counter
from types import ModuleType

import pytest
from hypothesis import given

from tests.document.heavy import HEAVY, Heavy
from tests.document.platforms import slack, teams
from tests.document.seen import words
from tests.document.speech import WORD
from tests.document.strategies import NOISE, Answer, answers
from tests.document.test_bounds import assert_linear
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
