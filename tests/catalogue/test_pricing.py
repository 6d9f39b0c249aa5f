"""What an answer costs and how long a prompt really is."""

from dataclasses import replace

import pytest

from bot.domain.catalog import Model, Price
from bot.domain.stream_parts import Usage
from bot.models.pricing import Corrections, Prices, price_class

GROK = Model(name="grok", provider="xai", model="grok-4.7")
PRICES = Prices({"xai": "x-ai", "foundry": "azure", "ollama": None})


def test_the_operators_price_counts_cached_input_at_its_own_rate() -> None:
    model = Model(name="m", provider="p", model="m", price=Price(input=2.0, output=10.0, cached=0.5))

    cost = PRICES.cost(model, Usage(input=1_000_000, cache_read=400_000, output=100_000, reasoning=90_000))

    assert cost == pytest.approx(0.6 * 2 + 0.4 * 0.5 + 0.1 * 10)


def test_what_a_vendor_keeps_in_its_cache_is_counted_at_its_own_rate() -> None:
    usage = Usage(input=1_000_000, cache_read=400_000, cache_write=500_000)
    own = Price(input=2.0, output=10.0, cached=0.2, cache_write=2.5)

    def cost(price: Price) -> float | None:
        return PRICES.cost(Model(name="m", provider="p", model="m", price=price), usage)

    assert cost(own) == pytest.approx(0.1 * 2 + 0.4 * 0.2 + 0.5 * 2.5)
    assert cost(Price(input=2.0, output=10.0)) == pytest.approx(2.0)


def test_bundled_prices_know_what_keeping_costs() -> None:
    claude = Model(name="c", provider="anthropic", model="claude-sonnet-4-5")
    prices = Prices({"anthropic": "anthropic"})
    plain = prices.cost(claude, Usage(input=100_000))
    kept = prices.cost(claude, Usage(input=100_000, cache_write=100_000))

    assert plain
    assert kept == pytest.approx(1.25 * plain)


def test_what_is_kept_for_an_hour_costs_twice_what_is_read() -> None:
    claude = Model(name="c", provider="anthropic", model="claude-sonnet-4-5")
    prices = Prices({"anthropic": "anthropic"})
    plain = prices.cost(claude, Usage(input=100_000))
    kept = prices.cost(claude, Usage(input=100_000, cache_write=100_000, cache_hour=100_000))
    own = replace(claude, price=Price(input=2.0, output=10.0, cache_write=2.5))
    half = Usage(input=1_000_000, cache_write=1_000_000, cache_hour=500_000)

    assert plain
    assert kept == pytest.approx(2 * plain)
    assert prices.cost(own, half) == pytest.approx(0.5 * 2.5 + 0.5 * 4.0)


def test_without_a_cached_price_cached_input_costs_what_input_costs() -> None:
    model = Model(name="m", provider="p", model="m", price=Price(input=2.0, output=10.0))

    assert PRICES.cost(model, Usage(input=1_000_000, cache_read=400_000)) == pytest.approx(2.0)


def test_bundled_prices_make_cached_input_cheaper_and_count_reasoning_once() -> None:
    plain = PRICES.cost(GROK, Usage(input=10_000, output=1_000))
    cached = PRICES.cost(GROK, Usage(input=10_000, cache_read=9_000, output=1_000))
    reasoned = PRICES.cost(GROK, Usage(input=10_000, output=1_000, reasoning=900))

    assert plain is not None
    assert cached is not None
    assert 0 < cached < plain
    assert reasoned == plain


def test_counts_that_contradict_each_other_still_give_a_cost() -> None:
    assert PRICES.cost(GROK, Usage(input=10, cache_read=50, cache_write=50, output=1)) is not None


def test_an_unknown_model_has_no_price() -> None:
    assert PRICES.cost(Model(name="m", provider="xai", model="no-such-thing"), Usage(input=1)) is None
    assert PRICES.price(Model(name="m", provider="elsewhere", model="no-such-thing")) is None


def test_a_local_model_has_no_price_even_when_a_vendor_sells_the_same_one() -> None:
    assert PRICES.cost(Model(name="m", provider="ollama", model="grok-4.7"), Usage(input=1)) is None


def test_a_deployment_costs_what_the_model_behind_it_costs() -> None:
    deployed = Model(name="m", provider="foundry", model="our-chat", base="gpt-6-sol")

    assert PRICES.cost(deployed, Usage(input=1_000)) == PRICES.cost(
        Model(name="m", provider="foundry", model="gpt-6-sol"), Usage(input=1_000)
    )


def test_a_routers_answer_costs_what_the_model_that_answered_costs() -> None:
    router = Model(name="auto", provider="foundry", model="model-router")

    routed = PRICES.cost(router, Usage(input=1_000, output=1_000), served="gpt-6-sol")

    assert routed == PRICES.cost(
        Model(name="m", provider="foundry", model="gpt-6-sol"), Usage(input=1_000, output=1_000)
    )


def test_a_shown_price_is_per_million() -> None:
    price = PRICES.price(GROK)

    assert price is not None
    assert PRICES.cost(GROK, Usage(input=1_000)) == pytest.approx(price.input / 1_000)
    assert price.cached is not None
    assert price.cached < price.input < price.output


@pytest.mark.parametrize(
    ("price", "shown"),
    [
        (None, ""),
        (Price(input=0, output=0), "free"),
        (Price(input=0.2, output=0.8), "$"),
        (Price(input=3, output=15), "$$"),
        (Price(input=15, output=75), "$$$"),
    ],
)
def test_a_picker_shows_a_price_class(price: Price | None, shown: str) -> None:
    assert price_class(price) == shown


def test_estimates_follow_the_real_counts() -> None:
    corrections = Corrections()
    for _ in range(30):
        corrections.learn(GROK, estimated=1_000, usage=Usage(input=1_300))

    assert corrections.of(GROK) == pytest.approx(1.3)
    assert corrections.of(Model(name="m", provider="p", model="m")) == 1.0


def test_one_odd_count_hardly_moves_an_estimate() -> None:
    corrections = Corrections()
    for _ in range(30):
        corrections.learn(GROK, estimated=1_000, usage=Usage(input=1_000))
    corrections.learn(GROK, estimated=1_000, usage=Usage(input=50_000))

    assert corrections.of(GROK) < 2


@pytest.mark.parametrize("usage", [Usage(input=0), Usage(input=900, estimated=True)])
def test_counts_that_are_missing_or_estimates_themselves_teach_nothing(usage: Usage) -> None:
    corrections = Corrections()
    corrections.learn(GROK, estimated=100, usage=usage)

    assert corrections.of(GROK) == 1.0
