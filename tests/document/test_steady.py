"""What was shown of a text that still grows is never taken back."""

from itertools import pairwise

import pytest

from bot.document.growing import GrowingDocument
from bot.document.reading import parse
from bot.document.steady import steady
from bot.document.unfinished import code_end, mended

TEXTS = {
    "the mark of an item": "- [docs](https://site.example/a) and more of it\n- the end of it\n",
    "a number": "1. *a word* and another\n2. **the next** one\n",
    "a word in emphasis": "say **what it is** now\nand *so on* to ***the end***\nof it all\n",
    "code that ends": "see:\n\n```py\nx = [1]\n```\n\nand *more* words\n",
    "code in an item": "1. first\n   ```\n   x = [1]\n   ```\n   ***then*** the rest\n2. end\n",
    "code with a mark in it": "~~~\na ` b ** c\n~~~\n`x y` and the rest\n",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_what_is_steady_only_ever_grows(text: str) -> None:
    shown = [steady(text[:at]) for at in range(len(text) + 1)]

    assert all(later.startswith(earlier) for earlier, later in pairwise(shown))
    assert len(set(shown)) > 3


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_what_is_steady_is_the_beginning_of_the_text(text: str) -> None:
    assert all(text.startswith(steady(text[:at])) for at in range(len(text) + 1))


@pytest.mark.parametrize("text", ["- [x", "- ", "1. *", "> **a", "text\n- [a b"])
def test_half_a_mark_is_not_shown_as_text(text: str) -> None:
    assert steady(text).strip() in ("", "text")


def test_code_in_a_quote_ends_with_the_quote() -> None:
    assert steady("> ```\n> x\n\n<mailto:a@b.exam") == "> ```\n> x\n"
    assert code_end(["> ```", "> x", "", "words"])[0] == ""
    assert code_end(["> ```", "> x", ""])[0] == "```"


@pytest.mark.parametrize("text", ["a\n- \n\nb", "a\n--\nb", "a\n---\nb", "a\n-\n- b"])
def test_a_short_line_under_text_means_the_same_while_the_text_grows(text: str) -> None:
    document = GrowingDocument()
    for at in range(1, len(text)):
        document.grown(text[:at])

    assert document.finished(text) == parse(text)


def test_marks_in_code_that_has_ended_close_nothing_behind_it() -> None:
    assert mended("~~~\na ` b\n~~~\nwords").endswith("~~~\nwords")
