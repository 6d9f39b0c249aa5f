"""How often growing answers are read.

A read costs about the same whatever it brings, and models send a piece every few milliseconds. So an answer that comes densely
is left to itself for a moment between two reads. Meanwhile its connection is not listened to: what comes waits in the kernel,
where nothing is lost when the connection breaks.
"""

import asyncio
from collections.abc import AsyncGenerator

import aiohttp

SHARE = 0.25  # of the time that the answer has grown so far: what is short is not held up
LONGEST = 0.1  # seconds that a piece waits at most: what people see changes more seldom
BULK = 16 * 1024  # bytes of one read: so much is no piece of a text, and is read as fast as it comes
READS = 2_500  # a second in one process; with more answers each is read more seldom


class ReadingPace:
    """Of all the answers that one process reads."""

    def __init__(self) -> None:
        self._growing = 0

    async def chunks(self, response: aiohttp.ClientResponse) -> AsyncGenerator[bytes, None]:
        """A body's bytes, as many at a time as have come. Raises aiohttp's errors."""
        loop, content = asyncio.get_running_loop(), response.content
        began = 0.0
        self._growing += 1
        try:
            while True:
                asked = loop.time()
                chunk = await content.readany()
                if not chunk:
                    return
                read = loop.time()
                yield chunk
                began = began or read
                pause = min(SHARE * (read - began), max(LONGEST, self._growing / READS))
                if pause > read - asked and len(chunk) < BULK:  # it comes densely
                    await _left_alone(response, pause)
        finally:
            self._growing -= 1


async def _left_alone(response: aiohttp.ClientResponse, seconds: float) -> None:
    transport = response.connection and response.connection.transport
    if not transport or transport.is_closing():  # all of it is here
        return
    transport.pause_reading()
    try:
        await asyncio.sleep(seconds)
    finally:
        if not transport.is_closing():
            transport.resume_reading()
