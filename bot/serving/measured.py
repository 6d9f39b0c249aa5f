"""Counts what crosses the edges of the process: accepted events, and calls to chat platforms.

Turns are counted by an interceptor, bot.answers.measuring.
"""

import time
from collections.abc import Callable

import aiohttp
from yarl import URL

from bot.domain.claims import Receipt
from bot.domain.errors import StorageUnavailable
from bot.domain.events import Event
from bot.ports import Inbox
from bot.serving.metrics import Meter

REJECTED = {Receipt.REFUSED, Receipt.FULL, Receipt.FULL_QUIET, Receipt.DUPLICATE}


class MeasuredInbox:
    """Counts events by their receipt, and how long `put` took."""

    def __init__(self, inner: Inbox, *, meter: Meter) -> None:
        self._inner = inner
        self._meter = meter

    async def put(self, event: Event) -> Receipt:
        began = time.perf_counter()
        try:
            receipt = await self._inner.put(event)
        except StorageUnavailable:
            self._meter.count("inbox_rejected_total", reason="storage")
            raise
        self._meter.observe("inbox_ack_seconds", time.perf_counter() - began)
        if receipt in REJECTED:
            self._meter.count("inbox_rejected_total", reason=receipt.value)
        return receipt


def platform_calls(meter: Meter, named: Callable[[str, URL], str]) -> aiohttp.TraceConfig:
    """Measures an adapter's HTTP session. `named` makes a call's name, without ids, of method and URL."""

    async def answered(
        _session: aiohttp.ClientSession, _context: object, call: aiohttp.TraceRequestEndParams
    ) -> None:
        api, status = named(call.method, call.url), call.response.status
        meter.count("platform_call_total", api=api, code=str(status))
        if status == 429:
            wait = call.response.headers.get("Retry-After", "")
            meter.count("platform_ratelimited_seconds", float(wait) if wait.isdigit() else 1.0, api=api)

    async def failed(
        _session: aiohttp.ClientSession, _context: object, call: aiohttp.TraceRequestExceptionParams
    ) -> None:
        meter.count("platform_call_total", api=named(call.method, call.url), code="lost")

    watch = aiohttp.TraceConfig()
    watch.on_request_end.append(answered)
    watch.on_request_exception.append(failed)
    return watch
