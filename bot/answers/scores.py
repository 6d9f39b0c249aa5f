"""What a workspace's people think of the models, for whoever has to choose one."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.domain.errors import StorageUnavailable
from bot.domain.question_kinds import QuestionKind
from bot.domain.standings import Standings, standings
from bot.score_ports import ScoreStore

LASTS = 30.0  # seconds
MOST = 200  # standings that are remembered
UNKNOWN = Standings(kind=None, models=(), decisions=0, blind=0)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Known:
    standings: Standings
    at: float


class Scores:
    """Reads and computes them beside the event loop. `clock` is in seconds and never goes back."""

    def __init__(self, store: ScoreStore, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._known: OrderedDict[tuple[str, QuestionKind | None], _Known] = OrderedDict()
        self._one_by_one = asyncio.Lock()

    async def standings(self, workspace: str, kind: QuestionKind | None = None) -> Standings:
        """As they are now. One round trip. Raises StorageUnavailable."""
        observations = await self._store.observations(workspace)
        return await asyncio.to_thread(standings, observations, kind)

    async def strengths(self, workspace: str, kind: QuestionKind) -> Mapping[str, float]:
        """By model, for this kind of question: 0 is average; those of which too little is known are left out. As it was within
        half a minute; what was last known where the storage cannot be read.
        """
        return (await self._recent(workspace, kind)).strengths

    async def words(self, workspace: str) -> Mapping[str, str]:
        """By model, such as "liked 8 of 9" or "wins 7 of 10 comparisons"; "" where too little is known. As `strengths`."""
        return {one.model: one.words for one in (await self._recent(workspace, None)).models}

    async def _recent(self, workspace: str, kind: QuestionKind | None) -> Standings:
        key = workspace, kind
        async with self._one_by_one:
            known = self._known.get(key)
            if known is None or self._clock() - known.at >= LASTS:
                try:
                    found = await self.standings(workspace, kind)
                except StorageUnavailable as error:
                    log.warning("the scoreboard is not read", extra={"why": str(error)})
                    found = known.standings if known else UNKNOWN
                known = _Known(found, self._clock())
            self._known[key] = known
            self._known.move_to_end(key)
            while len(self._known) > MOST:
                self._known.popitem(last=False)
        return known.standings
