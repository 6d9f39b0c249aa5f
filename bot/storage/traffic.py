"""How models did in the last ten minutes, from this process's own traffic and from what other processes tell of theirs.

Every process keeps one field of a small hash. It is written and read along with the health, never on a trip of its own.
"""

import json
import logging
import secrets
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from bot.storage.scripts import Word

log = logging.getLogger(__name__)

SPAN = 600.0  # seconds that are looked back on
MINUTE = 60.0
TOLD = 5.0  # seconds between two times that a process tells, and hears
MOST = 50  # first words of a model that are kept: the newest


@dataclass(slots=True)
class ModelTraffic:
    """Of one model: answers and errors by minute, and the newest first words with when they came."""

    minutes: dict[int, list[int]] = field(default_factory=dict)
    firsts: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=MOST))

    def note(self, at: float, first: float | None, *, bad: bool) -> None:
        self.minutes.setdefault(int(at // MINUTE), [0, 0])[bad] += 1
        if first is not None:
            self.firsts.append((round(at, 1), round(first, 3)))

    def age(self, now: float) -> None:
        self.minutes = {minute: seen for minute, seen in self.minutes.items() if _recent(minute, now)}
        while self.firsts and now - self.firsts[0][0] >= SPAN:
            self.firsts.popleft()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficSeen:
    """`first_word` is the median in seconds, None where no answer had a word."""

    first_word: float | None = None
    answers: int = 0
    errors: int = 0


class Traffic:
    """Notes what this process saw, tells it, and sums up what all processes saw."""

    def __init__(self, *, key: str) -> None:
        self._key = key
        self._name = secrets.token_hex(6)
        self._own: defaultdict[str, ModelTraffic] = defaultdict(ModelTraffic)
        self._others: dict[str, Mapping[str, ModelTraffic]] = {}
        self._silent: list[str] = []  # processes that have told nothing for so long that their field can go
        self._told = 0.0

    def note(self, model: str, at: float, first: float | None, *, bad: bool) -> None:
        self._own[model].note(at, first, bad=bad)

    def words(self, now: float) -> tuple[tuple[Word, ...], ...]:
        """The commands to be sent along, the last of which `hear` gets the answer to; () when it is not time."""
        if 0 <= now - self._told < TOLD:
            return ()
        self._told = now
        for seen in self._own.values():
            seen.age(now)
        own = {model: seen for model, seen in self._own.items() if seen.minutes}
        self._own = defaultdict(ModelTraffic, own)
        told: list[tuple[Word, ...]] = []
        if own:
            told += [("HSET", self._key, self._name, _packed(own)), ("EXPIRE", self._key, int(SPAN))]
        if self._silent:
            told.append(("HDEL", self._key, *self._silent))
        return (*told, ("HGETALL", self._key))

    def hear(self, table: Mapping[bytes, bytes], now: float) -> None:
        self._others, self._silent = {}, []
        for name, packed in table.items():
            if (who := name.decode()) == self._name:
                continue
            told = _read(packed)
            if any(_recent(minute, now) for seen in told.values() for minute in seen.minutes):
                self._others[who] = told
            else:
                self._silent.append(who)

    def of(self, model: str, now: float) -> TrafficSeen:
        seen = list(self._all(model))
        minutes = [counts for one in seen for minute, counts in one.minutes.items() if _recent(minute, now)]
        firsts = [first for one in seen for at, first in one.firsts if now - at < SPAN]
        return TrafficSeen(
            first_word=median(firsts) if firsts else None,
            answers=sum(well for well, _ in minutes),
            errors=sum(bad for _, bad in minutes),
        )

    def _all(self, model: str) -> Iterator[ModelTraffic]:
        for told in (self._own, *self._others.values()):
            if model in told:
                yield told[model]


def _recent(minute: int, now: float) -> bool:
    return now - SPAN - MINUTE < minute * MINUTE <= now + MINUTE  # clocks differ a little


def _packed(own: Mapping[str, ModelTraffic]) -> str:
    return json.dumps({model: [seen.minutes, list(seen.firsts)] for model, seen in own.items()})


def _read(packed: bytes) -> Mapping[str, ModelTraffic]:
    """Nothing, of what another version may have written in another form."""
    try:
        told: Mapping[str, Any] = json.loads(packed)
        return {
            model: ModelTraffic(
                minutes={int(minute): [int(well), int(bad)] for minute, (well, bad) in minutes.items()},
                firsts=deque(((float(at), float(first)) for at, first in firsts), maxlen=MOST),
            )
            for model, (minutes, firsts) in told.items()
        }
    except (ValueError, TypeError, AttributeError):
        log.debug("what another process tells of its traffic cannot be read")
        return {}
