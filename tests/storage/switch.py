"""An address that leads to another server from one moment on, as behind a hosted Redis, with a line as slow as wanted."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Switch:
    """New connections go to `port`; those that are there stay where they are until they are cut."""

    port: int
    delay: float = 0.0  # seconds, one way
    at: int = 0
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.at}"

    @asynccontextmanager
    async def open(self, **how: Any) -> AsyncIterator[None]:
        server = await asyncio.start_server(self.lead, "127.0.0.1", 0, **how)
        self.at = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()
            self.cut()

    def cut(self) -> None:
        for writer in self._open:
            writer.close()

    async def lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.CancelledError):  # asyncio logs what ends a connection's task
            await asyncio.sleep(2 * self.delay)  # a connection is a round trip as well
            there, back = await asyncio.open_connection("127.0.0.1", self.port)
            self._open |= {writer, back}
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass_on(reader, back))
                group.create_task(self._pass_on(there, writer))

    async def _pass_on(self, source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        """Late, but none later than the others: what is on its way does not hold up what follows."""
        loop = asyncio.get_running_loop()
        with suppress(OSError):
            while data := await source.read(1 << 16):
                loop.call_later(self.delay, to.write, data)
        await asyncio.sleep(self.delay)
        to.close()


@asynccontextmanager
async def switch(port: int, *, delay: float = 0.0) -> AsyncIterator[Switch]:
    made = Switch(port, delay)
    async with made.open():
        yield made
