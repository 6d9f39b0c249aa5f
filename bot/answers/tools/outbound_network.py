"""Connections to tool servers: to what their names mean at the moment, where that is allowed."""

from collections.abc import Iterable
from typing import Any

import anyio
import httpcore2

from bot.answers.tools.addresses import LookUp, checked_addresses


class CheckedNetwork(httpcore2.AsyncNetworkBackend):
    """Connects to what a name means at the moment, and only where that is allowed."""

    def __init__(self, *, private: bool, look_up: LookUp) -> None:
        self._private, self._look_up = private, look_up
        self._network = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the shape of the client's backend
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        addresses = await checked_addresses(host, port, private=self._private, look_up=self._look_up)
        failed: Exception = httpcore2.ConnectError(host)
        for address in addresses[:4]:
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
        raise failed

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)
