"""The ports, counted: each wrapper passes everything on unchanged and tells a meter what went by.

So nothing on the way of a message has to know that it is measured.
"""

import time
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence

import aiohttp
from yarl import URL

from bot.domain.claims import Claim, Outcome, QueueEntry, Receipt
from bot.domain.errors import Fenced, ModelError, StorageUnavailable
from bot.domain.events import Event
from bot.domain.health import ModelHealth
from bot.domain.turns import Turn, TurnRecord
from bot.ports import Health, Inbox, Leases
from bot.serving.metrics import Meter

REJECTED = {Receipt.REFUSED, Receipt.FULL, Receipt.FULL_QUIET, Receipt.DUPLICATE}


class MeasuredInbox:
    """Counts what is taken in and what is not, and how long that took."""

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


class MeasuredLeases:
    """Counts turns from claim to commit, and what they cost."""

    def __init__(self, inner: Leases, *, meter: Meter) -> None:
        self._inner = inner
        self._meter = meter
        self._began: dict[str, float] = {}

    @property
    def seconds(self) -> float:
        return self._inner.seconds

    @property
    def shards(self) -> int:
        return self._inner.shards

    async def enter(self) -> None:
        await self._inner.enter()

    async def leave(self) -> None:
        await self._inner.leave()

    async def ready(self, limit: int, shard: int = 0) -> Sequence[QueueEntry]:
        return await self._inner.ready(limit, shard)

    def stops(self) -> AsyncGenerator[str, None]:
        return self._inner.stops()

    async def abandoned(self, limit: int) -> Sequence[QueueEntry]:
        return await self._inner.abandoned(limit)

    async def claim(self, queue_entry: QueueEntry) -> Claim | None:
        claim = await self._inner.claim(queue_entry)
        if claim:
            self._began[claim.queue_entry.conversation] = time.perf_counter()
            self._meter.observe("mailbox_depth", claim.waiting)
            if claim.record.attempt > 1:
                self._meter.count("turn_resumed_total")
            else:
                self._meter.observe("ready_lag_seconds", max(0.0, time.time() - claim.event.at))
        return claim

    async def beat(self, claims: Sequence[Claim]) -> Mapping[str, str]:
        standing = await self._inner.beat(claims)
        for claim in claims:
            if standing[claim.queue_entry.conversation] == "lost":
                self._ended(claim, "fenced")
        return standing

    async def save(self, claim: Claim, record: TurnRecord) -> None:
        try:
            await self._inner.save(claim, record)
        except Fenced:
            self._ended(claim, "fenced")
            raise

    async def commit(self, claim: Claim, outcome: Outcome) -> None:
        try:
            await self._inner.commit(claim, outcome)
        except Fenced:
            self._ended(claim, "fenced")
            raise
        self._ended(claim, outcome.counted.reason if outcome.counted else "done")
        if outcome.counted:
            self._counted(outcome.counted)

    async def retry(self, claim: Claim, *, seconds: float, failed: bool = True) -> None:
        await self._inner.retry(claim, seconds=seconds, failed=failed)
        self._ended(claim, "retried")

    async def bury(self, claim: Claim, *, why: str) -> None:
        await self._inner.bury(claim, why=why)
        self._ended(claim, "buried")
        self._meter.count("dead_letters")

    async def release(self, claim: Claim) -> None:
        await self._inner.release(claim)
        self._ended(claim, "released")

    def _ended(self, claim: Claim, outcome: str) -> None:
        """The first end counts: a turn that was fenced while saving ends once."""
        began = self._began.pop(claim.queue_entry.conversation, None)
        if began is None:
            return
        if outcome == "fenced":
            self._meter.count("turn_fenced_total")
        self._meter.observe("turn_seconds", time.perf_counter() - began, outcome=outcome)

    def _counted(self, turn: Turn) -> None:
        if turn.usage:
            self._meter.count("tokens_total", turn.usage.input, model=turn.model, direction="input")
            self._meter.count("tokens_total", turn.usage.output, model=turn.model, direction="output")
        if turn.cost:
            self._meter.count("cost_usd_total", turn.cost, model=turn.model)


class MeasuredHealth:
    """Counts what models did not answer."""

    def __init__(self, inner: Health, *, meter: Meter) -> None:
        self._inner = inner
        self._meter = meter

    async def conditions(self, keys: Collection[str]) -> Mapping[str, ModelHealth]:
        return await self._inner.conditions(keys)

    async def probe(self, key: str) -> bool:
        return await self._inner.probe(key)

    async def report(self, key: str, error: ModelError | None = None, *, late: bool = False) -> None:
        if error is not None:
            name = type(error).__name__.lower()
            self._meter.count(
                "provider_errors_total", 1, **{"class": name, "provider": key.partition(":")[0]}
            )
        await self._inner.report(key, error, late=late)


def platform_calls(meter: Meter, named: Callable[[str, URL], str]) -> aiohttp.TraceConfig:
    """Watches an adapter's HTTP session. `named` gives a call's name from method and address, without ids in it."""

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
