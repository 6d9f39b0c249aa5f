"""What the shared transport promises beyond single answers: connections, limits, secrets, odd servers."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from bot.domain import errors
from bot.domain.catalog import Deadlines, Model
from bot.domain.stream_parts import Finish
from providers.credentials import ApiKey
from providers.dialect import Quirks
from providers.endpoint import Endpoint
from providers.transport import Transport
from tests.providers.fake import HELLO, KEY, FakeVendor, Raw, Refuse, Say, fake_vendor
from tests.providers.speech import SPEECHES
from tests.providers.vendor import HELLO as QUESTION
from tests.providers.vendor import hear, heard_from, sse

MODEL = Model(name="it", provider="fake", model="m-1")
SENTINELS = ["openai-chat", "openai-responses", "anthropic"]


@pytest.fixture
async def vendor() -> AsyncIterator[FakeVendor]:
    async with fake_vendor() as vendor:
        yield vendor


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    async with Transport() as transport:
        yield transport


def endpoint(transport: Transport, url: str, dialect: str = "openai-chat", key: str = KEY) -> Endpoint:
    return Endpoint(
        transport=transport,
        base_url=url,
        auth=ApiKey(scheme="bearer", secret=key),
        dialects={dialect: Quirks()},
    )


@pytest.mark.parametrize("dialect", [*SENTINELS, "gemini"])
async def test_one_connection_serves_one_answer_after_the_other(
    vendor: FakeVendor, transport: Transport, dialect: str
) -> None:
    for _ in range(3):
        heard = await hear(endpoint(transport, vendor.url, dialect), MODEL)
        assert heard.text.strip() == HELLO

    assert len(vendor.asked) == 3
    assert len(vendor.connections) == 1


@pytest.mark.parametrize("dialect", SENTINELS)
async def test_a_vendor_that_does_not_hang_up_after_the_end_holds_nobody_up(
    vendor: FakeVendor, transport: Transport, dialect: str
) -> None:
    vendor.lingers = True
    endless = replace(MODEL, deadlines=Deadlines(first=60, idle=60, total=60))

    heard = await asyncio.wait_for(hear(endpoint(transport, vendor.url, dialect), endless), 20)

    assert heard.error is None
    assert isinstance(heard.parts[-1], Finish)
    await asyncio.wait_for(vendor.hung_up.wait(), 20)


async def test_comments_and_pings_are_signs_of_life(vendor: FakeVendor, transport: Transport) -> None:
    patient = replace(MODEL, deadlines=Deadlines(first=30, idle=2.0, total=30))
    comments = [Raw(b": keep-alive\n\n"), Raw(b"\n"), Raw(b"event: ping\ndata:\n\n")]
    vendor.plays["hello"] = [Say("The tide"), *comments * 20, Say("comes.")]

    heard = await hear(endpoint(transport, vendor.url), patient)

    assert heard.text == "The tide comes. "


async def test_a_wrong_key_is_refused_and_never_quoted(vendor: FakeVendor, transport: Transport) -> None:
    vendor.plays["hello"] = [Refuse(401, message="Wrong key: hunter2.")]

    heard = await hear(endpoint(transport, vendor.url, key="hunter2"), MODEL)

    assert isinstance(heard.error, errors.Auth)
    assert "hunter2" not in str(heard.error)


async def test_a_proxy_in_the_environment_is_not_asked_for_what_runs_here(
    vendor: FakeVendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)

    async with Transport() as transport:
        heard = await hear(endpoint(transport, vendor.url), MODEL)

    assert heard.text.strip() == HELLO


async def test_nobody_listening_at_the_address_is_a_lost_connection(transport: Transport) -> None:
    async with fake_vendor() as gone:
        url = gone.url

    heard = await hear(endpoint(transport, url), MODEL)

    assert isinstance(heard.error, errors.Connection)


async def test_a_key_that_cannot_be_a_header_is_not_quoted_either(
    vendor: FakeVendor, transport: Transport
) -> None:
    heard = await hear(endpoint(transport, vendor.url, key="canary\nkey"), MODEL)

    assert isinstance(heard.error, errors.Connection)
    assert "canary" not in str(heard.error)


async def test_redirects_are_not_followed_with_credentials() -> None:
    visited: list[str] = []

    def respond(request: httpx.Request) -> httpx.Response:
        visited.append(request.url.host)
        return httpx.Response(307, headers={"location": "https://elsewhere.test/"})

    async with Transport(wire=httpx.MockTransport(respond)) as transport:
        heard = await hear(endpoint(transport, "https://vendor.test"), MODEL)

    assert isinstance(heard.error, errors.ModelNotFound)
    assert visited == ["vendor.test"]


async def test_cookies_are_not_kept() -> None:
    sent: list[str | None] = []

    def respond(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers.get("cookie"))
        return httpx.Response(503, headers={"set-cookie": "trace=1; Path=/"})

    async with Transport(wire=httpx.MockTransport(respond)) as transport:
        for _ in range(2):
            await hear(endpoint(transport, "https://vendor.test"), MODEL)

    assert sent == [None, None]


async def test_what_goes_over_the_wire_is_not_logged(
    vendor: FakeVendor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    async with Transport() as transport:
        await hear(endpoint(transport, vendor.url), MODEL)

    assert KEY not in caplog.text
    assert vendor.url not in caplog.text


@pytest.mark.parametrize("dialect", ["openai-chat", "openai-responses", "anthropic", "gemini"])
async def test_an_event_that_is_not_json_is_the_vendors_error(dialect: str) -> None:
    for broken in ("{", "nonsense", '"' * 3, "[" * 100_000):
        got = await heard_from(dialect, sse(broken))

        assert isinstance(got.error, errors.ServerError)
        assert len(str(got.error)) < 1000


@pytest.mark.parametrize("dialect", ["openai-chat", "openai-responses", "anthropic", "gemini"])
@pytest.mark.parametrize("value", ["null", "7", '"text"', "true", "[]", "[null]", "{}"])
async def test_json_that_is_no_event_is_passed_over(dialect: str, value: str) -> None:
    speech = SPEECHES[dialect]

    got = await heard_from(dialect, [*sse(value), speech.opening(), speech.word("hello"), speech.closing()])

    assert (got.text, got.error) == ("hello", None)


async def test_an_answer_without_end_or_line_break_is_given_up() -> None:
    line = b"data: " + b"x" * 1_000_000

    got = await heard_from("openai-chat", [line] * 20)

    assert isinstance(got.error, errors.ServerError)


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\u0085"])
@pytest.mark.parametrize("size", [1, 7, 4096])
async def test_only_line_feeds_and_returns_end_a_line(mark: str, size: int) -> None:
    said = f"one{mark}two 🦭"
    chunk = json.dumps(
        {"choices": [{"delta": {"content": said}, "finish_reason": "stop"}]}, ensure_ascii=False
    )
    body = f"data: {chunk}\r\n\r\ndata:[DONE]\r\n\r\n".encode()

    got = await heard_from("openai-chat", [body[at : at + size] for at in range(0, len(body), size)])

    assert (got.text, got.error) == (said, None)


async def test_an_event_of_several_lines_is_one() -> None:
    body = b'data: {"choices":[{"delta":\ndata: {"content":"hi"}}]}\n\ndata: [DONE]\n\n'

    got = await heard_from("openai-chat", [body])

    assert got.text == "hi"


async def test_emoji_split_into_halves_are_joined_again_and_lone_halves_replaced() -> None:
    halves = [
        r'{"choices":[{"delta":{"content":"a\ud83e"}}]}',
        r'{"choices":[{"delta":{"content":"\uddad b\udc00"}}]}',
    ]

    got = await heard_from(
        "openai-chat", sse(*halves, r'{"choices":[{"delta":{"content":"\ud83e"}}]}', "[DONE]")
    )

    assert got.text == "a🦭 b\ufffd\ufffd"


async def test_a_vendors_models_are_read_page_by_page() -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        if "after_id" in request.url.params:
            return httpx.Response(
                200, json={"data": [{"id": "claude-b", "lifecycle": "active"}], "has_more": False}
            )
        first = {
            "id": "claude-a",
            "max_input_tokens": 9,
            "max_tokens": 5,
            "capabilities": {"image_input": True},
        }
        gone = {"id": "claude-0", "lifecycle": "retired"}
        return httpx.Response(200, json={"data": [first, gone], "has_more": True, "last_id": "claude-0"})

    async with Transport(wire=httpx.MockTransport(respond)) as transport:
        listed = await endpoint(transport, "https://vendor.test", "anthropic").models()

    assert [listing.id for listing in listed] == ["claude-a", "claude-b"]
    assert (listed[0].context, listed[0].max_output, listed[0].vision) == (9, 5, True)


@pytest.mark.parametrize(
    ("dialect", "body"),
    [
        ("openai-chat", '{"data": [{"id": "m", "pricing": {"prompt": 1%s, "completion": 1}}]}' % ("0" * 400)),
        (
            "openai-chat",
            '{"data": [{"id": "m"}, {"id": "a\\ud800"}, {"id": "b\\n[c](d)"}, {"id": "\\u001b[2J"}]}',
        ),
        ("anthropic", '{"data": [{"id": "m"}], "has_more": true, "last_id": "\\ud800"}'),
        (
            "gemini",
            '{"models": [{"name": "models/m", "supportedGenerationMethods": ["generateContent"]}], '
            '"nextPageToken": "\\udfff"}',
        ),
    ],
    ids=["a price beyond all numbers", "names that are none", "a page that has no name", "nor this one"],
)
async def test_a_listing_that_makes_no_sense_is_read_as_far_as_it_does(dialect: str, body: str) -> None:
    """One fault in it would otherwise keep every other endpoint's models out of the catalogue."""
    async with Transport(wire=httpx.MockTransport(lambda _: httpx.Response(200, text=body))) as transport:
        listed = await endpoint(transport, "https://vendor.test", dialect).models()

    assert {listing.id for listing in listed} == {"m"}


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (httpx.Response(401, json={"error": "no"}), errors.Auth),
        (httpx.Response(500, text="<html>"), errors.ServerError),
        (httpx.Response(200, text="<html>"), errors.ServerError),
    ],
)
async def test_a_listing_that_fails_is_one_of_our_errors(
    response: httpx.Response, kind: type[errors.ModelError]
) -> None:
    async with Transport(wire=httpx.MockTransport(lambda _: response)) as transport:
        with pytest.raises(kind):
            await endpoint(transport, "https://vendor.test").models()


@pytest.mark.parametrize(
    ("scheme", "header", "value"),
    [
        ("bearer", "authorization", "Bearer fake-key"),
        ("api-key", "api-key", "fake-key"),
        ("x-api-key", "x-api-key", "fake-key"),
        ("x-goog-api-key", "x-goog-api-key", "fake-key"),
    ],
)
async def test_keys_travel_in_headers_never_in_addresses(
    vendor: FakeVendor, transport: Transport, scheme: str, header: str, value: str
) -> None:
    asking = Endpoint(
        transport=transport,
        base_url=vendor.url + "/",
        auth=ApiKey(scheme=scheme, secret=KEY),
        dialects={"gemini": Quirks()},
    )

    await hear(asking, MODEL, QUESTION)

    headers = {name.lower(): said for name, said in vendor.asked[0].headers.items()}
    assert headers[header] == value
    assert vendor.asked[0].path == "/v1beta/models/m-1:streamGenerateContent?alt=sse"


def test_an_unknown_way_to_authenticate_names_the_known_ones() -> None:
    with pytest.raises(errors.SettingsError, match="bearer"):
        ApiKey(scheme="basic")
