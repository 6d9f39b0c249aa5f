"""Vendors that answer with whatever costs the most to read: nobody else waits, and the error is a clear one."""

import gzip
import json
import zlib
from collections.abc import AsyncIterator
from math import inf
from pathlib import Path

import pytest

from bot.domain import errors
from bot.domain.durations import MOST as LONGEST_WAIT
from bot.domain.durations import seconds_from
from bot.domain.errors import ModelError
from providers.retry_after import retry_after
from providers.transport import EVENT_BYTES, Transport
from tests.providers.fake import Answer, FakeVendor, fake_vendor
from tests.providers.speech import SPEECHES
from tests.providers.test_transport import MODEL, endpoint
from tests.providers.vendor import Heard, hear
from tests.stalls import MOST, stalls

JSON = {"content-type": "application/json"}
EVENTS = {"content-type": "text/event-stream"}
DIGITS = "9" * 20_000
DIALECTS = list(SPEECHES)


@pytest.fixture
async def vendor() -> AsyncIterator[FakeVendor]:
    async with fake_vendor() as vendor:
        yield vendor


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    async with Transport() as transport:
        yield transport


async def heard(
    vendor: FakeVendor, transport: Transport, answer: Answer, dialect: str = "openai-chat"
) -> Heard:
    """What comes of it. Fails when anybody else had to wait for it."""
    vendor.plays["hello"] = [answer]
    async with stalls() as found:
        got = await hear(endpoint(transport, vendor.url, dialect), MODEL)
    assert found.busy < MOST
    return got


def limited(message: str = "No.", **details: object) -> bytes:
    return json.dumps({"error": {"message": message, "code": 429, "details": [details]}}).encode()


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"x-ratelimit-reset-tokens": DIGITS[:8000]}, b"{}"),
        ({"x-ratelimit-reset-requests": "1h" * 4000}, b"{}"),
        ({"retry-after": DIGITS[:8000]}, b"{}"),
        ({"retry-after": "Wed, " + "1" * 8000}, b"{}"),
        ({"retry-after-ms": "9" * 8000}, b"{}"),
        (
            {"anthropic-ratelimit-tokens-reset": DIGITS[:8000], "anthropic-ratelimit-tokens-remaining": "0"},
            b"{}",
        ),
        ({}, limited(retryDelay=DIGITS)),
        ({}, limited(retryDelay="1.5" * 7_000 + "s")),
        ({}, limited(message="try again in " + DIGITS)),
        ({}, limited(message="retry after " + DIGITS)),
        ({}, limited(message="try again in " * 4_000)),
    ],
)
async def test_a_wait_of_twenty_thousand_digits_is_no_wait_and_holds_nobody_up(
    vendor: FakeVendor, transport: Transport, headers: dict[str, str], body: bytes
) -> None:
    got = await heard(vendor, transport, Answer(429, {**JSON, **headers}, body))

    assert isinstance(got.error, errors.RateLimit)
    assert got.error.retry_after is None


async def test_a_header_line_longer_than_any_is_a_clear_error(
    vendor: FakeVendor, transport: Transport
) -> None:
    got = await heard(vendor, transport, Answer(429, {"x-ratelimit-reset-tokens": DIGITS}))

    assert isinstance(got.error, errors.ServerError)
    assert "headers" in str(got.error)
    assert not got.error.retry


@pytest.mark.parametrize("said", ["inf", "-inf", "nan", "-1", "1e999", "9" * 5_000, "9" * 30, "", "1_0", "²"])
def test_what_nobody_can_wait_for_is_no_wait(said: str) -> None:
    found = seconds_from(said)

    assert found is None or 0 <= found <= LONGEST_WAIT < inf
    assert retry_after({"retry-after": said}, details=[], message="", now=0.0) == found


