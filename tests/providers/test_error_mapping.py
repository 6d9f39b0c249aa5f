"""What each error means for the person, the next try and the next model; how long to wait; what reaches the log."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from bot.domain import errors
from bot.domain.errors import ModelError
from providers.error_mapping import error_from_response
from providers.scrubbing import scrubbed
from tests.providers.refusals import cases
from tests.providers.vendor import heard_from

CHAT = "openai-chat"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a class promises: to the person, to the one who retries, to the one who picks another model."""

    told: str
    retry: bool
    failover: bool
    operator: bool = False


MEANINGS: Mapping[type[ModelError], Meaning] = {
    errors.Quota: Meaning("no credit left", retry=False, failover=True, operator=True),
    errors.RateLimit: Meaning("too many requests", retry=True, failover=True),
    errors.Overloaded: Meaning("overloaded", retry=True, failover=True),
    errors.Unavailable: Meaning("not available right now", retry=True, failover=True),
    errors.ServerError: Meaning("error of its own", retry=True, failover=True),
    errors.Timeout: Meaning("took too long", retry=True, failover=True),
    errors.Connection: Meaning("could not be reached", retry=True, failover=True),
    errors.BrokeOff: Meaning("before the first word", retry=True, failover=True),
    errors.Auth: Meaning("refused Switchboard's key", retry=False, failover=True, operator=True),
    errors.ModelNotFound: Meaning("not there any more", retry=False, failover=True, operator=True),
    errors.ContextTooLong: Meaning("conversation this long", retry=False, failover=True),
    errors.Filtered: Meaning("content filter", retry=False, failover=False),
    errors.Rejected: Meaning("refused the request", retry=False, failover=True),
    errors.PicturesRefused: Meaning("would not take a picture", retry=False, failover=True),
    errors.PicturesUnseen: Meaning("cannot see pictures", retry=False, failover=True),
    errors.DocumentsRefused: Meaning("would not take a PDF", retry=False, failover=True),
    errors.Forbidden: Meaning("refused access", retry=False, failover=True, operator=True),
    errors.RegionBlocked: Meaning(
        "does not answer from where Switchboard runs", retry=False, failover=True, operator=True
    ),
}


@pytest.mark.parametrize("kind", MEANINGS, ids=lambda kind: kind.__name__)
def test_every_error_says_what_happened_and_what_may_be_done(kind: type[ModelError]) -> None:
    error, meaning = kind("the vendor's own words"), MEANINGS[kind]

    told = error.tell("grok")

    assert told.startswith("grok ")
    assert meaning.told in told
    assert "the vendor's own words" not in told
    assert (error.retry, error.failover, error.operator) == (
        meaning.retry,
        meaning.failover,
        meaning.operator,
    )


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (None, "Try again in a minute,"),
        (20, "Try again in a minute,"),
        (600, "Try again in 10 minutes,"),
        (7_200, "Try again in 2 hours,"),
        (100_000, "Try again tomorrow,"),
    ],
)
def test_a_long_wait_is_told_as_one(seconds: float | None, told: str) -> None:
    assert told in errors.RateLimit(retry_after=seconds).tell("grok")


def test_the_table_knows_every_error_there_is() -> None:
    files = {errors.PicturesRefused, errors.PicturesUnseen, errors.DocumentsRefused}
    below = {errors.BrokeOff, errors.Forbidden, errors.RegionBlocked, *files}
    known = {*ModelError.__subclasses__(), *below} - {errors.OverBudget}
    silent = {errors.Connection, errors.BrokeOff}  # by what does not come

    assert set(MEANINGS) == known
    assert {case.kind for case in cases()} == {kind.__name__ for kind in known - silent}


NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Wait:
    id: str
    headers: Mapping[str, str]
    seconds: float | None
    message: str = "Slow."
    status: int = 429


