"""Names and words of others, put into the bot's own replies, are read as nothing but themselves."""

import pytest

from bot.document.inlines import plain
from bot.document.nodes import Paragraph, Words
from bot.document.reading import parse
from bot.domain.formatting import escape_markdown, without_markup

QUOTED = (
    "gpt (fast)",
    "a (E=mc^2) [x_1=2] $$q^2$$ $n$",
    "[label](https://example.com)",
    "![image](https://example.com/x.png)",
    "[^1]: note",
    "[1]: https://example.com",
    "<@U1> <!channel> <b>x</b> a|b ~~c~~ **d** `e` __f__",
    "C:\\(x\\) \\[y\\]",
    "1. a",
    "&#91; &amp; &lt;",
)


@pytest.mark.parametrize("text", QUOTED)
def test_what_is_quoted_stays_plain(text: str) -> None:
    (only,) = parse(f"by {escape_markdown(text)}").blocks

    assert isinstance(only, Paragraph)
    assert only.inlines == (Words(f"by {text}"),)
    assert plain(only.inlines) == f"by {text}"


@pytest.mark.parametrize("text", QUOTED)
def test_a_terminal_shows_the_same(text: str) -> None:
    assert without_markup(f"by **{escape_markdown(text)}**") == f"by {text}"
