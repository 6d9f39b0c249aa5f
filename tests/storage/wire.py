"""A wire between Switchboard and its server that notes every round trip."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit

from bot.storage.scripts import Scripts


@dataclass
class Wire:
    """`trips` holds what went to the server in one go, once per go: commands, scripts by their name. `received` counts the
    bytes that came back.
    """

    url: str = ""
    received: int = 0
    trips: list[str] = field(default_factory=list)
    _names: dict[bytes, str] = field(default_factory=dict)

    def note(self, data: bytes) -> None:
        words = [word for word in data.split(b"\r\n") if not word.startswith((b"*", b"$"))]
        commands = []
        for place, word in enumerate(words):
            if word == b"EVALSHA":
                commands.append(self._names[words[place + 1]])
            elif word in {b"HMGET", b"XREADGROUP", b"XAUTOCLAIM", b"HELLO", b"SUBSCRIBE"}:
                commands.append(word.decode())
        self.trips.append("+".join(commands))


@asynccontextmanager
async def wired(server_url: str) -> AsyncIterator[Wire]:
    """Yields a wire whose `url` leads to the server."""
    scripts = Scripts()
    wire = Wire()
    wire._names = {call.sha.encode(): name for name in scripts.names for call in [scripts.call(name, ())]}

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(unquote(urlsplit(server_url).path))
        answered = True

        async def asking() -> None:
            nonlocal answered
            while data := await reader.read(1 << 20):
                if answered:
                    wire.note(data)
                answered = False
                back.write(data)
            back.close()

        async def answering() -> None:
            nonlocal answered
            while data := await there.read(1 << 20):
                answered = True
                wire.received += len(data)
                writer.write(data)
            writer.close()

        with suppress(ConnectionError):
            async with asyncio.TaskGroup() as group:
                group.create_task(asking())
                group.create_task(answering())

    with TemporaryDirectory(prefix="sb-") as directory:
        path = Path(directory) / "wire.sock"
        wire.url = f"unix://{path}"
        async with await asyncio.start_unix_server(pass_on, path):
            yield wire