WAITS = (
    Wait("seconds", {"retry-after": "12"}, 12.0),
    Wait("fraction", {"retry-after": "0.5"}, 0.5),
    Wait("date", {"retry-after": format_datetime(NOW + timedelta(seconds=90), usegmt=True)}, 90.0),
    Wait("date gone by", {"retry-after": format_datetime(NOW - timedelta(seconds=90), usegmt=True)}, None),
    Wait("milliseconds first", {"retry-after-ms": "120", "retry-after": "3"}, 0.12),
    Wait("nonsense, then the next source", {"retry-after-ms": "soon", "retry-after": "3"}, 3.0),
    Wait("negative", {"retry-after": "-3"}, None),
    Wait("infinite", {"retry-after": "inf"}, None),
    Wait("not a number", {"retry-after": "nan"}, None),
    Wait("resets", {"x-ratelimit-reset-requests": "120ms", "x-ratelimit-reset-tokens": "6m0s"}, 360.0),
    Wait(
        "only what is used up",
        {
            "x-ratelimit-reset-requests": "1s",
            "x-ratelimit-remaining-requests": "0",
            "x-ratelimit-reset-tokens": "6m0s",
            "x-ratelimit-remaining-tokens": "900",
        },
        1.0,
    ),
    Wait(
        "anthropic's clock",
        {
            "anthropic-ratelimit-requests-remaining": "5",
            "anthropic-ratelimit-requests-reset": "2026-11-24T12:10:00Z",
            "anthropic-ratelimit-tokens-remaining": "0",
            "anthropic-ratelimit-tokens-reset": "2026-11-24T12:00:20Z",
        },
        20.0,
    ),
    Wait("azure's words", {}, 30.0, message="Exceeded. Please retry after 30 seconds."),
    Wait("openai's words", {}, 61.5, message="Please try again in 1m1.5s. Visit us."),
    Wait(
        "github's words",
        {},
        5.0,
        message="Rate limit of 10 per 60s exceeded. Please wait 5 seconds before retrying.",
    ),
    Wait("litellm's words", {}, 5.0, message="No deployments available, try again in 5 seconds."),
    Wait("header before words", {"retry-after": "2"}, 2.0, message="Please retry after 30 seconds."),
    Wait("an outage may say too", {"retry-after": "4"}, 4.0, status=503),
    Wait("a refusal may not", {"retry-after": "4"}, None, status=400),
)


@pytest.mark.parametrize("wait", [pytest.param(wait, id=wait.id) for wait in WAITS])
def test_the_wait_comes_from_the_first_source_that_makes_sense(wait: Wait) -> None:
    body = json.dumps({"error": {"message": wait.message}})

    error = error_from_response(wait.status, wait.headers, body, now=NOW.timestamp())

    assert error.retry_after == (None if wait.seconds is None else pytest.approx(wait.seconds))


@pytest.mark.parametrize(("said", "retry"), [("true", True), ("false", False), ("perhaps", True)])
def test_a_vendor_may_say_itself_whether_to_try_again(said: str, retry: bool) -> None:
    error = error_from_response(429, {"x-should-retry": said}, "{}")

    assert error.retry is retry
    assert errors.RateLimit().retry is True


@pytest.mark.parametrize(
    "secret",
    [
        "sk-proj-abcdefgh12345678",
        "xai-abcdefgh12345678",
        "AIzaSyA1234567890abcdef",
        "Bearer eyJ0eXAiOiJKV1Qi",
        "sk-ab***************wxyz",
        "0123456789abcdef0123456789abcdef",
    ],
)
def test_nothing_that_looks_like_a_key_reaches_the_log(secret: str) -> None:
    assert secret not in scrubbed(f"Incorrect API key provided: {secret}. You can find yours.")


async def test_the_key_itself_never_reaches_the_log_whatever_it_looks_like() -> None:
    body = json.dumps({"error": {"message": "I do not know canary-key, sorry."}}).encode()

    got = await heard_from(CHAT, [body], status=401, headers={"content-type": "application/json"})

    assert "I do not know" in str(got.error)
    assert "canary-key" not in str(got.error)


@pytest.mark.parametrize("header", ["request-id", "x-request-id", "apim-request-id"])
def test_the_log_names_the_request_as_the_vendor_does(header: str) -> None:
    error = error_from_response(500, {header: "req_011CdufXo8Y2LVfY2veyuQWG-0123456789"}, "{}")

    assert "[request req_011CdufXo8Y2LVfY2veyuQWG-0123456789]" in str(error)


def test_a_vendors_text_is_capped_in_the_log() -> None:
    error = error_from_response(500, {}, "word " * 100_000)

    assert len(str(error)) <= 500
