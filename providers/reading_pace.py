"""How often growing answers are read.

A read costs about the same whatever it brings, and models send a piece every few milliseconds. So an answer that comes densely
is left to itself for a moment between two reads. Meanwhile its connection is not listened to: what comes waits in the kernel,
where nothing is lost when the connection breaks. TLS would lose what waits in it, so there the pieces are gathered as they come.
Of those whose moment is over, so many are read in one round of the event loop, and what else is due comes in between.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import suppress

import aiohttp

SHARE = 0.25  # of the time that the answer has grown so far: what is short is not held up
LONGEST = 0.1  # seconds that a piece waits at most: what people see changes more seldom
BULK = 16 * 1024  # bytes of one read: so much is no piece of a text, and is read as fast as it comes
READS = 1_000  # a second in one process; with more answers each is read more seldom
A_ROUND = 16  # reads in one round of the loop


class ReadingPace:
    """Of all the answers that one process reads."""

    def __init__(self) -> None:
        self._growing = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def chunks(self, response: aiohttp.ClientResponse) -> AsyncGenerator[bytes, None]:
        """A body's bytes, as many at a time as have come. Raises aiohttp's errors."""
        loop, content = asyncio.get_running_loop(), response.content
        began = waited = 0.0
        self._growing += 1
        try:
            chunk = await content.readany()
            while chunk:
                read = loop.time()
                yield chunk
                began = began or read
                pause = min(SHARE * (read - began), max(LONGEST, self._growing / READS))
                dense = pause > waited and len(chunk) < BULK
                chunk, waited = await self._left_alone(response, pause) if dense else b"", 0.0
                if not chunk:
                    asked = loop.time()
                    chunk = await content.readany()
                    waited = loop.time() - asked
        finally:
            self._growing -= 1

    async def _left_alone(self, response: aiohttp.ClientResponse, seconds: float) -> bytes:
        """What was gathered meanwhile, b"" where all of it waits in the kernel."""
        transport = response.connection and response.connection.transport
        if not transport or transport.is_closing():  # all of it is here
            return b""
        if transport.get_extra_info("sslcontext"):
            gathered = await _gathered(response.content, seconds)
            await self._turn()
            return gathered
        transport.pause_reading()
        try:
            await asyncio.sleep(seconds)
            await self._turn()
        finally:
            if not transport.is_closing():
                transport.resume_reading()
        return b""

    async def _turn(self) -> None:
        """Waits for its turn among those that are to be read now."""
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._let_in, loop)
        self._waiting.append(turn)
        await turn

    def _let_in(self, loop: asyncio.AbstractEventLoop) -> None:
        for _ in range(min(A_ROUND, len(self._waiting))):
            turn = self._waiting.popleft()
            if not turn.done():  # who has left is not waited for
                turn.set_result(None)
        if self._waiting:
            loop.call_soon(self._let_in, loop)


async def _gathered(content: aiohttp.StreamReader, seconds: float) -> bytes:
    """What comes within so many seconds. An error is left to the next read, which raises it again."""
    gathered = bytearray()
    with suppress(TimeoutError, aiohttp.ClientError):
        async with asyncio.timeout(seconds):
            while len(gathered) < BULK and (chunk := await content.readany()):
                gathered += chunk
    return bytes(gathered)
