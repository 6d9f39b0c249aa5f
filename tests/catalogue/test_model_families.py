"""Which model of a vendor's listing a friendly name means."""

from dataclasses import dataclass

import pytest
from genai_prices import data_snapshot

from bot.domain.listings import Listing
from bot.models.sources import Flagship, can_chat
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
    # the better model, not the higher number
    Case(
        flagship=model_families.GPT,
        listed=("gpt-5-nano", "gpt-5.1-mini", "gpt-5", "gpt-5.1-codex-mini"),
        meant="gpt-5",
    ),
    Case(flagship=model_families.GPT, listed=("gpt-6.1-terra", "gpt-6-sol"), meant="gpt-6-sol"),
    Case(flagship=model_families.GPT, listed=("gpt-4", "gpt-4o", "gpt-4o-2024-05-13"), meant="gpt-4o"),
    Case(
        flagship=model_families.GPT,
        listed=("gpt-5.4-image-2", "gpt-5-search-api", "gpt-4o-audio-preview", "gpt-5.4-pro"),
        meant="",
    ),
    Case(flagship=model_families.GPT_MINI, listed=("gpt-5.4-nano", "gpt-5-mini"), meant="gpt-5-mini"),
    Case(
        flagship=model_families.GROK, listed=("grok-4-fast", "grok-4.7", "grok-code-fast-1"), meant="grok-4.7"
    ),
    Case(flagship=model_families.GROK, listed=("grok-4-0709", "grok-3"), meant="grok-4-0709"),
    Case(
        flagship=model_families.GEMINI,
        listed=("gemini-3.1-pro-preview", "gemini-3-pro", "gemini-3-pro-image-preview"),
        meant="gemini-3-pro",
    ),
    Case(flagship=model_families.DEEPSEEK, listed=("deepseek-r1", "deepseek-v3.2"), meant="deepseek-v3.2"),
    Case(
        flagship=model_families.DEEPSEEK,
        listed=("deepseek-v4.1-flash", "deepseek-v4-pro"),
        meant="deepseek-v4-pro",
    ),
    Case(
        flagship=model_families.MISTRAL,
        listed=("mistral-large-2512", "mistral-large-4", "mistral-medium-5"),
        meant="mistral-large-4",
    ),
    Case(
        flagship=model_families.LLAMA,
        listed=("llama-3.3-70b-instruct", "llama-4-scout", "llama-4-maverick", "llama-3.1-405b"),
        meant="llama-4-maverick",
    ),
    Case(
        flagship=model_families.LLAMA,
        listed=("llama-3.1-8b-instant", "llama-3.3-70b-versatile", "llama-3.1-nemotron-70b-instruct"),
        meant="llama-3.3-70b-versatile",
    ),
    Case(flagship=model_families.KIMI, listed=("kimi-k2.7-code", "kimi-k2.6"), meant="kimi-k2.6"),
    # Sonnet, then Opus, then Haiku
    Case(
        flagship=model_families.CLAUDE,
        listed=(
            "claude-opus-5-5",
            "claude-3-7-sonnet-20250219",
            "claude-sonnet-4-20250514",
            "claude-haiku-5-5",
        ),
        meant="claude-sonnet-4-20250514",
    ),
    Case(
        flagship=model_families.CLAUDE,
        listed=("claude-3-7-sonnet-latest", "claude-opus-4-5", "claude-3-5-sonnet-20241022"),
        meant="claude-3-7-sonnet-latest",
    ),
    Case(
        flagship=model_families.CLAUDE,
        listed=("claude-haiku-5-5", "claude-opus-4-5"),
        meant="claude-opus-4-5",
    ),
    # the maker, where an id names it
    Case(flagship=model_families.GPT, listed=("someone/gpt-9", "openai/gpt-5"), meant="openai/gpt-5"),
    Case(flagship=model_families.GPT, listed=("gpt-9:free", "someone/gpt-9", "someone.gpt-9"), meant=""),
    Case(
        flagship=model_families.LLAMA,
        listed=("nousresearch/llama-5-70b-instruct", "meta-llama/Llama-3.3-70B-Instruct"),
        meant="meta-llama/Llama-3.3-70B-Instruct",
    ),
    Case(
        flagship=model_families.CLAUDE,
        listed=(
            "someone.claude-sonnet-9",
            "anthropic.claude-3-7-sonnet-20250219-v1:0",
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        ),
        meant="us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    ),
    Case(
        flagship=model_families.CLAUDE,
        listed=(
            "publishers/someone/models/claude-sonnet-9",
            "publishers/anthropic/models/claude-sonnet-4-5@20250929",
        ),
        meant="publishers/anthropic/models/claude-sonnet-4-5@20250929",
    ),
    Case(flagship=model_families.GEMINI, listed=("models/gemini-2.5-pro",), meant="models/gemini-2.5-pro"),
    Case(flagship=model_families.GPT, listed=("azure/gpt-5", "openrouter/x/gpt-6"), meant="azure/gpt-5"),
    Case(
        flagship=model_families.LLAMA,
        listed=("meta.llama3-3-70b-instruct-v1:0", "meta.llama4-maverick-17b-instruct-v1:0"),
        meant="meta.llama4-maverick-17b-instruct-v1:0",
    ),
    Case(
        flagship=model_families.DEEPSEEK,
        listed=("deepseek-ai/DeepSeek-V4-Pro-0813", "deepseek-ai/DeepSeek-R1", "tngtech/deepseek-v9"),
        meant="deepseek-ai/DeepSeek-V4-Pro-0813",
    ),
]

OPENROUTER = {
    "gpt": "openai/gpt-6.1-sol",
    "gpt-mini": "openai/gpt-6-luna",
    "claude": "anthropic/claude-sonnet-5.5",
    "opus": "anthropic/claude-opus-5.5",
    "haiku": "anthropic/claude-haiku-5.5",
    "grok": "x-ai/grok-4.7",
    "gemini": "google/gemini-4-argon",
    "gemini-flash": "google/gemini-3.8-flash",
    "deepseek": "deepseek/deepseek-v4-pro",
    "mistral": "mistralai/mistral-large-4-0",
    "phi": "microsoft/phi-4",
    "llama": "meta-llama/llama-4-maverick",
    "kimi": "moonshotai/kimi-k3.1-pro",
}
"""What the names mean among all ids that the bundled price data has of OpenRouter, of which there are hundreds."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.flagship.name} of {case.listed[0]}")
def test_a_friendly_name_means_the_vendors_newest_model_of_its_kind(case: Case) -> None:
    picked = case.flagship.pick([Listing(id=name) for name in case.listed])

    assert (picked.id if picked else "") == case.meant


def test_names_that_cannot_be_guessed_wait_for_a_listing() -> None:
    assert all(flagship.model == "" for flagship in model_families.EVERYBODY)


def test_among_hundreds_of_models_every_name_means_the_makers_own_best() -> None:
    snapshot = data_snapshot.get_snapshot()
    router = next(each for each in snapshot.providers if each.id == "openrouter")
    rows = [row for model in router.models if can_chat(row := Listing(id=model.id))]
    picked = {each.name: found.id for each in model_families.EVERYBODY if (found := each.pick(rows))}

    assert len(rows) > 600
    assert {name: picked.get(name) for name in OPENROUTER} == OPENROUTER
