"""No text, however it is made up, holds up the process: everything that reads a model's or a person's words takes
time in proportion to them, and never gives up on them with an error.

The limit is far above what any of these takes and far below what it would with a pattern that goes back and forth.
"""

from collections.abc import Callable

import pytest

from adapters.slack.inbound.content import words
from adapters.slack.outbound.rendering import blocks as slack_blocks
from adapters.slack.outbound.rendering import layout, paging
from adapters.slack.outbound.rendering.page import GrowingPage
from adapters.slack.outbound.rendering.preview import preview
from bot.conversation import command_parser
from bot.conversation.comparison import chosen
from bot.domain.catalog import Catalog, Model
from bot.domain.formatting import escape_markdown
from tests.stopwatch import assert_quick

LONG = 20_000  # characters: more than people read, less than one message of Teams holds

CATALOG = Catalog([Model(name=f"m{n}", provider="p", model=f"id-{n}") for n in range(300)])


READERS: dict[str, Callable[[str], object]] = {
    "slack, streamed": lambda text: preview(text[: paging.PAGE]),
    "slack, growing": lambda text: GrowingPage().grown(text[: paging.PAGE]),
    "slack, a page": lambda text: slack_blocks.to_blocks(text[: paging.PAGE]),
    "slack, pages": lambda text: paging.pages(text, []),
    "slack, a notification": layout.fallback,
    "slack, heard": words.plain_words,
    "a command": lambda text: command_parser.parse_message(text, CATALOG),
    "an unknown name": CATALOG.near,
    "quoted by us": escape_markdown,
}

TEXTS = {
    "a heading with blanks": "# a" + " " * LONG + "x\n",
    "a heading with marks": "# a" + " #" * (LONG // 2) + "x\n",
    "blanks": " " * LONG + "x",
    "a rule that is none": "- " * (LONG // 2) + "x",
    "a table's rule that is none": "| a |\n|" + "-" * LONG + "x|\n",
    "a table's rule with blanks": "| a |\n|-" + " " * LONG + "x\n",
    "a table's rule on its own": "|" + "-" * LONG + "x|\n",
    "quotes in quotes": ">" * LONG + "x\n",
    "lists in lists": "".join(f"{'  ' * n}- a\n" for n in range(150)),
    "one word": "a" * LONG + "é ",
    "brackets": "[" * LONG,
    "closing brackets": "](" * (LONG // 2),
    "links that do not end": "[a](" * (LONG // 4),
    "images that do not end": "![a](" * (LONG // 5),
    "a link in a cell": "| a |\n|---|\n| [a](" + "x" * LONG + " |\n",
    "a label of dots": "[" + "a." * (LONG // 2) + "1](http://e.example) b",
    "a label of hyphens": "[" + "a-" * (LONG // 2) + "](http://e.example) b",
    "backticks": "`" * LONG,
    "backticks in pairs": "`a``a" * (LONG // 5),
    "backticks of all lengths": " ".join("`" * n for n in range(1, 190)),
    "emphasis": "**a *b " * (LONG // 7),
    "stars": "*" * LONG,
    "underscores": "_a __b " * (LONG // 7),
    "addresses": "http://" * (LONG // 7),
    "an address with brackets": "http://x" + ")" * LONG,
    "angle brackets": "<a" * (LONG // 2),
    "ampersands": "&" * LONG,
    "escapes": "\\" * LONG,
    "lines": "\n" * LONG,
    "lines of blanks": "\n " * (LONG // 2) + "x",
    "code in a quote": "> ```\n" + "> a line of code\n" * (LONG // 16),
    "definitions": "[a]: " * (LONG // 5),
    "colons": "a: " * (LONG // 3),
    "many models": "/compare " + "m1 " * (LONG // 6) + "m2 " * (LONG // 6) + ": why?",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_no_text_holds_up_its_reader(reader: Callable[[str], object], text: str) -> None:
    assert_quick(lambda: reader(text))


def test_a_comparison_of_one_model_with_itself_a_thousand_times_is_read_at_once() -> None:
    def read() -> None:
        names, _, _ = command_parser.split_comparison("m1 " * (LONG // 6) + "m2 " * (LONG // 6) + ": why?")
        chosen(names, CATALOG, lambda model: True)

    assert_quick(read)
