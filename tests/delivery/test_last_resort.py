"""Whatever a renderer raises, people get the text; and no table becomes more than there is to see."""

import pytest

from bot.delivery.last_resort import CELLS, rendered, without_wide_tables


@pytest.mark.parametrize(
    "error", [RecursionError(), ValueError("x"), KeyError("x"), MemoryError(), IndexError()]
)
def test_whatever_a_renderer_raises_the_text_is_shown_plain(error: Exception) -> None:
    def fails(_: str) -> str:
        raise error

    assert rendered("**words**", fails, lambda text: f"plain {text}") == "plain **words**"
    assert rendered("words", str.upper, str.lower) == "WORDS"


def test_a_table_of_a_usual_size_stays_one_and_a_vast_one_becomes_lines() -> None:
    usual = "| a | b |\n|---|:-:|\n" + "| 1 | 2 |\n" * 100
    vast = "|" + "a|" * 500 + "\n|" + "-|" * 500 + "\n" + "|b\n" * 500

    assert without_wide_tables(usual) == usual
    assert "\n\\|-|" in without_wide_tables(vast)
    assert without_wide_tables(f"> {vast}".replace("\n", "\n> ")).count("\\|") == 1
    assert without_wide_tables("no table\n---\n- item: x") == "no table\n---\n- item: x"


def test_many_tables_share_what_one_may_have() -> None:
    one = "| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 99 + "\n"

    assert without_wide_tables(one * 50).count("\\|") >= 50 - CELLS // 198
