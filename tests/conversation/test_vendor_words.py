"""The operator reads why a vendor refused, and never what people wrote."""

import logging
from dataclasses import dataclass

import pytest

from bot.answers.vendor_words import LONGEST, without_echoes
from bot.domain.errors import Rejected
from bot.domain.prompt import Prompt, PromptMessage, TextPart
from tests.conversation.stage import Stage


def asking(*said: str) -> Prompt:
    return Prompt(
        system="You work for Example.",
        messages=tuple(PromptMessage(role="user", parts=(TextPart(text=text),)) for text in said),
    )


@dataclass(frozen=True, slots=True)
class Echo:
    id: str
    said: str  # by the vendor
    logged: str


PROMPT = asking("My cat Flo ate the contract", "Her chip is 756098100123456, mail ann@example.com")
ECHOES = (
    Echo(
        "nothing of it",
        "messages.3: text blocks must be non-empty",
        "messages.3: text blocks must be non-empty",
    ),
    Echo(
        "in quotes",
        'Invalid value: "My cat Flo". Supported values are: 1.',
        "Invalid value: \u2026. Supported values are: 1.",
    ),
    Echo("in single quotes", "Invalid value: 'My cat's contract' given", "Invalid value: \u2026 given"),
    Echo("cut short inside its quotes", "Could not parse 'My cat Flo ate", "Could not parse \u2026"),
    Echo(
        "as json",
        'Extra inputs: {"input": "My cat [Flo]"} are not permitted',
        "Extra inputs: \u2026 are not permitted",
    ),
    Echo("as it is", "Cannot process: my CAT, Flo ate it", "Cannot process: \u2026 it"),
    Echo("a number", "Blocked because of 756098100123456 in it", "Blocked because of \u2026 in it"),
    Echo("an address", "Blocked: ann@example.com", "Blocked: \u2026"),
    Echo("one common word", "Unsupported parameter: the contract", "Unsupported parameter: the contract"),
    Echo("of the instructions", "Bad text: you work for example.", "Bad text: \u2026"),
    Echo("the request's id", "No. [request req_756098]", "No. [request req_756098]"),
)


@pytest.mark.parametrize("asked", ["flo ate", "Password", "Ann: flo ate"])
def test_a_short_question_is_left_out_as_well(asked: str) -> None:
    said = without_echoes(f"Go away: {asked.removeprefix('Ann: ')}! is bad", asking("Hello", asked))

    assert said == "Go away: \u2026 is bad"


@pytest.mark.parametrize("echo", [pytest.param(echo, id=echo.id) for echo in ECHOES])
def test_what_a_vendor_echoes_of_a_prompt_is_left_out(echo: Echo) -> None:
    assert without_echoes(echo.said, PROMPT) == echo.logged


def test_a_long_story_is_cut_and_keeps_its_request() -> None:
    logged = without_echoes("no way " * 100 + " [request req_1]", PROMPT)

    assert logged.endswith(" [request req_1]")
    assert len(logged) <= LONGEST + len(" [request req_1]")


def test_of_a_prompt_too_long_to_compare_only_the_requests_id_is_said() -> None:
    prompt = asking("word after word " * 30_000)

    assert without_echoes("no way, word [request req_1]", prompt) == "\u2026 [request req_1]"


async def test_the_log_says_why_a_request_was_refused_without_what_was_asked(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage = Stage()
    refused = Rejected("Unknown argument in: Flo ate the contract", status=400, code="invalid_argument")
    stage.one.scripts = [(refused,)]
    with caplog.at_level(logging.INFO):
        await stage.says("Flo ate the contract, what now?")

    (record,) = [each for each in caplog.records if each.message == "a model did not answer"]
    assert record.__dict__["why"] == "Unknown argument in: \u2026"
    assert (record.__dict__["status"], record.__dict__["code"]) == (400, "invalid_argument")
    assert "Flo" not in "".join(map(str, record.__dict__.values()))