@pytest.mark.parametrize(
    "event",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        "[" + "[]," * 1_000_000 + "[]]",
        "9" * 3_000_000,
        '{"error":' + '{"message":' * 900 + "1" + "}" * 901,
        '{"choices":[{"delta":{"tool_calls":[{"function":{"arguments":'
        + '{"a":' * 900
        + "1"
        + "}" * 900
        + "}}]}}]}",
        '{"usage":{"prompt_tokens":' + "9" * 4_000 + ',"completion_tokens":1e999}}',
    ],
    ids=["brackets", "objects", "values", "digits", "an error", "arguments", "usage"],
)
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_json_without_measure_is_an_error_at_most(
    vendor: FakeVendor, transport: Transport, dialect: str, event: str
) -> None:
    got = await heard(vendor, transport, Answer(200, EVENTS, f"data: {event}\n\n".encode()), dialect)

    assert isinstance(got.error, ModelError)


@pytest.mark.parametrize(
    "body",
    [
        b"\n" * 8_000_000,
        b"data\n" * 1_000_000,
        b"data: {}\n\n" * 300_000,
        b": ping\n\n" * 300_000,
        b"data: x\n" * 1_000_000,
        b"x" * (EVENT_BYTES + 1_000_000),
        b"{\n" * 2_000_000,
        b"{\n}\n" * 200_000,
        b"[{\n" + b"}\n" * 2_000_000,
        b"\r" * 8_000_000,
        b"error: x\n" * 800_000,
    ],
    ids=[
        "line ends",
        "fields",
        "events",
        "comments",
        "lines",
        "one line",
        "openings",
        "objects",
        "closings",
        "returns",
        "errors",
    ],
)
async def test_a_stream_of_nothing_holds_nobody_up(
    vendor: FakeVendor, transport: Transport, body: bytes
) -> None:
    got = await heard(vendor, transport, Answer(200, EVENTS, body))

    assert isinstance(got.error, ModelError)
    assert got.text == ""


async def test_the_last_model_of_a_listing_without_measure_is_not_read(
    vendor: FakeVendor, transport: Transport
) -> None:
    rows = [{"id": f"m-{number}"} for number in range(60_000)] + [{"id": "9" * 5_000}]
    vendor.listing = Answer(200, JSON, json.dumps({"data": rows}).encode())

    async with stalls() as found:
        listed = await endpoint(transport, vendor.url).models()

    assert found.busy < MOST
    assert 0 < len(listed) <= 5_000


def bombs() -> dict[str, bytes]:
    """A hundred megabytes of blanks in every encoding that a client may offer."""
    plain = b" " * 100_000_000
    packed = {"gzip": gzip.compress(plain), "deflate": zlib.compress(plain)}
    # The others are not unpacked either: what is in them does not matter.
    return {
        **packed,
        "br": b"\x0b\x02\x80 \x03",
        "zstd": b"\x28\xb5\x2f\xfd\x00",
        "gzip, gzip": packed["gzip"],
    }


BOMBS = bombs()


@pytest.mark.parametrize("encoding", BOMBS)
@pytest.mark.parametrize("status", [200, 400, 429, 500])
async def test_what_comes_compressed_is_refused_and_never_unpacked(
    vendor: FakeVendor, transport: Transport, encoding: str, status: int
) -> None:
    headers = {**(EVENTS if status == 200 else JSON), "content-encoding": encoding}
    before = resident()

    got = await heard(vendor, transport, Answer(status, headers, BOMBS[encoding]))

    assert isinstance(got.error, ModelError)
    if status == 200:
        assert "compress" in str(got.error)
        assert not got.error.retry
    assert vendor.asked[-1].headers["Accept-Encoding"] == "identity"
    assert resident() - before < 20_000_000


@pytest.mark.parametrize("encoding", BOMBS)
async def test_a_compressed_listing_is_refused(
    vendor: FakeVendor, transport: Transport, encoding: str
) -> None:
    vendor.listing = Answer(200, {**JSON, "content-encoding": encoding}, BOMBS[encoding])

    with pytest.raises(errors.ServerError, match="compress"):
        await endpoint(transport, vendor.url).models()


async def test_an_error_without_end_is_read_only_as_far_as_its_start(
    vendor: FakeVendor, transport: Transport
) -> None:
    body = b"x" * 15_000_000
    before = resident()

    got = await heard(vendor, transport, Answer(500, JSON, body))

    assert isinstance(got.error, errors.ServerError)
    assert len(str(got.error)) < 1_000
    assert resident() - before < 30_000_000  # the vendor is in this process, too, and copies what it sends


def resident() -> int:
    """Bytes of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096
