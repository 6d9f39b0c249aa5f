"""No text, however it is made up, takes more than linear time, and no tree becomes larger than it may."""

from collections.abc import Callable, Iterator, Sequence

import pytest

from bot.document import bounds
from bot.document.growing import GrowingDocument
from bot.document.nodes import Block, FootnoteText, Inline, ListBlock, QuoteBlock, TableBlock
from bot.document.reading import parse
from tests.document.heavy import HEAVY, Heavy
from tests.stopwatch import processor_seconds

SMALL, TIMES = 6_000, 8
MOST = 4 * TIMES
"""Eight times the text may take so many times as long: quadratic time would be 64 times."""
LEAST = 0.002  # seconds below which nothing is compared
WHOLE = 100_000

EVERY = pytest.mark.parametrize("heavy", HEAVY.values(), ids=HEAVY)


def in_pieces(text: str) -> None:
    growing = GrowingDocument()
    for end in range(len(text) // 3, len(text), len(text) // 3 + 1):
        growing.grown(text[:end])
        growing.steady(text[:end])
    growing.finished(text)


def assert_linear(reader: Callable[[str], object], heavy: Heavy) -> None:
    """The machine may be busy: the best of several tries counts."""
    small, large = heavy(SMALL), heavy(SMALL * TIMES)
    fast, slow = [], []
    for _ in range(6):
        fast.append(processor_seconds(lambda: reader(small)))
        slow.append(processor_seconds(lambda: reader(large)))
        if min(slow) <= MOST * max(min(fast), LEAST):
            return
    raise AssertionError(f"{TIMES} times the text took {min(slow) / min(fast):.0f} times as long")


@EVERY
def test_a_text_is_read_in_linear_time(heavy: Heavy) -> None:
    assert_linear(parse, heavy)


@EVERY
def test_a_growing_text_is_read_in_linear_time(heavy: Heavy) -> None:
    assert_linear(in_pieces, heavy)


@EVERY
def test_a_tree_stays_within_its_bounds(heavy: Heavy) -> None:
    document = parse(heavy(WHOLE))
    tables = [block for block, _ in walked(document.blocks, 0) if isinstance(block, TableBlock)]
    cells = [len(table.header) * (len(table.rows) + 1) for table in tables]

    assert max((depth for _, depth in walked(document.blocks, 0)), default=0) <= bounds.LEVELS
    assert max((len(table.header) for table in tables), default=0) <= bounds.COLUMNS
    assert max(cells, default=0) <= bounds.CELLS
    assert sum(cells) <= bounds.CELLS_IN_ALL
    assert (
        sum(1 + sum(map(nodes, lines(block))) for block, _ in walked(document.blocks, 0)) <= 2 * bounds.NODES
    )


def walked(blocks: Sequence[Block], depth: int) -> Iterator[tuple[Block, int]]:
    """Every block, with how many lists and quotes it stands in."""
    for block in blocks:
        yield block, depth
        if isinstance(block, QuoteBlock | FootnoteText):
            yield from walked(block.blocks, depth + 1)
        if isinstance(block, ListBlock):
            for item in block.items:
                yield from walked(item.blocks, depth + 1)


def lines(block: Block) -> list[Sequence[Inline]]:
    if isinstance(block, TableBlock):
        return [cell for row in (block.header, *block.rows) for cell in row]
    return [getattr(block, "inlines", ())]


def nodes(inlines: Sequence[Inline]) -> int:
    return sum(1 + nodes(getattr(inline, "inlines", ())) for inline in inlines)
