"""A model server for crowds, a process of its own: thousands of answers at once, a piece of each every so often.

    python -m tests.benchmarks.dripping_vendor PIECES GAP

Prints its port. GET /counts tells how many answers were asked for, run now, ran at most at once, were cut and were whole.
"""

import asyncio
import json
import sys
from dataclasses import asdict, dataclass
from typing import cast

import uvloop

from tests.benchmarks.vendor import MODEL, event

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\ntransfer-encoding: chunked\r\n\r\n"
WORDS = [
    "Every",
    "answer",
    "goes",
    "on",
    "a",
    "little,",
    "**word**",
    "by",
    "word,",
    "and",
    "nobody",
    "waits.",
    "",
]
PER_LINE = 12


@dataclass(slots=True)
class Counts:
    asked: int = 0
    running: int = 0
    most: int = 0
    cut: int = 0
    whole: int = 0


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def piece(number: int) -> bytes:
    ending = "\n\n" if number % PER_LINE == PER_LINE - 1 else " "
    return chunk(event({"content": WORDS[number % len(WORDS)] + ending}, None))


class Answering(asyncio.Protocol):
    """One connection; protocols cost less than a web framework, and this is to be no bottleneck."""

    def __init__(self, counts: Counts, pieces: int, gap: float) -> None:
        self._counts, self._gap = counts, gap
        self._pieces = [piece(number) for number in range(min(pieces, PER_LINE * len(WORDS)))]
        self._count = pieces
        self._last = chunk(event({"content": "The end."}, None)) + chunk(
            event({}, "stop") + b"data: [DONE]\n\n"
        )
        self._heard = b""
        self._said = -1  # pieces, -1 while there is no answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass

    def data_received(self, data: bytes) -> None:
        self._heard += data
        head, found, body = self._heard.partition(b"\r\n\r\n")
        if not found or len(body) < length(head):
            return
        self._heard = b""
        if head.startswith(b"POST"):
            self._counts.asked += 1
            self._counts.running += 1
            self._counts.most = max(self._counts.most, self._counts.running)
            self._transport.write(HEAD % b"text/event-stream")
            self._said = 0
            self._say()
            return
        told: object = {"object": "list", "data": [{"id": MODEL, "object": "model"}]}
        if b"/counts" in head:
            told = asdict(self._counts)
        self._transport.write(HEAD % b"application/json" + chunk(json.dumps(told).encode()) + chunk(b""))

    def _say(self) -> None:
        if self._said < 0:
            return
        if self._said < self._count:
            self._transport.write(self._pieces[self._said % len(self._pieces)])
            self._said += 1
            asyncio.get_running_loop().call_later(self._gap, self._say)
            return
        self._transport.write(self._last + chunk(b""))
        self._said = -1
        self._counts.running -= 1
        self._counts.whole += 1

    def connection_lost(self, _: Exception | None) -> None:
        if self._said >= 0:
            self._counts.running -= 1
            self._counts.cut += 1
        self._said = -1


def length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0


async def main(pieces: int, gap: float) -> None:
    counts = Counts()
    server = await asyncio.get_running_loop().create_server(
        lambda: Answering(counts, pieces, gap), "127.0.0.1", 0, backlog=2_000
    )
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), float(sys.argv[2])))
