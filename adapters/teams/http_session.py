"""The only HTTP session of the Teams adapter: for keys, tokens, the Bot Connector and files."""

import ssl
from types import TracebackType
from typing import Self

import aiohttp

from bot.serving.plain_http import plain_session

CONNECT = 5.0
TOTAL = 30.0
"""Seconds. A request that needs less sets its own."""


class HttpSession:
    """Open inside `async with`. Never follows a redirect or keeps a cookie by itself. `trust` has the certificates that are
    believed, None: the system's.
    """

    def __init__(
        self, *, watch: aiohttp.TraceConfig | None = None, trust: ssl.SSLContext | None = None
    ) -> None:
        self._watches = [watch] if watch else []
        self._trust = trust
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=TOTAL, connect=CONNECT)
        self._session = plain_session(trust=self._trust, timeout=timeout, trace_configs=self._watches)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    @property
    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("The Teams adapter is used outside of `running()`.")
        return self._session
