"""An answer is read in few large steps, and nothing of it is lost or late for that."""

import asyncio
import os
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Literal

import pytest
import uvloop

from bot.domain.errors import Connection
from bot.domain.stream_parts import Text
from providers.transport import Transport
from tests.providers.fake import Babble, FakeVendor, Gate, Say, fake_vendor
from tests.providers.speech import SPEECHES
from tests.providers.test_transport import endpoint
from tests.providers.vendor import HELLO, Heard, hear, model_of
from tests.teams.proofs import serving

WORDS = [f"word{number} " for number in range(80)]
GAP = 0.004  # seconds between two of them
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"


Goodbye = Literal["polite", "curt", "reset"]


@asynccontextmanager
async def dripping(
    dialect: str, *, goodbye: Goodbye = "polite", tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """A server that says the words one by one, and then ends the answer or resets the connection. Many that speak TLS are
    curt: they close the connection without saying so in TLS first.
    """
    speech = SPEECHES[dialect]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD + speech.opening())
        for word in WORDS:
            writer.write(speech.word(word))
            await asyncio.sleep(GAP)
        if goodbye != "reset":
            writer.write(speech.closing())
        if goodbye == "polite":
            writer.close()
            return
        link = socket.socket(fileno=os.dup(writer.get_extra_info("socket").fileno()))
        if goodbye == "reset":
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            link.shutdown(socket.SHUT_WR)
        writer.transport.abort()
        link.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize("dialect", SPEECHES)
async def test_what_comes_densely_is_heard_in_few_parts(dialect: str) -> None:
    async with dripping(dialect) as url, Transport() as transport:
        heard = await hear(endpoint(transport, url, dialect), model_of(dialect))

    assert heard.error is None
    assert heard.text == "".join(WORDS)
    assert sum(isinstance(part, Text) for part in heard.parts) < len(WORDS) / 2


@pytest.mark.parametrize("dialect", SPEECHES)
async def test_what_was_said_before_the_connection_broke_is_heard(dialect: str) -> None:
    async with dripping(dialect, goodbye="reset") as url, Transport() as transport:
        heard = await hear(endpoint(transport, url, dialect), model_of(dialect))

    assert isinstance(heard.error, Connection)
    assert heard.text == "".join(WORDS)


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("goodbye", ["polite", "curt", "reset"])
def test_nothing_is_lost_over_tls(
    goodbye: Goodbye,
    loop: Callable[[], asyncio.AbstractEventLoop],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What waits in TLS is gone with the connection, unlike what waits in the kernel."""
    tls = serving(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))

    async def listen() -> Heard:
        async with dripping("openai-chat", goodbye=goodbye, tls=tls) as url, Transport() as transport:
            return await hear(endpoint(transport, url), model_of("openai-chat"))

    with asyncio.Runner(loop_factory=loop) as runner:
        heard = runner.run(listen())

    assert (type(heard.error) if heard.error else None) is (Connection if goodbye == "reset" else None)
    assert heard.text == "".join(WORDS)
    assert sum(isinstance(part, Text) for part in heard.parts) < len(WORDS) / 2


@pytest.mark.parametrize("words", [WORDS[:1], WORDS], ids=["one word", "many words"])
async def test_nothing_is_held_back_until_more_comes(words: list[str]) -> None:
    gate, said = Gate(asyncio.Event()), ""
    async with fake_vendor() as vendor, Transport() as transport:
        vendor.plays["hello"] = (Say("".join(words).strip()), gate, Say("end"))
        async with aclosing(endpoint(transport, vendor.url).stream(model_of("openai-chat"), HELLO)) as parts:
            async with asyncio.timeout(5):
                while said != "".join(words):
                    part = await anext(parts)
                    said += part.text if isinstance(part, Text) else ""
            gate.opened.set()
            said += "".join([part.text async for part in parts if isinstance(part, Text)])

    assert said == "".join([*words, "end "])


async def test_leaving_in_a_pause_hangs_up() -> None:
    """Whoever stops listening while the connection is left alone leaves nothing behind."""
    async with fake_vendor() as vendor, Transport() as transport:
        vendor.plays["hello"] = (Babble(),)
        await asyncio.gather(*(_left(transport, vendor, number) for number in range(1, 30)))
        async with asyncio.timeout(5):
            await vendor.left_alone()


async def _left(transport: Transport, vendor: FakeVendor, parts_heard: int) -> None:
    async with aclosing(endpoint(transport, vendor.url).stream(model_of("openai-chat"), HELLO)) as parts:
        async with asyncio.timeout(20):
            for _ in range(parts_heard):
                await anext(parts)
