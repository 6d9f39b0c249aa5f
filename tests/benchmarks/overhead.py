"""What our provider stack costs per streamed answer: CPU time of 500 pieces, against reading the same bytes with
the bare HTTP client and `json.loads`. Run: `python -m tests.benchmarks.overhead`.

The vendor is another process on loopback. "paced" sends every event by itself, as vendors do; "burst" sends all at
once, which is the worst case for us: then the client's own work per read is spread over many events. Both readers
take turns within one run, so that whatever else the machine does hits them alike.
"""

import asyncio
import json
import multiprocessing
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager

import httpx
from aiohttp import web

from bot.domain.catalog import Model
from bot.domain.prompt import Prompt, PromptMessage, TextPart
from bot.domain.stream_parts import Text
from providers.credentials import ApiKey
from providers.dialect import Quirks
from providers.endpoint import Endpoint
from providers.transport import Transport

PIECES = 500
ROUNDS = 30
GOAL = 1.5
MODEL = Model(name="it", provider="bench", model="m-1")
HELLO = Prompt(system="", messages=(PromptMessage(role="user", parts=(TextPart(text="hello"),)),))


def event(choice: dict[str, object]) -> bytes:
    chunk = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m-1",
        "system_fingerprint": "fp_1234567890",
        "choices": [{"index": 0, "logprobs": None, "finish_reason": None, **choice}],
        "usage": None,
    }
    return f"data: {json.dumps(chunk)}\n\n".encode()


EVENTS = [
    *(event({"delta": {"content": f" word{number}"}}) for number in range(PIECES)),
    event({"delta": {}, "finish_reason": "stop"}),
    b"data: [DONE]\n\n",
]


async def answer(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await response.prepare(request)
    if request.path.startswith("/burst"):
        await response.write(b"".join(EVENTS))
    else:
        for chunk in EVENTS:
            await response.write(chunk)
            await asyncio.sleep(0.0005)
    await response.write_eof()
    return response


def serve(port: "multiprocessing.Queue[int]") -> None:
    async def forever() -> None:
        app = web.Application()
        app.router.add_post("/{pace}/chat/completions", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port.put(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(forever())


@asynccontextmanager
async def vendor() -> AsyncIterator[str]:
    context = multiprocessing.get_context("spawn")
    port: multiprocessing.Queue[int] = context.Queue()
    process = context.Process(target=serve, args=(port,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{await asyncio.to_thread(port.get, timeout=20)}"
    finally:
        process.kill()


async def bare(client: httpx.AsyncClient, url: str) -> int:
    """The least that reads a streamed answer."""
    words, rest = 0, b""
    async with client.stream("POST", f"{url}/chat/completions", json={"model": "m-1"}) as response:
        async for chunk in response.aiter_bytes():
            *events, rest = (rest + chunk).split(b"\n\n")
            for line in events:
                if line != b"data: [DONE]":
                    words += bool(json.loads(line[6:])["choices"][0]["delta"].get("content"))
    return words


async def ours(transport: Transport, url: str) -> int:
    endpoint = Endpoint(
        transport=transport, base_url=url, auth=ApiKey(scheme="none"), dialects={"openai-chat": Quirks()}
    )
    async with aclosing(endpoint.stream(MODEL, HELLO)) as parts:
        return sum([isinstance(part, Text) async for part in parts])


async def seconds(read: Callable[[], Awaitable[int]]) -> float:
    """CPU time of one answer."""
    started = time.process_time()
    words = await read()
    assert words == PIECES
    return time.process_time() - started


async def compare(url: str) -> tuple[float, float]:
    """Median CPU milliseconds per answer: bare, ours."""
    bares, our_own = [], []
    async with httpx.AsyncClient() as client, Transport() as transport:
        for _ in range(ROUNDS):
            bares.append(await seconds(lambda: bare(client, url)))
            our_own.append(await seconds(lambda: ours(transport, url)))
    return statistics.median(bares) * 1000, statistics.median(our_own) * 1000


async def main() -> int:
    ratios = {}
    async with vendor() as url:
        for pace in ("paced", "burst"):
            plain, own = await compare(f"{url}/{pace}")
            ratios[pace] = own / plain
            print(f"{pace}: bare {plain:.2f} ms, ours {own:.2f} ms, ratio {own / plain:.2f}")  # noqa: T201
    return 0 if ratios["paced"] <= GOAL else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
