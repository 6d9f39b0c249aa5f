"""The composition root: the one place that sees the core, the chat platforms and the model vendors together.

Everything is built here and handed what it needs. A platform or a vendor is one row; what is not switched on is
not even imported.
"""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

from bot.discovery import Discovery
from bot.pricing import Prices
from bot.settings import Settings
from providers import connections
from providers.entra import Identity
from providers.transport import Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendors:
    """Who can be asked, what they offer, and what that costs."""

    connections: connections.Connections
    prices: Prices
    discovery: Discovery


@asynccontextmanager
async def vendors(settings: Settings) -> AsyncIterator[Vendors]:
    """Raises SettingsError for a provider or a model of the file that cannot be."""
    async with Transport() as transport, aclosing(Identity()) as identity:
        plugged = connections.Switchboard(
            transport=transport,
            identity=identity,
            vendors=settings.vendors,
            foundry=settings.foundry,
            keys=settings.keys,
        ).connect(settings.file)
        prices = Prices(plugged.markets)
        discovery = Discovery(
            file=settings.file, sources=plugged.sources, providers=plugged.providers, prices=prices
        )
        yield Vendors(connections=plugged, prices=prices, discovery=discovery)
