"""The health of models, judged by real traffic and shared by all replicas.

One small hash for the whole installation, read in the background and answered from memory. A healthy model
costs no round trip: its successes are counted here until a failure makes them worth reporting, and how fast it was is
told along with a read that comes anyway.
"""

import asyncio
import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from bot.domain.errors import (
    Auth,
    ContextTooLong,
    Filtered,
    ModelError,
    ModelNotFound,
    Quota,
    RateLimit,
    Rejected,
    StorageUnavailable,
)
from bot.domain.health import HealthState, ModelHealth
from bot.storage.connection import Database
from bot.storage.keys import Keys
from bot.storage.scripts import Scripts
from bot.storage.traffic import Traffic

log = logging.getLogger(__name__)

FRESH = 1.0  # seconds that a read counts as current
PROBE = 60.0  # seconds that a question's right to probe a model lasts
FORGOTTEN = 600.0  # seconds after a cool-down until a model that nobody asked counts as up again
OPERATOR = 300.0  # seconds of cool-down for what only an operator can fix
CROWDED = 10.0  # ... after a 429 without Retry-After
LONGEST = 3_600.0
PATIENCE = 0.5  # seconds that an answer may wait for Redis because of this

ABOUT_THE_REQUEST = (Rejected, Filtered, ContextTooLong)


class RedisHealth:
    """The Health on Redis. `run` keeps it fresh; without `run`, the first question of a second reads."""

    def __init__(
        self, *, database: Database, keys: Keys, scripts: Scripts, clock: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self._key = keys.health()
        self._scripts = scripts
        self._clock = clock
        self._kept: dict[str, dict[str, Any]] = {}
        self._read = 0.0
        self._well: Counter[str] = Counter()
        self._traffic = Traffic(key=keys.traffic())

    async def run(self) -> None:
        """Reads again and again, so that no question has to wait for it. Runs as its own task."""
        while True:
            await self._load()
            await asyncio.sleep(FRESH * 0.9)

    async def conditions(self, keys: Collection[str]) -> Mapping[str, ModelHealth]:
        if not 0 <= self._clock() - self._read < FRESH:
            await self._load()
        return {key: self._condition(key) for key in keys}

    async def probe(self, key: str) -> bool:
        kept = self._kept.get(key)
        if kept and kept["state"] == HealthState.DOWN and self._clock() < kept["till"]:
            return False
        call = self._scripts.call("probe", (self._key,), key, self._clock(), PROBE)
        try:
            (granted,) = await self._database.ask(call, patience=PATIENCE)
        except StorageUnavailable:
            return True  # without Redis every model counts as up
        return bool(granted)

    async def report(
        self,
        key: str,
        error: ModelError | None = None,
        *,
        late: bool = False,
        question: str = "",
        first: float | None = None,
    ) -> None:
        bad = error is not None and not isinstance(error, ABOUT_THE_REQUEST)
        if bad or error is None:
            self._traffic.note(key, self._clock(), first, bad=bad)
        if not bad and not late and key not in self._kept:
            self._well[key] += 1
            return
        verdict = "bad" if bad else "late" if late else "ok"
        why = type(error).__name__.lower() if bad else ""
        well = self._well.pop(key, 0)
        away = _away(error) if bad else 0
        doubted = question if error is not None and error.doubtful else ""
        call = self._scripts.call(
            "health", (self._key,), key, self._clock(), verdict, why, away, well, doubted
        )
        try:
            (packed,) = await self._database.ask(call, patience=PATIENCE)
        except StorageUnavailable:
            log.debug("health not told", extra={"model": key})
            return
        self._kept.pop(key, None)
        if packed:
            self._kept[key] = json.loads(packed)

    async def _load(self) -> None:
        now = self._read = self._clock()  # before the read: concurrent callers use the old state
        along = self._traffic.words(now)
        try:
            table, *told = await self._database.ask(("HGETALL", self._key), *along, patience=PATIENCE)
        except StorageUnavailable:
            self._kept = {}
            return
        if told:
            self._traffic.hear(told[-1], now)
        self._kept = {name.decode(): json.loads(packed) for name, packed in table.items()}

    def _condition(self, key: str) -> ModelHealth:
        seen = self._traffic.of(key, self._clock())
        lately = ModelHealth(first_word=seen.first_word, answers=seen.answers, errors=seen.errors)
        kept = self._kept.get(key)
        if kept is None:
            return lately
        grace = FORGOTTEN if kept["state"] == HealthState.DOWN else 0.0
        if self._clock() >= kept["till"] + grace:
            return lately
        return replace(
            lately, state=HealthState(kept["state"]), since=kept["since"], until=kept["till"], why=kept["why"]
        )


def _away(error: ModelError | None) -> float:
    """Seconds of cool-down after one such error; 0: it depends on the number of failures."""
    match error:
        case Auth() | Quota() | ModelNotFound():
            return OPERATOR
        case RateLimit(retry_after=wait):
            return CROWDED if wait is None else min(max(wait, 1.0), LONGEST)
        case _:
            return 0.0
