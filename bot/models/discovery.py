"""Discovery: reads every endpoint's listing, in the background, again and again.

From the start the catalogue has the configured and the vendors' well-known models; listings only improve it.
A listing that cannot be read is tried again sooner, and its last state stays.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.catalog import Catalog, Listing
from bot.domain.errors import ModelError
from bot.models import references
from bot.models.assembly import Assembled, assemble, no_window
from bot.models.facts import Facts
from bot.models.pricing import Prices
from bot.models.sources import ModelSource
from bot.ports import Provider
from bot.settings.config_file import ConfigFile

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=10).total_seconds()
AGAIN = timedelta(minutes=1).total_seconds()  # until the next try where an endpoint did not answer


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingResult:
    """The last result of one endpoint's listing. `error` is None when it could be read."""

    source: ModelSource
    models: int = 0
    error: ModelError | None = None
    at: float = 0.0


class Discovery:
    """Keeps a catalogue up to date. Raises SettingsError at once for unknown references in the file."""

    def __init__(
        self,
        *,
        file: ConfigFile,
        sources: Sequence[ModelSource],
        providers: Mapping[str, Provider],
        prices: Prices,
        facts: Facts | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        references.check_references(file, sources)
        self._file = file
        self._sources = tuple(source for source in sources if not source.off)
        self._providers = providers
        self._prices = prices
        self._facts = facts or Facts.bundled()
        self._clock = clock
        self._listings: dict[str, Sequence[Listing]] = {}
        self._findings: dict[str, ListingResult] = {}
        self._priced = False
        first = self._assembled()
        self.catalog = Catalog(first.models, default=first.default)

    @property
    def findings(self) -> Sequence[ListingResult]:
        """One result per endpoint asked so far, in the catalogue's order."""
        return [self._findings[source.name] for source in self._sources if source.name in self._findings]

    async def run(self) -> None:
        """Refreshes again and again. Runs as its own task."""
        while True:
            try:
                await self.refresh()
            except Exception:  # the old catalogue is still good: an error here must not end the process
                log.exception("refresh failed")
            failed = any(finding.error for finding in self._findings.values())
            await asyncio.sleep(AGAIN if failed else EVERY)

    async def refresh(self) -> None:
        """Asks every endpoint that is due, in parallel, and replaces the catalogue as each one answers."""
        async with asyncio.TaskGroup() as group:
            for source in self._due():
                group.create_task(self._ask(source))
        if not self._priced:  # last, because reading the price data takes CPU time
            await asyncio.to_thread(self._prices.load)
            self._priced = True
            self._swap()

    def _due(self) -> list[ModelSource]:
        """The endpoints that never answered, failed last time, or answered long ago."""
        old = self._clock() - EVERY * 0.9
        known = self._findings
        return [
            s for s in self._sources if s.name not in known or known[s.name].error or known[s.name].at < old
        ]

    async def _ask(self, source: ModelSource) -> None:
        try:
            rows = await self._providers[source.name].models()
        except ModelError as error:
            before = self._findings.get(source.name)
            self._findings[source.name] = ListingResult(source=source, error=error, at=self._clock())
            if not source.local and (before is None or before.error is None):
                log.warning("listing failed", extra={"provider": source.name, "error": type(error).__name__})
            return
        self._findings[source.name] = ListingResult(source=source, models=len(rows), at=self._clock())
        if self._listings.get(source.name) != rows:
            self._listings[source.name] = rows
            self._swap()

    def _swap(self) -> None:
        content = self._assembled()
        self.catalog.replace(content.models, default=content.default)

    def _assembled(self) -> Assembled:
        return assemble(
            self._file,
            self._sources,
            self._listings,
            facts=self._facts,
            window=self._prices.window if self._priced else no_window,
        )
