"""Every example of CommonMark 0.31 is read as it says, save for those that are meant to be read otherwise."""

import pytest

from bot.document.reading import parse
from tests.document.commonmark import SPEC, Example, as_html, compared, examples

DEVIATIONS = {
    "HTML is text: what a model writes is never active": (
        21, 31, *range(148, 192), 201, 308, 309, 344, 475, 476, 477, 491, 494, 524, 536,
        *range(613, 618), 623, *range(625, 632), 642, 643,
    ),
    "dashes under a line of text are a rule: models write them between parts, not under titles": (
        59, 80, 83, 84, 86, 89, 90, 91, 95, 96, 102, 103, 115, 141, 300,
    ),
    "a list without any text is text: `42.` is an answer": (280, 284),
    "a label in strong runs into the text after it: **Warning:**text": (392,),
    "a definition that nothing refers to is text: a list of sources is one": (207, 210, 317, 545),
    "only addresses of the web and of mail are links": (596, 598, 599, 601),
    "the number of a character nobody sees stays a number: it would break or reorder the line": (39,),
}  # fmt: skip
OTHERWISE = {number: reason for reason, numbers in DEVIATIONS.items() for number in numbers}

needs_spec = pytest.mark.skipif(SPEC is None, reason="COMMONMARK_SPEC is not set")


@needs_spec
@pytest.mark.parametrize("example", examples(), ids=lambda example: str(example.number))
def test_an_example_is_read_as_it_says(example: Example) -> None:
    same = compared(as_html(parse(example.text).blocks)) == compared(example.html)

    assert same != (example.number in OTHERWISE), OTHERWISE.get(example.number, example)


@needs_spec
def test_all_examples_are_there() -> None:
    assert len(examples()) == 652
