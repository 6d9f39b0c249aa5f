"""Which model of a vendor's listing a friendly name means."""

from dataclasses import dataclass

import pytest

from bot.domain.catalog import Listing
from bot.models.sources import Flagship
from providers import model_families


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    flagship: Flagship
    listed: tuple[str, ...]
    meant: str


CASES = [
    Case(
        flagship=model_families.GPT,
        listed=(
            "gpt-4o",
            "gpt-5.4-mini",
            "gpt-6-astra",
            "gpt-6-sol",
            "gpt-6.1-terra",
            "gpt-6.1-sol",
            "gpt-6-luna",
        ),
        meant="gpt-6.1-sol",
    ),
    Case(flagship=model_families.GPT, listed=("gpt-6.1-sol", "gpt-7"), meant="gpt-7"),
    Case(flagship=model_families.GPT, listed=("gpt-4o-mini", "gpt-4o"), meant="gpt-4o"),
    Case(
        flagship=model_families.GPT_MINI,
        listed=("gpt-5.4-mini", "gpt-6-luna", "gpt-6-sol"),
        meant="gpt-6-luna",
    ),
    Case(
        flagship=model_families.CLAUDE,
        listed=("claude-sonnet-4-5-20250929", "claude-sonnet-5-5", "claude-opus-5-5", "claude-sonnet-4-6"),
        meant="claude-sonnet-5-5",
    ),
    Case(
        flagship=model_families.CLAUDE,
        listed=("claude-sonnet-4-20250514", "claude-sonnet-4-5-20250929"),
        meant="claude-sonnet-4-5-20250929",
    ),
    Case(
        flagship=model_families.OPUS,
        listed=("anthropic/claude-opus-4.8", "anthropic/claude-opus-5"),
        meant="anthropic/claude-opus-5",
    ),
    Case(
        flagship=model_families.GROK,
        listed=("grok-4.20", "grok-4.3", "grok-4.7", "grok-build-0.1"),
        meant="grok-4.7",
    ),
    Case(
        flagship=model_families.GROK,
        listed=("grok-4-20-non-reasoning", "grok-4-20-reasoning"),
        meant="grok-4-20-reasoning",
    ),
    Case(
        flagship=model_families.GEMINI,
        listed=("gemini-4-carbon", "gemini-4-argon", "gemini-3.1-pro-preview"),
        meant="gemini-4-argon",
    ),
    Case(
        flagship=model_families.GEMINI,
        listed=("gemini-4-argon", "gemini-pro-latest"),
        meant="gemini-pro-latest",
    ),
    Case(
        flagship=model_families.FLASH,
        listed=("gemini-3.5-flash", "gemini-3.8-flash", "gemini-3.5-flash-lite"),
        meant="gemini-3.8-flash",
    ),
    Case(
        flagship=model_families.DEEPSEEK, listed=("deepseek-v4-pro", "deepseek-flash"), meant="deepseek-flash"
    ),
    Case(
        flagship=model_families.DEEPSEEK,
        listed=("DeepSeek-V3.2", "DeepSeek-V4-Flash", "DeepSeek-V4-Pro"),
        meant="DeepSeek-V4-Pro",
    ),
    Case(
        flagship=model_families.MISTRAL,
        listed=("mistral-large-4", "mistral-medium-3-5"),
        meant="mistral-large-4",
    ),
    Case(flagship=model_families.MAI, listed=("MAI-Thinking-1", "MAI-DS-R1"), meant="MAI-Thinking-1"),
    Case(flagship=model_families.PHI, listed=("Phi-4-mini-instruct", "Phi-4"), meant="Phi-4"),
    Case(flagship=model_families.GROK, listed=("grok-beta", "other"), meant=""),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.flagship.name} of {case.listed[0]}")
def test_a_friendly_name_means_the_vendors_newest_model_of_its_kind(case: Case) -> None:
    picked = case.flagship.pick([Listing(id=name) for name in case.listed])

    assert (picked.id if picked else "") == case.meant


def test_names_that_cannot_be_guessed_wait_for_a_listing() -> None:
    assert all(flagship.model == "" for flagship in model_families.EVERYBODY)
