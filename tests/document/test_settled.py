"""Of a text that grows, what is finished is not read again, wherever its pieces end."""

import pytest

from bot.document.growing import LONG, GrowingDocument
from bot.document.nodes import ListBlock, ListItem
from bot.document.reading import parse

LINES = "".join(f"Paragraph {number} has one line.\n\n" for number in range(60))


@pytest.mark.parametrize("size", [7, 20, 33, 60])
def test_paragraphs_of_one_line_are_read_once(size: int) -> None:
    """The last one's line is mostly unfinished when a piece ends; those before it are finished all the same."""
    growing = GrowingDocument()
    before = growing.grown("").blocks
    for end in range(size, len(LINES), size):
        blocks = growing.grown(LINES[:end]).blocks
        finished = before[:-3]

        assert all(old is new for old, new in zip(finished, blocks, strict=False))
        before = blocks


@pytest.mark.parametrize("size", [7, 20, 33, 60])
def test_items_of_one_line_are_read_once(size: int) -> None:
    text = "".join(f"{number}. An item that is one line long.\n" for number in range(1, 80))
    growing = GrowingDocument()
    before: tuple[ListItem, ...] = ()
    for end in range(size, len(text), size):
        (block,) = growing.grown(text[:end]).blocks or (ListBlock(()),)
        assert isinstance(block, ListBlock)
        if end > 3 * LONG:
            assert all(old is new for old, new in zip(before[:-12], block.items, strict=False))
        before = block.items


def test_a_target_that_was_defined_far_above_is_as_it_was_written() -> None:
    text = "[a]: https://e.example/_b_c\n\n" + "A paragraph.\n\n" * 3 + "And [a] once more."
    growing = GrowingDocument()
    for end in range(1, len(text) + 1):
        document = growing.grown(text[:end])

    assert document == growing.finished(text)


@pytest.mark.parametrize(
    "last", ["**a b c**", "*a b c*", "`a b c`", "[a b c](https://e.example/x)", "<b>a b c</b>"]
)
@pytest.mark.parametrize("length", [LONG - 5, LONG, LONG + 5, 2 * LONG])
def test_a_long_paragraph_is_not_parted_within_what_ends_its_line(last: str, length: int) -> None:
    text = "some words " * (length // 11) + f"{last}\n\nThe end."
    growing = GrowingDocument()
    for end in range(1, len(text) + 1):
        growing.grown(text[:end])

    assert growing.finished(text) == parse(text)
