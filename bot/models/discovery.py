"""Discovery: reads every endpoint's listing, in the background, again and again.

From the start the catalogue has the configured and the vendors' well-known models; listings only improve it.
A listing that cannot be read is tried again sooner, and its last state stays.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

from bot.domain.errors import ModelError
from bot.domain.listings import Listing
from bot.domain.readiness import Trouble
from bot.health_ports import Health
from bot.models import references
from bot.models.assembly import Assembled, assemble, no_window
from bot.models.facts import Facts
from bot.models.pricing import Prices
from bot.models.reach import ListingResult, absence, none_can_be_asked, reach_word, set_up, what_ails
from bot.models.shared_catalog import SharedCatalog
from bot.models.sources import ModelSource
from bot.ports import Provider
from bot.settings.config_file import ConfigFile

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=10).total_seconds()
AGAIN = timedelta(minutes=1).total_seconds()  # until the next try where an endpoint did not answer
PATIENCE = 5.0  # seconds that a first question waits for the first listing


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
        self._wanted = set_up(file, sources)
        self._all = tuple(sources)
        self._sources = tuple(source for source in sources if not source.off)
        self._providers = providers
        self.prices = prices
        self._facts = facts or Facts.bundled()
        self._clock = clock
        self._listings: dict[str, Sequence[Listing]] = {}
        self._findings: dict[str, ListingResult] = {}
        self._priced = False
        self._told = asyncio.Event()
        self.catalog = SharedCatalog([])
        self._swap()

    @property
    def findings(self) -> Sequence[ListingResult]:
        """One result per endpoint asked so far, in the catalogue's order."""
        return [self._findings[source.name] for source in self._sources if source.name in self._findings]

    @property
    def titles(self) -> Mapping[str, str]:
        """What people call the endpoints, by name."""
        return {source.name: source.title or source.name for source in self._all}

    def missing(self, name: str) -> str:
        """What has to be set up before a model of that name can be asked, in a sentence; "" where none is known."""
        wanted = name.strip().casefold()
        off = [source for source in self._all if source.off]
        meant = (
            one for one in off if wanted in {one.name, one.title.casefold(), *references.typed_names(one)}
        )
        return next((str(what_ails(source, None)) for source in meant), "")

    async def arrived(self) -> None:
        """Waits a moment while no endpoint has told a model, and one may yet."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self._told.wait()

    async def troubles(self, health: Health) -> Sequence[Trouble]:
        """Why no model that was set up can be asked; () when one can, or where none was set up."""
        default = self.catalog.default
        conditions = await health.conditions([default.key] if default else [])
        return none_can_be_asked(self._wanted, self._findings, self.catalog, conditions)

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
            await asyncio.to_thread(self.prices.load)
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
        before = self._findings.get(source.name)
        changed = False
        try:
            rows = await self._providers[source.name].models()
        except ModelError as error:
            self._findings[source.name] = ListingResult(source=source, error=error, at=self._clock())
            if not source.local and (before is None or before.error is None):
                log.warning("listing failed", extra={"provider": source.name, "error": type(error).__name__})
        else:
            self._findings[source.name] = ListingResult(source=source, models=len(rows), at=self._clock())
            changed = self._listings.get(source.name) != rows
            self._listings[source.name] = rows
        if changed or before is None or reach_word(before) != reach_word(self._findings[source.name]):
            self._swap()

    def _swap(self) -> None:
        content = self._assembled()
        self.catalog.replace(
            content.models,
            default=content.default,
            auto=content.auto,
            absent=absence(self._wanted, self._findings),
            reach={source.name: reach_word(self._findings.get(source.name)) for source in self._sources},
        )
        stopgaps = {source.name for source in self._sources if source.stopgap}
        real = any(model.provider not in stopgaps for model in content.models)
        if real or all(source.name in self._findings for source in self._sources):
            self._told.set()

    def _assembled(self) -> Assembled:
        return assemble(
            self._file,
            self._all,
            self._listings,
            facts=self._facts,
            window=self.prices.window if self._priced else no_window,
        )
