"""Whatever a model writes, in whatever pieces it comes."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.document.growing import GrowingDocument
from bot.document.reading import parse
from tests.document.speech import DEFINES, WORD, goes_on, spoken
from tests.document.strategies import NOISE, SIZES, Answer, answers, cut
from tests.examples import examples

MANY = settings(
    max_examples=examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TEXTS = st.one_of(answers().map(lambda answer: answer.source), NOISE)
HOW = pytest.mark.parametrize(
    "shown", [GrowingDocument.grown, GrowingDocument.steady], ids=["grown", "steady"]
)


@MANY
@given(answer=answers())
def test_the_tree_has_the_words_of_the_answer_in_their_order(answer: Answer) -> None:
    assert WORD.findall(spoken(parse(answer.source))) == WORD.findall(answer.words)


@HOW
@MANY
@given(text=TEXTS, sizes=SIZES)
def test_a_finished_text_is_what_it_would_be_at_once(shown: object, text: str, sizes: list[int]) -> None:
    assert callable(shown)
    growing = GrowingDocument()
    for part in cut(text, sizes):
        shown(growing, part)

    assert growing.finished(text) == parse(text)


@MANY
@given(answer=answers(), sizes=SIZES)
def test_a_growing_answer_shows_its_words_in_their_order(answer: Answer, sizes: list[int]) -> None:
    growing = GrowingDocument()
    astray = [
        (part[-60:], shown[-60:])
        for part in cut(answer.source, sizes)
        if not goes_on(shown := spoken(growing.grown(part)), answer.words)
    ]

    assert astray == []


@MANY
@given(text=TEXTS, sizes=SIZES)
def test_what_is_steady_only_ever_grows(text: str, sizes: list[int]) -> None:
    growing, before = GrowingDocument(), ""
    for part in cut(text, sizes):
        now = " ".join(WORD.findall(spoken(growing.steady(part))))

        assert now.startswith(before) or DEFINES.search(text)
        before = now


@HOW
@MANY
@given(text=TEXTS, sizes=SIZES)
def test_finished_blocks_stay_the_same_objects(shown: object, text: str, sizes: list[int]) -> None:
    assert callable(shown)
    growing, before, same = GrowingDocument(), parse("").blocks, 0
    for part in cut(text, sizes):
        now = shown(growing, part).blocks
        kept = next(
            (at for at, pair in enumerate(zip(before, now, strict=False)) if pair[0] is not pair[1]), None
        )

        assert kept is None or kept >= same
        same = min(len(before), len(now)) if kept is None else kept
        before = now
