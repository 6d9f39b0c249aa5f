"""How soon the product is ready, and how it answers while five hundred connections dawdle.

.venv/bin/python -m tests.benchmarks.serving
"""

import asyncio
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import urlsplit

import aiohttp

from tests.ops.product import running

STARTS, SLOW, LOOKS = 7, 500, 300
HALVES = (
    b"",
    b"POST /slack/events HTTP/1.1\r\nHost: x\r\n",
    b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf",
)


async def ready(folder: Path) -> float:
    """Seconds from the command to its start page, interpreter and imports included."""
    began = time.perf_counter()
    async with running(folder):
        return time.perf_counter() - began


async def answers_among_the_slow(folder: Path) -> list[float]:
    """Seconds that /healthz took, one after the other, while the others keep their connections half used."""
    took = []
    async with running(folder) as product, AsyncExitStack() as held:
        port = urlsplit(product.public).port
        for number in range(SLOW):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            held.callback(writer.close)
            writer.write(HALVES[number % len(HALVES)])
        client = await held.enter_async_context(aiohttp.ClientSession(product.public))
        for _ in range(LOOKS):
            began = time.perf_counter()
            async with client.get("/healthz") as answer:
                assert answer.status == 200
            took.append(time.perf_counter() - began)
            await asyncio.sleep(0.01)
    return took


async def main() -> None:
    with tempfile.TemporaryDirectory(prefix="sb-") as folder:
        starts = [await ready(Path(folder)) for _ in range(STARTS)]
        looks = await answers_among_the_slow(Path(folder))
    cold, *warm = starts
    sys.stdout.write(
        f"ready: first {cold:.2f} s, then median {median(warm):.2f} s, worst {max(warm):.2f} s ({len(warm)} starts)\n"
        f"/healthz among {SLOW} slow connections: p50 {median(looks) * 1000:.1f} ms, "
        f"p99 {quantiles(looks, n=100)[98] * 1000:.1f} ms, worst {max(looks) * 1000:.1f} ms\n"
    )


if __name__ == "__main__":
    asyncio.run(main())
