"""Whatever a renderer raises, people get the text."""

import pytest

from bot.delivery.last_resort import rendered


@pytest.mark.parametrize(
    "error", [RecursionError(), ValueError("x"), KeyError("x"), MemoryError(), IndexError()]
)
def test_whatever_a_renderer_raises_the_text_is_shown_plain(error: Exception) -> None:
    def fails(_: str) -> str:
        raise error

    assert rendered("**words**", fails, lambda text: f"plain {text}") == "plain **words**"
    assert rendered("words", str.upper, str.lower) == "WORDS"
