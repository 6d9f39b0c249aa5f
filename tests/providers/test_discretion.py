"""Nothing that opens a door comes back in an error, whoever quotes it, at whatever moment."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from bot.domain.errors import Connection, ModelError, ServerError
from providers.credentials import ApiKey
from providers.dialect import Quirks
from providers.endpoint import Additions, Endpoint
from providers.transport import Transport
from tests.providers.fake import Answer, Raw, Say, Step, fake_vendor
from tests.providers.speech import SPEECHES
from tests.providers.vendor import hear, model_of

KEY, TEAM, SIGNATURE = "fake-key", "team-secret-1", "query/secret+2"
QUOTED = f"I do not know {KEY}, {TEAM} or {SIGNATURE}."
ADDED = Additions(headers={"x-team": TEAM}, query={"sig": SIGNATURE})
ERROR = {
    "openai-chat": {"error": {"message": QUOTED, "code": KEY, "param": TEAM}},
    "openai-responses": {"type": "error", "error": {"message": QUOTED, "code": KEY, "param": TEAM}},
    "anthropic": {"type": "error", "error": {"message": QUOTED, "type": KEY}},
    "gemini": {"error": {"message": QUOTED, "status": KEY}},
}


def told(error: ModelError | None) -> str:
    assert error is not None
    return f"{error} {error.code} {error.param}"


def silent(said: str) -> bool:
    return not any(secret in said for secret in (KEY, TEAM, SIGNATURE, "secret%2B2"))


def asking(transport: Transport, url: str, dialect: str = "openai-chat", key: str = KEY) -> Endpoint:
    return Endpoint(
        transport=transport,
        base_url=url,
        auth=ApiKey(scheme="bearer", secret=key),
        dialects={dialect: Quirks()},
        additions=ADDED,
    )


@pytest.mark.parametrize("dialect", ERROR)
@pytest.mark.parametrize("where", ["refusal", "stream", "after text"])
async def test_what_was_sent_in_secret_is_quoted_in_no_error(dialect: str, where: str) -> None:
    body = json.dumps(ERROR[dialect]).encode()
    event = Raw(b"data: " + body + b"\n\n")
    steps: dict[str, Sequence[Step]] = {
        "refusal": [Answer(400, {"content-type": "application/json"}, body)],
        "stream": [event],
        "after text": [Say("Half"), event],
    }
    async with fake_vendor() as vendor, Transport() as transport:
        vendor.plays["hello"] = steps[where]
        heard = await hear(asking(transport, vendor.url, dialect), model_of(dialect))

    assert "I do not know" in told(heard.error)
    assert silent(told(heard.error))


async def test_a_listing_is_as_discreet() -> None:
    async with fake_vendor() as vendor, Transport() as transport:
        vendor.listing = Answer(500, {"x-request-id": KEY}, QUOTED.encode())
        with pytest.raises(ServerError) as refused:
            await asking(transport, vendor.url).models()

    assert "I do not know" in told(refused.value)
    assert silent(told(refused.value))


@pytest.mark.parametrize("key", ["x", "e", "none", "token"])
async def test_a_key_that_is_none_leaves_what_a_vendor_says_readable(key: str) -> None:
    refusal = b'{"error": {"message": "token limits are none of mine", "param": "extra_text"}}'
    head = b"HTTP/1.1 400 Bad\r\ncontent-type: application/json\r\n\r\n"
    async with saying(head + refusal) as url, Transport() as transport:
        heard = await hear(asking(transport, url, key=key), model_of("openai-chat"))

    assert heard.error is not None
    assert (str(heard.error), heard.error.param) == ("token limits are none of mine", "extra_text")


@asynccontextmanager
async def saying(answer: bytes) -> AsyncIterator[str]:
    """A server that says this and hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.9\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 9_000 + b"\r\n",
    ],
    ids=["another protocol", "no status", "too many headers"],
)
async def test_the_address_is_not_told_either_as_operators_put_keys_into_it(answer: bytes) -> None:
    async with saying(answer) as url, Transport() as transport:
        heard = await hear(asking(transport, url), model_of("openai-chat"))

    assert isinstance(heard.error, Connection)
    assert silent(told(heard.error))


@pytest.mark.parametrize("dialect", SPEECHES)
@pytest.mark.parametrize("status", [b"201 Created", b"206 Partial Content"])
async def test_any_success_is_one(dialect: str, status: bytes) -> None:
    speech = SPEECHES[dialect]
    body = speech.opening() + speech.word("Hello") + speech.closing()
    head = b"HTTP/1.1 " + status + b"\r\ncontent-type: text/event-stream\r\n\r\n"
    async with saying(head + body) as url, Transport() as transport:
        heard = await hear(asking(transport, url, dialect), model_of(dialect))

    assert (heard.text, heard.error) == ("Hello", None)
