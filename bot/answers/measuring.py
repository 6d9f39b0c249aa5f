"""Metrics of turns: how long they took, how they ended, what they used, and which models failed."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from bot.domain.claims import Claim
from bot.domain.errors import ModelError
from bot.domain.stream_parts import StreamPart
from bot.domain.turns import Turn
from bot.interceptor import Ask, Ending, EndingKind, Interceptor, ModelRequest
from bot.serving.metrics import Meter


class Measuring(Interceptor):
    """Reports to a meter, under the names of bot.serving.metrics."""

    def __init__(self, *, meter: Meter) -> None:
        self._meter = meter
        self._began: dict[tuple[str, int], float] = {}  # by conversation and epoch: no two claims share both

    def began(self, claim: Claim) -> None:
        self._began[claim.queue_entry.conversation, claim.epoch] = time.perf_counter()
        self._meter.observe("mailbox_depth", claim.waiting)
        if claim.record.attempt > 1:
            self._meter.count("turn_resumed_total")
        else:
            self._meter.observe("ready_lag_seconds", max(0.0, time.time() - claim.event.at))

    async def ask(self, request: ModelRequest, proceed: Ask) -> AsyncGenerator[StreamPart, None]:
        try:
            async with aclosing(proceed(request)) as parts:
                async for part in parts:
                    yield part
        except ModelError as error:
            kind = type(error).__name__.lower()
            self._meter.count(
                "provider_errors_total", 1, **{"class": kind, "provider": request.model.provider}
            )
            raise

    def ended(self, claim: Claim, ending: Ending) -> None:
        began = self._began.pop((claim.queue_entry.conversation, claim.epoch))
        counted = ending.outcome.counted
        outcome = counted.reason if counted and ending.kind is EndingKind.DONE else ending.kind.value
        self._meter.observe("turn_seconds", time.perf_counter() - began, outcome=outcome)
        if ending.kind is EndingKind.FENCED:
            self._meter.count("turn_fenced_total")
        if ending.kind is EndingKind.BURIED:
            self._meter.count("dead_letters")
        if counted and ending.kind is EndingKind.DONE:
            self._count(counted)

    def _count(self, turn: Turn) -> None:
        if turn.usage:
            self._meter.count("tokens_total", turn.usage.input, model=turn.model, direction="input")
            self._meter.count("tokens_total", turn.usage.output, model=turn.model, direction="output")
            self._meter.count(
                "cached_tokens_total", turn.usage.cache_read, model=turn.model, direction="read"
            )
            self._meter.count(
                "cached_tokens_total", turn.usage.cache_write, model=turn.model, direction="write"
            )
        if turn.cost:
            self._meter.count("cost_usd_total", turn.cost, model=turn.model)
