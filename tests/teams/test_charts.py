"""Shares as Teams draws them, and what a client without charts shows."""

from adapters.teams.outbound.rendering import cards
from bot.domain.confidence import Estimate
from bot.domain.formatting import clean_name
from bot.domain.replies import Chart, Reply, Series, Table
from tests.teams.eyes import card_words
from tests.teams.rules import check_card
from tests.teams.test_cards import HERE, elements

HOSTILE = "gpt [x](https://evil.example) <at>Bob</at> {{DATE(1)}}"
SHARES = Chart(
    title="Scoreboard",
    categories=("grok", HOSTILE),
    series=(
        Series(name="preferred", values=(Estimate(value=0.8, low=0.6, high=0.9), None)),
        Series(
            name="liked",
            values=(Estimate(value=0.5, low=0.3, high=0.7), Estimate(value=0.25, low=0.1, high=0.4)),
        ),
    ),
)
TABLE = Table(header=("model", "liked"), rows=(("grok", "50%"),))
CARD = cards.card(Reply(title="Scoreboard", text="How it stands:", chart=SHARES, table=TABLE), HERE)


def test_each_kind_of_share_is_a_chart_above_the_table() -> None:
    check_card(CARD)
    kinds = [one["type"] for one in CARD["body"]]

    assert kinds == ["RichTextBlock", "RichTextBlock", "Chart.HorizontalBar", "Chart.HorizontalBar", "Table"]
    assert [one["data"] for one in elements(CARD, "Chart.HorizontalBar")] == [
        [{"x": "grok", "y": 80}],
        [{"x": "grok", "y": 50}, {"x": clean_name(HOSTILE), "y": 25}],
    ]


def test_a_client_that_draws_none_shows_the_same_in_words() -> None:
    spoken = [one["fallback"] for one in CARD["body"] if "fallback" in one]

    assert list(card_words({"body": spoken})) == [
        "preferred: grok 80% (60% to 90%).",
        f"liked: grok 50% (30% to 70%), {HOSTILE} 25% (10% to 40%).",
    ]


def test_as_text_the_table_tells_it() -> None:
    text = cards.reply_forms(Reply(text="How it stands:", chart=SHARES, table=TABLE), HERE).text["text"]

    assert "grok" in text
    assert "50%" in text
