"""The link to the server in charge.

A term is the time during which one server was in charge. It ends as soon as another may have taken over: every
connection is dropped, and what was asked and not answered by then counts as not taken.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import ResponseError

from bot.storage.clients import PATIENCE, Client, Clients, RedisAddress
from bot.storage.copies import Copies
from bot.storage.server_facts import ServerFacts, read_facts

log = logging.getLogger(__name__)


class MasterLink:
    """The clients in force. A cluster's client finds its masters itself: there, everything is one term."""

    def __init__(self, address: RedisAddress, *, alone: float) -> None:
        self._address = address
        self._at = ("", 0)
        self._led = asyncio.Event()
        self._why = "no sentinel has named a master yet"
        self._past: list[Clients] = []
        self._run_id = ""
        self._clients: Clients | None = None
        self.term = 0
        self.copies: defaultdict[str, Copies] = defaultdict(lambda: Copies(alone=alone))
        self.confirmed: Callable[[], bool] = lambda: True
        self.doubted: Callable[[], None] = lambda: None
        if address.shape != "sentinel":
            self._clients = address.clients(self.greet)
            self._led.set()

    @property
    def at(self) -> tuple[str, int]:
        return self._at

    @property
    def led(self) -> bool:
        return self._led.is_set()

    @property
    def clients(self) -> Clients:
        if self._clients is None or not self._led.is_set():
            raise NotConnected(self._why)
        return self._clients

    @property
    def commands(self) -> Client:
        return self.clients.commands

    @property
    def waiting(self) -> Client:
        return self.clients.waiting

    async def in_charge(self) -> int:
        """Waits until a server is in charge; returns the term. Raises NotConnected."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._led.wait()
        except TimeoutError:
            raise NotConnected(self._why) from None
        return self.term

    async def suspend(self, why: str) -> None:
        """Ends the term: nothing is asked until somebody leads again."""
        self._why = why
        if self._clients is None or not self._led.is_set():
            return
        log.warning("the connections to Redis are dropped", extra={"why": why})
        self.term += 1
        self._led.clear()
        self._run_id = ""
        self.copies.clear()
        self._past = [*self._past[-1:], self._clients]
        for clients in self._past:
            await clients.drop()

    async def lead(self, host: str, port: int) -> None:
        """The server in charge from now on."""
        await self.suspend("another server takes over")
        self._at = (host, port)
        self._clients = self._address.clients(self.greet, host, port)
        self._led.set()

    async def doubt(self, why: str) -> None:
        """Something says that this is not the server it was. Sentinels know; one address is asked anew."""
        if self._address.shape == "cluster":
            return
        await self.suspend(why)
        if self._address.shape == "sentinel":
            self.doubted()
        elif not self._led.is_set():
            await self.lead(*self._at)

    async def greet(self, connection: Any) -> None:
        """Of every new connection: who is there? A name may have moved to another server."""
        term = self.term
        await connection.on_connect()
        facts = await self._facts(connection)
        if facts.role == "slave":
            raise NotConnected("This is a replica, which takes no writes.")
        if term != self.term:
            raise NotConnected("another server takes over")
        if self._run_id and facts.run_id and facts.run_id != self._run_id:
            await self.doubt("another server answers at this address")
            raise NotConnected("another server answers at this address")
        self._run_id = self._run_id or facts.run_id

    async def _facts(self, connection: Any) -> ServerFacts:
        await connection.send_command("INFO")
        with suppress(ResponseError):  # INFO may be forbidden
            return read_facts(await connection.read_response())
        return ServerFacts()

    async def close(self) -> None:
        for clients in [*self._past, *([self._clients] if self._clients else [])]:
            await clients.close()
