"""How long a vendor asks to wait, in any of the ways that vendors tell it.

What is longer than any of these ways is not read: it is no wait, and reading it would hold everybody up.
Sources: RFC 9110 section 10.2.3, google.rpc.RetryInfo, the rate limit pages of OpenAI, Anthropic and Azure.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from bot.domain.durations import LONGEST, seconds_from, sensible
from providers.lenient_json import as_text

MESSAGE = 4_000  # characters of a message that are searched
SPAN = re.compile(r"(\d{1,12}(?:\.\d{1,12})?)(ms|h|m|s)")
SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
AZURE = re.compile(
    r"(?:retry after|try again in|wait) (\d{1,12}(?:\.\d{1,12})?) sec(?:ond)?s?\b", re.IGNORECASE
)  # and GitHub's and LiteLLM's
OPENAI = re.compile(r"try again in ((?:\d{1,12}(?:\.\d{1,12})?(?:ms|h|m|s)){1,4})", re.IGNORECASE)


def retry_after(
    headers: Mapping[str, str], *, details: Sequence[Mapping[str, Any]], message: str, now: float
) -> float | None:
    """Seconds, from the first valid source; None when there is none."""
    for seconds in _sources(headers, details, message, now):
        if sensible(seconds) is not None:
            return seconds
    return None


def _sources(
    headers: Mapping[str, str], details: Sequence[Mapping[str, Any]], message: str, now: float
) -> Iterator[float | None]:
    message = message[:MESSAGE]
    milliseconds = seconds_from(headers.get("retry-after-ms", ""))
    yield None if milliseconds is None else milliseconds / 1000
    said = headers.get("retry-after", "")
    seconds = seconds_from(said)
    yield seconds if seconds is not None else _until(said, now)
    for detail in details:
        yield _span(as_text(detail.get("retryDelay")))
    azure = AZURE.search(message)
    yield seconds_from(azure.group(1)) if azure else None
    openai = OPENAI.search(message)
    yield _span(openai.group(1).lower()) if openai else None
    yield _reset(headers, ("x-ratelimit-reset-requests", "x-ratelimit-reset-tokens"))
    yield _replenished(headers, now)


def _until(said: str, now: float) -> float | None:
    try:
        date = parsedate_to_datetime(said[:LONGEST])
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now
    except (ValueError, TypeError, OverflowError):
        return None


def _span(said: str) -> float | None:
    """A duration in Go's format: 34.4s, 6m0s, 120ms."""
    if len(said) > LONGEST:
        return None
    parts = SPAN.findall(said)
    if not parts or "".join(number + unit for number, unit in parts) != said:
        return None
    return sum(float(number) * SECONDS[unit] for number, unit in parts)


def _reset(headers: Mapping[str, str], names: Sequence[str]) -> float | None:
    """The longest wait of the limits that are used up, or of all when the vendor does not tell which are."""
    spans = {name: span for name in names if (span := _span(headers.get(name, ""))) is not None}
    empty = [span for name, span in spans.items() if headers.get(name.replace("reset", "remaining")) == "0"]
    return max(empty or spans.values(), default=None)


def _replenished(headers: Mapping[str, str], now: float) -> float | None:
    waits = []
    for name, said in headers.items():
        if name.startswith("anthropic-ratelimit-") and name.endswith("-reset"):
            if headers.get(name.removesuffix("reset") + "remaining") != "0":
                continue
            try:
                waits.append(datetime.fromisoformat(said[:LONGEST]).timestamp() - now)
            except (ValueError, OverflowError):
                continue
    return max(waits, default=None)
